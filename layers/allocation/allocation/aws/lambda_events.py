"""Lambda's events and context in the workflow's terms."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from allocation.events.publish_allocations import Change
from allocation.ports import QueueMessage
from allocation.records.items import event_fields, from_item

Event = Mapping[str, Any]

KEY: Final = "consignmentReference"
MAX_IMAGE: Final = 250_000
"""Characters of an image's attributes with their types: a few times what `kept_summary` can take."""


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
    """The messages of an SQS event."""
    return [
        QueueMessage(
            record["messageId"],
            record["body"],
            record["receiptHandle"],
            int(record["attributes"]["ApproximateReceiveCount"]),
            moment(record["attributes"].get("SentTimestamp")),
        )
        for record in event["Records"]
    ]


def partial_batch_response(returned: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the reply that has these messages, or stream records by sequence number, delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in returned]}


def moment(milliseconds: str | None) -> datetime | None:
    """Milliseconds since 1970, as SQS writes them, as aware UTC."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def changes(event: Event) -> list[Change]:
    """The changes of a DynamoDB stream event; the template's filter lets none without a new image pass."""
    return [
        Change(record["dynamodb"]["SequenceNumber"], document_of(record["dynamodb"]), key_of(record["dynamodb"]))
        for record in event["Records"]
    ]


def key_of(change: Event) -> str | None:
    """The consignment reference that is the record's key; None where that can't be read."""
    try:
        return str(change["Keys"][KEY]["S"])
    except (LookupError, TypeError):
        return None


def document_of(change: Event) -> dict[str, Any] | None:
    """What an event needs of the record's new image; None where that can't be read: the others of a batch go on.

    Nothing else is read: a foreign item may have 400 KB of anything, which would take half a second.
    """
    try:
        image = event_fields(change["NewImage"])
        return from_item(image) if len(json.dumps(image)) <= MAX_IMAGE else None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        return None
