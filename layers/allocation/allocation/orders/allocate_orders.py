"""The use case of the order queue: order-created messages in, one recorded outcome a consignment out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from allocation.batches import batches
from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidMessageError, RefusalCode, RetryableError
from allocation.domain.mode import AllocationMode
from allocation.domain.order import Order
from allocation.domain.outcome import DeferralCause, Deferred, Outcome
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.orders.backoff import wait_seconds
from allocation.orders.order_created import read_order
from allocation.ports import (
    Allocator,
    Deadline,
    QueueMessage,
    RecordStore,
    Redelivery,
    RefusedMessage,
    RefusedMessages,
)

MAX_RECEIVES: Final = 80
"""How often a message is worked on. The queue's `maxReceiveCount` (`template.yaml`) is five more: what the function was
killed by each time comes again then, and is put into the DLQ with that reason; SQS would move it without any."""
WAVE: Final = 100
"""Consignments allocated before their outcomes are written: a function that is killed has at most so many unwritten."""
RESERVE_SECONDS: Final = 5.0
"""Kept for writing and answering: no wave is started with less time than this left."""
MAX_DECISIONS: Final = 3
"""How often a consignment is decided in one delivery, where others use up limits meanwhile."""
OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)
NO_ANSWER: Final = Deferred(DeferralCause.NO_ANSWER)
"""For a consignment that the allocator was asked for and passed over: its message must not count as done."""
UNAVAILABLE: Final = Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE)
CRASHED: Final = Deferred(DeferralCause.ALLOCATOR_CRASHED)
NOT_RECORDED: Final = Deferred(DeferralCause.NOT_RECORDED)
NOT_READ: Final = Deferred(DeferralCause.RECORDS_NOT_READ)
NOT_KEPT: Final = Deferred(DeferralCause.NOT_KEPT_IN_DLQ)
KILLED: Final = Deferred(DeferralCause.KILLED)

Deferrals = dict[ConsignmentReference, Deferred]


@dataclass(frozen=True, slots=True)
class Work:
    """A consignment to allocate, and the order that asked for it first."""

    consignment: Consignment
    order: Order


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """A batch as far as it could be read. A message can stand in both: valid consignments beside an invalid one."""

    orders: Mapping[str, Order]
    """By message id."""
    invalid: Mapping[str, InvalidMessageError]
    """By message id."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of a batch of messages."""

    returned: Mapping[str, Deferred]
    """By message id: the messages that must be delivered again, and why."""
    refused: Mapping[str, InvalidMessageError]
    """By message id: the messages that are in the DLQ now, and why."""
    outcomes: Mapping[ConsignmentReference, Outcome]
    """What this batch recorded; consignments that had a record already are not in it."""
    seconds_since_sent: Mapping[str, float] = field(default_factory=dict)
    """By message id, at the batch's end: how long ago each message was sent, where that is known."""


