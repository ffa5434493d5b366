"""The messages of the order dead letter queue: how they are read, deleted and released."""

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zlib import error as DeflateError  # noqa: N812 - it is a class

from allocation.batches import batches
from cli.stack.observer import read_refusal
from cli.stack.orders import MAX_ENTRIES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# How long a message that was read is out of others' sight. It comes back by itself if this process dies.
HIDDEN_SECONDS: Final = 300
# A poll that waits asks all of SQS's servers. One that does not may miss messages (SQS Developer Guide).
POLL_SECONDS: Final = 1

# The attributes that were added when a message was refused.
_OURS: Final = frozenset({"RefusalCode", "RefusalReason", "OriginalMessageId", "CompressedBody"})
# The order reference in a body, also in one that is not JSON or is wrapped as text in another.
_ORDER: Final = re.compile(r'\\*"orderReference\\*"\s*:\s*\\*"([^"\\]{1,128})')


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message of the DLQ."""

    message_id: str
    receipt_handle: str
    reason: str
    """The refusal code, or `NoSuccess` for one that was received too often."""
    explanation: str
    """The reason in words."""
    original_message_id: str
    """The id that it had on the order queue."""
    sent_at: datetime
    """When it was put there, or on the order queue if SQS itself moved it."""
    body: str | None
    """As it was on the order queue. None if it can't be decompressed."""
    attributes: dict[str, Any]
    """The message attributes that its sender gave it."""

    @property
    def order_reference(self) -> str:
        """The order that its body names. Empty if it names none."""
        found = _ORDER.search(self.body or "")
        return found.group(1) if found else ""


def dead_letter(message: "MessageTypeDef") -> DeadLetter:
    """Return a message that SQS delivered."""
    refusal = read_refusal(message)
    attributes: dict[str, Any] = dict(message.get("MessageAttributes", {}))
    packed = attributes.get("CompressedBody")
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        reason=refusal.code,
        explanation=refusal.reason,
        original_message_id=refusal.message_id,
        sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        body=_unpacked(packed) if packed else message["Body"],
        attributes={name: value for name, value in attributes.items() if name not in _OURS},
    )


def _unpacked(attribute: dict[str, Any]) -> str | None:
    """Return a body as it was before it was compressed. None if that can't be undone."""
    try:
        return gzip.decompress(attribute["BinaryValue"]).decode()
    except (DeflateError, OSError, EOFError, KeyError, ValueError):
        return None


class DeadLetterQueue:
    """The order DLQ, as a context: at its end, others can receive what was read and not deleted."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        """`url` is the DLQ's."""
        self._sqs = sqs
        self._url = url
        self._held: dict[str, str] = {}

    def __enter__(self) -> "DeadLetterQueue":
        return self

    def __exit__(self, *_: object) -> None:
        for run in batches(self._held.values(), MAX_ENTRIES):
            entries: list[Any] = [
                {"Id": str(at), "ReceiptHandle": handle, "VisibilityTimeout": 0} for at, handle in enumerate(run)
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def read(self) -> Iterator[list[DeadLetter]]:
        """Yield the messages, a few at a time, each once.

        Reading a long queue takes longer than its messages stay hidden. A message that comes again is hidden again.
        The end is reached when as many have come again as there are.
        """
        seen: set[str] = set()
        again = 0
        while (messages := self._receive()) and again <= len(seen):
            self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            new = [dead_letter(message) for message in messages if message["MessageId"] not in seen]
            seen |= {letter.message_id for letter in new}
            again = 0 if new else again + len(messages)
            if new:
                yield new

    def delete(self, letters: Sequence[DeadLetter]) -> None:
        """Delete messages, at most ten."""
        entries: list[Any] = [
            {"Id": str(at), "ReceiptHandle": letter.receipt_handle} for at, letter in enumerate(letters)
        ]
        answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        for done in answer.get("Successful", []):
            del self._held[letters[int(done["Id"])].message_id]

    def _receive(self) -> list["MessageTypeDef"]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=MAX_ENTRIES,
            WaitTimeSeconds=POLL_SECONDS,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return answer.get("Messages", [])
