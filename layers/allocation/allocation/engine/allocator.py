"""The allocator that decides in process, over the engine's catalogue."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import assert_never

from allocation.domain.consignment import Consignment
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, Failure, FailureCode, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.assessment import Assessment, assess
from allocation.engine.checks import NOT_IN_GROUP, NOT_REQUESTED
from allocation.engine.engine import NO_FILTERS, Engine, Offer
from allocation.engine.explanation import explain
from allocation.engine.summary import ChosenService, allocation_summary
from allocation.ports import Deadline, LimitUsage


class EngineAllocator:
    """Allocates by the engine; implements `ports.Allocator`.

    `engine` is an engine, or answers with the one to use now. `now` returns the moment as an aware UTC datetime;
    `api_base_url` is what the summary's links begin with. `usage` tells how much of the limits is used.
    """

    def __init__(
        self,
        engine: Engine | Callable[[], Engine],
        *,
        now: Callable[[], datetime],
        api_base_url: str,
        usage: LimitUsage,
    ) -> None:
        self._engine: Callable[[], Engine] = (lambda: engine) if isinstance(engine, Engine) else engine
        self._now = now
        self._api_base_url = api_base_url.rstrip("/")
        self._usage = usage

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,  # noqa: ARG002 - deciding takes microseconds and waits for nobody
    ) -> Mapping[ConsignmentReference, Outcome]:
        """Answers for every consignment; never raises for one that can't be allocated.

        Raises `RetryableError` where the use of the limits can't be told, and what a source of engines raises where
        there is no catalogue to decide by.
        """
        engine, now, tally = self._engine(), self._now(), _Tally(self._usage)
        return {
            consignment.reference: self._outcome(engine, consignment, mode, now, tally) for consignment in consignments
        }

    def _outcome(
        self, engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime, tally: "_Tally"
    ) -> Outcome:
        scope = engine.scope(mode)
        if isinstance(scope, Failure):
            return AllocationFailed(scope)
        inquiry = engine.inquire(consignment)
        if isinstance(inquiry, Failure):
            return AllocationFailed(inquiry)
        assessment = assess(engine, engine.question(inquiry, scope, now, NO_FILTERS, tally.used))
        explanation = explain(engine, assessment, mode, now)
        if assessment.winner is None:
            return AllocationFailed(_nothing_fits(assessment, mode), explanation)
        chosen = _chosen(engine, assessment.winner)
        breakdown = engine.breakdown(assessment.question, assessment.winner.position)
        summary = allocation_summary(consignment.reference, chosen, self._api_base_url)
        limit = engine.limit(assessment.winner.position, assessment.winner.dates)
        if limit:
            tally.add(limit.on)
        return Allocated(summary, breakdown and breakdown.price, explanation, limit)


class _Tally:
    """What is used of the limits: as it was read, each day once, and what was decided since."""

    def __init__(self, usage: LimitUsage) -> None:
        self._usage = usage
        self._used: dict[LimitedDay, int] = {}

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """The allocations on each of the days."""
        unread = [day for day in days if day not in self._used]
        if unread:
            self._used |= {**dict.fromkeys(unread, 0), **self._usage.used(unread)}
        return self._used

    def add(self, day: LimitedDay) -> None:
        """Counts one more."""
        self._used[day] += 1


def _nothing_fits(assessment: Assessment, mode: AllocationMode) -> Failure:
    """For a named service its own reasons, joined by a space as PRO does; otherwise the reasons met, by frequency."""
    excluded = assessment.excluded
    outside = {NOT_IN_GROUP, NOT_REQUESTED}
    in_scope = [item.failed for item in excluded if outside.isdisjoint(item.failed)]
    texts = Counter(text for failed in in_scope for text in dict.fromkeys(check.text for check in failed))
    reference = assessment.question.inquiry.consignment.reference
    reasons = " ".join(text for text, _ in texts.most_common())
    return Failure(
        FailureCode.NO_CARRIER_SERVICE_AVAILABLE,
        f"No carrier service {_services_of(mode)} can take consignment {reference}. {reasons}".rstrip(),
    )


def _services_of(mode: AllocationMode) -> str:
    match mode:
        case DefaultRules():
            return "of the catalogue"
        case ServiceGroup(reference):
            return f"of service group {reference}"
        case CarrierService(reference):
            return reference
        case _:
            assert_never(mode)


def _chosen(engine: Engine, offer: Offer) -> ChosenService:
    service = engine.index.services[offer.position]
    return ChosenService(
        reference=service.reference,
        name=service.name,
        carrier=service.carrier,
        leg_carriers=tuple(leg.carrier for leg in service.legs),
        collected_at=datetime.fromtimestamp(offer.dates.collected_at, UTC),
    )
