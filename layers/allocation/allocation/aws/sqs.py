"""The queues: when the order queue delivers again, and where refused messages and unpublishable changes are kept.

SQS answers a batch with 200 and failures inside. None of these adapters raises for an entry that SQS did not take: it
logs the cause, and the caller sees which entries are safe.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of, text_attributes
from allocation.batches import batches
from allocation.observability import logger
from allocation.ports import RefusedMessage, Unpublishable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS's limits of one batch.
_MAX_ENTRIES: Final = 10
# Of a message and of a batch, attributes included.
_MAX_BYTES: Final = 1024 * 1024
# More than the attributes added here can take.
_ATTRIBUTES_BYTES: Final = 2 * 1024


class SqsRedelivery:
    """`Redelivery` over the order queue, by the visibility timeout of each message."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order queue's, not its DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def postpone(self, waits: Mapping[str, int]) -> None:
        """Hide messages, by receipt handle, for so many seconds from now.

        A message that can't be hidden is delivered when the queue's own visibility timeout ends.
        """
        for batch in batches(waits.items(), _MAX_ENTRIES):
            entries: list[Any] = [
                {"Id": str(at), "ReceiptHandle": receipt_handle, "VisibilityTimeout": seconds}
                for at, (receipt_handle, seconds) in enumerate(batch)
            ]
            self._hide(entries)

    def _hide(self, entries: list[Any]) -> None:
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            logger.warning("messages not postponed", extra={"cause": cause_of(error), "messages": len(entries)})
            return
        for failed in answer.get("Failed", []):
            logger.warning("message not postponed", extra={"cause": failed["Code"]})


class SqsRefusedMessages:
    """`RefusedMessages` over the order DLQ. The body is kept as it came. The attributes say why it was refused."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        """Send the messages to the DLQ. Return the ids of those that it took."""
        kept: set[str] = set()
        for batch in batches(refused, _MAX_ENTRIES, _MAX_BYTES, _refused_size):
            ids = [item.message.message_id for item in batch]
            entries = [_refused_entry(str(at), item) for at, item in enumerate(batch)]
            kept.update(ids[at] for at in _send(self._client, self._queue_url, entries, ids))
        return frozenset(kept)


class SqsUnpublishable:
    """`UnpublishableChanges` over the stream failure queue. The record itself stays in the table."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the stream failure queue's."""
        self._client = client
        self._queue_url = queue_url

    def keep(self, changes: Sequence[Unpublishable]) -> frozenset[str]:
        """Send the changes to the queue by reference. Return the sequence numbers of those that it took."""
        kept: set[str] = set()
        for batch in batches(changes, _MAX_ENTRIES):
            entries = [{"Id": str(at), "MessageBody": _change_body(change)} for at, change in enumerate(batch)]
            numbers = [change.sequence_number for change in batch]
            kept.update(numbers[at] for at in _send(self._client, self._queue_url, entries, numbers))
        return frozenset(kept)


def _send(client: "SQSClient", queue_url: str, entries: Sequence[dict[str, Any]], names: Sequence[str]) -> set[int]:
    """Send one batch of entries whose `Id`s are their positions. Return the positions that SQS took.

    The cause of each failure is logged with the entry's name out of `names`.
    """
    try:
        answer = client.send_message_batch(QueueUrl=queue_url, Entries=list(entries))  # type: ignore[arg-type]
    except (ClientError, BotoCoreError) as error:
        logger.error("messages not set aside", extra={"cause": cause_of(error), "messages": len(entries)})
        return set()
    for failed in answer.get("Failed", []):
        extra = {"refused": names[int(failed["Id"])], "cause": failed["Code"]}
        logger.error("message not set aside", extra=extra)
    return {int(sent["Id"]) for sent in answer.get("Successful", [])}


def _refused_size(refused: RefusedMessage) -> int:
    """Return at least the bytes that a message takes in a batch."""
    return min(len(refused.message.body.encode()) + _ATTRIBUTES_BYTES, _MAX_BYTES)


def _refused_entry(entry_id: str, refused: RefusedMessage) -> dict[str, Any]:
    """Return a batch entry. A body that leaves no room for attributes becomes an attribute itself, compressed.

    An attribute can be binary, a body can't: any text that SQS takes gets smaller that way, even one without a pattern.
    """
    reason = {
        "RefusalCode": refused.error.code,
        "RefusalReason": str(refused.error) or refused.error.code,
        "OriginalMessageId": refused.message.message_id,
    }
    attributes, body = text_attributes(reason), refused.message.body
    if len(body.encode()) + _ATTRIBUTES_BYTES > _MAX_BYTES:
        packed = gzip.compress(body.encode(), mtime=0)
        attributes["CompressedBody"] = {"DataType": "Binary", "BinaryValue": packed}
        body = "The body is in the attribute CompressedBody, as gzip."
    return {"Id": entry_id, "MessageBody": body, "MessageAttributes": attributes}


def _change_body(change: Unpublishable) -> str:
    return json.dumps(
        {
            "consignmentReference": change.consignment_reference,
            "reason": change.reason,
            "sequenceNumber": change.sequence_number,
        }
    )
