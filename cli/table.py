"""The table of a run: one row a consignment, in a layout that fits where it is shown."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.output import printable
from cli.stack.rows import Row

PIPED_WIDTH: Final = 10_000
"""Columns where no terminal is: nothing is folded or cut, so that other programs find whole references."""
GAPS: Final = (2, 1)
"""Blanks between columns, the wider ones where there is room for them."""
RIGHT: Final = ("Price", "Legs", "Price\nLegs")
STATE_STYLES: Final = {"Allocated": "green", "AllocationFailed": "red"}


def print_table(console: Console, rows: Sequence[Row]) -> None:
    """Prints the rows side by side where they fit, else in two lines a consignment."""
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    wide = (wide_table(rows, gap) for gap in GAPS)
    table = next((table for table in wide if fits(console, table)), None) or narrow_table(rows)
    if console.is_terminal:
        console.print(table)
    else:
        print_without_trailing_blanks(console, table)


def print_without_trailing_blanks(console: Console, table: Table) -> None:
    """Prints a table whose last column is not filled up, as other programs like to read it."""
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def fits(console: Console, table: Table) -> bool:
    """Whether the console is as wide as the table would like to be."""
    return Measurement.get(console, console.options.update(max_width=PIPED_WIDTH), table).maximum <= console.width


def wide_table(rows: Sequence[Row], gap: int) -> Table:
    """Every value in a column of its own, never folded."""
    headings = ("Order", "Consignment", "Mode", "State", "Carrier", "Service", "Price", "Legs", "Tracking")
    table = empty_table(*headings, padding=(0, gap, 0, 0))
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(*cells(row), cell(" ".join(row.tracking_references)))
    return table


def narrow_table(rows: Sequence[Row]) -> Table:
    """Two lines a consignment, one value below another, folded where even that is too wide."""
    pairs = ("Order\nConsignment", "Mode\nState", "Carrier\nService", "Price\nLegs")
    table = empty_table(*pairs, "Tracking", padding=(0, 1, 1, 0))
    for row in rows:
        values = cells(row)
        stacked = (Text("\n").join(values[place : place + 2]) for place in range(0, len(values), 2))
        table.add_row(*stacked, Text("\n").join(map(cell, row.tracking_references or ("",))))
    return table


def empty_table(*headings: str, padding: tuple[int, int, int, int]) -> Table:
    """A table without lines around it; `padding` is above, right, below and left of each cell."""
    table = Table(box=None, pad_edge=False, padding=padding, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading in RIGHT else "left")
    return table


def cells(row: Row) -> list[Text]:
    """All of a row but its tracking references."""
    return [
        cell(row.order_reference),
        cell(row.consignment_reference),
        cell(row.mode),
        cell(row.state or "no outcome", STATE_STYLES.get(row.state or "", "yellow")),
        cell(row.carrier_reference),
        cell(row.carrier_service_reference),
        cell(f"{row.price['gross']} {row.price['currency']}" if row.price else None),
        cell(str(row.legs or "")),
    ]


def cell(value: str | None, style: str = "") -> Text:
    """A value, safe to show whatever the messages hold; a dash where there is none."""
    return Text(printable(value or "-"), style)
