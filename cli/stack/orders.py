"""The orders of a run: read from a JSON Lines file, one order-created message a line, and sent to the order queue.

Lines are sent as they stand, in any wrapping that the service accepts. What a line says of itself is read leniently:
judging a message is the service's work.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from allocation import exact_json
from allocation.batches import batches
from cli.errors import CommandError, UsageError
from cli.paths import shown

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Messages of one batch call, and bytes of one message body or of a SendMessageBatch (SQS API reference).
MAX_ENTRIES: Final = 10
MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OrderMessage:
    """A message to send. What could not be read of it is None, or left out."""

    body: str
    order_reference: str | None
    consignments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentOrder:
    """An order-created message and the id that the queue gave it."""

    message: OrderMessage
    message_id: str


def load_orders(path: Path) -> tuple[OrderMessage, ...]:
    """Read an orders file. Raises `UsageError`, which names the line and what to do."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(
            f"Can't read the orders file {shown(path)}: {error.strerror}. Name one with --orders file.jsonl."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The orders file {shown(path)} is not UTF-8 text: save it as UTF-8.") from error
    messages = tuple(
        _read_line(line.strip(), f"Line {number} of {shown(path)}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )
    if not messages:
        raise UsageError(f"The orders file {shown(path)} is empty: put one order-created message on each line.")
    return messages


def _read_line(line: str, place: str) -> OrderMessage:
    """Return a line as a message to send. Raises `UsageError`, which names the `place`, unless it is a JSON object."""
    if len(line.encode()) > MAX_BYTES:
        raise UsageError(f"{place} is larger than the 1 MiB that SQS takes: split the order.")
    try:
        message = exact_json.parsed(line)
    except ValueError as error:
        raise UsageError(f"{place} is not JSON ({error}): put one whole message on each line.") from error
    if not isinstance(message, dict):
        raise UsageError(f"{place} is not a JSON object: put one order-created message on each line.")
    event = innermost(message)
    return OrderMessage(line, _text(event.get("orderReference")), consignment_references(event))


def innermost(message: dict[str, Any]) -> dict[str, Any]:
    """Return the order inside the wrappings of SNS (`Message`), EventBridge (`detail`) and CloudEvents (`data`)."""
    for name in ("Message", "detail", "data"):
        inner = as_object(message.get(name))
        if inner is not None:
            return innermost(inner)
    return message


def as_object(value: Any) -> dict[str, Any] | None:
    """Return a JSON object, also one that is written as text. None for anything else."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def consignment_references(event: dict[str, Any]) -> tuple[str, ...]:
    """Return the references of an order's consignments, each once, in their order."""
    consignments = event.get("consignments")
    if not isinstance(consignments, list):
        return ()
    references = (_text(item.get("Reference")) for item in consignments if isinstance(item, dict))
    return tuple(dict.fromkeys(reference for reference in references if reference))


def _text(value: Any) -> str | None:
    """Return `value` if it is text that says something."""
    return value if isinstance(value, str) and value else None


def send_orders(sqs: "SQSClient", queue_url: str, messages: Sequence[OrderMessage]) -> Iterator[SentOrder]:
    """Send the messages in their order, and yield each when it is on the queue.

    Raises `CommandError` if the queue refuses one.
    """
    for batch in batches(messages, MAX_ENTRIES, MAX_BYTES, lambda message: len(message.body.encode())):
        yield from map(SentOrder, batch, _send_batch(sqs, queue_url, [message.body for message in batch]))


def _send_batch(sqs: "SQSClient", queue_url: str, bodies: Sequence[str]) -> list[str]:
    """Send one batch. Return the message ids, one a body."""
    entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
    answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)  # type: ignore[arg-type]
    for failure in answer.get("Failed", []):
        raise CommandError(f"The order queue refused a message: {failure['Code']} {failure.get('Message', '')}")
    ids = {sent["Id"]: sent["MessageId"] for sent in answer["Successful"]}
    return [ids[str(place)] for place in range(len(bodies))]
