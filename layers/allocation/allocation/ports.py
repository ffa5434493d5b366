"""What the workflow needs of the world outside, each implemented in `adapters/` or `engine/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidMessageError
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Deferred, Outcome
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference


class Deadline(Protocol):
    """Tells how long there is still to work."""

    def remaining_seconds(self) -> float:
        """Seconds until the caller must have answered; may be negative."""


class Allocator(Protocol):
    """Chooses and reserves carrier services: our engine, or SortedPRO."""

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answers for every consignment given; never raises for one that fails.

        Any of them may be allocated already, by an earlier try whose outcome nobody knows. Raises `RetryableError`
        where it can do nothing now.
        """


@dataclass(frozen=True, slots=True)
class AddReceipt:
    """What became of records to add; a reference in none of the sets is to be tried again."""

    added: frozenset[ConsignmentReference]
    """Written by this call."""
    present: frozenset[ConsignmentReference]
    """Found written already, and left as they are."""
    outrun: frozenset[ConsignmentReference] = frozenset()
    """Not written, for others used up the limit it counts on: to be decided anew."""


class LimitUsage(Protocol):
    """Knows how much of the allocation limits is used."""

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """The allocations on each of the days; those without any are left out. Raises `RetryableError`."""


class RecordStore(Protocol):
    """Keeps allocation records, one a consignment."""

    def recorded(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Which of the references have a record. Raises `RetryableError` where that can't be told now."""

    def add(self, records: Sequence[AllocationRecord]) -> AddReceipt:
        """Adds the records that are not there yet; never overwrites an allocation, never raises for one that fails."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message as the queue delivered it."""

    message_id: str
    body: str
    receipt_handle: str = ""
    """What this delivery of the message is known by."""
    receive_count: int = 1
    """How often the message was delivered, this time included."""
    sent_at: datetime | None = None
    """When it was put on the queue, in UTC, where that is known."""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that can never be worked on, and why."""

    message: QueueMessage
    error: InvalidMessageError


class RefusedMessages(Protocol):
    """Where messages go that can never be worked on: the DLQ, with the reason beside them."""

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        """Keeps the messages; returns the ids of those that are safely kept, and never raises for the others."""


class Redelivery(Protocol):
    """When messages that are not done are delivered again."""

    def postpone(self, waits: Mapping[str, int]) -> None:
        """Holds messages back, by receipt handle, for so many seconds; never raises for one that can't be held."""


@dataclass(frozen=True, slots=True)
class AllocationEvent:
    """An event ready to be published: its id, its JSON body and the attributes that subscribers filter on."""

    event_id: str
    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unpublishable:
    """A change in the table that can never be an event, and why."""

    sequence_number: str
    consignment_reference: str | None
    """None where not even that can be read."""
    reason: str


class UnpublishableChanges(Protocol):
    """Where changes go that can never be published, so that they hold up no other."""

    def keep(self, changes: Sequence[Unpublishable]) -> frozenset[str]:
        """Keeps the changes; returns the sequence numbers of those that are safely kept, and never raises."""


class EventPublisher(Protocol):
    """Publishes allocation events."""

    def publish(self, events: Sequence[AllocationEvent]) -> frozenset[int]:
        """Publishes the events; returns the positions in `events` of those that were not published."""
