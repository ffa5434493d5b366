"""`carrier replay`: what the same consignments would come to under another catalogue or mode."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import click

from allocation.domain.mode import AllocationMode, ModeName
from allocation.engine.compiled_catalogue import read_compiled
from allocation.orders.order_created import USUAL_RULES
from allocation.replay.decisions import Replayable
from allocation.replay.result import ReplayResult
from cli.catalogue.compiled_files import compiled_file
from cli.commands.options import ExampleCommand, WholeNumber, chosen_mode, json_option, timestamp
from cli.errors import DONE, NOT_SO, UsageError
from cli.input_files import write_text
from cli.operations.message_files import read_messages
from cli.operations.target import Target, target
from cli.order_mappings import written_mapping
from cli.output import Progress, counted, print_json, print_text, printable, progress_console
from cli.replay.in_stack import InStack
from cli.replay.of_then import OfThen
from cli.replay.order_files import OrderMessages
from cli.replay.page import page
from cli.replay.processes import SideText, replayed_in_parts, usual_jobs
from cli.replay.stack_records import StackRecords, catalogue_in_use, keep_result
from cli.replay.tables import print_result

_MAX_JOBS: Final = 64


class _Source(Protocol):
    """Where consignments come from."""

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read."""

    def consignments(self) -> Iterator[Replayable]:
        """Yield each consignment once."""

    def notes(self) -> Iterator[str]:
        """Yield what is not replayed, and why."""


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
        "carrier replay --stack NAME --since 2026-11-25T00:00:00Z --to january.yaml",
        "carrier replay --since 2026-11-25T00:00:00Z --to-group valuableGoods",
        "carrier replay --from old.yaml --to new.yaml orders.jsonl --html page.html",
        "carrier replay --stack NAME --since 2026-01-01 --to january.yaml --in-stack",
    ],
)
@click.argument("orders", default="", metavar="[ORDERS]")
@click.option("--from", "before", default="", metavar="FILE", help="Catalogue before.  [default: of then, or in use]")
@click.option("--to", "after", default="", metavar="FILE", help="Catalogue after.  [default: the one before]")
@click.option("--since", default="", metavar="MOMENT", help="Replay what the stack has decided since then.")
@click.option("--stack", default="", metavar="NAME", help="A stack on AWS.  [default: the one on this machine]")
@_mode_options("--", "of both sides")
@_mode_options("--to-", "of the side after")
@click.option("--mapping", default="", metavar="FILE", help="A mapping of your shop's orders (docs/mapping.md).")
@click.option("--now", default="", metavar="MOMENT", help="Decide all at 2027-01-04T09:00:00Z.  [default: as asked]")
@click.option("--html", default="", metavar="FILE", help="Write a page with a picture of the moves, too.")
@click.option("--in-stack", is_flag=True, help="Let the stack replay millions of records (Replays=on), and wait.")
@click.option("--keep", is_flag=True, help="Keep the result in the stack's bucket, for its console.")
@click.option("--jobs", type=WholeNumber(1, _MAX_JOBS), default=usual_jobs, help="Processes.  [default: processors]")
@json_option
def replay(orders: str, html: str, jobs: int, *, in_stack: bool, keep: bool, as_json: bool, **given: str) -> int:
    """Show what the same consignments would come to under two catalogues or modes.

    ORDERS has order messages, one on each line, in any wrapping. With --since, the consignments are those of a
    stack's records. Each is decided at the moment when it was, or when its order occurred. Daily limits count as
    unused before the first.

    Exit status 1 if a message can't be read, or nothing is kept of a record's inputs. The others are replayed.

    """
    wanted = _wanted(orders, given, keep=keep)
    with Progress(progress_console()).step("Deciding") as step:

        def told(done: int) -> None:
            step.update(f"Decided {counted(done, 'consignment')} under both")

        source = wanted.source
        if in_stack:
            result = _in_stack(wanted, given).result(datetime.now(UTC), step.update)
        elif wanted.of_then:
            result = wanted.of_then.result(jobs, told)
        else:
            result = replayed_in_parts(wanted.before, wanted.after, source.consignments(), jobs, told).result()
    result = wanted.with_names(result)
    _show(result, wanted, html, as_json=as_json)
    console = progress_console()
    for note in source.notes():
        print_text(printable(note), console)
    if keep and wanted.stack and not in_stack:
        print_text(f"Kept as {printable(keep_result(wanted.stack, result, datetime.now(UTC)))}.", console)
    return DONE if source.is_whole else NOT_SO


