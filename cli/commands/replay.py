"""`carrier replay`: what the same consignments would come to under another catalogue or mode."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from allocation.domain.mode import AllocationMode, ModeName
from allocation.orders.order_created import ReadingRules
from cli.commands.catalogue_files import compiled_file
from cli.commands.options import ExampleCommand, WholeNumber, chosen_mode, json_option, timestamp
from cli.errors import DONE, NOT_SO, UsageError
from cli.input_files import write_text
from cli.operations.message_files import read_messages
from cli.order_mappings import written_mapping
from cli.output import Progress, counted, print_json, print_text, printable, progress_console
from cli.replay.order_files import OrderMessages
from cli.replay.page import page
from cli.replay.processes import SideText, replayed_in_parts, usual_jobs
from cli.replay.tables import print_result

# How many messages that can't be read are named.
_MAX_REFUSED: Final = 5
_MAX_JOBS: Final = 64


def _mode_options(prefix: str, whose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the three options of one side's mode."""
    names = click.Choice([name.value for name in ModeName])
    options = (
        click.option(f"{prefix}mode", type=names, help=f"The allocation mode {whose}.  [default: as asked]"),
        click.option(f"{prefix}group", default="", metavar="REF", help=f"The service group {whose}."),
        click.option(f"{prefix}service", default="", metavar="REF", help=f"The carrier service {whose}."),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier replay --from current.yaml --to january.yaml orders.jsonl",
        "carrier replay --from current.yaml --to-group valuableGoods orders.jsonl",
        "carrier replay --from old.yaml --to new.yaml orders.jsonl --html report.html",
    ],
)
@click.argument("orders", default="", metavar="ORDERS")
@click.option("--from", "before", default="", metavar="FILE", help="The catalogue before, written or compiled.")
@click.option("--to", "after", default="", metavar="FILE", help="The catalogue after.  [default: the one before]")
@_mode_options("--", "of both sides")
@_mode_options("--to-", "of the side after")
@click.option("--mapping", default="", metavar="FILE", help="A mapping of your shop's orders (docs/mapping.md).")
@click.option("--now", default="", metavar="MOMENT", help="Decide all at 2027-01-04T09:00:00Z.  [default: as asked]")
@click.option("--html", default="", metavar="FILE", help="Write a page with a picture of the moves, too.")
@click.option("--jobs", type=WholeNumber(1, _MAX_JOBS), default=usual_jobs, help="Processes.  [default: processors]")
@json_option
def replay(
    orders: str, before: str, after: str, mapping: str, now: str, html: str, jobs: int, *, as_json: bool, **modes: str
) -> int:
    """Show what the same consignments would come to under two catalogues or modes.

    ORDERS has order messages, one on each line, in any wrapping. Each order is decided at the moment when it occurred.
    Daily limits count as unused before the first.

    Exit status 1 if a message can't be read. The others are replayed.

    """
    both, to_mode = _mode(modes, ""), _mode(modes, "to_")
    if not before:
        raise UsageError("Which catalogue is the one before? Name it, as --from current.yaml.")
    if not after and to_mode is None:
        raise UsageError(
            "What changes? Name the other catalogue, as --to new.yaml, or another mode, as --to-group REF."
        )
    if not orders:
        raise UsageError("Which orders? Name a file of order messages: carrier replay --from A --to B orders.jsonl.")
    messages = _messages(orders, mapping, now)
    text = compiled_file(before)
    sides = SideText(text, both), SideText(compiled_file(after) if after else text, to_mode or both)
    with Progress(progress_console()).step("Deciding") as step:
        told = lambda done: step.update(f"Decided {counted(done, 'consignment')} under both")  # noqa: E731
        result = replayed_in_parts(*sides, messages.consignments(), jobs, told).result()
    if html:
        write_text(html, page(result))
    if as_json:
        print_json(result.document())
    else:
        print_result(result)
    _report(messages)
    return NOT_SO if messages.refused else DONE


def _mode(options: Mapping[str, str | None], side: str) -> AllocationMode | None:
    """Return the mode that a side's options give, or None. A group or a service says which mode is meant."""
    mode, group, service = (options[f"{side}{name}"] or "" for name in ("mode", "group", "service"))
    if not (mode or group or service):
        return None
    return chosen_mode(mode, group, service, f"--{side.replace('_', '-')}")


def _messages(orders: str, mapping: str, now: str) -> OrderMessages:
    """Return the messages of a file. Raises `UsageError`."""
    chosen = written_mapping(mapping)[1] if mapping else None
    rules = ReadingRules(mapping=chosen.applied if chosen else None)
    moment = timestamp("--now", now) if now else None
    return OrderMessages(read_messages(Path(orders)), rules, datetime.now(UTC), moment)


def _report(messages: OrderMessages) -> None:
    """Say on stderr what of the messages was not replayed, and why."""
    console = progress_console()
    for text in messages.refused[:_MAX_REFUSED]:
        print_text(printable(text), console)
    if (more := len(messages.refused) - _MAX_REFUSED) > 0:
        print_text(f"{counted(more, 'more message')} can't be read.", console)
    notes = (
        (messages.undated, "message", "no moment when the order occurred: decided as of now"),
        (messages.repeated, "consignment", "a reference that occurs before: left out"),
        (messages.cancelling, "message", "nothing to allocate, but an order to cancel: left out"),
        (messages.left_out, "message", "an order that the mapping leaves out"),
    )
    for number, noun, text in notes:
        if number:
            print_text(f"{counted(number, noun)} {'has' if number == 1 else 'have'} {text}.", console)
