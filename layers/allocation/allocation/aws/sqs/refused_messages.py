"""The DLQ as the place of messages that can never be worked on, with the reason beside each."""

import gzip
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.clients import text_attributes
from allocation.aws.sqs.sending import MAX_ENTRIES, send
from allocation.batches import batches
from allocation.ports import RefusedMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_BYTES: Final = 1024 * 1024
"""SQS's limit of a message and of a batch, attributes included."""
ATTRIBUTES_BYTES: Final = 2 * 1024
"""More than the attributes that are added here can take."""


class SqsRefusedMessages:
    """`RefusedMessages` over a queue. The body is kept as it came; the attributes say why it was refused."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        """Sends the messages to the DLQ; returns the message ids of those that it took."""
        kept: set[str] = set()
        for batch in batches(refused, MAX_ENTRIES, MAX_BYTES, size):
            kept |= self._send(batch)
        return frozenset(kept)

    def _send(self, refused: Sequence[RefusedMessage]) -> set[str]:
        message_ids = [item.message.message_id for item in refused]
        entries = [entry(str(at), item) for at, item in enumerate(refused)]
        return {message_ids[at] for at in send(self._client, self._queue_url, entries, message_ids)}


def size(refused: RefusedMessage) -> int:
    """At least the bytes that the message takes in a batch."""
    return min(len(refused.message.body.encode()) + ATTRIBUTES_BYTES, MAX_BYTES)


def entry(entry_id: str, refused: RefusedMessage) -> dict[str, Any]:
    """A batch entry; a body that leaves no room for attributes becomes one itself, compressed.

    An attribute can be binary, a body can't: any text that SQS takes gets smaller that way, also one without a pattern.
    """
    reason = {
        "RefusalCode": refused.error.code,
        "RefusalReason": str(refused.error) or refused.error.code,
        "OriginalMessageId": refused.message.message_id,
    }
    attributes, body = text_attributes(reason), refused.message.body
    if len(body.encode()) + ATTRIBUTES_BYTES > MAX_BYTES:
        packed = gzip.compress(body.encode(), mtime=0)
        attributes["CompressedBody"] = {"DataType": "Binary", "BinaryValue": packed}
        body = "The body is in the attribute CompressedBody, as gzip."
    return {"Id": entry_id, "MessageBody": body, "MessageAttributes": attributes}