@dataclass(frozen=True, slots=True)
class AllocateOrders:
    """Allocates the consignments of a batch of order-created messages, each once, and records the outcomes."""

    allocator: Allocator
    mode: AllocationMode
    records: RecordStore
    refused_messages: RefusedMessages
    redelivery: Redelivery
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    """A random number from 0 up to 1."""
    retention: timedelta | None = None
    """How long a record is kept; for ever where it is None."""

    def process(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        """Works on a batch and reports which messages are not done; those are held back for a while (`backoff`).

        A message is done when each of its valid consignments has a recorded outcome and, where it could not be read
        in whole, it is kept in the DLQ with the reason. Where one has come that the function was killed by each time,
        nothing else is done with the batch: the function may be killed again.
        """
        spent = [message for message in messages if message.receive_count > MAX_RECEIVES]
        return self._set_aside(spent, messages) if spent else self._work_on(messages, deadline)

    def _set_aside(self, spent: Sequence[QueueMessage], messages: Sequence[QueueMessage]) -> BatchReport:
        """Keeps the spent messages in the DLQ; the other messages come again at once."""
        killed = {message.message_id: KILLED for message in spent}
        reasons = given_up_of(spent, killed)
        kept = self._keep([RefusedMessage(message, reasons[message.message_id]) for message in spent])
        others = {message.message_id: OUT_OF_TIME for message in messages}
        returned = {message_id: cause for message_id, cause in (others | killed).items() if message_id not in kept}
        self._postpone(messages, returned)
        kept_reasons = {message_id: reasons[message_id] for message_id in kept}
        return BatchReport(returned, kept_reasons, {}, seconds_since_sent(messages, self.now()))

    def _work_on(self, messages: Sequence[QueueMessage], deadline: Deadline) -> BatchReport:
        read = read_messages(messages)
        outcomes, deferrals = self._allocate(distinct_work(messages, read.orders), deadline)
        returned = {
            message_id: longest(deferrals[reference] for reference in references_of(order) if reference in deferrals)
            for message_id, order in read.orders.items()
            if any(reference in deferrals for reference in references_of(order))
        }
        refused = {message_id: error for message_id, error in read.invalid.items() if message_id not in returned}
        given_up = given_up_of(messages, returned)
        refused |= given_up
        kept = self._keep(
            [RefusedMessage(item, refused[item.message_id]) for item in messages if item.message_id in refused]
        )
        returned = {message_id: deferred for message_id, deferred in returned.items() if message_id not in kept}
        returned |= dict.fromkeys(refused.keys() - given_up.keys() - kept, NOT_KEPT)
        self._postpone(messages, returned)
        kept_errors = {message_id: refused[message_id] for message_id in kept}
        return BatchReport(returned, kept_errors, outcomes, seconds_since_sent(messages, self.now()))

    def _allocate(
        self, work: Mapping[ConsignmentReference, Work], deadline: Deadline
    ) -> tuple[dict[ConsignmentReference, Outcome], Deferrals]:
        """Allocates what has no record yet, wave by wave, as long as there is time."""
        try:
            recorded = self.records.recorded(tuple(work)) if work else frozenset()
        except RetryableError as error:
            logger.warning("records not read", extra={"cause": str(error)})
            return {}, dict.fromkeys(work, NOT_READ)
        outcomes: dict[ConsignmentReference, Outcome] = {}
        deferrals: Deferrals = {}
        new = [item for reference, item in work.items() if reference not in recorded]
        stopped: Deferred | None = None
        for wave in batches(new, WAVE):
            stopped = stopped or (OUT_OF_TIME if deadline.remaining_seconds() < RESERVE_SECONDS else None)
            if stopped:
                deferrals |= {item.consignment.reference: stopped for item in wave}
                continue
            decided, deferred = self._allocate_wave(wave, deadline)
            outcomes |= decided
            deferrals |= deferred
            stopped = why_no_other(wave, deferred)
        return outcomes, deferrals

    def _allocate_wave(
        self, wave: Sequence[Work], deadline: Deadline
    ) -> tuple[dict[ConsignmentReference, Outcome], Deferrals]:
        """Allocates and records one wave; the outcomes returned are those that this call has written.

        What others outran in the use of a limit is decided anew, a few times.
        """
        recorded: dict[ConsignmentReference, Outcome] = {}
        deferrals: Deferrals = {}
        for _ in range(MAX_DECISIONS):
            outcomes, deferred, outrun = self._decide(wave, deadline)
            recorded |= outcomes
            deferrals |= deferred
            wave = [item for item in wave if item.consignment.reference in outrun]
            if not wave:
                break
        return recorded, deferrals | {item.consignment.reference: NOT_RECORDED for item in wave}

    def _decide(
        self, wave: Sequence[Work], deadline: Deadline
    ) -> tuple[dict[ConsignmentReference, Outcome], Deferrals, frozenset[ConsignmentReference]]:
        """Asks for answers and records them; returns what was written, what was not and why, and what was outrun."""
        answers = self._answers(wave, deadline)
        asked = {item.consignment.reference: item for item in wave}
        outcomes = {
            reference: answer
            for reference, answer in answers.items()
            if reference in asked and not isinstance(answer, Deferred)
        }
        receipt = self.records.add([self._record(asked[reference], outcome) for reference, outcome in outcomes.items()])
        settled = receipt.added | receipt.present | receipt.outrun
        deferrals = {reference: deferral_of(answers.get(reference, NO_ANSWER)) for reference in asked.keys() - settled}
        return {reference: outcomes[reference] for reference in receipt.added}, deferrals, receipt.outrun

    def _answers(self, wave: Sequence[Work], deadline: Deadline) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """The allocator's answers; where it crashes, each consignment is asked for alone, so that only one suffers."""
        try:
            return self.allocator.allocate([item.consignment for item in wave], self.mode, deadline)
        except RetryableError as error:
            logger.warning("allocator not available", extra={"cause": str(error)})
            return {item.consignment.reference: UNAVAILABLE for item in wave}
        except Exception as error:  # noqa: BLE001 - whatever it is, the other consignments must not wait for its mending
            references = [item.consignment.reference for item in wave]
            logger.error("allocator crashed", extra={"consignments": references, **crash(error)})
        if len(wave) == 1:
            return dict.fromkeys(references, CRASHED)
        alone = (self._answers([item], deadline) for item in wave)
        return {reference: answer for answers in alone for reference, answer in answers.items()}

    def _record(self, work: Work, outcome: Outcome) -> AllocationRecord:
        allocated_at = self.now()
        return AllocationRecord(
            consignment_reference=work.consignment.reference,
            order_reference=work.order.reference,
            mode=self.mode,
            outcome=outcome,
            event_id=work.order.event_id,
            allocated_at=allocated_at,
            expires_at=allocated_at + self.retention if self.retention else None,
        )

    def _postpone(self, messages: Sequence[QueueMessage], returned: Mapping[str, Deferred]) -> None:
        waits = {
            message.receipt_handle: wait_seconds(returned[message.message_id], message.receive_count, self.jitter())
            for message in messages
            if message.message_id in returned
        }
        if waits:
            self.redelivery.postpone(waits)

    def _keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        return self.refused_messages.keep(refused) if refused else frozenset()


def given_up_of(messages: Sequence[QueueMessage], returned: Mapping[str, Deferred]) -> dict[str, InvalidMessageError]:
    """The messages that were received so often that SQS would move them to the DLQ without a word, and why."""
    return {
        message.message_id: InvalidMessageError(
            f"{RefusalCode.GIVEN_UP}_{returned[message.message_id].cause}",
            f"received {message.receive_count} times and not done: {returned[message.message_id].cause}",
        )
        for message in messages
        if message.message_id in returned and message.receive_count >= MAX_RECEIVES
    }


def why_no_other(wave: Sequence[Work], deferred: Mapping[ConsignmentReference, Deferred]) -> Deferred | None:
    """Why no other wave is started after this one: nothing of it was done, and that for want of an AWS service."""
    causes = {deferred.get(item.consignment.reference) for item in wave}
    return None if None in causes else next((cause for cause in (NOT_RECORDED, UNAVAILABLE) if cause in causes), None)


def deferral_of(answer: Outcome | Deferred) -> Deferred:
    """Why a consignment has no record: the allocator deferred it, or its outcome was not written."""
    return answer if isinstance(answer, Deferred) else NOT_RECORDED


def seconds_since_sent(messages: Sequence[QueueMessage], now: datetime) -> dict[str, float]:
    """By message id, how long ago each message was sent; never below 0, however clocks differ."""
    return {
        message.message_id: max((now - message.sent_at).total_seconds(), 0.0) for message in messages if message.sent_at
    }


def read_messages(messages: Sequence[QueueMessage]) -> ReadMessages:
    """Reads every message as far as it can be read."""
    orders: dict[str, Order] = {}
    invalid: dict[str, InvalidMessageError] = {}
    for message in messages:
        try:
            read = read_order(message.body)
        except InvalidMessageError as error:
            invalid[message.message_id] = error
            continue
        orders[message.message_id] = read.order
        if read.invalid:
            invalid[message.message_id] = read.invalid
    return ReadMessages(orders, invalid)


def distinct_work(messages: Sequence[QueueMessage], orders: Mapping[str, Order]) -> dict[ConsignmentReference, Work]:
    """Every consignment once; the first order that names a consignment is the one recorded with it."""
    read = [orders[message.message_id] for message in messages if message.message_id in orders]
    work: dict[ConsignmentReference, Work] = {}
    for order in read:
        for consignment in order.consignments:
            work.setdefault(consignment.reference, Work(consignment, order))
    return work


def longest(deferrals: Iterable[Deferred]) -> Deferred:
    """Of several reasons to come back later, the one that takes longest; lack of time takes none."""
    return max(
        deferrals, key=lambda deferred: (deferred.cause != DeferralCause.OUT_OF_TIME, deferred.retry_after_seconds or 0)
    )


def references_of(order: Order) -> Iterator[ConsignmentReference]:
    """The references of an order's consignments."""
    return (consignment.reference for consignment in order.consignments)