def _in_stack(wanted: "_Wanted", given: Mapping[str, str]) -> InStack:
    """Return the replay by the stack. Raises `UsageError` for what it can't replay."""
    if wanted.stack is None or not given["since"]:
        raise UsageError("--in-stack replays the records of a stack: say since when, as --since 2026-11-25.")
    if given["now"]:
        raise UsageError("--now is not for --in-stack: each record is decided at its own moment there.")
    return InStack(wanted.stack, timestamp("--since", given["since"]), wanted.before, wanted.after)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be replayed, of which stack, if any."""

    before: SideText
    after: SideText
    source: _Source
    stack: Target | None
    # What the two catalogues are called; empty where the result says it.
    names: tuple[str, str]
    # Where each record is compared with the catalogue that decided it.
    of_then: OfThen | None = None

    def with_names(self, result: ReplayResult) -> ReplayResult:
        """Return a result whose catalogues are called by their files, or by how they were found."""
        before, after = (
            side._replace(name=side.name or name)
            for side, name in zip((result.before, result.after), self.names, strict=True)
        )
        return replace(result, before=before, after=after)


def _wanted(orders: str, given: Mapping[str, str], *, keep: bool) -> _Wanted:
    """Return what the options ask for. Raises `UsageError`."""
    both, to_mode = _mode(given, ""), _mode(given, "to_")
    _require(orders, given, to_mode, keep=keep)
    stack = target(given["stack"]) if given["since"] or given["stack"] else None
    text = compiled_file(given["before"]) if given["before"] or stack is None else catalogue_in_use(stack)
    after = compiled_file(given["after"]) if given["after"] else text
    moment = timestamp("--now", given["now"]) if given["now"] else None
    if orders or stack is None:
        source: _Source = _messages(orders, given["mapping"], stack, moment)
        of_then = None
    else:
        source = records = StackRecords(stack, timestamp("--since", given["since"]), read_compiled(text), moment)
        to_file = after if given["after"] else None
        of_then = None if given["before"] else OfThen(records, text, both, to_file, to_mode or both)
    sides = SideText(text, both), SideText(after, to_mode or both)
    return _Wanted(*sides, source, stack, _names(given, is_of_then=of_then is not None), of_then)


def _names(given: Mapping[str, str], *, is_of_then: bool) -> tuple[str, str]:
    before = Path(given["before"]).name if given["before"] else "as decided" if is_of_then else "in use"
    return before, Path(given["after"]).name if given["after"] else before


def _require(orders: str, given: Mapping[str, str], to_mode: AllocationMode | None, *, keep: bool) -> None:
    """Raise `UsageError` unless it is clear what is compared, and of which consignments."""
    if orders and given["since"]:
        raise UsageError("ORDERS are those of a file, --since is for the records of a stack: leave one out.")
    if not orders and not given["since"]:
        raise UsageError(
            "Which consignments? Name a file of order messages, or say since when to take those of a stack: "
            "--since 2026-11-25T00:00:00Z."
        )
    if not given["before"] and orders and not given["stack"]:
        raise UsageError("Which catalogue is the one before? Name it, as --from current.yaml.")
    if not given["after"] and to_mode is None:
        raise UsageError(
            "What changes? Name the other catalogue, as --to new.yaml, or another mode, as --to-group REF."
        )
    if given["mapping"] and not orders:
        raise UsageError("--mapping is for ORDERS of a file: leave it out, or name the file.")
    if keep and not (given["since"] or given["stack"]):
        raise UsageError("Which stack is to keep the result? Name it, as --stack NAME.")


def _mode(options: Mapping[str, str | None], side: str) -> AllocationMode | None:
    """Return the mode that a side's options give, or None."""
    mode, group, service = (options[f"{side}{name}"] or "" for name in ("mode", "group", "service"))
    return chosen_mode(mode, group, service, f"--{side.replace('_', '-')}") if mode or group or service else None


def _messages(orders: str, mapping: str, stack: Target | None, moment: datetime | None) -> OrderMessages:
    """Return the messages of a file, read as the stack would, if there is one. Raises `UsageError`."""
    if mapping:
        rules = replace(stack.reading if stack else USUAL_RULES, mapping=written_mapping(mapping)[1].applied)
    else:
        rules = stack.reading_rules() if stack else USUAL_RULES
    messages = OrderMessages(read_messages(Path(orders)), rules, datetime.now(UTC), moment)
    return replace(messages, mode=stack.mode) if stack else messages


def _show(result: ReplayResult, wanted: _Wanted, html: str, *, as_json: bool) -> None:
    modes = wanted.before.mode, wanted.after.mode
    if html:
        write_text(html, page(result, modes))
    if as_json:
        print_json(result.document())
    else:
        print_result(result, modes)
