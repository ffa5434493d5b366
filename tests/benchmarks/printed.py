"""The table as a terminal shows it, in 80 columns."""

from collections.abc import Sequence
from typing import Final

from tests.benchmarks.figures import Row

_WHAT: Final = 43
_NOW: Final = 9
_GOAL: Final = 7
_AROUND: Final = 13


def table_lines(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table: what, now, goal, whether it is reached, and half of the samples' range."""
    head = f"{'what':{_WHAT}} {'now':>{_NOW}} {'goal':>{_GOAL}}  {'':2} {'quartiles':>{_AROUND}}"
    return [head, "-" * len(head), *(line for row in rows for line in _lines(row))]


def _lines(row: Row) -> list[str]:
    mark = {True: "ok", False: "--", None: "  "}[row.is_reached]
    figures = f"{row.now:>{_NOW}} {row.wanted:>{_GOAL}}  {mark} {row.around:>{_AROUND}}"
    first, *more = _folded(row.what)
    return [f"{first:{_WHAT}} {figures}".rstrip(), *more]


def _folded(text: str) -> list[str]:
    """Return the text in lines that fit, those after the first moved in."""
    lines, current = [], ""
    for word in text.split(" "):
        longer = f"{current} {word}" if current else word
        if len(longer) > _WHAT and current:
            lines.append(current)
            longer = f"  {word}"
        current = longer
    return [*lines, current]
