"""`carrier dlq send`: messages of a file to the order queue, each checked first."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Final

import click

from allocation.orders.order_created import ReadingRules
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.operations.message_body import order_reference
from cli.operations.message_files import FileMessage, read_messages, send_messages
from cli.operations.target import Target, target
from cli.order_mappings import written_mapping
from cli.output import counted, print_json, print_next, print_text, printable

# How many messages of a file are named that can't be read. `--json` has all.
_MAX_PROBLEMS: Final = 10


@click.command(
    "send",
    cls=ExampleCommand,
    examples=["carrier dlq send order.json --dry-run", "carrier dlq send order.json"],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", default="", metavar="FILE", help="A mapping of orders to use instead of the stack's.")
@click.option("--dry-run", is_flag=True, help="Send nothing, and say what is wrong.")
@stack_option
@json_option
def send_command(file: Path, mapping: str, stack: str, *, dry_run: bool, as_json: bool) -> int:
    """Send the messages of a file to the order queue.

    FILE has messages that `carrier dlq export` saved, corrected or not, or bare messages, such as order-created events:
    one over several lines, or one a line. The command first reads each as the queue function will. If one is wrong,
    none is sent. Sending twice does no harm: a consignment that is allocated stays as it is.

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
        of_all = f" of {len(messages)}" if len(messages) > 1 else ""
        print_text(f"Can't be read: {counted(len(wrong), 'message')}{of_all}. Nothing was sent.")
    elif dry_run:
        print_text(f"A dry run: {counted(len(messages), 'message')} would be sent to the order queue of {found.name}.")
    else:
        print_text(f"{counted(len(result.sent), 'message')} sent to the order queue of {found.name}.")
        _print_next(result.sent, found)
    return int(bool(wrong or result.failed))


def _rules(found: Target, mapping: str) -> ReadingRules:
    """Return how the stack reads messages. `mapping` is a file to take instead of the stack's own, or empty."""
    if mapping:
        return replace(found.reading, mapping=written_mapping(mapping)[1].applied)
    return found.reading_rules()


def _print_next(sent: list[FileMessage], found: Target) -> None:
    """Print how to see what becomes of a sent message, and how to remove what it was saved from."""
    for message in sent:
        if message.message_id:
            if order := order_reference(message.body):
                print_next("See what becomes of it", f"orders trace {quote(order)}{found.option}")
            print_next("Then remove the old one", f"dlq discard {message.message_id}{found.option}")
