"""`carrier orders trace` and `carrier orders list`: what became of orders."""

from typing import Any

import click

from allocation.domain.outcome import Explanation
from allocation.engine.explanation import shortened
from allocation.records.stored_record import explanation_of
from cli.commands.dlq import counted, letter_json, print_letters
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import UsageError
from cli.operations.published import Record, event_ids
from cli.operations.target import Target, target
from cli.operations.trace import KEY, Life, life_of
from cli.output import print_json, print_text, printable


@click.group
def orders() -> None:
    """Show what became of orders."""


@orders.command("trace", cls=ExampleCommand, examples=["carrier orders trace WEB-100045"])
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
    life = life_of(found, order)
    if as_json:
        print_json(_json_of(order, life))
    else:
        _print_life(order, life, found)
    return int(not life.records or bool(life.dead_letters))


def _json_of(order: str, life: Life) -> dict[str, Any]:
    return {
        "orderReference": order,
        "records": [_record_json(record, life) for record in life.records],
        "deadLetters": [letter_json(letter) for letter in life.dead_letters],
        "orderQueue": {"waiting": life.waiting, "inWork": life.in_work},
        "streamFailureQueue": life.unpublished,
        "logTrouble": life.log_trouble or None,
    }


def _record_json(record: Record, life: Life) -> dict[str, Any]:
    """Return a record without its large parts, and its events."""
    names = ("consignmentReference", "state", "mode", "modeReference", "carrierServiceReference", "allocatedAt")
    return {
        **{name: record.get(name) for name in names},
        "failure": record.get("failure"),
        "eventId": record.get("eventId"),
        "version": int(record["version"]),
        "events": [
            {"id": event_id, "publishedAt": moment.isoformat() if (moment := life.published.get(event_id)) else None}
            for event_id in event_ids(record)
        ],
    }


def _print_life(order: str, life: Life, target: Target) -> None:
    if not life.records:
        print_text(f"{target.name} has no record of order {printable(order)}.")
    for record in life.records:
        _print_record(record)
        _print_events(record, life)
    if life.dead_letters:
        print_text("In the dead letter queue:")
        print_letters(life.dead_letters)
    print_text(
        f"Order queue: {counted(life.waiting)} waiting, {life.in_work} in work or held back, of whatever order. "
        f"Stream failure queue: {life.unpublished}."
    )
    if life.log_trouble:
        print_text(
            f"Which events were published can't be told ({printable(life.log_trouble)}). "
            f"Ask CloudWatch Logs Insights over {target.publisher_log}:"
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
    if "explanation" in record:
        _print_decision(explanation_of(record["explanation"]))


def _print_events(record: Record, life: Life) -> None:
    """Print one line for each version: its event, and whether the log says that it was published."""
    for event_id in event_ids(record):
        if moment := life.published.get(event_id):
            print_text(f"  event {event_id} published {moment:%Y-%m-%d %H:%M:%S}Z")
        else:
            print_text(f"  event {event_id}" + ("" if life.log_trouble else " not in the publisher's log"))


def _print_decision(explanation: Explanation) -> None:
    """Print what the engine decided by: enough to replay the decision."""
    print_text(
        f"  decided {explanation['decidedAt']} by catalogue {explanation['catalogueVersion']}; digests: "
        f"catalogue {shortened(explanation['catalogueDigest'])}, inputs {shortened(explanation['inputsDigest'])}"
    )
