"""Text folded between words to a terminal's width. Importing it costs nothing, unlike rich."""

import os
import re
from collections.abc import Iterator
from textwrap import wrap
from typing import Final, TextIO

# Where nobody knows how wide the terminal is, or there is none.
_USUAL_WIDTH: Final = 80
# What people copy stays on one line: what stands in backticks, and an option with its value.
_COPIED: Final = re.compile(r"`[^`]+`|--[a-z-]+ \S+")
_NO_BREAK: Final = "\0"


def width_of(stream: TextIO) -> int:
    """Return `COLUMNS` where it is set, as rich does, the width of a stream's terminal, or 80."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):  # it is no terminal, or it is closed
        return _USUAL_WIDTH


def folded(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text, folded between words and commands. A folded line goes on as far in as it started."""
    for line in text.splitlines():
        start = line[: len(line) - len(line.lstrip(" "))]
        whole = _COPIED.sub(lambda match: match[0].replace(" ", _NO_BREAK), line)
        for part in wrap(whole, width, subsequent_indent=start, break_long_words=False, break_on_hyphens=False) or [""]:
            yield part.replace(_NO_BREAK, " ")
