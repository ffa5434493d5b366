"""The use case of the order queue: order-created messages in, one recorded outcome a consignment out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from allocation.domain.errors import InvalidMessageError, RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.order import Order, OrderCancellation, OrderLeftOut, OrderRequest
from allocation.domain.outcome import Cancelled, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.observability import logger
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.batch_report import BatchReport, together
from allocation.orders.canaries import Canaries
from allocation.orders.one_by_one import may_kill, work_on_each
from allocation.orders.order_created import ReadingRules
from allocation.orders.order_requests import read_request
from allocation.orders.redelivery import MAX_RECEIVES, given_up, longest, seconds_since_sent, wait_seconds
from allocation.orders.work import Deferrals, Outcomes, requests_of, turns_of
from allocation.ports import Deadline, QueueMessage, Redelivery, RefusedMessage, RefusedMessages

_OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)
_NOT_KEPT: Final = Deferred(DeferralCause.NOT_KEPT_IN_DLQ)
_KILLED: Final = Deferred(DeferralCause.KILLED)
_NOT_READ: Final = Deferred(DeferralCause.RECORDS_NOT_READ)
_NO_MAPPING: Final = Deferred(DeferralCause.MAPPING_UNAVAILABLE)


@frozen
class AllocateOrders:
    """Does what a batch of messages asks: allocates consignments, each once, or cancels them, and records that."""

    waves: AllocationWaves
    refused_messages: RefusedMessages
    redelivery: Redelivery
    now: Callable[[], datetime]
    # Gives a random number from 0 up to 1.
    jitter: Callable[[], float]
    # Gives the rules to read a batch by. Raises `RetryableError` while there is no usable mapping of orders.
    reading: Callable[[], ReadingRules]
    canaries: Canaries

    def process(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        """Work on a batch and report which messages are unfinished. Those are held back for a while (`redelivery`).

        A message is done when each of its valid consignments has a recorded outcome and, if a part of it could not be
        read, it is in the DLQ with the reason. If the DLQ took a message that killed the function each time, nothing
        else is done: the function may be killed again, and the DLQ would get that message again.
        Canaries are no orders, and in no report.
        """
        orders, canaries = self.canaries.sorted_out(messages)
        report = self._process(orders, deadline)
        self.canaries.keep(canaries, deadline)
        return report

    def _process(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        spent = [message for message in messages if message.receive_count > MAX_RECEIVES]
        if not spent:
            return self._attempt(messages, deadline)
        others = [message for message in messages if message.receive_count <= MAX_RECEIVES]
        set_aside = self._set_aside(spent)
        if set_aside.refused:
            rest = self._report(others, {message.message_id: _OUT_OF_TIME for message in others}, {}, {})
        else:
            rest = self._attempt(others, deadline)
        return together([set_aside, rest])

    def _attempt(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        """Work on messages that are not spent: together, or one after the other where one may kill the function."""
        return (self._work_on_each if may_kill(messages) else self._work_on)(messages, deadline)

    def _set_aside(self, spent: Sequence[QueueMessage]) -> BatchReport:
        """Keep the spent messages in the DLQ."""
        killed = {message.message_id: _KILLED for message in spent}
        return self._report(spent, killed, given_up(spent, killed), {})

    def _work_on_each(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        """Work on one message after the other."""
        reports: list[BatchReport] = []

        def is_done(message: QueueMessage) -> bool:
            reports.append(self._work_on([message], deadline))
            return not reports[-1].returned

        work_on_each(messages, deadline, self.redelivery, self.jitter, is_done)
        return together(reports)

    def _work_on(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        try:
            rules = self.reading()
        except RetryableError as error:
            logger.warning("mapping not available", extra={"cause": str(error)})
            waiting = {message.message_id: _NO_MAPPING for message in messages}
            return self._report(messages, waiting, given_up(messages, waiting), {})
        requests, invalid, unread = _read(messages, rules)
        orders = {key: request for key, request in requests.items() if isinstance(request, Order)}
        to_cancel = {key: request for key, request in requests.items() if isinstance(request, OrderCancellation)}
        # First, so that an order in the same batch finds it.
        cancelled, not_cancelled = self.waves.cancelling.work_on(to_cancel, deadline)
        outcomes: Outcomes = {}
        deferrals: Deferrals = {}
        are_new = not to_cancel and _are_new(messages, orders.values())
        for turn in turns_of(orders.values()):
            recorded, deferred = self.waves.allocate(requests_of(turn), deadline, are_new=are_new)
            outcomes |= recorded
            deferrals |= deferred
        unfinished = not_cancelled | _unfinished(orders, deferrals) | unread
        refused = {message_id: error for message_id, error in invalid.items() if message_id not in unfinished}
        returned = unfinished | dict.fromkeys(refused, _NOT_KEPT)  # unless the DLQ takes them
        references = {message_id: request.reference for message_id, request in requests.items()}
        report = self._report(
            messages, returned, refused | given_up(messages, unfinished), cancelled | outcomes, references
        )
        left_out = [request.reference for request in requests.values() if isinstance(request, OrderLeftOut)]
        return replace(report, left_out=left_out)

    def _report(
        self,
        messages: Sequence[QueueMessage],
        returned: Mapping[str, Deferred],
        refused: Mapping[str, InvalidMessageError],
        outcomes: Mapping[ConsignmentReference, Outcome | Cancelled],
        orders: Mapping[str, OrderReference] | None = None,
    ) -> BatchReport:
        """Keep the refused messages in the DLQ, hold back the returned ones, and report both."""
        to_keep = [RefusedMessage(item, refused[item.message_id]) for item in messages if item.message_id in refused]
        kept = self.refused_messages.keep(to_keep) if to_keep else frozenset()
        returned = {message_id: cause for message_id, cause in returned.items() if message_id not in kept}
        self._postpone(messages, returned)
        kept_errors = {message_id: refused[message_id] for message_id in kept}
        return BatchReport(returned, kept_errors, outcomes, seconds_since_sent(messages, self.now()), orders or {})

    def _postpone(self, messages: Sequence[QueueMessage], returned: Mapping[str, Deferred]) -> None:
        waits = {
            message.receipt_handle: wait_seconds(returned[message.message_id], message.receive_count, self.jitter())
            for message in messages
            if message.message_id in returned
        }
        if waits:
            self.redelivery.postpone(waits)


def _read(
    messages: Sequence[QueueMessage], rules: ReadingRules
) -> tuple[dict[str, OrderRequest], dict[str, InvalidMessageError], dict[str, Deferred]]:
    """Read every message as far as possible. A message can be in both: valid consignments beside an invalid one.

    The last are those that can't be read now.
    """
    requests: dict[str, OrderRequest] = {}
    invalid: dict[str, InvalidMessageError] = {}
    unread: dict[str, Deferred] = {}
    for message in messages:
        try:
            read = read_request(message.body, rules)
        except InvalidMessageError as error:
            invalid[message.message_id] = _without_frames(error)
            continue
        except RetryableError as error:
            logger.warning("message not read", extra={"sqs_message": message.message_id, "cause": str(error)})
            unread[message.message_id] = _NOT_READ
            continue
        requests[message.message_id] = read.request
        if read.invalid:
            invalid[message.message_id] = _without_frames(read.invalid)
    return requests, invalid, unread


def _without_frames(error: InvalidMessageError) -> InvalidMessageError:
    """Return the error without the frames that raised it, and without its cause.

    They hold the batch, which holds the error: all of it would stay until garbage is looked for.
    """
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def _are_new(messages: Sequence[QueueMessage], orders: Iterable[Order]) -> bool:
    """Tell whether a batch has only orders that come for the first time.

    A message that comes again, or an update, follows on what may have been done a moment ago.
    """
    come_again = any(message.receive_count > 1 for message in messages)
    return not come_again and not any(order.is_update for order in orders)


def _unfinished(orders: Mapping[str, Order], deferrals: Deferrals) -> dict[str, Deferred]:
    """Return the messages with a consignment that has no outcome, and the reason that takes longest."""
    reasons = {
        message_id: [deferrals[item.reference] for item in order.consignments if item.reference in deferrals]
        for message_id, order in orders.items()
    }
    return {message_id: longest(deferred) for message_id, deferred in reasons.items() if deferred}
