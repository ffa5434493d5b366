"""What the deployed engine answers for a consignment, in full: every service has an offer or is excluded."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from allocation.console.explained_decision import DecidedBy, ExcludedService, ExplainedDecision, Reason, ServiceOffer
from allocation.domain.consignment import Consignment
from allocation.domain.limit import LimitedDay
from allocation.domain.outcome import Failure
from allocation.domain.routing import Way
from allocation.engine.engine import Assessment, Engine, Exclusion
from allocation.engine.explanation import end_of_delivery, inputs_digest, prices_of, why_chosen
from allocation.engine.nearest_miss import nothing_fits
from allocation.engine.offers import Offer
from allocation.engine.question import NO_FILTERS, Scope
from allocation.engine.wording import plain


def explanation_of(engine: Engine, consignment: Consignment, way: Way, now: datetime) -> ExplainedDecision | Failure:
    """Return the explanation of a consignment as if no daily limit were used.

    `now` is aware. The explanation's failure is the one that the deployed function records. Where the catalogue lacks
    the group or service that the mode names, return that as a failure.
    """
    mode = way.mode
    if isinstance(mode, Failure):  # no row of the routing table takes its delivery option
        return _unassessed(engine, consignment, way, now, mode)
    scope = engine.scope(mode)
    if isinstance(scope, Failure):
        return scope
    inquiry = engine.inquire(consignment)
    if isinstance(inquiry, Failure):
        return _unassessed(engine, consignment, way, now, inquiry, str(scope.preference), scope)
    assessment = engine.assess(inquiry, scope, now, NO_FILTERS, _nothing_used)
    return ExplainedDecision(
        consignment=consignment.reference,
        content=_content(consignment),
        mode=mode,
        decided_by=_decided_by(engine, now, assessment),
        currency=engine.catalogue.currency,
        preference=str(scope.preference),
        offers=[_offer(engine, assessment, offer) for offer in assessment.offers],
        excluded=[_excluded(engine, assessment, scope, exclusion) for exclusion in assessment.excluded],
        failure=None if assessment.offers else nothing_fits(assessment, mode),
        why=why_chosen(engine, assessment, mode) if assessment.offers else "",
        route=way.route,
    )


def _unassessed(
    engine: Engine,
    consignment: Consignment,
    way: Way,
    now: datetime,
    failure: Failure,
    preference: str = "",
    scope: Scope | None = None,
) -> ExplainedDecision:
    """Return the explanation of a consignment for which no services can be compared."""
    return ExplainedDecision(
        consignment=consignment.reference,
        content=_content(consignment),
        mode=None if isinstance(way.mode, Failure) else way.mode,
        decided_by=_decided_by(engine, now),
        currency=engine.catalogue.currency,
        preference=preference,
        excluded=_all_excluded(engine, scope, failure) if scope else (),
        failure=failure,
        route=way.route,
    )


def _content(consignment: Consignment) -> str:
    packages = consignment.packages
    weight = plain(sum((package.weight_kg for package in packages), Decimal(0)))
    return f"{len(packages)} package{'s' * (len(packages) != 1)}, {weight} Kg"


def _decided_by(engine: Engine, now: datetime, assessment: Assessment | None = None) -> DecidedBy:
    return DecidedBy(
        now.astimezone(UTC),
        engine.catalogue.version,
        engine.catalogue.digest,
        prices_of(assessment) if assessment else None,
        inputs_digest(assessment.question.inquiry) if assessment else None,
    )


def _offer(engine: Engine, assessment: Assessment, offer: Offer) -> ServiceOffer:
    service = engine.index.services[offer.position]
    breakdown = engine.breakdown(assessment.question, offer.position)
    if breakdown is None:
        raise ValueError("an offer has a price")
    return ServiceOffer(
        service=service.reference,
        price=breakdown.price,
        lines=breakdown.lines,
        collected=datetime.fromtimestamp(offer.dates.collected_at, UTC),
        delivered_on=date.fromordinal(offer.dates.delivery_day),
        difference=offer.cost - assessment.offers[0].cost,
        name=service.name,
        carrier=service.carrier.reference,
        carrier_name=service.carrier.name,
        chargeable_weight_kg=sum(
            engine.book.chargeable_weights(assessment.question.pricing, offer.position), Decimal(0)
        ),
        delivered=end_of_delivery(offer.dates),
        cut_off=datetime.fromtimestamp(offer.dates.cut_off, UTC),
        priority=service.priority,
        handicap=service.handicap or None,
    )


def _excluded(engine: Engine, assessment: Assessment, scope: Scope, exclusion: Exclusion) -> ExcludedService:
    reasons = [
        Reason(
            code=rule.code,
            text=rule.text,
            expected=rule.expected(assessment.question, exclusion.position),
            actual=rule.actual(assessment.question.inquiry),
        )
        for rule in exclusion.failed
    ]
    return _excluded_service(engine, scope, exclusion.position, reasons)


def _all_excluded(engine: Engine, scope: Scope, failure: Failure) -> list[ExcludedService]:
    """Return every service as excluded: none can be assessed for a consignment that is too incomplete."""
    reason = Reason(failure.code, failure.message, "a complete consignment", "incomplete")
    return [_excluded_service(engine, scope, position, [reason]) for position in range(engine.index.size)]


def _excluded_service(engine: Engine, scope: Scope, position: int, reasons: Sequence[Reason]) -> ExcludedService:
    service = engine.index.services[position]
    in_mode = not scope.outside >> position & 1
    return ExcludedService(service.reference, in_mode, reasons, service.name)


def _nothing_used(days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:  # noqa: ARG001 - the engine's signature
    return {}
