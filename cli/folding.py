"""Text folded between words to a terminal's width. Importing it costs nothing, unlike rich."""

import os
from collections.abc import Iterator
from textwrap import wrap
from typing import Final, TextIO

# Where nobody knows how wide the terminal is, or there is none.
_USUAL_WIDTH: Final = 80


def width_of(stream: TextIO) -> int:
    """Return the width of a stream's terminal in columns, or 80."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):  # it is no terminal, or it is closed
        return _USUAL_WIDTH


def folded(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text, folded. What is folded starts as far in as its line did. Words stay whole."""
    for line in text.splitlines():
        start = line[: len(line) - len(line.lstrip(" "))]
        yield from wrap(line, width, subsequent_indent=start, break_long_words=False, break_on_hyphens=False) or [""]
