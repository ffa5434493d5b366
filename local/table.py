"""The table of a run: one row a consignment, in a layout that fits where it is shown."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from local.rows import Row

PIPED_WIDTH: Final = 10_000
"""Columns where no terminal is: nothing is folded or cut, so that other programs find whole references."""
RIGHT: Final = ("Price", "Legs")
STATE_STYLES: Final = {"Allocated": "green", "AllocationFailed": "red"}


def print_table(console: Console, rows: Sequence[Row]) -> None:
    """Prints the rows side by side where they fit, else in two lines a consignment."""
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = wide_table(rows)
    if Measurement.get(console, console.options, table).minimum > console.width:
        table = narrow_table(rows)
    console.print(table)


def wide_table(rows: Sequence[Row]) -> Table:
    """Every value in a column of its own, never folded."""
    table = empty_table("Order", "Consignment", "Mode", "State", "Carrier", "Service", "Price", "Legs", "Tracking")
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        order, consignment, mode, state, carrier, service = cells(row)
        table.add_row(order, consignment, mode, state, carrier, service, *last_cells(row))
    return table


def narrow_table(rows: Sequence[Row]) -> Table:
    """Two lines a consignment, one value below another, folded where even that is too wide."""
    table = empty_table("Order\nConsignment", "Mode\nState", "Carrier\nService", "Price", "Legs", "Tracking")
    table.leading = 1
    for row in rows:
        order, consignment, mode, state, carrier, service = cells(row)
        pairs = ((order, consignment), (mode, state), (carrier, service))
        table.add_row(*(Text("\n").join(pair) for pair in pairs), *last_cells(row))
    return table


def empty_table(*headings: str) -> Table:
    """A table without lines around it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading in RIGHT else "left")
    return table


def cells(row: Row) -> tuple[Text, ...]:
    """Who a row is about, and which service takes it."""
    state = Text(row.state or "no outcome", STATE_STYLES.get(row.state or "", "yellow"))
    names = (row.carrier_reference, row.carrier_service_reference)
    return (
        Text(row.order_reference or "-"),
        Text(row.consignment_reference),
        Text(row.mode or "-"),
        state,
        *(Text(name or "-") for name in names),
    )


def last_cells(row: Row) -> tuple[Text, Text, Text]:
    """The price with VAT, the number of legs and the tracking references."""
    price = f"{row.price['gross']} {row.price['currency']}" if row.price else "-"
    return Text(price), Text(str(row.legs or "-")), Text(" ".join(row.tracking_references) or "-")
