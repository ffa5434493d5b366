"""Events as the stream's use case publishes them, kept in memory."""

from collections.abc import Sequence
from typing import Any

from allocation.domain.record import AllocationRecord
from allocation.events.publish_allocations import Change, PublishAllocations
from allocation.records.items import from_item, to_item
from allocation.records.record_document import record_document
from tests.support.ports import InMemoryEventPublisher, InMemoryUnpublishable


def change(sequence_number: str, record: AllocationRecord) -> Change:
    """A change as it comes out of the table's stream."""
    return Change(sequence_number, from_item(to_item(record_document(record))))


def use_case(publisher: InMemoryEventPublisher | None = None) -> PublishAllocations:
    return PublishAllocations(publisher or InMemoryEventPublisher(), InMemoryUnpublishable())


def published(*batch: Change) -> Sequence[Any]:
    publisher = InMemoryEventPublisher()
    assert use_case(publisher).process(batch).failed == {}
    return publisher.published
