"""The queues: when the order queue delivers again, and where refused messages and unpublishable changes are kept.

SQS answers a batch with 200 and failures inside. No adapter of batches raises for an entry that SQS did not take: it
logs the cause, and the caller sees which entries are safe.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of, text_attributes
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.observability import logger
from allocation.ports import RefusedMessage, Unpublishable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS's limits of one batch.
_MAX_ENTRIES: Final = 10
# Of a message and of a batch, attributes included.
_MAX_MESSAGE_BYTES: Final = 1024 * 1024
# Of a message.
_MAX_ATTRIBUTES: Final = 10

# The attributes that say why a message was refused, the most important first.
REFUSAL_ATTRIBUTES: Final = ("RefusalCode", "OriginalMessageId", "RefusalReason")
# Of a sender's attributes, those that are kept first: they tie a message to its trace (W3C Trace Context).
_TRACE_CONTEXT: Final = frozenset({"traceparent", "tracestate"})
# What SQS takes in no text (SendMessage, `MessageBody`).
_NOT_SENDABLE: Final = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class SqsRedelivery:
    """`Redelivery` over the order queue, by the visibility timeout of each message."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order queue's, not its DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def postpone(self, waits: Mapping[str, int]) -> None:
        """Hide messages, by receipt handle, for the given seconds from now.

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


class SqsOrderQueue:
    """The order queue, for orders that are sent to it again."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`client` must have timeouts of its own; `queue_url` is the order queue's."""
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str) -> None:
        """Send a message. Raises `RetryableError`."""
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the order queue did not take the message ({cause_of(error)})") from error


class SqsRefusedMessages:
    """`RefusedMessages` over the order DLQ. The body is kept as it came. The attributes say why it was refused.

    AWS's own redrive moves body and attributes as they are, so the body must stay the order itself.
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        """Send the messages to the DLQ. Return the ids of those that it took."""
        kept: set[str] = set()
        entries = ((item.message.message_id, _refused_entry(item)) for item in refused)
        for batch in batches(entries, _MAX_ENTRIES, _MAX_MESSAGE_BYTES, lambda entry: _entry_size(entry[1])):
            ids = [message_id for message_id, _ in batch]
            numbered = [{"Id": str(at), **entry} for at, (_, entry) in enumerate(batch)]
            kept.update(ids[at] for at in _send(self._client, self._queue_url, numbered, ids))
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


def attribute_size(name: str, attribute: Mapping[str, Any]) -> int:
    """Return the bytes that SQS counts of an attribute: its name, its type and its value."""
    value = attribute.get("BinaryValue") or attribute.get("StringValue", "").encode()
    return len(name.encode()) + len(attribute["DataType"]) + len(value)


def _entry_size(entry: Mapping[str, Any]) -> int:
    """Return the bytes that SQS counts of a batch entry. System attributes are free."""
    attributes: Mapping[str, Any] = entry["MessageAttributes"]
    return len(entry["MessageBody"].encode()) + sum(attribute_size(*each) for each in attributes.items())


def _refused_entry(refused: RefusedMessage) -> dict[str, Any]:
    """Return a batch entry that has no `Id` yet.

    A body of nearly 1 MiB leaves little room: the reason is cut, and then attributes are left out, the sender's first.
    """
    message = refused.message
    attributes = _refusal_attributes(refused, _MAX_MESSAGE_BYTES - len(message.body.encode()))
    entry: dict[str, Any] = {"MessageBody": message.body, "MessageAttributes": attributes}
    room = _MAX_MESSAGE_BYTES - _entry_size(entry)
    for name, attribute in sorted(message.attributes.items(), key=_importance):
        size = attribute_size(name, attribute)
        if name not in REFUSAL_ATTRIBUTES and size <= room and len(attributes) < _MAX_ATTRIBUTES:
            attributes[name] = attribute
            room -= size
    if message.trace_header:
        entry["MessageSystemAttributes"] = text_attributes({"AWSTraceHeader": message.trace_header})
    return entry


def _refusal_attributes(refused: RefusedMessage, room: int) -> dict[str, Any]:
    """Return as much of the reason as takes at most `room` bytes: code, id and text, in this order."""
    code = refused.error.code
    values = (code, refused.message.message_id, _NOT_SENDABLE.sub(_escaped, str(refused.error)) or code)
    fitting: dict[str, Any] = {}
    for name, value in zip(REFUSAL_ATTRIBUTES, values, strict=True):
        room -= attribute_size(name, {"DataType": "String"})
        text = value.encode()[: max(room, 0)].decode(errors="ignore")
        if not text or (text != value and name != "RefusalReason"):
            break
        fitting |= text_attributes({name: text})
        room -= len(text.encode())
    return fitting


def _escaped(character: re.Match[str]) -> str:
    r"""Return what stands for a character that SQS does not take: `\x00`."""
    return character.group().encode("unicode_escape").decode()


def _importance(attribute: tuple[str, Mapping[str, Any]]) -> tuple[bool, int, str]:
    """Return what to sort a sender's attributes by: the trace first, then as many as possible."""
    name, value = attribute
    return name not in _TRACE_CONTEXT, attribute_size(name, value), name


def _change_body(change: Unpublishable) -> str:
    return json.dumps(
        {
            "consignmentReference": change.consignment_reference,
            "reason": change.reason,
            "sequenceNumber": change.sequence_number,
        }
    )
