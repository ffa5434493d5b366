"""The one place that prints: results on stdout as tables, text or JSON, and everything else on stderr.

Tables fit 80 columns. Colours go to terminals, and only without NO_COLOR.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

from rich.console import Console


def result_console() -> Console:
    """Return what prints results: stdout."""
    return Console(highlight=False, markup=False)


def progress_console() -> Console:
    """Return what prints how a command is going: stderr."""
    return Console(stderr=True, highlight=False, markup=False)


def print_text(text: str, *, indent: int = 0) -> None:
    """Print a text on stdout, its lines wrapped between words to the width of the console."""
    console = result_console()
    for line in text.splitlines():
        start = " " * indent
        folded = wrap(
            line,
            console.width,
            initial_indent=start,
            subsequent_indent=start,
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.out("\n".join(folded), highlight=False)


def print_json(value: Any) -> None:
    """Print a value as one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_json_lines(values: Iterable[Mapping[str, Any]]) -> None:
    """Print each value as JSON on a line of its own."""
    for value in values:
        sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    r"""Return text from outside as it may be shown.

    An escape, as `\x1b`, stands for all that would steer a terminal, break a line or can't be encoded.
    """
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    r"""Return a character as Python writes it: `\n`, `\u202e`, and `\ud800` for half a surrogate pair."""
    return letter.encode("unicode_escape").decode("ascii")
