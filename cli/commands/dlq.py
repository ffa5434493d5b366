"""`carrier dlq list` and `carrier dlq redrive`: the messages that could not be read, or that every delivery failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click

from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import UsageError
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.redrive import Redriven, Selection, redrive
from cli.operations.target import target
from cli.output import counted, print_json, print_json_lines, print_text, printable


@click.group
def dlq() -> None:
    """List the messages of the dead letter queue, and send them again.

    A message goes there when it can't be read, or when every delivery of it failed.
    """


@dlq.command("list", cls=ExampleCommand, examples=["carrier dlq list --reason NotJson"])
@click.option("--reason", default="", help="Only messages with this reason, such as NotJson.")
@stack_option
@json_option
def list_command(reason: str, stack: str, *, as_json: bool) -> int:
    """List the messages of the dead letter queue with their reasons. Nothing is moved."""
    found = target(stack)
    reasons: Counter[str] = Counter()
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        for letters in queue.read():
            shown = [letter for letter in letters if reason in {"", letter.reason}]
            reasons.update(letter.reason for letter in shown)
            if as_json:
                print_json_lines(map(letter_json, shown))
            else:
                print_letters(shown)
    if not as_json:
        print_text(f"In the dead letter queue of {found.name}: {_by_reason(reasons)}.")
    return 0


@dlq.command(
    "redrive",
    cls=ExampleCommand,
    examples=[
        "carrier dlq redrive --all --dry-run",
        "carrier dlq redrive --reason NoSuccess --stack carrier-allocation-dev",
    ],
)
@click.option("--reason", default="", help="Select the messages with this reason, as `carrier dlq list` shows it.")
@click.option("--message", default="", metavar="ID", help="Select a message by its id, in the DLQ or before.")
@click.option("--all", "everything", is_flag=True, help="Select every message.")
@click.option("--dry-run", is_flag=True, help="Move nothing, and say what would be moved.")
@stack_option
@json_option
def redrive_command(reason: str, message: str, stack: str, *, everything: bool, dry_run: bool, as_json: bool) -> int:
    """Send messages of the dead letter queue to the order queue again.

    Several options select the messages that fit all of them. Nothing is lost or allocated twice: a message is
    deleted after it was sent, and an allocated consignment stays as it is.

    Exit status 1 if no message is selected, or one could not be sent.
    """
    selection = Selection(reason, message, everything)
    if not selection:
        raise UsageError("Which messages? Give --reason, --message or --all; `carrier dlq list` shows what is there.")
    found = target(stack)
    selected: list[Mapping[str, Any]] = []

    def show(letters: list[DeadLetter]) -> None:
        if as_json:
            selected.extend(map(letter_json, letters))
        else:
            print_letters(letters)

    result = redrive(found, selection, show, dry_run=dry_run)
    if as_json:
        print_json({"dryRun": dry_run, "selected": selected, **_result_json(result)})
    else:
        _print_result(result, found.name, dry_run=dry_run)
    return int(bool(result.failed) or not result.selected)


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    """Return a message as `--json` prints it: references only, never the body."""
    return {
        "messageId": letter.message_id,
        "originalMessageId": letter.original_message_id,
        "sentAt": letter.sent_at.isoformat(),
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


def _result_json(result: Redriven) -> dict[str, Any]:
    return {
        "found": dict(result.found),
        "sent": len(result.sent),
        "failed": [{"messageId": message_id, "cause": cause} for message_id, cause in result.failed.items()],
        "cameBack": result.came_back,
    }


def _print_result(result: Redriven, stack: str, *, dry_run: bool) -> None:
    """Print what was in the queue and what became of it."""
    total = result.found.total()
    print_text(f"In the dead letter queue of {stack}: {_by_reason(result.found)}.")
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


def _by_reason(reasons: Counter[str]) -> str:
    """Return `3 messages (2 NotJson, 1 NoSuccess)`."""
    listed = ", ".join(f"{times} {printable(reason)}" for reason, times in reasons.most_common())
    return f"{counted(reasons.total(), 'message')} ({listed})" if reasons else counted(0, "message")
