"""The allocator that decides in process, and the Allocation Summary of what it chose."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

from allocation.domain.consignment import Consignment
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import (
    ENGINE,
    Allocated,
    AllocationFailed,
    DeferralCause,
    Deferred,
    Failure,
    KeptDecision,
    Outcome,
)
from allocation.domain.record import NamedAtPro
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.domain.summary import AllocationSummary, ApiLink, ConsignmentLeg, success_text
from allocation.domain.tracking_reference import issued_tracking_references
from allocation.engine.asked import asked_bytes
from allocation.engine.engine import Assessment, Engine
from allocation.engine.explanation import end_of_delivery, explain, why_chosen
from allocation.engine.kept_explanation import found_bytes, worded_bytes
from allocation.engine.loaded_catalogue import Service
from allocation.engine.nearest_miss import nothing_fits
from allocation.engine.question import NO_FILTERS
from allocation.ports import NOTHING_NAMED, CatalogueArchive, Deadline, LimitUsage


class EngineAllocator:
    """The allocator of the engine; implements `ports.Allocator`.

    `engine` is an engine, or returns the one to use now. `now` returns the moment as an aware UTC datetime;
    `api_base_url` is what the summary's links begin with; empty for none. `usage` returns how much of the limits is
    used. `archive` keeps the catalogues that explanations refer to.
    """

    def __init__(
        self,
        engine: Engine | Callable[[], Engine],
        *,
        now: Callable[[], datetime],
        api_base_url: str,
        usage: LimitUsage,
        archive: CatalogueArchive,
    ) -> None:
        self._engine: Callable[[], Engine] = (lambda: engine) if isinstance(engine, Engine) else engine
        self._now = now
        self._api_base_url = api_base_url.rstrip("/")
        self._usage = usage
        self._archive = archive
        # What was decided before it was asked for, and of which consignment in which mode.
        self._ahead: dict[ConsignmentReference, tuple[Consignment, AllocationMode, Outcome]] = {}

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,  # noqa: ARG002 - deciding takes microseconds
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Return an outcome for every consignment, as `outcomes` does, but for those that were meant for SortedPRO.

        They are on the queue when a stack is switched to the engine. A failure would be final, also after switching
        back.
        """
        for_pro = [each for each in consignments if _is_for_pro(each)]
        outcomes = self.outcomes([each for each in consignments if each not in for_pro], mode)
        return {**outcomes, **{each.reference: _wait_for_pro(each) for each in for_pro}}

    def outcomes(
        self, consignments: Sequence[Consignment], mode: AllocationMode
    ) -> Mapping[ConsignmentReference, Outcome]:
        """Return an outcome for every consignment, also for one that can't be allocated.

        Raises `RetryableError` if the use of the limits can't be read, and what a source of engines raises without a
        catalogue.
        """
        engine, now, tally = self._engine(), self._now(), _Tally(self._usage)
        return {
            each.reference: _decided(self._ahead.pop(each.reference, None), each, mode)
            or self._outcome(engine, each, mode, now, tally)
            for each in consignments
        }

    def prepare(self, asked: Sequence[tuple[Consignment, AllocationMode]]) -> None:
        """Decide what depends on nothing but the consignment. Whatever fails, fails again when it is asked for."""
        self._ahead = {}
        with suppress(Exception):
            engine, now, tally = self._engine(), self._now(), _Tally(_NotKnownYet())
            for consignment, mode in asked:
                with suppress(_DependsOnOthersError):
                    outcome = self._outcome(engine, consignment, mode, now, tally)
                    self._ahead[consignment.reference] = (consignment, mode, outcome)

    def release(
        self,
        references: Sequence[ConsignmentReference],  # noqa: ARG002 - nothing is reserved outside the records
        deadline: Deadline,  # noqa: ARG002
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,  # noqa: ARG002
        *,
        is_recorded: bool = True,  # noqa: ARG002
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Return nothing: the record is all there is of an allocation."""
        return {}

    cancel_recorded = release_lost = release

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Do nothing: nobody waits for a record."""

    def _outcome(
        self, engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime, tally: "_Tally"
    ) -> Outcome:
        scope = engine.scope(mode)
        if isinstance(scope, Failure):
            return AllocationFailed(scope)
        inquiry = engine.inquire(consignment)
        if isinstance(inquiry, Failure):
            return AllocationFailed(inquiry)
        assessment = engine.assess(inquiry, scope, now, NO_FILTERS, tally.used)
        decision = KeptDecision(asked_bytes(inquiry, mode, now), self._explanation(engine, assessment, mode, now))
        winner = assessment.winner
        if winner is None:
            return AllocationFailed(nothing_fits(assessment, mode), decision)
        service = engine.index.services[winner.position]
        summary = _summary(consignment, service, winner.dates.collected_at, self._api_base_url)
        limit = assessment.question.limit(winner.position)
        if limit:
            tally.add(limit.on)
        return Allocated(
            summary,
            engine.price(assessment.question, winner),
            decision,
            limit,
            delivered_by=end_of_delivery(winner.dates),
            why=why_chosen(engine, assessment, mode),
            by=ENGINE,
        )

    def keep_catalogue(self) -> None:
        """Keep the catalogue before the first decision does. Raises what a source of engines raises without one."""
        catalogue = self._engine().catalogue
        self._archive.keep(catalogue.digest, catalogue.compiled)

    def _explanation(self, engine: Engine, assessment: Assessment, mode: AllocationMode, now: datetime) -> bytes | None:
        """Return the explanation: short if its catalogue is kept, else in words, so that it stays readable."""
        if self._archive.keep(engine.catalogue.digest, engine.catalogue.compiled):
            return found_bytes(engine, assessment)
        return worded_bytes(explain(engine, assessment, mode, now))


class _DependsOnOthersError(Exception):
    """A decision counts on a limit, so it depends on what else is decided."""


class _NotKnownYet:
    """The use of limits before it is known what is to be decided."""

    def used(self, days: Sequence[LimitedDay]) -> NoReturn:
        """Raise `_DependsOnOthersError`."""
        raise _DependsOnOthersError(days)


def _decided(
    ahead: tuple[Consignment, AllocationMode, Outcome] | None, consignment: Consignment, mode: AllocationMode
) -> Outcome | None:
    """Return what was decided ahead, if it was of the same consignment in the same mode."""
    return ahead[2] if ahead and ahead[0] is consignment and ahead[1] == mode else None


def _is_for_pro(consignment: Consignment) -> bool:
    """Tell whether a consignment is only a reference of SortedPRO's: nothing that the engine could decide about."""
    has_content = consignment.packages or consignment.origin or consignment.destination
    return not has_content and is_pro_reference(consignment.reference)


def _wait_for_pro(consignment: Consignment) -> Deferred:
    told = f"{consignment.reference} has only a reference of SortedPRO's, and this stack allocates with the engine"
    advice = "set Allocator=pro back, or cancel the order and send it with packages and addresses"
    return Deferred(DeferralCause.MISCONFIGURED, why=f"{told}: {advice}")


class _Tally:
    """The use of the limits: as it was read, each day once, plus what was decided since."""

    def __init__(self, usage: LimitUsage) -> None:
        self._usage = usage
        self._used: dict[LimitedDay, int] = {}

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """Return the number of allocations on each of the days."""
        unread = [day for day in days if day not in self._used]
        if unread:
            self._used |= {**dict.fromkeys(unread, 0), **self._usage.used(unread)}
        return self._used

    def add(self, day: LimitedDay) -> None:
        """Count one more."""
        self._used[day] += 1


def _summary(consignment: Consignment, service: Service, collected_at: int, api_base_url: str) -> AllocationSummary:
    """Return the summary of an allocation, as SortedPRO writes it (`pro-api.md`, Allocation Summary)."""
    reference = consignment.reference
    return AllocationSummary(
        status_code=200,
        api_links=_links(reference, api_base_url),
        description=success_text(
            reference, service.carrier.name, service.name, datetime.fromtimestamp(collected_at, UTC)
        ),
        consignment_legs=tuple(
            ConsignmentLeg(
                leg=number,
                tracking_references=issued_tracking_references(
                    reference, service.reference, number, len(consignment.packages)
                ),
                carrier_reference=leg.carrier.reference,
                carrier_name=leg.carrier.name,
            )
            for number, leg in enumerate(service.legs, start=1)
        ),
        carrier_reference=service.carrier.reference,
        carrier_name=service.carrier.name,
        carrier_service_reference=service.reference,
        carrier_service_name=service.name,
    )


def _links(consignment: ConsignmentReference, api_base_url: str) -> tuple[ApiLink, ...]:
    """Return the links to the API, or none if its address is not known."""
    if not api_base_url:
        return ()
    return (
        ApiLink(rel="detail", href=f"{api_base_url}/consignments/{consignment}"),
        ApiLink(rel="label", href=f"{api_base_url}/labels/{consignment}"),
    )
