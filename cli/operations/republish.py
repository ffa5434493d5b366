"""Publishes the events of records again, under the ids that they had: for when events were lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from allocation.aws.sns import MAX_ENTRIES, SnsPublisher
from allocation.batches import batches
from allocation.events.allocation_event import UnpublishableError
from allocation.events.publish_allocations import Change, event_of
from allocation.ports import AllocationEvent
from allocation.records.items import event_fields, from_item
from cli.operations.target import Target


@dataclass(slots=True)
class Republished:
    """What became of the records."""

    found: int = 0
    sent: int = 0
    unreadable: int = 0
    """Items that are not allocation records, or too large for an event."""


def republish(target: Target, items: Iterable[dict[str, Any]], *, dry_run: bool) -> Republished:
    """Publish the events of the table's `items`. A dry run only counts them."""
    result = Republished()
    for batch in batches(items, MAX_ENTRIES):
        events = [event for event in map(_event_of, batch) if event]
        result.found += len(batch)
        result.unreadable += len(batch) - len(events)
        if not dry_run:
            unpublished = SnsPublisher(target.sns, target.allocations_topic).publish(events)
            result.sent += len(events) - len(unpublished)
    return result


def _event_of(item: dict[str, Any]) -> AllocationEvent | None:
    """Return the event of a table's item. None if it has no event."""
    try:
        return event_of(Change("", from_item(event_fields(item))))
    except (ValueError, KeyError, UnpublishableError):
        return None
