"""`carrier orders reconcile`: what SortedPRO and the records of a stack agree about, and what they don't."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, assert_never

import click
from rich.text import Text

from allocation.pro.agreement import Agreement
from cli.commands.options import ExampleCommand, json_option, stack_option, timestamp
from cli.errors import UsageError
from cli.operations.reconcile import Reconciled, aligning_of, reconciled, references_of
from cli.operations.target import target
from cli.output import Column, counted, print_json_lines, print_table, print_text, printable, result_console

_COLUMNS: Final = (Column("Consignment"), Column("Here"), Column("SortedPRO"), Column("Result"))
_STYLES: Final = {Agreement.AGREES: "green", Agreement.DIFFERS: "yellow", Agreement.CONTRADICTS: "red"}


@click.command(
    "reconcile",
    cls=ExampleCommand,
    examples=[
        "carrier orders reconcile WEB-100045",
        "carrier orders reconcile --since 2026-11-25",
        "carrier orders reconcile --since 2026-11-25 --apply",
    ],
    short_help="Compare records with SortedPRO, and bring them in line.",
)
@click.argument("names", metavar="[ORDER|CONSIGNMENT]...", nargs=-1)
@click.option("--since", default="", metavar="TIMESTAMP", help="All records that were written then or later.")
@click.option("--apply", "is_applied", is_flag=True, help="Bring records in line, with an event each.")
@stack_option
@json_option
def reconcile_command(names: Sequence[str], since: str, stack: str, *, is_applied: bool, as_json: bool) -> int:
    """Read SortedPRO's states and compare the records with them. Changes nothing without --apply.

    A record that differs is given what SortedPRO has: allocated, deallocated or
    cancelled, each with its event. SortedPRO itself is never changed.

    Exit status 1 if something differs, contradicts or could not be read, and was
    not brought in line.
    """
    if not names and not since:
        raise UsageError("Which consignments? Name orders or consignments, or say --since 2026-11-25.")
    moment, found = timestamp("--since", since) if since else None, target(stack)
    aligning = aligning_of(found)
    results = list(reconciled(aligning, references_of(found, names, moment), is_applied=is_applied))
    if as_json:
        print_json_lines(map(_json, results))
    elif not results:
        print_text(f"{found.name} has no such record.")
    else:
        print_table(_COLUMNS, map(_cells, results), result_console())
        print_text(f"\n{_summary(results, is_applied=is_applied)}", result_console())
    return int(not all(each.is_in_order for each in results))


def _cells(result: Reconciled) -> list[str | Text]:
    finding = result.finding
    style = "green" if result.is_aligned else _STYLES.get(finding.agreement, "yellow")
    return [
        printable(result.reference),
        printable(_side(result.here or "no record", result.service_here)),
        printable(_side(finding.at_pro or "-", finding.service_at_pro)),
        Text(printable(_told(result)), style),
    ]


def _side(state: str, service: str | None) -> str:
    return f"{state} {service}" if service else state


def _told(result: Reconciled) -> str:
    """Return what a comparison came to, in a few words."""
    finding = result.finding
    match finding.agreement:
        case Agreement.AGREES:
            return finding.text or "agrees"
        case Agreement.DIFFERS:
            states = ", then ".join(finding.states)
            return f"recorded as {states}" if result.is_aligned else f"differs: record {states}"
        case Agreement.CONTRADICTS | Agreement.UNSETTLED | Agreement.UNREAD:
            return finding.text
        case _:
            assert_never(finding.agreement)


def _summary(results: Sequence[Reconciled], *, is_applied: bool) -> str:
    counts = Counter(each.finding.agreement for each in results)
    aligned = sum(each.is_aligned for each in results)
    parts = [
        f"{counted(len(results), 'consignment')}: {counts[Agreement.AGREES]} agree",
        *([f"{counts[Agreement.DIFFERS]} differ"] if counts[Agreement.DIFFERS] else []),
        *([f"{aligned} brought in line"] if is_applied else []),
        *([f"{counts[Agreement.CONTRADICTS]} for a person to look at"] if counts[Agreement.CONTRADICTS] else []),
        *([f"{counts[Agreement.UNSETTLED]} still changing"] if counts[Agreement.UNSETTLED] else []),
        *([f"{counts[Agreement.UNREAD]} not read"] if counts[Agreement.UNREAD] else []),
    ]
    hint = " Add --apply to bring the records in line." if counts[Agreement.DIFFERS] and not is_applied else ""
    return f"{', '.join(parts)}.{hint}"


def _json(result: Reconciled) -> dict[str, Any]:
    finding = result.finding
    return {
        "consignmentReference": result.reference,
        "state": result.here or None,
        "carrierServiceReference": result.service_here,
        "stateAtSortedPro": finding.at_pro or None,
        "carrierServiceReferenceAtSortedPro": finding.service_at_pro,
        "result": finding.agreement.value,
        "reason": finding.text or None,
        "changes": list(finding.states),
        "applied": result.is_aligned,
    }
