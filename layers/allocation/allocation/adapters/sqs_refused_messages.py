"""The DLQ as the place of messages that can never be worked on, with the reason beside each."""

import gzip
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.adapters.aws import cause_of, text_attributes
from allocation.batches import batches
from allocation.observability import logger
from allocation.ports import RefusedMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_BYTES: Final = 1024 * 1024
"""SQS's limit of a message and of a batch, attributes included."""
MOST_ENTRIES: Final = 10
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
        for batch in batches(refused, MOST_ENTRIES, MOST_BYTES, size):
            kept |= self._send(batch)
        return frozenset(kept)

    def _send(self, refused: Sequence[RefusedMessage]) -> set[str]:
        entries: list[Any] = [entry(str(at), item) for at, item in enumerate(refused)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            logger.error("messages not kept in the DLQ", extra={"cause": cause_of(error), "messages": len(refused)})
            return set()
        for failed in answer.get("Failed", []):
            message_id = refused[int(failed["Id"])].message.message_id
            logger.error("message not kept in the DLQ", extra={"refused": message_id, "cause": failed["Code"]})
        return {refused[int(sent["Id"])].message.message_id for sent in answer.get("Successful", [])}


def size(refused: RefusedMessage) -> int:
    """At least the bytes that the message takes in a batch."""
    return min(len(refused.message.body.encode()) + ATTRIBUTES_BYTES, MOST_BYTES)


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
    if len(body.encode()) + ATTRIBUTES_BYTES > MOST_BYTES:
        packed = gzip.compress(body.encode(), mtime=0)
        attributes["CompressedBody"] = {"DataType": "Binary", "BinaryValue": packed}
        body = "The body is in the attribute CompressedBody, as gzip."
    return {"Id": entry_id, "MessageBody": body, "MessageAttributes": attributes}
