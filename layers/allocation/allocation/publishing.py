"""The use case of the table's stream: changed records in, allocation events out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocation.contracts.allocation_event import allocation_event
from allocation.contracts.allocation_record import StoredRecord
from allocation.domain.errors import InvalidMessageError
from allocation.ports import AllocationEvent, EventPublisher


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a record as the stream delivers it."""

    sequence_number: str
    document: Mapping[str, Any] | None
    """The record's new document; None where it can't be read."""


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What became of a batch of changes."""

    failed: Mapping[str, str]
    """By sequence number: the changes that have no published event, and why."""
    published: int


@dataclass(frozen=True, slots=True)
class PublishAllocations:
    """Publishes the event of every changed record. An event may be published again, but none is passed over."""

    publisher: EventPublisher

    def process(self, changes: Sequence[Change]) -> PublishReport:
        """Publishes a batch and reports the changes that the stream must deliver again."""
        failed: dict[str, str] = {}
        events: list[tuple[Change, AllocationEvent]] = []
        for change in changes:
            try:
                events.append((change, event_of(change)))
            except InvalidMessageError as error:
                failed[change.sequence_number] = error.code
        unpublished = self.publisher.publish([event for _, event in events]) if events else frozenset()
        failed |= {events[at][0].sequence_number: "not_published" for at in unpublished}
        return PublishReport(failed, len(events) - len(unpublished))


def event_of(change: Change) -> AllocationEvent:
    """The event of a change; raises `InvalidMessageError` where its document is no allocation record, or too large."""
    try:
        return allocation_event(StoredRecord.model_validate(change.document))
    except (ValueError, KeyError) as error:  # Pydantic's errors are of the first kind, and those of its serializer too
        raise InvalidMessageError("NotAnAllocationRecord", "the stream record is no allocation record") from error
