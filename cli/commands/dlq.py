"""`carrier dlq`: the messages that could not be read, or that every delivery failed, until each is done or removed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

import click

from allocation.batches import batches
from cli.commands.dead_letters import (
    by_reason,
    failures_json,
    letter_json,
    print_discarded,
    print_letters,
    print_listed,
    print_redriven,
    print_whole,
    redriven_json,
)
from cli.commands.dlq_send import send_command
from cli.commands.options import ExampleCommand, ExampleGroup, json_option, stack_option
from cli.errors import UsageError
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.message_files import (
    editable_export,
    export_line,
    exported,
    write_export,
)
from cli.operations.redrive import Selection, redrive
from cli.operations.target import target
from cli.output import counted, print_blank, print_json, print_json_lines, print_next, print_text
from cli.stack.orders import MAX_ENTRIES


@click.group(cls=ExampleGroup, examples=["carrier dlq list"])
def dlq() -> None:
    """Show why messages are in the dead letter queue; save, correct, send and remove them.

    A message goes there when it can't be read, or when every delivery of it failed.
    """


dlq.add_command(send_command)


@dlq.command("list", cls=ExampleCommand, examples=["carrier dlq list --reason NotJson"])
@click.option("--reason", default="", help="Only messages with this reason, such as NotJson.")
@stack_option
@json_option
def list_command(reason: str, stack: str, *, as_json: bool) -> int:
    """List the messages of the dead letter queue with their reasons. Nothing is moved."""
    found = target(stack)
    reasons: Counter[str] = Counter()
    first = ""
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        for letters in queue.read():
            shown = [letter for letter in letters if reason in {"", letter.reason}]
            reasons.update(letter.reason for letter in shown)
            first = first or next((letter.message_id for letter in shown), "")
            if as_json:
                print_json_lines(map(letter_json, shown))
            else:
                print_listed(shown)
    if not as_json:
        print_text(f"In the dead letter queue of {found.name}: {by_reason(reasons)}.")
        if first:
            print_next("All of one message", f"dlq show {first}{found.option}")
    return 0


@dlq.command(
    "show",
    cls=ExampleCommand,
    examples=["carrier dlq show 8c1f2b"],
    short_help="Show a whole message, with PERSONAL data.",
)
@click.argument("message")
@stack_option
@json_option
def show_command(message: str, stack: str, *, as_json: bool) -> int:
    """Show a whole message of the dead letter queue, with PERSONAL DATA.

    The body is an order, so it may name people and where they live. No other command prints it. MESSAGE is an id in
    the dead letter queue, or on the order queue before, or the beginning of one. Nothing is moved.

    Exit status 1 if there is no such message.
    """
    _require_id(message)
    found = target(stack)
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        letter = queue.one(message)
    if as_json:
        print_json(exported(letter))
    else:
        print_whole(letter)
        print_blank()
        print_next("To correct it", f"dlq export {letter.message_id} --output order.json{found.option}")
    return 0


@dlq.command(
    "export",
    cls=ExampleCommand,
    examples=["carrier dlq export 8c1f2b --output order.json", "carrier dlq export --all --output orders.jsonl"],
    short_help="Save whole messages to a file, with PERSONAL data.",
)
@click.argument("message", default="")
@click.option("--all", "everything", is_flag=True, help="Every message.")
@click.option("--output", required=True, metavar="FILE", type=click.Path(path_type=Path), help="A new file.")
@stack_option
@json_option
def export_command(message: str, output: Path, stack: str, *, everything: bool, as_json: bool) -> int:
    """Save messages of the dead letter queue to a file, with PERSONAL DATA.

    MESSAGE is an id, or the beginning of one: its file has a line for each value. Correct "body" in an editor, then
    send the file: carrier dlq send FILE. With --all, each line is a message, with its body as text, exactly as it came.
    Nothing is moved. Only you can read the file.

    Exit status 1 if there is no such message.
    """
    if bool(message) == everything:
        raise UsageError("Which messages? Give either an id, as `carrier dlq list` shows it, or --all.")
    found = target(stack)
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        letters = (letter for run in queue.read() for letter in run) if everything else _one(queue, message)
        count = write_export(output, letters, export_line if everything else editable_export)
    if as_json:
        print_json({"exported": count, "file": str(output) if count else None})
    elif count:
        print_text(f"{counted(count, 'message')} saved to {output}. It has personal data: delete it when you are done.")
        print_next('Correct "body" in it, then', f"dlq send {quote(str(output))}{found.option}")
    else:
        print_text("Nothing to save.")
    return int(not count)


@dlq.command(
    "discard",
    cls=ExampleCommand,
    examples=["carrier dlq discard 8c1f2b", "carrier dlq discard --reason NotJson --dry-run"],
)
@click.argument("message", default="")
@click.option("--reason", default="", help="Every message with this reason, as `carrier dlq list` shows it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Delete nothing, and say what would be deleted.")
@stack_option
@json_option
def discard_command(message: str, reason: str, stack: str, *, yes: bool, dry_run: bool, as_json: bool) -> int:
    """Delete messages of the dead letter queue for good, after asking.

    MESSAGE is an id, or the beginning of one. To keep a copy, run `carrier dlq export` first.

    Exit status 1 if there is no such message, one could not be deleted, or the answer is no.
    """
    if bool(message) == bool(reason):
        raise UsageError("Which messages? Give either an id, as `carrier dlq list` shows it, or --reason.")
    found = target(stack)
    selected: list[dict[str, Any]] = []
    letters: list[DeadLetter] = []
    failed: dict[str, str] = {}
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        for letter in _one(queue, message) if message else _with_reason(queue, reason):
            letters.append(replace(letter, body=None))  # there may be thousands, of 1 MiB each
            if as_json:
                selected.append(letter_json(letter))
            else:
                print_letters([letter])
        delete = bool(letters) and not dry_run and (yes or _is_confirmed(len(letters), found.name))
        for run in batches(letters if delete else [], MAX_ENTRIES):
            failed |= queue.delete(run)
    deleted = len(letters) - len(failed) if delete else 0
    if as_json:
        print_json({"dryRun": dry_run, "selected": selected, "deleted": deleted, "failed": failures_json(failed)})
    else:
        print_discarded(len(letters), deleted, failed, dry_run=dry_run)
    return int(not letters or not (dry_run or deleted == len(letters)))


@dlq.command(
    "redrive",
    cls=ExampleCommand,
    examples=[
        "carrier dlq redrive --all --dry-run",
        "carrier dlq redrive --reason NoSuccess --stack carrier-allocation-dev",
    ],
)
@click.option("--reason", default="", help="Select the messages with this reason, as `carrier dlq list` shows it.")
@click.option(
    "--message", default="", metavar="ID", help="Select a message by its id, in the DLQ or on the order queue."
)
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
        print_json({"dryRun": dry_run, "selected": selected, **redriven_json(result)})
    else:
        print_redriven(result, found.name, dry_run=dry_run)
    return int(bool(result.failed) or not result.selected)


def _require_id(message: str) -> None:
    if not message:
        raise UsageError("Which message? Give its id, as `carrier dlq list` shows it, or the beginning of it.")


def _one(queue: DeadLetterQueue, message: str) -> Iterator[DeadLetter]:
    yield queue.one(message)


def _with_reason(queue: DeadLetterQueue, reason: str) -> Iterator[DeadLetter]:
    for letters in queue.read():
        yield from (letter for letter in letters if letter.reason == reason)


def _is_confirmed(count: int, stack: str) -> bool:
    """Ask on the terminal. Without one, or without an answer, it is a no."""
    try:
        return click.confirm(f"Delete {counted(count, 'message')} of {stack} for good?", err=True)
    except click.Abort:
        return False
