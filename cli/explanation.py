"""Which carrier service takes a consignment, and why not the others: the deployed engine's answer in full.

`carrier explain` shows it as tables (`explanation_tables`) or as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from allocation.domain.consignment import Consignment
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import AllocationFailed, Failure, Price
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import Assessment, Engine, Exclusion
from allocation.engine.explanation import end_of_delivery, inputs_digest, prices_of
from allocation.engine.offers import Offer
from allocation.engine.pricing import Line
from allocation.engine.question import NO_FILTERS, Scope


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """A carrier service that can take the consignment. Times are aware UTC.

    `delivered` is the end of the delivery window on the destination's clock, written as UTC, as PRO does.
    `difference` is what the offer costs more than the winner, in the catalogue's currency.
    """

    service: str
    name: str
    carrier: str
    carrier_name: str
    price: Price
    lines: Sequence[Line]
    chargeable_weight_kg: Decimal
    collected: datetime
    delivered: datetime
    difference: Decimal


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a carrier service can't take the consignment."""

    code: str
    text: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class ExcludedService:
    """A carrier service that can't take the consignment. `in_mode` says whether the mode asks for it."""

    service: str
    name: str
    in_mode: bool
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one consignment: every service of the catalogue has an offer, best first, or is excluded.

    `prices_of` and `inputs_digest` are None for a consignment that is too incomplete to be assessed.
    """

    consignment: Consignment
    mode: AllocationMode
    now: datetime
    catalogue_version: str
    catalogue_digest: str
    currency: str
    preference: str
    prices_of: date | None
    inputs_digest: str | None
    offers: Sequence[ServiceOffer]
    excluded: Sequence[ExcludedService]
    failure: Failure | None

    @property
    def winner(self) -> ServiceOffer | None:
        """The offer that an allocation takes."""
        return self.offers[0] if self.offers else None


def explanation_of(
    engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime
) -> Explanation | Failure:
    """Return the explanation of a consignment as if no daily limit were used.

    `now` is aware. The explanation's failure is the one that the deployed allocator records. Where the catalogue lacks
    the group or service that the mode names, return that as a failure.
    """
    scope = engine.scope(mode)
    if isinstance(scope, Failure):
        return scope
    inquiry = engine.inquire(consignment)
    if isinstance(inquiry, Failure):
        offers: list[ServiceOffer] = []
        excluded = _all_excluded(engine, scope, inquiry)
        day = digest = None
    else:
        assessment = engine.assess(inquiry, scope, now, NO_FILTERS, _nothing_used)
        offers = [_offer(engine, assessment, offer) for offer in assessment.offers]
        excluded = [_excluded(engine, assessment, scope, exclusion) for exclusion in assessment.excluded]
        day, digest = prices_of(assessment), inputs_digest(inquiry)
    return Explanation(
        consignment=consignment,
        mode=mode,
        now=now.astimezone(UTC),
        catalogue_version=engine.catalogue.version,
        catalogue_digest=engine.catalogue.digest,
        currency=engine.catalogue.currency,
        preference=str(scope.preference),
        prices_of=day,
        inputs_digest=digest,
        offers=offers,
        excluded=excluded,
        failure=_failure(engine, consignment, mode, now),
    )


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return the object that `carrier explain --json` prints: money as text, times as ISO 8601 in UTC."""
    offers = [_offer_json(offer) for offer in explanation.offers]
    failure = explanation.failure
    return {
        "consignment": explanation.consignment.reference,
        "mode": explanation.mode.name.value,
        "preference": explanation.preference,
        "winner": offers[0] if offers else None,
        "failure": failure and {"code": failure.code, "message": failure.message},
        "offers": offers,
        "excluded": [
            {
                "service": excluded.service,
                "reasons": [
                    {"code": reason.code, "text": reason.text, "expected": reason.expected, "actual": reason.actual}
                    for reason in excluded.reasons
                ],
            }
            for excluded in explanation.excluded
        ],
    }


def _offer_json(offer: ServiceOffer) -> dict[str, Any]:
    return {
        "service": offer.service,
        "carrier": offer.carrier,
        "net": str(offer.price.net),
        "vat": str(offer.price.vat),
        "gross": str(offer.price.gross),
        "currency": offer.price.currency,
        "chargeableWeightKg": float(offer.chargeable_weight_kg),
        "collected": offer.collected.isoformat(),
        "delivered": offer.delivered.isoformat(),
        "lines": [{"name": line.name, "amount": str(line.amount)} for line in offer.lines],
    }


def _offer(engine: Engine, assessment: Assessment, offer: Offer) -> ServiceOffer:
    service = engine.index.services[offer.position]
    breakdown = engine.breakdown(assessment.question, offer.position)
    if breakdown is None:
        raise ValueError("an offer has a price")
    return ServiceOffer(
        service=service.reference,
        name=service.name,
        carrier=service.carrier.reference,
        carrier_name=service.carrier.name,
        price=breakdown.price,
        lines=breakdown.lines,
        chargeable_weight_kg=sum(
            engine.book.chargeable_weights(assessment.question.pricing, offer.position), Decimal(0)
        ),
        collected=datetime.fromtimestamp(offer.dates.collected_at, UTC),
        delivered=end_of_delivery(offer.dates),
        difference=offer.cost - assessment.offers[0].cost,
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
    return ExcludedService(service.reference, service.name, in_mode, reasons)


def _failure(engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime) -> Failure | None:
    allocator = EngineAllocator(engine, now=lambda: now, api_base_url="", usage=_NoUsage())
    outcome = allocator.allocate([consignment], mode, _NoDeadline())[consignment.reference]
    return outcome.failure if isinstance(outcome, AllocationFailed) else None


def _nothing_used(days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:  # noqa: ARG001 - the engine's signature
    return {}


class _NoUsage:
    """Daily limits that are unused: the program knows no allocations. Implements `ports.LimitUsage`."""

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """Return no allocations."""
        return _nothing_used(days)


class _NoDeadline:
    """All the time there is. Implements `ports.Deadline`."""

    def remaining_seconds(self) -> float:
        """Return infinity."""
        return float("inf")
