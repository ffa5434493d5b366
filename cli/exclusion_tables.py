"""Why carrier services can't take a consignment, as tables: a row for each reason, or for each service and reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from rich.table import Table

from allocation.console.explained_decision import ExcludedService, Reason
from cli.output import plain_table, printable, result_console

# How many services are named for a reason.
_NAMED: Final = 4
# Characters of what services take, and of a line of how the consignment is, on a terminal of so many columns.
_USUAL_WIDTH: Final = 80
_MAX_EXPECTED: Final = 30
_ACTUAL_WIDTH: Final = 16


def reasons_table(excluded: Sequence[ExcludedService]) -> Table:
    """Return one row a reason, the most frequent first: how the consignment is, and services with what they take."""
    width = result_console().width
    spare = max(0, width - _USUAL_WIDTH)
    actual_width = _ACTUAL_WIDTH + spare // 4
    rows = [
        (f"  {code}", _cut(printable(reasons[0][1].actual), 3 * actual_width), str(len(reasons)), reasons)
        for code, reasons in by_reason(excluded).items()
    ]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    room = width - widths[0] - min(widths[1], actual_width) - widths[2] - 6
    table = plain_table()
    table.add_column("  Reason", no_wrap=True)
    table.add_column("Is", max_width=actual_width, overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Services (what they take)", overflow="fold")
    for code, actual, number, reasons in rows:
        table.add_row(code, actual, number, _who_wants_what(reasons, room, _MAX_EXPECTED + spare // 2))
    return table


def by_reason(excluded: Sequence[ExcludedService]) -> Mapping[str, Sequence[tuple[str, Reason]]]:
    """Return the services that have a reason, with it, by its code, the most frequent first."""
    found: dict[str, dict[str, Reason]] = defaultdict(dict)
    for service in excluded:
        for reason in service.reasons:
            found[reason.code].setdefault(service.service, reason)
    by_count = sorted(found.items(), key=lambda group: -len(group[1]))
    return {code: list(services.items()) for code, services in by_count}


def _who_wants_what(reasons: Sequence[tuple[str, Reason]], room: int, most: int) -> str:
    """Return services with what they take: all where they are few, else as many as fit into `room` characters.

    What they take has `most` characters at most.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for service, reason in reasons:
        alike[_cut(printable(reason.expected), most)].append(service)
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    if len(reasons) <= _NAMED:
        return "; ".join(f"{', '.join(services)} ({wanted})" for wanted, services in groups)
    wanted, services = groups[0]
    texts = [f"{', '.join(services[:named])} ({wanted}) ..." for named in range(min(len(services), _NAMED), 0, -1)]
    return next((text for text in texts if len(text) <= room), texts[-1])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def excluded_table(excluded: Sequence[ExcludedService]) -> Table:
    """Return one row a reason of each service; a service is named in its first row."""
    table = plain_table()
    table.add_column("Left out", overflow="fold")
    table.add_column("Reason", no_wrap=True)
    table.add_column("Wanted", overflow="fold")
    table.add_column("Is", overflow="fold")
    for service in excluded:
        for number, reason in enumerate(service.reasons):
            name = "" if number else printable(service.full_name)
            table.add_row(name, reason.code, printable(reason.expected), printable(reason.actual), style="dim")
    return table
