"""The messages of the order dead letter queue: how they are read, deleted and released."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.sqs import REFUSAL_ATTRIBUTES, attribute_size
from allocation.batches import batches
from allocation.orders.refusals import MAX_REASON
from cli.errors import CommandError, UsageError
from cli.operations.message_body import order_reference, problem_with
from cli.stack.account import Refusal
from cli.stack.observer import NO_SUCCESS, read_refusal
from cli.stack.orders import MAX_BYTES, MAX_ENTRIES

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# How long a message that was read is out of others' sight. It comes back by itself if this process dies.
HIDDEN_SECONDS: Final = 300
# A poll that waits asks all of SQS's servers. One that does not may miss messages (SQS Developer Guide).
POLL_SECONDS: Final = 1

# What kept a body that left no room for its refusal, in version 0.2: an attribute, as gzip.
_COMPRESSED_BODY: Final = "CompressedBody"
# The attributes that were added when a message was refused.
_OURS: Final = frozenset({*REFUSAL_ATTRIBUTES, _COMPRESSED_BODY})
# A message with less room than this beside its body may have been refused without an attribute that says so.
_REFUSAL_BYTES: Final = 128
# zlib's way to say that the data are gzip.
_GZIP: Final = 31
# How many ids a message about an ambiguous one names.
_MAX_NAMED: Final = 5


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
    receive_count: int = 0
    """How often it was received, this time included."""
    trace_header: str = ""
    """X-Ray's header of the trace that it belongs to. Empty if it belongs to none."""

    @property
    def order_reference(self) -> str:
        """The order that its body names. Empty if it names none."""
        return order_reference(self.body or "")

    @property
    def size(self) -> int:
        """The bytes that SQS counts of what its sender sent."""
        return len((self.body or "").encode()) + sum(attribute_size(*each) for each in self.attributes.items())


def dead_letter(message: "MessageTypeDef") -> DeadLetter:
    """Return a message that SQS delivered."""
    attributes: dict[str, Any] = dict(message.get("MessageAttributes", {}))
    body = _unpacked(attributes[_COMPRESSED_BODY]) if _COMPRESSED_BODY in attributes else message["Body"]
    ours = _OURS if body is not None else _OURS - {_COMPRESSED_BODY}
    refusal = read_refusal(message)
    if "RefusalReason" not in attributes and len(message["Body"].encode()) > MAX_BYTES - _REFUSAL_BYTES:
        refusal = _judged(refusal, message["Body"])
    return DeadLetter(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        reason=refusal.code[:MAX_REASON],
        explanation=refusal.reason[:MAX_REASON] or "its body leaves no room for the explanation",
        original_message_id=refusal.message_id,
        sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        body=body,
        attributes={name: value for name, value in attributes.items() if name not in ours},
        receive_count=int(message["Attributes"].get("ApproximateReceiveCount", 0)),
        trace_header=message["Attributes"].get("AWSTraceHeader", ""),
    )


def _judged(refusal: Refusal, body: str) -> Refusal:
    """Return the reason of a body that left no room for it: what the reader says now, unless another was noted."""
    problem = problem_with(body)
    if problem is None or refusal.code not in {NO_SUCCESS, problem.code}:
        return refusal
    return Refusal(refusal.message_id, problem.code, str(problem))


def _unpacked(attribute: Mapping[str, Any]) -> str | None:
    """Return a body as it was before it was compressed. None if that can't be undone, or makes more than SQS takes."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        body = unpacking.decompress(attribute["BinaryValue"], MAX_BYTES + 1)
        return body.decode() if unpacking.eof and len(body) <= MAX_BYTES else None
    except (zlib.error, KeyError, ValueError):
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

    def one(self, beginning: str) -> DeadLetter:
        """Return the message whose id, in the DLQ or before, is or begins with `beginning`.

        Raises `CommandError` if there is none, and `UsageError` if there are several.
        """
        found: list[DeadLetter] = []
        for letters in self.read():
            for letter in letters:
                if letter.message_id == beginning:
                    return letter
                if any(each.startswith(beginning) for each in (letter.message_id, letter.original_message_id)):
                    found.append(letter)
        exact = [letter for letter in found if letter.original_message_id == beginning]
        return _only(exact or found, beginning)

    def delete(self, letters: Sequence[DeadLetter]) -> dict[str, str]:
        """Delete messages, at most ten. Return by id why others could not be deleted."""
        entries: list[Any] = [
            {"Id": str(at), "ReceiptHandle": self._held[letter.message_id]} for at, letter in enumerate(letters)
        ]
        answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        for done in answer.get("Successful", []):
            del self._held[letters[int(done["Id"])].message_id]
        return {letters[int(failure["Id"])].message_id: failure["Code"] for failure in answer.get("Failed", [])}

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


def _only(found: Sequence[DeadLetter], beginning: str) -> DeadLetter:
    """Return the one message that was found."""
    if not found:
        raise CommandError(
            f"No message of the dead letter queue has an id that begins with {beginning!r}: "
            "`carrier dlq list` shows what is there."
        )
    if len(found) > 1:
        ids = ", ".join(letter.message_id for letter in found[:_MAX_NAMED])
        more = f" and {len(found) - _MAX_NAMED} more" if len(found) > _MAX_NAMED else ""
        raise UsageError(f"{beginning!r} is the beginning of several ids: {ids}{more}. Give more of one of them.")
    return found[0]
