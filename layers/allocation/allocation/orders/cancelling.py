"""Cancels consignments and orders, by the same rules as the API, whatever the order in which messages arrive.

An order is marked as cancelled, whole or with the consignments that are named, before these are looked for. A message
of the order that comes later, or at the same time, finds the mark, also where another order has the consignment so
far. What was recorded with a whole order before the mark is found by an index that is a moment behind, so it is looked
for once more later.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.order import OrderCancellation
from allocation.domain.outcome import AllocatedBy, AllocationFailed, Cancelled, DeferralCause, Deferred
from allocation.domain.record import AllocationRecord, NamedAtPro, RecordSeen, latest_event_ids
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.orders.cancelled_orders import (
    Cancellation,
    abandoned,
    cancellations,
    is_cancellable,
    without_cancelled,
)
from allocation.orders.redelivery import longest
from allocation.orders.work import Deferrals, Requests, orders_of
from allocation.ports import Allocator, CancelledOrders, Deadline, Recorded, RecordStore

# Kept for answering: nothing more is cancelled with less time left.
_RESERVE_SECONDS: Final = 5.0
# How often one delivery writes a consignment that others keep changing.
_MAX_ATTEMPTS: Final = 3
# An index is certainly no further behind than this.
_INDEX_LAG: Final = timedelta(seconds=60)
_LOOK_AGAIN: Final = Deferred(DeferralCause.CANCELLING, int(_INDEX_LAG.total_seconds()))
_NOT_READ: Final = Deferred(DeferralCause.RECORDS_NOT_READ)
_NOT_RECORDED: Final = Deferred(DeferralCause.NOT_RECORDED)
_OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)
_UNAVAILABLE: Final = Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE)

_CancelledNow = dict[ConsignmentReference, Cancelled]


@frozen
class Cancelling:
    """Cancels consignments: takes the carrier service back, then records that, and gives a daily limit back with it."""

    allocator: Allocator
    records: RecordStore
    cancelled_orders: CancelledOrders
    now: Callable[[], datetime]
    # How long a record is kept; None for ever.
    retention: timedelta | None
    # Who allocates in this stack.
    here: AllocatedBy

    def work_on(
        self, requests: Mapping[str, OrderCancellation], deadline: Deadline
    ) -> tuple[_CancelledNow, dict[str, Deferred]]:
        """Work on order-cancelled messages, by message id. Return what was cancelled, and the unfinished messages."""
        cancelled: _CancelledNow = {}
        unfinished: dict[str, Deferred] = {}
        for message_id, request in requests.items():
            try:
                wanted, look_again = self._wanted(request)
            except RetryableError as error:
                logger.warning("order not cancelled", extra={"cause": str(error), "sqs_message": message_id})
                unfinished[message_id] = _NOT_READ
                continue
            done, deferrals = self.cancel(wanted, deadline)
            cancelled |= done
            reasons = [*deferrals.values(), *([_LOOK_AGAIN] if look_again else [])]
            if reasons:
                unfinished[message_id] = longest(reasons)
        return cancelled, unfinished

    def _wanted(self, request: OrderCancellation) -> tuple[list[Cancellation], bool]:
        """Return the consignments that a message cancels, and whether to look for more of them later."""
        order, references = request.reference, request.consignments
        look_again = False
        if references is None:
            look_again = self.cancelled_orders.mark(order, request.event_id) < _INDEX_LAG
            references = tuple(self.records.of_order(order))
        else:
            self.cancelled_orders.mark_consignments(order, request.event_id, references)
        return [Cancellation(each, order, request.event_id) for each in references], look_again

    def cancel_known(
        self, requests: Requests, known: Recorded, deadline: Deadline
    ) -> tuple[_CancelledNow, Deferrals, Requests]:
        """Do for consignments what the cancellations of their orders ask, before any is allocated.

        Return what was cancelled, what is not done, and the requests of the orders that are not cancelled.
        """
        cancelled, deferrals = self.cancel(cancellations(requests, known), deadline)
        not_released = self.take_back(abandoned(requests, known), known.records, deadline)
        return cancelled, deferrals | not_released, without_cancelled(requests, known)

    def cancel_overtaken(
        self, written: Sequence[ConsignmentReference], requests: Requests, deadline: Deadline
    ) -> tuple[_CancelledNow, Deferrals]:
        """Cancel what was written for orders that were cancelled meanwhile, or before: the first look may lag.

        Whoever cancels an order marks it before looking for its consignments. So either the mark is seen here, or the
        records were there before the mark and are found.
        """
        asked = {reference: requests[reference] for reference in written}
        if not asked:
            return {}, {}
        try:
            cancelled = self.records.recorded((), orders_of(asked)).cancelled
            known = Recorded(self.records.recorded(tuple(asked)).records, cancelled) if cancelled else Recorded({}, {})
        except RetryableError as error:
            logger.warning("cancelled orders not read", extra={"cause": str(error)})
            return {}, dict.fromkeys(asked, _NOT_READ)
        return self.cancel(cancellations(asked, known), deadline)

    def take_back(
        self,
        references: Sequence[ConsignmentReference],
        seen: Mapping[ConsignmentReference, RecordSeen],
        deadline: Deadline,
    ) -> Deferrals:
        """Take back what a lost call of another order may have allocated. Return why that is not done."""
        try:
            return (
                dict(self.allocator.release_lost(references, deadline, _named(references, seen))) if references else {}
            )
        except RetryableError as error:
            logger.warning("consignments not released", extra={"cause": str(error), "consignments": list(references)})
            return dict.fromkeys(references, _UNAVAILABLE)

    def cancel(self, wanted: Sequence[Cancellation], deadline: Deadline) -> tuple[_CancelledNow, Deferrals]:
        """Cancel consignments, also those that nothing is known of yet. Return what this call cancelled, and the rest.

        What was created for one elsewhere is cancelled there once its record says so. Before, another order might be
        recorded with the consignment, and nothing would bring it back elsewhere. A consignment that is cancelled
        already, or allocated for another order, or whose record can't be read, is in neither.
        """
        work = _Work({item.reference: item for item in wanted})
        for _ in range(_MAX_ATTEMPTS):
            if not work.left:
                break
            try:
                seen = self._release(work, deadline)
            except RetryableError as error:
                logger.warning("consignments not cancelled", extra={"cause": str(error), "consignments": [*work.left]})
                work.defer(dict.fromkeys(work.left, _UNAVAILABLE))
                break
            for reference, item in list(work.left.items()):
                if (result := self._record(item, seen.get(reference), deadline)) is not None:
                    work.settle(reference, result, seen.get(reference))
        work.defer(dict.fromkeys(work.left, _NOT_RECORDED))
        return work.cancelled, {**work.deferrals, **self._cancel_elsewhere(work.done, deadline)}

    def _cancel_elsewhere(
        self, done: Mapping[ConsignmentReference, ConsignmentReference | None], deadline: Deadline
    ) -> Deferrals:
        """Have the allocator cancel what is recorded as cancelled. Return why that is not done."""
        named = {reference: NamedAtPro(there) for reference, there in done.items() if there}
        try:
            return dict(self.allocator.cancel_recorded(tuple(done), deadline, named)) if done else {}
        except RetryableError as error:
            logger.warning("not cancelled elsewhere", extra={"cause": str(error), "consignments": list(done)})
            return dict.fromkeys(done, _UNAVAILABLE)

    def _release(self, work: "_Work", deadline: Deadline) -> Mapping[ConsignmentReference, RecordSeen]:
        """Take back what is left to cancel. Return the records of it. Raises `RetryableError` on an outage.

        Afterwards only what is taken back is left.
        """
        seen = self.records.recorded(tuple(work.left)).records if work.left else {}
        work.done |= {key: seen[key].pro_reference for key in seen if _has_cancelled(work.left[key], seen[key])}
        work.left = {
            key: item
            for key, item in work.left.items()
            # What has been given back is recorded so, also where another order was quicker to record it.
            if is_cancellable(seen.get(key), None if key in work.released else item.order)
        }
        work.defer(self._out_of_reach(work.left, seen))
        # What is released is still claimed by this caller, who would wait for himself.
        unreleased = tuple(key for key in work.left if key not in work.released)
        named = _named(unreleased, seen)
        recorded = frozenset(key for key in unreleased if key in seen and seen[key].state != AllocationFailed.state)
        for is_recorded in (True, False):
            asked = tuple(key for key in unreleased if (key in recorded) is is_recorded)
            if asked:
                work.defer(self.allocator.release(asked, deadline, named, is_recorded=is_recorded))
        work.released |= work.left.keys()
        return seen

    def _out_of_reach(
        self, references: Iterable[ConsignmentReference], seen: Mapping[ConsignmentReference, RecordSeen]
    ) -> Deferrals:
        """Return why consignments can't be cancelled here: another PRO has allocated them."""
        by = {each: seen[each].allocated_by for each in references if each in seen}
        return {
            each: Deferred(DeferralCause.MISCONFIGURED, why=f"{each} {allocator.advice(self.here)} to cancel it")
            for each, allocator in by.items()
            if allocator and allocator.is_out_of_reach(self.here)
        }

    def _record(self, item: Cancellation, seen: RecordSeen | None, deadline: Deadline) -> Cancelled | Deferred | None:
        """Record one cancellation. Return None if another writer has changed the record."""
        if deadline.remaining_seconds() < _RESERVE_SECONDS:
            return _OUT_OF_TIME
        outcome, now = Cancelled(), self.now()
        record = AllocationRecord(
            consignment_reference=item.reference,
            order_reference=(seen and seen.order_reference) or item.order,
            mode=seen.mode if seen else None,
            outcome=outcome,
            event_id=item.event_id,
            allocated_at=now,
            version=seen.version + 1 if seen else 1,
            expires_at=now + self.retention if self.retention else None,
            past_failure=seen.latest_failure if seen else None,
            event_ids=latest_event_ids(*seen.event_ids, item.event_id) if seen else (),
            route=seen.route if seen else None,
            customer_reference=seen.customer_reference if seen else None,
            pro_reference=seen.pro_reference if seen else None,
        )
        try:
            return outcome if self.records.replace(record, seen) else None
        except RetryableError as error:
            logger.warning("cancellation not recorded", extra={"cause": str(error), "consignment": item.reference})
            return _NOT_RECORDED


