"""The orders file: JSON Lines, an order-created message a line, in any wrapping that the service accepts.

Lines are sent as they stand. What they say of themselves is read leniently: judging a message is the service's work.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from cli.errors import UsageError
from cli.paths import shown

MAX_MESSAGE: Final = 1024 * 1024
"""Bytes of a message body that SQS takes."""


@dataclass(frozen=True, slots=True)
class OrderMessage:
    """A message to send. What could not be read of it is None, or left out."""

    body: str
    order_reference: str | None
    consignments: tuple[str, ...]


def load_orders(path: Path) -> tuple[OrderMessage, ...]:
    """Reads an orders file. Raises `UsageError` that names the line and what to do."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UsageError(
            f"Can't read the orders file {shown(path)}: {error.strerror}. Name one with ORDERS=file.jsonl."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The orders file {shown(path)} is not UTF-8 text: save it as UTF-8.") from error
    messages = tuple(
        read_line(line.strip(), f"Line {number} of {shown(path)}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )
    if not messages:
        raise UsageError(f"The orders file {shown(path)} is empty: put one order-created message on each line.")
    return messages


def read_line(line: str, place: str) -> OrderMessage:
    """One line as a message to send. Raises `UsageError` that names the `place` unless it is a JSON object."""
    if len(line.encode()) > MAX_MESSAGE:
        raise UsageError(f"{place} is larger than the 1 MiB that SQS takes: split the order.")
    try:
        message = json.loads(line, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place} is not JSON ({error}): put one whole message on each line.") from error
    if not isinstance(message, dict):
        raise UsageError(f"{place} is not a JSON object: put one order-created message on each line.")
    event = innermost(message)
    return OrderMessage(line, text(event.get("orderReference")), consignment_references(event))


def refuse_constant(name: str) -> NoReturn:
    """Refuses NaN and Infinity, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


def innermost(message: dict[str, Any]) -> dict[str, Any]:
    """The order inside the wrappings of SNS (`Message`), EventBridge (`detail`) and CloudEvents (`data`)."""
    for name in ("Message", "detail", "data"):
        inner = as_object(message.get(name))
        if inner is not None:
            return innermost(inner)
    return message


def as_object(value: Any) -> dict[str, Any] | None:
    """A JSON object, also one that is written as text; None for anything else."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def consignment_references(event: dict[str, Any]) -> tuple[str, ...]:
    """The references that an order's consignments have, each once, in their order."""
    consignments = event.get("consignments")
    if not isinstance(consignments, list):
        return ()
    references = (text(item.get("Reference")) for item in consignments if isinstance(item, dict))
    return tuple(dict.fromkeys(reference for reference in references if reference))


def text(value: Any) -> str | None:
    """`value` if it is text that says something."""
    return value if isinstance(value, str) and value else None
