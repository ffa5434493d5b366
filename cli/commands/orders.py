"""`carrier orders`: the outcomes of orders. `order_messages.py` has what is done before a message is sent."""

from typing import Any, Final

import click

from cli.commands.listed_records import index_command
from cli.commands.options import (
    ExampleCommand,
    ExampleGroup,
    Number,
    WholeNumber,
    Word,
    json_option,
    stack_option,
    timestamp,
)
from cli.commands.order_messages import check_command, mapping_command
from cli.commands.reconcile import reconcile_command
from cli.commands.trace_json import history_json
from cli.commands.traces import print_history
from cli.errors import UsageError
from cli.operations.records import KEY, MAX_SCANNED, STATES, Newest, Record, newest, newest_of, records_of
from cli.operations.retry import failed_since, retry
from cli.operations.target import Target, target
from cli.operations.trace import history_of
from cli.output import (
    Column,
    counted,
    print_json,
    print_json_lines,
    print_table,
    print_text,
    printable,
    progress_console,
    result_console,
)

_COLUMNS: Final = (
    Column("Written (UTC)"),
    Column("Order"),
    Column("Consignment"),
    Column("State"),
    Column("Service"),
)


@click.group(cls=ExampleGroup, examples=["carrier orders list", "carrier orders trace WEB-100045"])
def orders() -> None:
    """Show the outcomes of orders, and check messages before you send them."""


orders.add_command(check_command)
orders.add_command(index_command)
orders.add_command(mapping_command)
orders.add_command(reconcile_command)


@orders.command(
    "trace",
    cls=ExampleCommand,
    examples=["carrier orders trace WEB-100045", "carrier orders trace EC-000-1SA-M00 --all"],
    short_help="Show all about an order or a consignment, and why.",
)
@click.argument("reference", metavar="ORDER|CONSIGNMENT")
@click.option("--all", "everything", is_flag=True, help="Show every consignment, offer and reason.")
@stack_option
@json_option
def trace_command(reference: str, stack: str, *, everything: bool, as_json: bool) -> int:
    """Show all about an order or a consignment: what became of it and why, its events, what waits, what failed.

    Any reference will do: the sender's own of a consignment, an event's id and a tracking reference, too.
    Orders and consignments are found at once; for the others the table is searched.

    Exit status 1 if there is no record, or a message of it is in the dead letter queue or waits.
    """
    if not reference:
        raise UsageError("Which order? Give its reference: carrier orders trace WEB-100045.")
    found = target(stack)
    history = history_of(found, reference)
    if as_json:
        print_json(history_json(reference, history))
    else:
        print_history(reference, history, found, everything=everything)
    return int(not history.traced or bool(history.dead_letters) or history.waits)


@orders.command(
    "list",
    cls=ExampleCommand,
    examples=["carrier orders list --state AllocationFailed", "carrier orders list --order WEB-100045 --json"],
    short_help="List the records of a stack, the newest first.",
)
@click.option(
    "--state",
    type=Word(STATES),
    metavar="STATE",
    help=f"Only records in this state: {', '.join(STATES)}.",
)
@click.option("--order", default="", metavar="REF", help="Only records of this order.")
@click.option("--limit", type=WholeNumber(1, 1000), default=20, show_default=True, help="How many records at most.")
@stack_option
@json_option
def list_command(state: str | None, order: str, limit: int, stack: str, *, as_json: bool) -> int:
    """List the allocation records of a stack, one a consignment, the newest first."""
    found = target(stack)
    listed = _listed(found, state or "", order, limit)
    if as_json:
        print_json_lines(map(_summary_json, listed.records))
    elif listed.records:
        print_table(_COLUMNS, map(_cells, listed.records), result_console())
    else:
        print_text(f"{found.name} has no {'such record' if state or order else 'record yet'}.")
    if listed.is_cut:
        progress_console().print(
            f"Only {MAX_SCANNED} records of a larger table were looked at: name an --order to find others."
        )
    return 0


@orders.command(
    "retry",
    cls=ExampleCommand,
    examples=[
        "carrier orders retry --failed --since 2026-11-25T10:00:00Z --dry-run",
        "carrier orders retry --failed --since 2026-11-25T10:00:00Z --rate 2",
    ],
    short_help="Try failed consignments again.",
)
@click.option("--failed", is_flag=True, help="Try failed consignments. Nothing else can be tried again.")
@click.option("--since", required=True, metavar="TIMESTAMP", help="Only consignments that failed then or later.")
@click.option("--code", default="", metavar="CODE", help="Only failures with this code.")
@click.option("--rate", type=Number(0.1, 100), default=10, show_default=True, help="Messages a second at most.")
@click.option("--dry-run", is_flag=True, help="Send nothing, and count.")
@stack_option
@json_option
def retry_command(since: str, code: str, rate: float, stack: str, *, failed: bool, dry_run: bool, as_json: bool) -> int:
    """Send failed consignments to the order queue again, from what the stack has kept of their orders.

    Each goes in a message with a new event id, which tries the failure again. Exit status 1 if there is no such
    failure, or if nothing is kept of one: its sender must send the order again.
    """
    if not failed:
        raise UsageError("Which consignments? Only failed ones can be tried again: add --failed.")
    moment, found = timestamp("--since", since), target(stack)
    result = retry(found, failed_since(found, moment, code), a_second=rate, dry_run=dry_run)
    if as_json:
        print_json({"dryRun": dry_run, "sent": result.sent, "notKept": result.not_kept})
    else:
        sent = f"{counted(len(result.sent), 'failed consignment')} {'would be ' if dry_run else ''}sent again"
        others = f" Nothing is kept of {counted(len(result.not_kept), 'other')}." if result.not_kept else ""
        print_text(f"{sent} in {found.name}.{others}")
        for reference in result.not_kept:
            print_text(f"  {printable(reference)}: send its order again, with a new eventId.")
    return int(bool(result.not_kept) or not result.sent)


def _listed(target: Target, state: str, order: str, limit: int) -> Newest:
    """Return the newest records of an order, or of all, in a state, or in any."""
    if not order:
        return newest(target.dynamodb, target.allocations_table, limit, state)
    records = records_of(target.dynamodb, target.allocations_table, order)
    return Newest(newest_of([record for record in records if state in {"", record.get("state")}], limit), is_cut=False)


def _cells(record: Record) -> list[str]:
    names = ("orderReference", KEY, "state", "carrierServiceReference")
    written = f"{record.get('allocatedAt') or '-':.16}".replace("T", " ")
    return [written, *(str(record.get(name) or "-") for name in names)]


def _summary_json(record: Record) -> dict[str, Any]:
    """Return what the list has of a record, and its failure."""
    names = ("orderReference", KEY, "state", "mode", "modeReference", "carrierServiceReference", "allocatedAt")
    failure = record.get("failure")
    return {
        **{name: record.get(name) for name in names},
        "failure": {"code": failure.get("code"), "message": failure.get("message")} if failure else None,
    }
