"""Sends messages of the DLQ to the order queue again.

A message is sent first and deleted after, so that a crash repeats a message and loses none. One that is sent twice, or
was done meanwhile, does no harm: the allocation record is the guard.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from allocation.aws.clients import text_attributes
from allocation.batches import batches
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.target import Target
from cli.stack.orders import MAX_BYTES, MAX_ENTRIES

_CANT_BE_DECOMPRESSED: Final = "its body can't be decompressed"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages are sent again: those that fit all that is given, and none where nothing is given."""

    reason: str = ""
    message_id: str = ""
    """Its id in the DLQ, or the one that it had on the order queue."""
    everything: bool = False

    def __bool__(self) -> bool:
        """Return whether it selects anything at all."""
        return bool(self.reason or self.message_id or self.everything)

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether a message is selected."""
        ids = {"", letter.message_id, letter.original_message_id}
        return bool(self) and self.reason in {"", letter.reason} and self.message_id in ids


@dataclass(slots=True)
class Redriven:
    """What became of the DLQ's messages."""

    found: Counter[str] = field(default_factory=Counter)
    """How many there are, by reason."""
    selected: int = 0
    sent: set[str] = field(default_factory=set)
    """The ids that the order queue gave to what was sent."""
    failed: dict[str, str] = field(default_factory=dict)
    """By id in the DLQ: what could not be sent, and why."""
    came_back: int = 0
    """How many of the sent messages were in the DLQ again before this ended."""


def redrive(
    target: Target, selection: Selection, show: Callable[[list[DeadLetter]], None], *, dry_run: bool
) -> Redriven:
    """Show the messages of the selection, a few at a time, and send them to the order queue again."""
    result = Redriven()
    with DeadLetterQueue(target.sqs, target.order_dlq_url) as queue:
        for letters in queue.read():
            fresh = [letter for letter in letters if letter.original_message_id not in result.sent]
            result.came_back += len(letters) - len(fresh)
            result.found.update(letter.reason for letter in fresh)
            chosen = [letter for letter in fresh if selection.takes(letter)]
            result.selected += len(chosen)
            show(chosen)
            if not dry_run:
                _send(target, queue, chosen, result)
    return result


def _send(target: Target, queue: DeadLetterQueue, letters: Sequence[DeadLetter], result: Redriven) -> None:
    """Send messages to the order queue, and delete from the DLQ those that it took."""
    result.failed |= {letter.message_id: _CANT_BE_DECOMPRESSED for letter in letters if letter.body is None}
    sendable = [letter for letter in letters if letter.body is not None]
    for run in batches(sendable, MAX_ENTRIES, MAX_BYTES, lambda letter: letter.size):
        answer = target.sqs.send_message_batch(QueueUrl=target.order_queue_url, Entries=_entries(run))
        result.failed |= {run[int(failure["Id"])].message_id: failure["Code"] for failure in answer.get("Failed", [])}
        taken = answer.get("Successful", [])
        result.sent |= {success["MessageId"] for success in taken}
        if taken:
            queue.delete([run[int(success["Id"])] for success in taken])


def _entries(letters: Sequence[DeadLetter]) -> list[Any]:
    """Return a batch as SQS takes it: bodies and attributes as their sender gave them."""
    return [
        entry(str(at), letter.body or "", letter.attributes, letter.trace_header) for at, letter in enumerate(letters)
    ]


def entry(entry_id: str, body: str, attributes: Mapping[str, Any], trace_header: str) -> dict[str, Any]:
    """Return a message as SQS takes it in a batch."""
    made: dict[str, Any] = {"Id": entry_id, "MessageBody": body, "MessageAttributes": attributes}
    return made | (
        {"MessageSystemAttributes": text_attributes({"AWSTraceHeader": trace_header})} if trace_header else {}
    )
