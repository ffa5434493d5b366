"""The use case of the table's stream: changed records in, allocation events out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allocation.domain.errors import InvalidMessageError
from allocation.events.allocation_event import allocation_event
from allocation.ports import AllocationEvent, EventPublisher, Unpublishable, UnpublishableChanges
from allocation.records.stored_record import StoredRecord


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a record as the stream delivers it."""

    sequence_number: str
    document: Mapping[str, Any] | None
    """The record's new document; None where it can't be read."""
    consignment_reference: str | None = None
    """The record's key, where it can be read."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What became of a batch of changes."""

    failed: Mapping[str, str]
    """By sequence number: the changes that must come again, and why."""
    published: Sequence[str]
    """The ids of the events that the topic has taken."""
    set_aside: Mapping[str, str] = field(default_factory=dict)
    """By sequence number: the changes that can never be published and are kept elsewhere now, and why."""


@dataclass(frozen=True, slots=True)
class PublishAllocations:
    """Publishes the event of every changed record. An event may be published again, but none is passed over.

    What is no allocation record does not become one by being delivered again: it is set aside and holds up nothing.
    """

    publisher: EventPublisher
    unpublishable: UnpublishableChanges

    def process(self, changes: Sequence[Change]) -> PublishReport:
        """Publishes a batch and reports the changes that the stream must deliver again."""
        events: list[tuple[Change, AllocationEvent]] = []
        hopeless: list[Unpublishable] = []
        for change in changes:
            try:
                events.append((change, event_of(change)))
            except InvalidMessageError as error:
                hopeless.append(Unpublishable(change.sequence_number, change.consignment_reference, error.code))
        unpublished = self.publisher.publish([event for _, event in events]) if events else frozenset()
        kept = self.unpublishable.keep(hopeless) if hopeless else frozenset()
        failed = {item.sequence_number: item.reason for item in hopeless if item.sequence_number not in kept}
        failed |= {events[at][0].sequence_number: "not_published" for at in unpublished}
        set_aside = {item.sequence_number: item.reason for item in hopeless if item.sequence_number in kept}
        published = [event.event_id for at, (_, event) in enumerate(events) if at not in unpublished]
        return PublishReport(failed, published, set_aside)


def event_of(change: Change) -> AllocationEvent:
    """The event of a change; raises `InvalidMessageError` where its document is no allocation record, or too large."""
    try:
        return allocation_event(StoredRecord.model_validate(change.document))
    except (ValueError, KeyError, RecursionError) as error:  # Pydantic's errors are ValueErrors
        raise InvalidMessageError("NotAnAllocationRecord", "the stream record is no allocation record") from error
