"""Messages in a file: those of the DLQ, saved to be corrected, and those to send, each checked first.

An exported message is a JSON object with all that is needed to send it again: one a line, or a single one over several
lines. A file to send may have such lines beside bare order-created messages.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from allocation import exact_json
from allocation.aws.sqs import attribute_size
from allocation.batches import batches
from allocation.orders.order_created import ReadingRules
from cli.errors import UsageError
from cli.operations.dead_letters import DeadLetter
from cli.operations.message_body import pretty, problem_with
from cli.operations.redrive import entry
from cli.operations.target import Target
from cli.stack.orders import MAX_BYTES, MAX_ENTRIES

# A body of 1 MiB, each character written as an escape, and its attributes.
_MAX_LINE_BYTES: Final = 16 * 1024 * 1024
_OWNER_ONLY: Final = 0o600


def exported(letter: DeadLetter) -> dict[str, Any]:
    """Return a message with all that it has, as JSON: one line of an export."""
    return {
        "messageId": letter.message_id,
        "originalMessageId": letter.original_message_id,
        "sentAt": letter.sent_at.isoformat(),
        "receiveCount": letter.receive_count,
        "reason": letter.reason,
        "explanation": letter.explanation,
        "orderReference": letter.order_reference or None,
        "attributes": {name: _attribute_json(value) for name, value in letter.attributes.items()},
        "traceHeader": letter.trace_header,
        "body": letter.body,
    }


def export_line(letter: DeadLetter) -> str:
    """Return a message as a line of an export, its body as text, exactly as it came."""
    return json.dumps(exported(letter)) + "\n"


def editable_export(letter: DeadLetter) -> str:
    """Return a message as JSON with a line for each value, to be corrected in an editor.

    A body that is a JSON object is one here, too, its numbers and texts as they came.
    """
    fields, body = exported(letter), letter.body or ""
    if not (_is_json(body) and isinstance(exact_json.parsed(body), dict)):
        return json.dumps(fields, indent=2) + "\n"
    del fields["body"]
    return pretty(f'{json.dumps(fields)[:-1]}, "body": {body}}}') + "\n"


def write_export(path: Path, letters: Iterable[DeadLetter], text_of: Callable[[DeadLetter], str]) -> int:
    """Write messages to a file that does not exist yet. Return how many there are; without any there is no file.

    `text_of` writes a message. The file is there when all is in it. Only its owner can read it, because orders hold
    personal data. Raises `UsageError` if it exists or can't be written.
    """
    if path.exists():
        raise UsageError(f"{path} exists and may hold the only copy of messages: name another file.")
    partial = path.with_name(f"{path.name}.partial")
    count = 0
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "w", encoding="utf-8") as file:
            for letter in letters:
                file.write(text_of(letter))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        if count:
            partial.replace(path)
    except OSError as error:
        raise UsageError(
            f"Can't write {path}: {error.strerror}. Name a file in a folder that you can write."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return count


@dataclass(frozen=True, slots=True)
class FileMessage:
    """A message of a file, ready to be sent."""

    place: str
    """Where it stands, as `line 3`."""
    body: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    trace_header: str = ""
    message_id: str = ""
    """The id of the message of the DLQ that it was exported from. Empty for a bare order."""

    @property
    def size(self) -> int:
        """The bytes that SQS counts."""
        return len(self.body.encode()) + sum(attribute_size(*each) for each in self.attributes.items())

    def problem(self, rules: ReadingRules) -> str:
        """Return what SQS or the queue function, by its rules, would find wrong with it. Empty if nothing."""
        try:
            if self.size > MAX_BYTES:
                return f"it has {self.size:,} bytes, and SQS takes {MAX_BYTES:,}: split the order"
        except UnicodeEncodeError:
            return "its text has half a character (a surrogate), which SQS does not take"
        found = problem_with(self.body, rules)
        return f"{found.code}: {found}" if found else ""


def read_messages(path: Path) -> list[FileMessage]:
    """Return the messages of a file: one a line, or one JSON document of several lines. Raises `UsageError`."""
    lines = list(_lines(path))
    if not lines:
        raise UsageError(f"{path} is empty: put one order-created message, or one exported message, on each line.")
    if len(lines) > 1 and not _is_json(lines[0][1]):
        whole = "\n".join(text for _, text in lines)
        if _is_json(whole):
            return [_file_message(f"lines {lines[0][0]} to {lines[-1][0]}", whole)]
    return [_file_message(f"line {number}", text) for number, text in lines]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_BYTES + 1), b""), start=1):
                if len(line) > _MAX_LINE_BYTES:
                    raise UsageError(f"Line {number} of {path} is larger than any message: name a file of messages.")
                if text := line.decode("utf-8-sig" if number == 1 else "utf-8").strip():
                    yield number, text
    except OSError as error:
        raise UsageError(f"Can't read {path}: {error.strerror}. Name a file of messages.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8: name a file of messages, or save it as UTF-8.") from error


def _is_json(text: str) -> bool:
    try:
        exact_json.parsed(text)
    except ValueError:
        return False
    return True


def _file_message(place: str, text: str) -> FileMessage:
    """Return what to send of an exported message. Anything else is sent as it stands. Raises `UsageError`."""
    try:
        line = exact_json.parsed(text)
    except ValueError:
        return FileMessage(place, text)  # not JSON: the reader says what is wrong with it
    if not (isinstance(line, dict) and "messageId" in line and "body" in line):
        return FileMessage(place, text)
    body = line["body"] if isinstance(line["body"], str) else exact_json.written(line["body"])
    attributes = line.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise UsageError(f"{place}: attributes is not an object: leave it as it was exported, or remove it.")
    return FileMessage(
        place,
        body,
        {name: _attribute(place, name, value) for name, value in attributes.items()},
        str(line.get("traceHeader") or ""),
        str(line["messageId"]),
    )


def _attribute_json(attribute: Mapping[str, Any]) -> dict[str, str]:
    """Return a message attribute as JSON. Bytes are base64."""
    if "BinaryValue" in attribute:
        return {"dataType": attribute["DataType"], "binaryValue": b64encode(attribute["BinaryValue"]).decode()}
    return {"dataType": attribute["DataType"], "stringValue": attribute.get("StringValue", "")}


def _attribute(place: str, name: str, written: Any) -> dict[str, Any]:
    """Return a message attribute as SQS takes it. Raises `UsageError`."""
    try:
        kind = {"DataType": str(written["dataType"])}
        if "binaryValue" in written:
            return {**kind, "BinaryValue": b64decode(written["binaryValue"], validate=True)}
        return {**kind, "StringValue": str(written["stringValue"])}
    except (TypeError, LookupError, ValueError) as error:
        raise UsageError(f"{place}: the attribute {name!r} is not as it was exported: restore or remove it.") from error


@dataclass(slots=True)
class Sending:
    """What became of messages to send."""

    sent: list[FileMessage] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """By place: what the queue did not take, and why."""


def send_messages(target: Target, messages: Iterable[FileMessage]) -> Sending:
    """Send messages to the order queue."""
    result = Sending()
    for run in batches(messages, MAX_ENTRIES, MAX_BYTES, lambda message: message.size):
        entries: list[Any] = [
            entry(str(at), message.body, message.attributes, message.trace_header) for at, message in enumerate(run)
        ]
        answer = target.sqs.send_message_batch(QueueUrl=target.order_queue_url, Entries=entries)
        result.sent += [run[int(success["Id"])] for success in answer.get("Successful", [])]
        result.failed |= {run[int(failure["Id"])].place: failure["Code"] for failure in answer.get("Failed", [])}
    return result
