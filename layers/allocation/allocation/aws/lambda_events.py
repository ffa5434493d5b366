"""Lambda's events, context and batch responses in our own terms."""

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from allocation.ports import QueueMessage

Event = Mapping[str, Any]


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
