"""`carrier orders`: the outcomes of orders. `order_messages.py` has what is done before a message is sent."""

from typing import Any, Final

import click

from allocation.domain.outcome import Explanation
from allocation.engine.explanation import shortened
from allocation.records.stored_record import explanation_of
from cli.commands.dead_letters import letter_json, print_letters
from cli.commands.options import ExampleCommand, ExampleGroup, Number, WholeNumber, json_option, stack_option, timestamp
from cli.commands.order_messages import check_command, mapping_command
from cli.errors import UsageError
from cli.operations.published import event_ids
from cli.operations.records import KEY, MAX_SCANNED, STATES, Newest, Record, newest, newest_of, records_of
from cli.operations.retry import failed_since, retry
from cli.operations.target import Target, target
from cli.operations.trace import History, history_of
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
orders.add_command(mapping_command)


@orders.command(
    "trace",
    cls=ExampleCommand,
    examples=["carrier orders trace WEB-100045"],
    short_help="Show one order's history.",
)
@click.argument("order")
@stack_option
@json_option
def trace_command(order: str, stack: str, *, as_json: bool) -> int:
    """Show one order's history: its records, their events, and its messages in the dead letter queue.

    Exit status 1 if the order has no record, or a message in the dead letter queue.
    """
    if not order:
        raise UsageError("Which order? Give its reference: carrier orders trace WEB-100045.")
    found = target(stack)
    history = history_of(found, order)
    if as_json:
        print_json(_json_of(order, history))
    else:
        _print_history(order, history, found)
    return int(not history.records or bool(history.dead_letters))


@orders.command(
    "list",
    cls=ExampleCommand,
    examples=["carrier orders list --state AllocationFailed", "carrier orders list --order WEB-100045 --json"],
    short_help="List the records of a stack, the newest first.",
)
@click.option("--state", type=click.Choice(STATES, case_sensitive=False), help="Only records in this state.")
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
        others = f" Nothing is kept of {len(result.not_kept)} others." if result.not_kept else ""
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
    return [f"{record.get('allocatedAt') or '-':.16}", *(str(record.get(name) or "-") for name in names)]


def _summary_json(record: Record) -> dict[str, Any]:
    """Return what the list has of a record, and its failure."""
    names = ("orderReference", KEY, "state", "mode", "modeReference", "carrierServiceReference", "allocatedAt")
    failure = record.get("failure")
    return {
        **{name: record.get(name) for name in names},
        "failure": {"code": failure.get("code"), "message": failure.get("message")} if failure else None,
    }


def _json_of(order: str, history: History) -> dict[str, Any]:
    return {
        "orderReference": order,
        "records": [_record_json(record, history) for record in history.records],
        "deadLetters": [letter_json(letter) for letter in history.dead_letters],
        "orderQueue": {"waiting": history.waiting, "inWork": history.in_work},
        "streamFailureQueue": history.unpublished,
        "logTrouble": history.log_trouble or None,
    }


def _record_json(record: Record, history: History) -> dict[str, Any]:
    """Return a record without its large parts, and its events."""
    return {
        **_summary_json(record),
        "eventId": record.get("eventId"),
        "version": int(record["version"]),
        "updatedBy": record.get("updatedBy"),
        "refusedUpdate": record.get("refusedUpdate"),
        "events": [
            {"id": event_id, "publishedAt": moment.isoformat() if (moment := history.published.get(event_id)) else None}
            for event_id in event_ids(record)
        ],
    }


def _print_history(order: str, history: History, target: Target) -> None:
    if not history.records:
        print_text(f"{target.name} has no record of order {printable(order)}.")
    for record in history.records:
        _print_record(record)
        _print_events(record, history)
    if history.dead_letters:
        print_text("In the dead letter queue:")
        print_letters(history.dead_letters)
    print_text(
        f"Order queue: {counted(history.waiting, 'message')} waiting, {history.in_work} in work or held back, "
        f"of any order. Stream failure queue: {history.unpublished}."
    )
    if history.log_trouble:
        print_text(
            f"The publisher's log can't be read ({printable(history.log_trouble)}). "
            f"To see which events were published, ask CloudWatch Logs Insights over {target.publisher_log}:"
        )
        print_text('  filter message = "published" and @message like "<event id>"')


def _print_record(record: Record) -> None:
    """Print how a record stands, where it comes from, and its version."""
    failure = record.get("failure") or {}
    outcome = record.get("carrierServiceReference") or failure.get("code")
    mode = " ".join(filter(None, (record.get("mode"), record.get("modeReference"))))
    print_text(f"{record[KEY]}  {record['state']}{f' {outcome}' if outcome else ''}  {record['allocatedAt']}")
    asked_by = printable(str(record.get("eventId", "-")))
    print_text(f"  asked for by event {asked_by}{f', mode {mode}' if mode else ''}")
    print_text(f"  version {record['version']}")
    if message := failure.get("message") or record.get("why"):
        print_text(f"  {printable(message)}")
    if updated_by := record.get("updatedBy"):
        print_text(f"  content of update {printable(str(updated_by))}")
    if refused := record.get("refusedUpdate"):
        print_text(f"  refused update {printable(str(refused['eventId']))}  {refused['at']}")
    if past := record.get("pastFailure"):
        print_text(f"  failed before, {printable(past['failedAt'])}: {printable(past['code'])}")
    if "explanation" in record:
        _print_decision(explanation_of(record["explanation"]))


def _print_events(record: Record, history: History) -> None:
    """Print one line for each version: its event, and whether the log says that it was published."""
    for event_id in event_ids(record):
        if moment := history.published.get(event_id):
            print_text(f"  event {event_id} published {moment:%Y-%m-%d %H:%M:%S}Z")
        else:
            print_text(f"  event {event_id}" + ("" if history.log_trouble else " not in the publisher's log"))


def _print_decision(explanation: Explanation) -> None:
    """Print what the engine decided by: enough to replay the decision."""
    print_text(
        f"  decided {explanation['decidedAt']} by catalogue {explanation['catalogueVersion']}; digests: "
        f"catalogue {shortened(explanation['catalogueDigest'])}, inputs {shortened(explanation['inputsDigest'])}"
    )
