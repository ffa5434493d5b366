"""Allocates the consignments of a batch wave by wave, and records each outcome."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

from allocation.batches import batches
from allocation.consignments.store import OrderedConsignments
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import AllocationFailed, DeferralCause, Deferred, Failure, Outcome
from allocation.domain.record import AllocationRecord, latest_event_ids
from allocation.domain.reference import ConsignmentReference
from allocation.domain.routing import RoutingTable, Way, way_of
from allocation.observability import crash, logger
from allocation.orders.cancelling import Cancelling
from allocation.orders.updating import Updating
from allocation.orders.work import Deferrals, Outcomes, Requests, Work, orders_of, overruled, work_left
from allocation.ports import Allocator, Deadline, Recorded, RecordStore

# Consignments that are allocated before their outcomes are written: a killed function leaves at most this many
# unwritten.
MAX_WAVE: Final = 100
# Kept for writing and answering: no wave starts with less time left.
RESERVE_SECONDS: Final = 5.0
# How often one delivery decides a consignment whose daily limit other writers keep using up.
_MAX_DECISIONS: Final = 3
_OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)
# The allocator was asked for the consignment and did not answer for it: its message must not count as done.
_NO_ANSWER: Final = Deferred(DeferralCause.NO_ANSWER)
_UNAVAILABLE: Final = Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE)
_CRASHED: Final = Deferred(DeferralCause.ALLOCATOR_CRASHED)
_NOT_RECORDED: Final = Deferred(DeferralCause.NOT_RECORDED)
_NOT_READ: Final = Deferred(DeferralCause.RECORDS_NOT_READ)


@frozen
class AllocationWaves:
    """Allocates consignments that have no record yet or failed before, and records the outcomes."""

    allocator: Allocator
    mode: AllocationMode
    records: RecordStore
    cancelling: Cancelling
    updating: Updating
    # Where what labels need is kept; None where it is not.
    ordered_consignments: OrderedConsignments | None
    now: Callable[[], datetime]
    # How long a record is kept; None for ever.
    retention: timedelta | None
    # Returns the routing table to use now; None where the configured mode rules. May raise `RetryableError`.
    routing: Callable[[], RoutingTable | None]
    # Does work in a block while the first answer of AWS is waited for, or not at all.
    while_waiting: Callable[[Callable[[], None]], AbstractContextManager[None]]
    # Tells whether a record that the first look misses, for it may lag, keeps the allocator from doing anything twice.
    may_lag: Callable[[], bool]

    def allocate(self, requests: Requests, deadline: Deadline, *, are_new: bool) -> tuple[Outcomes, Deferrals]:
        """Return the outcomes that this call recorded, and why other consignments have none.

        A consignment whose record stands is in neither. Where the requests `are_new`, nothing about them was done a
        moment ago by who asks now: the first look may miss what was.
        """
        if not requests:
            return {}, {}
        try:
            known = self._recorded(requests, may_lag=self.may_lag() and are_new)
        except RetryableError as error:
            logger.warning("records not read", extra={"cause": str(error)})
            return {}, dict.fromkeys(requests, _NOT_READ)
        cancelled, not_cancelled, live = self.cancelling.cancel_known(requests, known, deadline)
        not_released = self.cancelling.take_back(overruled(live, known.records), known.records, deadline)
        work = work_left(live, known.records)
        outcomes, deferrals = self._allocate(work, deadline)
        # Also those of which a record was there after all: nobody else may come for them.
        settled = [each for item in work if (each := item.consignment.reference) not in deferrals]
        cancelled_since, not_cancelled_since = self.cancelling.cancel_overtaken(settled, live, deadline)
        deferrals |= not_cancelled | not_released | not_cancelled_since
        deferrals |= self.updating.settle(requests, deferrals.keys(), known, deadline)
        return outcomes | cancelled | cancelled_since, deferrals

    def _recorded(self, requests: Requests, *, may_lag: bool) -> Recorded:
        """Read what is recorded, while the allocator prepares itself. Raises `RetryableError`."""
        with self.while_waiting(self._preparation(requests)):
            return self.records.recorded(tuple(requests), orders_of(requests), may_lag=may_lag)

    def _preparation(self, requests: Requests) -> Callable[[], None]:
        """Return what the allocator may do for the first wave, most likely all of whose consignments are new."""
        first = [asking[0].consignment for asking in islice(requests.values(), MAX_WAVE)]
        try:
            table = self.routing()
        except RetryableError:
            return lambda: None  # asked for again, and logged, when there is something to allocate
        asked = [(each, way_of(table, self.mode, each.delivery_option).mode) for each in first]
        return partial(self.allocator.prepare, [(each, mode) for each, mode in asked if not isinstance(mode, Failure)])

    def _allocate(self, work: Sequence[Work], deadline: Deadline) -> tuple[Outcomes, Deferrals]:
        outcomes: Outcomes = {}
        deferrals: Deferrals = {}
        stopped: Deferred | None = None
        for wave in batches(work, MAX_WAVE):
            stopped = stopped or (_OUT_OF_TIME if deadline.remaining_seconds() < RESERVE_SECONDS else None)
            if stopped:
                deferrals |= {item.consignment.reference: stopped for item in wave}
                continue
            decided, deferred = self._allocate_wave(wave, deadline)
            outcomes |= decided
            deferrals |= deferred
            stopped = _reason_to_stop(wave, deferred)
        return outcomes, deferrals

    def _allocate_wave(self, wave: Sequence[Work], deadline: Deadline) -> tuple[Outcomes, Deferrals]:
        """Allocate and record one wave. A consignment whose daily limit another writer used up is decided again."""
        recorded: Outcomes = {}
        deferrals: Deferrals = dict.fromkeys(self._not_kept(wave), _NOT_RECORDED)
        wave = [item for item in wave if item.consignment.reference not in deferrals]
        for _ in range(_MAX_DECISIONS if wave else 0):
            outcomes, deferred, outrun = self._decide(wave, deadline)
            recorded |= outcomes
            deferrals |= deferred
            wave = [item for item in wave if item.consignment.reference in outrun]
            if not wave:
                break
        return recorded, deferrals | {item.consignment.reference: _NOT_RECORDED for item in wave}

    def _not_kept(self, wave: Sequence[Work]) -> frozenset[ConsignmentReference]:
        """Keep the senders' consignments. Return those that could not be kept: they are not allocated yet.

        An update's content is kept when it has been taken.
        """
        if self.ordered_consignments is None:
            return frozenset()
        orders = {item.consignment.reference: item.requests[0].order for item in wave}
        as_sent = {reference: order.as_sent for reference, order in orders.items() if not order.is_update}
        return self.ordered_consignments.keep(
            {reference: found[reference] for reference, found in as_sent.items() if reference in found}
        )

    def _decide(
        self, wave: Sequence[Work], deadline: Deadline
    ) -> tuple[Outcomes, Deferrals, frozenset[ConsignmentReference]]:
        """Ask for answers and record them. Return what was written, what was not and why, and what was outrun."""
        ways = self._ways(wave)
        answers = self._routed_answers(wave, ways, deadline)
        asked = {item.consignment.reference: item for item in wave}
        outcomes = {
            reference: answer
            for reference, answer in answers.items()
            if reference in asked and not isinstance(answer, Deferred)
        }
        receipt = self.records.add(
            [self._record(asked[reference], outcome, ways[reference]) for reference, outcome in outcomes.items()],
            deadline,
        )
        self.allocator.settled([outcomes[each].pro_reference or each for each in sorted(receipt.added)])
        overtaken = self._overtaken([asked[reference] for reference in receipt.present])
        settled = (receipt.added | receipt.present | receipt.outrun) - overtaken
        deferrals = {reference: _deferral(answers.get(reference, _NO_ANSWER)) for reference in asked.keys() - settled}
        return {reference: outcomes[reference] for reference in receipt.added}, deferrals, receipt.outrun

    def _overtaken(self, present: Sequence[Work]) -> frozenset[ConsignmentReference]:
        """Return the consignments whose record another writer has changed, and that this work must still try.

        The other writer failed for another event, so its failure does not answer ours; or it was an update, and what
        the allocator holds for us is to be taken back. Unknown is not done.
        """
        references = [item.consignment.reference for item in present]
        try:
            seen = self.records.recorded(references).records if references else {}
        except RetryableError as error:
            logger.warning("records not read", extra={"cause": str(error)})
            return frozenset(references)
        requests = {item.consignment.reference: item.requests for item in present}
        left = frozenset(item.consignment.reference for item in work_left(requests, seen))
        return left.union(overruled(requests, seen))

    def _ways(self, wave: Sequence[Work]) -> Mapping[ConsignmentReference, Way]:
        """Return how each consignment is to be allocated; nothing while the routing table can't be read."""
        try:
            table = self.routing()
        except RetryableError as error:
            logger.warning("routing table not read", extra={"cause": str(error)})
            return {}
        return {item.consignment.reference: way_of(table, self.mode, item.consignment.delivery_option) for item in wave}

    def _routed_answers(
        self, wave: Sequence[Work], ways: Mapping[ConsignmentReference, Way], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Ask the allocator once for each mode. Whatever has no row in the routing table fails.

        Another order, with a row, may have been tried and its outcome lost: what it may hold is taken back before.
        """
        failures: dict[ConsignmentReference, Outcome | Deferred] = {}
        answers: dict[ConsignmentReference, Outcome | Deferred] = {}
        by_mode: dict[AllocationMode, list[Work]] = {}
        for item in wave:
            reference = item.consignment.reference
            mode = ways[reference].mode if reference in ways else None
            if mode is None:
                answers[reference] = _UNAVAILABLE
            elif isinstance(mode, Failure):
                failures[reference] = AllocationFailed(mode)
            else:
                by_mode.setdefault(mode, []).append(item)
        for mode, items in by_mode.items():
            answers |= self._answers(items, mode, deadline)
        seen = {item.consignment.reference: item.seen for item in wave if item.seen}
        return answers | failures | self.cancelling.take_back(list(failures), seen, deadline)

    def _answers(
        self, wave: Sequence[Work], mode: AllocationMode, deadline: Deadline
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Return the allocator's answers. If it crashes, ask for each consignment by itself: only one suffers then."""
        try:
            return self.allocator.allocate([item.consignment for item in wave], mode, deadline)
        except RetryableError as error:
            logger.warning("allocator not available", extra={"cause": str(error)})
            return {item.consignment.reference: _UNAVAILABLE for item in wave}
        except Exception as error:  # noqa: BLE001 - whatever it is, the other consignments must not wait for its fix
            references = [item.consignment.reference for item in wave]
            logger.error("allocator crashed", extra={"consignments": references, **crash(error)})
        if len(wave) == 1:
            return dict.fromkeys(references, _CRASHED)
        one_by_one = (self._answers([item], mode, deadline) for item in wave)
        return {reference: answer for answers in one_by_one for reference, answer in answers.items()}

    def _record(self, work: Work, outcome: Outcome, way: Way) -> AllocationRecord:
        allocated_at, order = self.now(), work.requests[0].order
        tried = [*(work.seen.event_ids if work.seen else ()), *(each.order.event_id for each in work.requests)]
        event_ids = latest_event_ids(*tried)
        return AllocationRecord(
            consignment_reference=work.consignment.reference,
            order_reference=order.reference,
            customer_reference=work.consignment.customer_reference,
            pro_reference=outcome.pro_reference or (work.seen.pro_reference if work.seen else None),
            updated_by=order.event_id if order.is_update else None,
            mode=None if isinstance(way.mode, Failure) else way.mode,
            route=way.route,
            outcome=outcome,
            event_id=order.event_id,
            allocated_at=allocated_at,
            version=work.seen.version + 1 if work.seen else 1,
            past_failure=work.seen.latest_failure if work.seen else None,
            event_ids=event_ids if len(event_ids) > 1 else (),
            expires_at=allocated_at + self.retention if self.retention else None,
        )


def _reason_to_stop(wave: Sequence[Work], deferred: Deferrals) -> Deferred | None:
    """Return the reason to stop after this wave, or None.

    An AWS service that did not answer for any consignment of a wave would take as many seconds again for the next.
    """
    causes = {deferred.get(item.consignment.reference) for item in wave}
    return None if None in causes else next((cause for cause in (_NOT_RECORDED, _UNAVAILABLE) if cause in causes), None)


def _deferral(answer: Outcome | Deferred) -> Deferred:
    """Return why a consignment has no record: the allocator deferred it, or its outcome was not written."""
    return answer if isinstance(answer, Deferred) else _NOT_RECORDED
