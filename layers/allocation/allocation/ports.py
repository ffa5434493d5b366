"""What the use cases need of the outside world, implemented in `aws/`, `pro/` and `engine/`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidMessageError
from allocation.domain.frozen import frozen
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Deferred, Outcome
from allocation.domain.record import AllocationRecord, NamedAtPro, RecordSeen, RefusedUpdate
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.state import Step

# No record names a consignment of SortedPRO's.
NOTHING_NAMED: Final[Mapping[ConsignmentReference, NamedAtPro]] = MappingProxyType({})


class Deadline(Protocol):
    """Knows how much time is left."""

    def remaining_seconds(self) -> float:
        """Return the seconds until the caller must have answered; may be negative."""


class Allocator(Protocol):
    """Chooses and reserves carrier services: our engine, or SortedPRO."""

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answer for every consignment given; never raise for one that fails.

        A consignment may be allocated already, by an earlier try whose outcome is unknown. Raises `RetryableError` if
        the allocator can do nothing now.
        """

    def prepare(self, asked: Sequence[tuple[Consignment, AllocationMode]]) -> None:
        """Do what makes `allocate` quicker if it is called next, for some of these. Never raises.

        Their records are not known yet, so nothing is reserved.
        """

    def release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,
        *,
        is_recorded: bool = True,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Take the carrier services of consignments back, where they have any, and let no allocation follow.

        `named` is what records name of SortedPRO's. `is_recorded` says that their records show allocations. Where they
        do not, another may have recorded one since, which is not to be taken back: such a consignment has to wait.
        Return those of which that can't be said now. Raises `RetryableError` if nothing can be done now.
        """

    def cancel_recorded(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Cancel elsewhere what was created there for consignments that are released, and recorded as cancelled.

        May be called again. Returns and raises as `release` does.
        """

    def release_lost(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Release, as `release` does, what calls whose outcome was lost may have allocated.

        Does nothing for consignments that nobody has asked for.
        """

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Learn that answers of the last calls are recorded: others may ask for these consignments. Never raises."""


@frozen
class AddReceipt:
    """What became of records to add. A reference in none of the sets must be tried again."""

    # Written by this call.
    added: frozenset[ConsignmentReference]
    # Existed before, and left as they are.
    present: frozenset[ConsignmentReference]
    # Not written: another writer used up the daily limit. Decide again.
    outrun: frozenset[ConsignmentReference]


class LimitUsage(Protocol):
    """Knows how much of the allocation limits is used."""

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """Return the number of allocations of each day that has any. Raises `RetryableError`."""


class CatalogueArchive(Protocol):
    """Keeps the catalogues that decided, for as long as records: explanations refer to them."""

    def keep(self, digest: str, compiled: str) -> bool:
        """Keep a compiled catalogue unless it is kept. Return whether it is now; never raise."""

    def compiled(self, digest: str) -> str | None:
        """Return the compiled catalogue whose digest begins so, or None if there is none. Raises `RetryableError`."""


@frozen
class CancelledOrder:
    """What of an order is cancelled, with the ids of the events that did it."""

    # None where only the consignments are cancelled.
    whole_by: str | None
    consignments: Mapping[ConsignmentReference, str]

    def cancelled_by(self, consignment: ConsignmentReference) -> str | None:
        """Return the id of the event that has cancelled a consignment, None if none has."""
        return self.whole_by or self.consignments.get(consignment)


@frozen
class Recorded:
    """What is recorded of consignments and orders; those without a record are left out."""

    records: Mapping[ConsignmentReference, RecordSeen]
    cancelled: Mapping[OrderReference, CancelledOrder]

    def cancelled_by(self, order: OrderReference, consignment: ConsignmentReference) -> str | None:
        """Return the id of the event that has cancelled a consignment for an order, None if none has."""
        cancelled = self.cancelled.get(order)
        return cancelled.cancelled_by(consignment) if cancelled else None


class RecordStore(Protocol):
    """Keeps allocation records, one a consignment."""

    def recorded(
        self,
        references: Sequence[ConsignmentReference],
        orders: Sequence[OrderReference] = (),
        *,
        may_lag: bool = False,
    ) -> Recorded:
        """Read the records of the consignments, and what of the orders is cancelled, consistently.

        Where it `may_lag`, what was first written in the last seconds may be missing; what is there is as it is now.
        Raises `RetryableError` if that can't be read now.
        """

    def of_order(self, order: OrderReference) -> Sequence[ConsignmentReference]:
        """Return the consignments recorded with an order. Those of the last seconds may be missing.

        Raises `RetryableError`.
        """

    def add(self, records: Sequence[AllocationRecord], deadline: Deadline | None = None) -> AddReceipt:
        """Add the records that do not exist yet; never overwrite an allocation, never raise for one that fails.

        Close to a deadline nothing is tried twice.
        """

    def replace(self, record: AllocationRecord, seen: RecordSeen | None) -> bool:
        """Write a record if the stored one is as it was read, and release the limit on which that one counts.

        Return False if it is no longer as seen. Raises `RetryableError`.
        """

    def refuse_update(self, reference: ConsignmentReference, refused: RefusedUpdate, seen: RecordSeen) -> bool:
        """Write a new version of a record that only says that it refused an update.

        Return False if it is no longer as seen. Raises `RetryableError`.
        """

    def take_step(self, reference: ConsignmentReference, step: Step, seen: RecordSeen) -> bool:
        """Write a new version of a record that only says that its allocated consignment took a step.

        Return False if it is no longer as seen. Raises `RetryableError`.
        """


class CancelledOrders(Protocol):
    """Remembers what is cancelled of orders, also before anything else of an order is known."""

    def mark(self, order: OrderReference, event_id: str) -> timedelta:
        """Mark an order as cancelled. Return how long ago it was marked first. Raises `RetryableError`."""

    def mark_consignments(
        self, order: OrderReference, event_id: str, consignments: Sequence[ConsignmentReference]
    ) -> None:
        """Mark consignments as cancelled for an order. Raises `RetryableError`."""


@frozen
class QueueMessage:
    """A message as the queue delivered it."""

    message_id: str
    body: str
    # Identifies this delivery of the message.
    receipt_handle: str
    # How often the message was delivered, this time included.
    receive_count: int
    # When it was put on the queue, in UTC, if that is known.
    sent_at: datetime | None
    # The message attributes that its sender gave it, as SQS takes them: `DataType` with `StringValue` or `BinaryValue`.
    attributes: Mapping[str, Any]
    # X-Ray's header of the trace that it belongs to. Empty if it belongs to none.
    trace_header: str


@frozen
class RefusedMessage:
    """A message that is refused for good, and why."""

    message: QueueMessage
    error: InvalidMessageError


class RefusedMessages(Protocol):
    """Keeps refused messages with their reason: the DLQ."""

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        """Keep the messages. Return the ids of those that are safely kept; never raise for the others."""


class Redelivery(Protocol):
    """Controls when unfinished messages are delivered again."""

    def postpone(self, waits: Mapping[str, int]) -> None:
        """Hold messages back, by receipt handle, for the given seconds; never raise for one that can't be held."""


@frozen
class AllocationEvent:
    """An event ready to be published: its id, its JSON body and the attributes that subscribers filter on."""

    event_id: str
    body: str
    attributes: Mapping[str, str]


@frozen
class Unpublishable:
    """A change in the table that can never be an event, and why."""

    sequence_number: str
    # None if not even that can be read.
    consignment_reference: str | None
    reason: str


class UnpublishableChanges(Protocol):
    """Keeps changes that can never be published, so that they hold up no others."""

    def keep(self, changes: Sequence[Unpublishable]) -> frozenset[str]:
        """Keep the changes. Return the sequence numbers of those that are safely kept; never raise."""


class EventPublisher(Protocol):
    """Publishes allocation events."""

    def publish(self, events: Sequence[AllocationEvent]) -> frozenset[int]:
        """Publish the events. Return the positions in `events` of those that were not published."""


class ReplayFiles(Protocol):
    """The objects of replays: requests, exports, parts and results."""

    def read(self, key: str) -> bytes:
        """Return the content of an object. Raises `RetryableError`, also if it is not there yet."""

    def write(self, key: str, text: str) -> None:
        """Write an object in the place of any before. Raises `RetryableError`."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of all objects that begin so, in order. Raises `RetryableError`."""
