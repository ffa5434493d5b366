"""The result of a replay for a terminal: the conclusion, then who moves where, what changes most, and what fails."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rich.measure import Measurement
from rich.table import Table

from allocation.domain.currencies import minor_unit
from allocation.replay.result import ReplayResult
from allocation.replay.tally import Difference, FromTo, Moved
from cli.output import counted, print_blank, print_fitted, print_text, printable, result_console
from cli.replay.words import Modes, compared, conclusion

_NO_SERVICE: Final = "(none)"
_MOVES: Final = 20
_NAMED: Final = 3


def print_result(result: ReplayResult, modes: Modes) -> None:
    """Print a result on stdout."""
    for sentence in conclusion(result):
        print_text(sentence)
    print_blank()
    print_text(compared(result, modes))
    if result.newly_failed or result.newly_allocated:
        _section("Net cost of all that each allocates", _cost_table(result))
    if moves := [(way, moved) for way, moved in result.ways if way.before != way.after]:
        _print_moves(result, moves)
    _print_changes(result.dearer, "dearer")
    _print_changes(result.cheaper, "cheaper")
    _print_failures(result)
    if result.full_days:
        _section("Daily limits that would be used up", _limit_table(result))


class Matrix(NamedTuple):
    """How many consignments go from the service of a row to that of a column; None is no service at all.

    There are a row for each service that loses consignments, and a column for each that wins some.
    """

    rows: Sequence[str | None]
    columns: Sequence[str | None]
    counts: Mapping[tuple[str | None, str | None], int]


def matrix_of(result: ReplayResult) -> Matrix:
    """Return the matrix of the moves. A service that loses and wins also has those that stay with it."""
    counts: Counter[tuple[str | None, str | None]] = Counter()
    for way, moved in result.ways:
        counts[way.before, way.after] += moved.count
    moves = [(before, after) for before, after in counts if before != after]
    rows, columns = ({way[side] for way in moves} for side in (0, 1))
    return Matrix(sorted(rows, key=in_order), sorted(columns, key=in_order), counts)


def in_order(name: str | None) -> tuple[bool, str]:
    """Return the place of a service among others: by its reference, and no service is the last."""
    return name is None, name or ""


def shown_service(name: str | None) -> str:
    """Return a service's reference, or what stands for a failure."""
    return _NO_SERVICE if name is None else printable(name)


def _section(title: str, table: Table) -> None:
    print_blank()
    print_text(f"{title}:")
    print_fitted(table)


def _cost_table(result: ReplayResult) -> Table:
    table = _table("  Currency", "Before", "After", "Change", numbers=range(1, 4))
    for currency in sorted({*result.cost_before, *result.cost_after}):
        nothing = minor_unit(currency) * 0
        before, after = result.cost_before.get(currency, nothing), result.cost_after.get(currency, nothing)
        table.add_row(f"  {currency}", f"{before:,}", f"{after:,}", f"{after - before:+,}")
    return table


def _print_moves(result: ReplayResult, moves: Sequence[tuple[FromTo, Moved]]) -> None:
    """Print the matrix of the services that lose or win consignments where it fits, and what the moves cost."""
    matrix, console = _matrix(result), result_console()
    wide = console.options.update(max_width=sys.maxsize)
    if Measurement.get(console, wide, matrix).maximum <= console.width:
        _section("Consignments from each service (rows) to each (columns)", matrix)
    else:
        print_blank()
        print_text("The matrix of the moves is wider than this: --html FILE has it.")
    title = f"The {_MOVES} most frequent of {len(moves)} moves" if len(moves) > _MOVES else "Moves"
    _section(f"{title}, with net prices", _moves_table(moves[:_MOVES]))


def _matrix(result: ReplayResult) -> Table:
    rows, columns, counts = matrix_of(result)
    table = _table("", *map(shown_service, columns), numbers=range(1, len(columns) + 1))
    for before in rows:
        numbers = [counts.get((before, after), 0) for after in columns]
        table.add_row(f"  {shown_service(before)}", *(f"{number:,}" if number else "." for number in numbers))
    return table


def _moves_table(moves: Iterable[tuple[FromTo, Moved]]) -> Table:
    table = _table("  From", "To", "Number", "Before", "After", "Change", numbers=range(2, 6))
    for way, moved in moves:
        alike = way.currency_before == way.currency_after
        change = f"{moved.after - moved.before:+,}" if alike else ""
        table.add_row(
            f"  {shown_service(way.before)}",
            shown_service(way.after),
            f"{moved.count:,}",
            f"{moved.before:,} {way.currency_before}" if way.currency_before else "",
            f"{moved.after:,} {way.currency_after}" if way.currency_after else "",
            change,
        )
    return table


def _print_changes(differences: Sequence[tuple[str, Difference]], how: str) -> None:
    """Print the largest changes of price one way, a table for each currency."""
    for currency in dict.fromkeys(currency for currency, _ in differences):
        changes = [difference for other, difference in differences if other == currency]
        _section(f"The largest changes: {how}, {currency} net", _change_table(changes))


def _change_table(changes: Iterable[Difference]) -> Table:
    table = _table("  Consignment", "From", "To", "Before", "After", "Change", numbers=range(3, 6))
    for each in changes:
        table.add_row(
            f"  {printable(each.consignment)}",
            shown_service(each.before),
            shown_service(each.after),
            f"{each.price_before:,}",
            f"{each.price_after:,}",
            f"{each.price_after - each.price_before:+,}",
        )
    return table


def _print_failures(result: ReplayResult) -> None:
    for code, failures in result.failures:
        print_blank()
        references = [printable(reference) for reference, _ in failures.consignments[:_NAMED]]
        more = failures.count - len(references)
        print_text(
            f"{printable(code)}, {counted(failures.count, 'new failure')}: {', '.join(_with_rest(references, more))}."
        )
        print_text(f"  {printable(failures.consignments[0][1])}")


def _with_rest(named: Sequence[str], more: int) -> Iterator[str]:
    yield from named
    if more:
        yield f"and {more} more"


def _limit_table(result: ReplayResult) -> Table:
    table = _table("  Service", "Collected on", "Limit", "Sent elsewhere", numbers=(2, 3))
    for day in result.full_days:
        table.add_row(f"  {printable(day.service)}", f"{day.day:%a %d %b %Y}", str(day.limit), str(day.turned_away))
    return table


def _table(*headings: str, numbers: Iterable[int]) -> Table:
    """Return an empty table; the columns at the places `numbers` hold numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    right = set(numbers)
    for place, heading in enumerate(headings):
        table.add_column(
            heading, justify="right" if place in right else "left", no_wrap=place in right, overflow="fold"
        )
    return table