def _named(
    references: Iterable[ConsignmentReference], seen: Mapping[ConsignmentReference, RecordSeen]
) -> Mapping[ConsignmentReference, NamedAtPro]:
    """Return what records name of SortedPRO's."""
    return {each: seen[each].named_at_pro for each in references if each in seen}


def _has_cancelled(item: Cancellation, seen: RecordSeen) -> bool:
    """Tell whether a record says that this event has cancelled its consignment."""
    return seen.state == Cancelled.state and item.event_id in seen.event_ids


@dataclass(slots=True)
class _Work:
    """Consignments that are being cancelled: those left to do, those taken back, and what came of the others."""

    left: dict[ConsignmentReference, Cancellation]
    released: set[ConsignmentReference] = field(default_factory=set)
    cancelled: _CancelledNow = field(default_factory=dict)
    deferrals: Deferrals = field(default_factory=dict)
    # What these events have cancelled, now or before, with SortedPRO's own reference where a record names it.
    done: dict[ConsignmentReference, ConsignmentReference | None] = field(default_factory=dict)

    def settle(self, reference: ConsignmentReference, result: Cancelled | Deferred, seen: RecordSeen | None) -> None:
        """Note what came of a consignment, which is then no longer left."""
        if isinstance(result, Deferred):
            self.defer({reference: result})
        else:
            self.cancelled[reference] = result
            self.done[reference] = seen.pro_reference if seen else None
            del self.left[reference]

    def defer(self, deferrals: Mapping[ConsignmentReference, Deferred]) -> None:
        """Note why consignments can't be cancelled now. They are no longer left."""
        self.deferrals |= deferrals
        self.left = {key: item for key, item in self.left.items() if key not in deferrals}
