"""`carrier dlq`: the messages that could not be read, or that every delivery failed, until each is done or removed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from allocation.batches import batches
from allocation.orders.order_created import ReadingRules
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
from cli.commands.options import ExampleCommand, ExampleGroup, json_option, stack_option
from cli.errors import UsageError
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.message_files import FileMessage, exported, read_messages, send_messages, write_export
from cli.operations.redrive import Selection, redrive
from cli.operations.target import Target, target
from cli.order_mappings import written_mapping
from cli.output import counted, print_json, print_json_lines, print_text, printable
from cli.stack.orders import MAX_ENTRIES

# How many messages of a file are named that can't be read. `--json` has all.
_MAX_PROBLEMS: Final = 10


@click.group(cls=ExampleGroup, examples=["carrier dlq list"])
def dlq() -> None:
    """Show why messages are in the dead letter queue; save, correct, send and remove them.

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
                print_listed(shown)
    if not as_json:
        print_text(f"In the dead letter queue of {found.name}: {by_reason(reasons)}.")
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
    return 0


@dlq.command(
    "export",
    cls=ExampleCommand,
    examples=["carrier dlq export 8c1f2b --output order.jsonl", "carrier dlq export --all --output orders.jsonl"],
    short_help="Save whole messages to a file, with PERSONAL data.",
)
@click.argument("message", default="")
@click.option("--all", "everything", is_flag=True, help="Every message.")
@click.option("--output", required=True, metavar="FILE", type=click.Path(path_type=Path), help="A new file.")
@stack_option
@json_option
def export_command(message: str, output: Path, stack: str, *, everything: bool, as_json: bool) -> int:
    """Save messages of the dead letter queue to a file, with PERSONAL DATA.

    Each line is a JSON object with all that a message has. Correct its "body" and send the file: carrier dlq send FILE.
    MESSAGE is an id, or the beginning of one. Nothing is moved. Only you can read the file.

    Exit status 1 if there is no such message.
    """
    if bool(message) == everything:
        raise UsageError("Which messages? Give either an id, as `carrier dlq list` shows it, or --all.")
    found = target(stack)
    with DeadLetterQueue(found.sqs, found.order_dlq_url) as queue:
        letters = (letter for run in queue.read() for letter in run) if everything else _one(queue, message)
        count = write_export(output, letters)
    if as_json:
        print_json({"exported": count, "file": str(output) if count else None})
    else:
        print_text(f"{counted(count, 'message')} saved to {output}." if count else "Nothing to save.")
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
    "send",
    cls=ExampleCommand,
    examples=["carrier dlq send order.jsonl --dry-run", "carrier dlq send order.jsonl"],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", default="", metavar="FILE", help="A mapping of orders to use instead of the stack's.")
@click.option("--dry-run", is_flag=True, help="Send nothing, and say what is wrong.")
@stack_option
@json_option
def send_command(file: Path, mapping: str, stack: str, *, dry_run: bool, as_json: bool) -> int:
    """Send the messages of a file to the order queue.

    A line is a message that `carrier dlq export` saved, corrected or not, or a bare message, such as an order-created
    event. The command first reads each as the queue function will. If one is wrong, none is sent. Sending twice does no
    harm: a consignment that is allocated stays as it is.

    Exit status 1 if a message is wrong, or could not be sent.
    """
    messages = read_messages(file)
    found = target(stack)
    rules = _rules(found, mapping)
    wrong = {message.place: problem for message in messages if (problem := message.problem(rules))}
    result = send_messages(found, [] if wrong or dry_run else messages)
    if as_json:
        places = [{"place": place, "problem": problem} for place, problem in wrong.items()]
        failed = [{"place": place, "cause": cause} for place, cause in result.failed.items()]
        print_json({"dryRun": dry_run, "sent": len(result.sent), "wrong": places, "failed": failed})
        return int(bool(wrong or result.failed))
    for place, problem in islice(wrong.items(), _MAX_PROBLEMS):
        print_text(f"{file}, {place}: {printable(problem)}")
    if len(wrong) > _MAX_PROBLEMS:
        print_text(f"and {len(wrong) - _MAX_PROBLEMS} more.")
    for place, cause in result.failed.items():
        print_text(f"{file}, {place} was not sent: {cause}")
    if wrong:
        print_text(f"{len(wrong)} of {counted(len(messages), 'message')} can't be read: nothing was sent.")
    elif dry_run:
        print_text(f"A dry run: {counted(len(messages), 'message')} would be sent to the order queue of {found.name}.")
    else:
        print_text(f"{counted(len(result.sent), 'message')} sent to the order queue of {found.name}.")
        _print_replaced(result.sent)
    return int(bool(wrong or result.failed))


def _rules(found: Target, mapping: str) -> ReadingRules:
    """Return how the stack reads messages. `mapping` is a file to take instead of the stack's own, or empty."""
    if mapping:
        return replace(found.reading, mapping=written_mapping(mapping)[1].applied)
    if found.own_mapping:
        return replace(found.reading, mapping=found.own_mapping().applied)
    return found.reading


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


def _print_replaced(sent: list[FileMessage]) -> None:
    """Print how to remove what the sent messages were saved from."""
    for message in sent:
        if message.message_id:
            print_text(f"The message that it came from is still there: carrier dlq discard {message.message_id}")
