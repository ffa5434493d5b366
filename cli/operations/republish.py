"""Sends the events of records to the topic again, under the ids that they have had: for when events were lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allocation.aws.sns import SnsPublisher
from allocation.batches import batches
from allocation.events.allocation_event import UnpublishableError, allocation_event
from allocation.records.items import event_fields, from_item
from allocation.records.stored_record import StoredRecord, moment_text
from cli.operations.target import Target
from cli.operations.trace import items_of

Records = Iterator[dict[str, Any]]


@dataclass(slots=True)
class Republished:
    """What became of the records."""

    found: int = 0
    sent: int = 0
    unreadable: int = 0
    """Items that are no allocation records, or too large for an event."""


def of_order(order: str) -> Callable[[Target], Records]:
    """The records of an order's consignments."""

    def read(target: Target) -> Records:
        return map(document_of, items_of(target.dynamodb, target.allocations_table, order))

    return read


def since(moment: datetime) -> Callable[[Target], Records]:
    """The records that were written then or later. `moment` is aware."""

    def read(target: Target) -> Records:
        pages = target.dynamodb.get_paginator("scan").paginate(
            TableName=target.allocations_table,
            ConsistentRead=True,
            FilterExpression="allocatedAt >= :since",
            ExpressionAttributeValues={":since": {"S": moment_text(moment)}},
        )
        return (document_of(item) for page in pages for item in page["Items"])

    return read


def document_of(item: dict[str, Any]) -> dict[str, Any]:
    """What an event needs of a record."""
    return from_item(event_fields(item))


def republish(target: Target, read: Callable[[Target], Records], *, dry_run: bool) -> Republished:
    """Publishes the events of the records that `read` finds, or merely counts them."""
    result = Republished()
    for batch in batches(read(target), 10):
        result.found += len(batch)
        events = []
        for document in batch:
            try:
                events.append(allocation_event(StoredRecord.model_validate(document)))
            except (ValueError, KeyError, UnpublishableError):
                result.unreadable += 1
        if not dry_run:
            unpublished = SnsPublisher(target.sns, target.allocations_topic).publish(events)
            result.sent += len(events) - len(unpublished)
    return result
