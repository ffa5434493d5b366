"""Lambda's events, context and batch responses in our own terms."""

import json
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from allocation.domain.errors import RetryableError
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
            dict(_message_attributes(record)),
            record["attributes"].get("AWSTraceHeader", ""),
        )
        for record in event["Records"]
    ]


def partial_batch_response(returned: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the reply that has these messages, or stream records by sequence number, delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in returned]}


def stream_response(event: Event, failed: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """Return the reply that has a stream deliver again from the first change that failed.

    Raises `RetryableError` if all of them failed. Such a batch comes again even where nobody reads the reply, as where
    `ReportBatchItemFailures` is missing from the template. Events would be lost there while SNS takes none.
    """
    if failed and len(failed) >= len(event["Records"]):
        raise RetryableError(f"none of {len(failed)} changes is done: the stream delivers them again")
    return partial_batch_response(failed)


def _message_attributes(record: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a message's attributes as SQS takes them. One that can't be read is left out."""
    for name, attribute in record.get("messageAttributes", {}).items():
        data_type, text, packed = (attribute.get(part) for part in ("dataType", "stringValue", "binaryValue"))
        if data_type and text:
            yield name, {"DataType": data_type, "StringValue": text}
        elif data_type and packed:
            with suppress(ValueError):  # Lambda writes bytes as base64
                yield name, {"DataType": data_type, "BinaryValue": b64decode(packed)}


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
