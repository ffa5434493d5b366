"""How messages of the dead letter queue are shown: as lines, whole, and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cli.operations.dead_letters import DeadLetter
from cli.operations.message_body import pretty
from cli.operations.redrive import Redriven
from cli.output import counted, print_text, printable, result_console

# Units of an age, the largest first: a message stays for 14 days.
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """Return a message as `--json` lists it: references only, never the body."""
    return {
        "messageId": letter.message_id,
        "originalMessageId": letter.original_message_id,
        "sentAt": letter.sent_at.isoformat(),
        "ageSeconds": _age_seconds(letter),
        "receiveCount": letter.receive_count,
        "reason": letter.reason,
        "explanation": letter.explanation,
        "orderReference": letter.order_reference or None,
    }


def print_letters(letters: Sequence[DeadLetter]) -> None:
    """Print two lines a message: its id, since when it is there and its order; then its reason."""
    for letter in letters:
        print_text(
            f"{letter.message_id}  {letter.sent_at:%Y-%m-%d %H:%M:%S}Z  {printable(letter.order_reference) or '-'}"
        )
        print_text(f"  {printable(letter.reason)}: {printable(letter.explanation)}")


def print_listed(letters: Sequence[DeadLetter]) -> None:
    """Print the two lines of each message, and one with its age and how often it was received."""
    for letter in letters:
        print_letters([letter])
        print_text(f"  {_age(letter)} old, received {counted(letter.receive_count, 'time')}")


def print_whole(letter: DeadLetter) -> None:
    """Print everything that a message has, its body too. JSON has a line for each value."""
    print_listed([letter])
    print_text(f"  On the order queue it was {printable(letter.original_message_id)}.")
    if letter.trace_header:
        _print_line(f"  AWSTraceHeader: {letter.trace_header}")
    for name, attribute in letter.attributes.items():
        value = attribute.get("StringValue", f"{len(attribute.get('BinaryValue', b''))} bytes")
        _print_line(f"  {name} ({attribute['DataType']}): {value}")
    for line in ["", *pretty(letter.body or "The body can't be decompressed.").split("\n")]:
        _print_line(line)


def by_reason(reasons: Counter[str]) -> str:
    """Return `3 messages (2 NotJson, 1 NoSuccess)`."""
    listed = ", ".join(f"{times} {printable(reason)}" for reason, times in reasons.most_common())
    return f"{counted(reasons.total(), 'message')} ({listed})" if reasons else counted(0, "message")


def failures_json(failed: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what could not be done, by message id, as `--json` prints it."""
    return [{"messageId": message_id, "cause": cause} for message_id, cause in failed.items()]


def redriven_json(result: Redriven) -> dict[str, Any]:
    """Return the results of a redrive, as `--json` prints it."""
    return {
        "found": dict(result.found),
        "sent": len(result.sent),
        "failed": failures_json(result.failed),
        "cameBack": result.came_back,
    }


def print_redriven(result: Redriven, stack: str, *, dry_run: bool) -> None:
    """Print what was in the queue and the results."""
    total = result.found.total()
    print_text(f"In the dead letter queue of {stack}: {by_reason(result.found)}.")
    for message_id, cause in result.failed.items():
        print_text(f"{message_id} was not sent and is still in the DLQ: {cause}")
    if not result.selected:
        print_text("None of them is selected: nothing was moved.")
    elif dry_run:
        print_text(f"A dry run: {counted(result.selected, 'message')} would be sent to the order queue again.")
    else:
        left = total - len(result.sent)
        print_text(f"{counted(len(result.sent), 'message')} sent to the order queue again; {left} left in the DLQ.")
    if result.came_back:
        print_text(f"Already back in the DLQ, refused as before: {counted(result.came_back, 'message')}.")


def print_discarded(found: int, deleted: int, failed: Mapping[str, str], *, dry_run: bool) -> None:
    """Print the results of deleting messages."""
    for message_id, cause in failed.items():
        print_text(f"{message_id} was not deleted: {cause}")
    if not found:
        print_text("No message has this reason: nothing was deleted.")
    elif dry_run:
        print_text(f"A dry run: {counted(found, 'message')} would be deleted.")
    else:
        print_text(f"{counted(deleted, 'message')} deleted for good.")


def _age_seconds(letter: DeadLetter) -> int:
    return max(int((datetime.now(UTC) - letter.sent_at).total_seconds()), 0)


def _age(letter: DeadLetter) -> str:
    """Return a message's age in its largest unit, as `3 hours`."""
    age = _age_seconds(letter)
    seconds, unit = next((each for each in _UNITS if age >= each[0]), _UNITS[-1])
    return counted(age // seconds, unit)


def _print_line(text: str) -> None:
    """Print a line from outside without folding it, so that it can be copied."""
    result_console().out(printable(text), highlight=False)
