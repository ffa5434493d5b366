"""Settles order-updated messages once their consignments are allocated: each update was taken, or is refused.

An update replaces what is not allocated yet. A consignment without a record, and one that failed, is allocated from the
update's content, which is kept for labels afterwards. Any other consignment stays as it is and refuses the update: its
record gets a new version that says so, and with it an event.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import Final

from allocation.consignments.store import OrderedConsignments
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import AllocationFailed, DeferralCause, Deferred
from allocation.domain.record import RecordSeen, RefusedUpdate
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.orders.work import ConsignmentRequest, Deferrals, Requests
from allocation.ports import Deadline, Recorded, RecordStore

# Kept for answering: nothing more is refused with less time left.
_RESERVE_SECONDS: Final = 5.0
# How often one delivery refuses an update of a consignment that others keep changing.
_MAX_ATTEMPTS: Final = 3
_NOT_READ: Final = Deferred(DeferralCause.RECORDS_NOT_READ)
_NOT_RECORDED: Final = Deferred(DeferralCause.NOT_RECORDED)
_OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)

_Updates = dict[ConsignmentReference, ConsignmentRequest]
_Records = Mapping[ConsignmentReference, RecordSeen]


@frozen
class Updating:
    """Keeps the content of updates that were taken, and refuses the others."""

    records: RecordStore
    # Where what labels need is kept; None where it is not.
    ordered_consignments: OrderedConsignments | None
    now: Callable[[], datetime]

    def settle(
        self,
        requests: Requests,
        unfinished: Set[ConsignmentReference],
        known: Recorded,
        deadline: Deadline,
    ) -> Deferrals:
        """Settle the updates among the requests, at most one a consignment. Return why others must come again.

        A redelivery of the same event changes nothing. Consignments that are `unfinished` come again anyhow. An update
        of an order that is `known` as cancelled tries nothing.
        """
        left = {
            reference: update
            for reference, asking in requests.items()
            if reference not in unfinished and (update := _update_in(asking))
        }
        deferrals: Deferrals = {}
        for _ in range(_MAX_ATTEMPTS if left else 0):
            try:
                seen = self.records.recorded(tuple(left)).records
            except RetryableError as error:
                logger.warning("records not read", extra={"cause": str(error)})
                return deferrals | dict.fromkeys(left, _NOT_READ)
            deferrals |= self._keep_taken(left, seen)
            tried = {key: update for key, update in left.items() if not _is_idle(update, seen.get(key), known)}
            left = self._refuse(tried, seen, deferrals, deadline)
            if not left:
                break
        return deferrals | dict.fromkeys(left, _NOT_RECORDED)

    def _keep_taken(self, updates: _Updates, seen: _Records) -> Deferrals:
        """Keep the content of the updates that were taken. Return those whose content could not be written."""
        taken = {
            reference: update.order
            for reference, update in updates.items()
            if reference in seen and seen[reference].updated_by == update.order.event_id
        }
        as_sent = {
            reference: (order.event_id, order.as_sent[reference])
            for reference, order in taken.items()
            if reference in order.as_sent
        }
        if self.ordered_consignments is None or not as_sent:
            return {}
        return dict.fromkeys(self.ordered_consignments.replace(as_sent), _NOT_RECORDED)

    def _refuse(self, updates: _Updates, seen: _Records, deferrals: Deferrals, deadline: Deadline) -> _Updates:
        """Refuse what can't be taken. Return the updates of consignments that changed meanwhile."""
        changed: _Updates = {}
        for reference, update in updates.items():
            record, event_id = seen.get(reference), update.order.event_id
            if record is None or record.is_to_be_tried(event_id, is_update=True):
                deferrals[reference] = _NOT_RECORDED  # nobody has a record of it any more, or it failed since
            elif not record.refuses(event_id):
                continue
            elif deadline.remaining_seconds() < _RESERVE_SECONDS:
                deferrals[reference] = _OUT_OF_TIME
            else:
                self._refuse_one(reference, update, record, changed, deferrals)
        return changed

    def _refuse_one(
        self,
        reference: ConsignmentReference,
        update: ConsignmentRequest,
        seen: RecordSeen,
        changed: _Updates,
        deferrals: Deferrals,
    ) -> None:
        try:
            if not self.records.refuse_update(reference, RefusedUpdate(update.order.event_id, self.now()), seen):
                changed[reference] = update
                return
        except RetryableError as error:
            logger.warning("refusal not recorded", extra={"cause": str(error), "consignment": reference})
            deferrals[reference] = _NOT_RECORDED
            return
        logger.info("update refused", extra={"consignment": reference, "state": seen.state})


def _is_idle(update: ConsignmentRequest, record: RecordSeen | None, known: Recorded) -> bool:
    """Tell whether an update is of a cancelled order, and about a failure that is recorded with another order."""
    if record is None or record.state != AllocationFailed.state:
        return False
    return known.cancelled_by(update.order.reference, update.consignment.reference) is not None


def _update_in(asking: Sequence[ConsignmentRequest]) -> ConsignmentRequest | None:
    return next((each for each in asking if each.order.is_update), None)
