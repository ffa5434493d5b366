"""Lambda's events, context and batch responses in our own terms."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from allocation.events.publish_allocations import Change
from allocation.ports import QueueMessage
from allocation.records.items import event_fields, from_item

Event = Mapping[str, Any]

_KEY: Final = "consignmentReference"
# Characters of an image's attributes with their types: a few times what `kept_summary` can take.
_MAX_IMAGE: Final = 250_000


class LambdaContext(Protocol):
    """The part of Lambda's context that deadlines need."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


class LambdaDeadline:
    """A `Deadline` that is the invocation's."""

    def __init__(self, context: LambdaContext) -> None:
        """`context` is what Lambda gave to the handler."""
        self._context = context

    def remaining_seconds(self) -> float:
        """Seconds until Lambda ends the invocation."""
        return self._context.get_remaining_time_in_millis() / 1000


def queue_messages(event: Event) -> list[QueueMessage]:
    """Return the messages of an SQS event."""
    return [
        QueueMessage(
            record["messageId"],
            record["body"],
            record["receiptHandle"],
            int(record["attributes"]["ApproximateReceiveCount"]),
            _moment(record["attributes"].get("SentTimestamp")),
        )
        for record in event["Records"]
    ]


def partial_batch_response(returned: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the reply that has these messages, or stream records by sequence number, delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in returned]}


def _moment(milliseconds: str | None) -> datetime | None:
    """Return milliseconds since 1970, as SQS writes them, as aware UTC."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def changes(event: Event) -> list[Change]:
    """Return the changes of a DynamoDB stream event. The template's filter lets none without a new image pass."""
    return [
        Change(record["dynamodb"]["SequenceNumber"], _document(record["dynamodb"]), _key(record["dynamodb"]))
        for record in event["Records"]
    ]


def _key(change: Event) -> str | None:
    """Return the consignment reference that is the record's key, or None if that can't be read."""
    try:
        return str(change["Keys"][_KEY]["S"])
    except (LookupError, TypeError):
        return None


def _document(change: Event) -> dict[str, Any] | None:
    """Return what an event needs of the record's new image, or None if that can't be read.

    Nothing else is read: a foreign item may have 400 KB of anything, which would take half a second.
    """
    try:
        image = event_fields(change["NewImage"])
        return from_item(image) if len(json.dumps(image)) <= _MAX_IMAGE else None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        return None
