"""The one place that prints: results on stdout as tables, text or JSON, and progress on stderr.

Text and tables fit the terminal, or 80 columns where there is none. Only a terminal gets colours, and only without
NO_COLOR: rich sees to both.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.measure import Measurement
from rich.status import Status
from rich.table import Table
from rich.text import Text

from cli.folding import folded

# Where the values of facts begin.
_FACT: Final = 13


def result_console() -> Console:
    """Return what prints results: stdout."""
    return Console(highlight=False, markup=False)


def progress_console() -> Console:
    """Return what prints how a command is going: stderr."""
    return Console(stderr=True, highlight=False, markup=False)


def print_text(text: str, console: Console | None = None) -> None:
    """Print a text on stdout, or on `console`, folded between words to the width that there is."""
    out = console or result_console()
    for line in folded(text, out.width):
        out.out(line, highlight=False)


def print_next(text: str, command: str) -> None:
    """Print what to do next, with the command for it on a line of its own that is never folded: it is to be copied."""
    print_text(f"{text}:")
    result_console().out(f"  ./carrier {printable(command)}", highlight=False)


def print_blank() -> None:
    """Print an empty line on stdout."""
    result_console().out("")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    heading: str
    is_number: bool = False


def plain_table(*, header: bool = True) -> Table:
    """Return an empty table without lines around it."""
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=header)


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Text]], console: Console) -> None:
    """Print a table without lines around it, safe to show whatever the cells hold.

    A terminal folds what does not fit. Elsewhere every row is one line, however long: other programs find whole
    references, and no trailing blanks.
    """
    table = plain_table()
    for column in columns:
        table.add_column(column.heading, overflow="fold", justify="right" if column.is_number else "left")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    if not console.is_terminal:
        wide = console.options.update(max_width=sys.maxsize)
        console.width = max(console.width, Measurement.get(console, wide, table).maximum)
    print_fitted(table, console)


def print_fitted(table: Table, console: Console | None = None) -> None:
    """Print a table on stdout, or on `console`, folded to its width.

    Elsewhere than on a terminal, no line ends in blanks.
    """
    out = console or result_console()
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as capture:
        out.print(table)
    for line in capture.get().splitlines():
        out.out(line.rstrip(), highlight=False)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print values beside their names, each value folded to the width that there is. Names are short or empty."""
    out = result_console()
    for name, value in facts:
        lines = list(folded(printable(value), out.width - _FACT)) or [""]
        for number, line in enumerate(lines):
            out.out(f"{'' if number else f'  {name}':<{_FACT}}{line}".rstrip(), highlight=False)


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_json_lines(values: Iterable[Mapping[str, Any]]) -> None:
    """Print each value as JSON on a line of its own."""
    for value in values:
        sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 problem`, `2 problems`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    r"""Return text from outside as it may be shown.

    An escape, as `\x1b`, stands for all that would steer a terminal, break a line or can't be encoded.
    """
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


class Step:
    """One step of a command, shown on a terminal as a line that `update` replaces; elsewhere once, at its end."""

    def __init__(self, console: Console, text: str) -> None:
        """`text` is the line at first."""
        self.text = text
        self.status: Final[Status] = console.status(text)

    def update(self, text: str) -> None:
        """Show how far the step is."""
        self.text = text
        self.status.update(text)


class Progress:
    """The steps of a command, on stderr: a moving line on a terminal, a plain line each elsewhere."""

    def __init__(self, console: Console) -> None:
        """`console` writes to stderr."""
        self.console: Final = console

    def print(self, text: str) -> None:
        """Print lines as they are, so that they can be copied."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Show a step while the block runs. A line with its seconds remains when it has succeeded."""
        started = time.monotonic()
        step = Step(self.console, text)
        if self.console.is_terminal:
            with step.status:
                yield step
        else:
            yield step
        print_text(f"{step.text} ({time.monotonic() - started:.1f} s)", self.console)


def _escape(letter: str) -> str:
    r"""Return a character as Python writes it: `\n`, `\u202e`, and `\ud800` for half a surrogate pair."""
    return letter.encode("unicode_escape").decode("ascii")
