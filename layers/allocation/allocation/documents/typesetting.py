"""Puts text into a box: as large as fits, wrapped at words, and cut only where even the smallest does not fit."""

from collections.abc import Sequence
from typing import Final

from allocation.documents.drawing import Box, Text
from allocation.documents.fonts import Weight, text_width, thousandths

LINE_HEIGHT: Final = 1.25
"""Ems from one line to the next."""
READABLE: Final = 24
"""Dots: 3 mm. Down to this size words are kept whole; below it, breaking an endless word beats shrinking all others."""
SMALLEST: Final = 12
"""Dots: 1.5 mm, the least that is still legible."""
CUT: Final = "[...]"
"""Stands where text was left out, so that nobody takes what is left for all."""


def set_in(box: Box, paragraphs: Sequence[str], largest: int, weight: Weight = "Regular") -> tuple[Text, ...]:
    """The paragraphs' lines in `box`, at most `largest` dots high."""
    size = next((size for size in range(largest, SMALLEST, -1) if fits(box, paragraphs, size, weight)), SMALLEST)
    lines = wrapped(paragraphs, box.width, size, weight)
    room = max(1, int(box.height / (size * LINE_HEIGHT)))
    if len(lines) > room:
        lines = [*lines[: room - 1], shortened(lines[room - 1], box.width, size, weight)]
    return tuple(Text(box.x, box.y + int(at * size * LINE_HEIGHT), size, line, weight) for at, line in enumerate(lines))


def fits(box: Box, paragraphs: Sequence[str], size: int, weight: Weight) -> bool:
    """Tells whether the paragraphs, wrapped, fit into the box at this size, and a large size breaks no word."""
    words = (word for paragraph in paragraphs for word in paragraph.split())
    if size > READABLE and any(text_width(word, size, weight) > box.width for word in words):
        return False
    return len(wrapped(paragraphs, box.width, size, weight)) * size * LINE_HEIGHT <= box.height


def wrapped(paragraphs: Sequence[str], width: int, size: int, weight: Weight) -> list[str]:
    """The paragraphs in lines of at most `width`; a word that is wider by itself is broken."""
    lines: list[str] = []
    for paragraph in paragraphs:
        line = ""
        for piece in (piece for word in paragraph.split() for piece in broken(word, width, size, weight)):
            longer = f"{line} {piece}".lstrip()
            if line and text_width(longer, size, weight) > width:
                lines.append(line)
                longer = piece
            line = longer
        lines.append(line)
    return lines


def broken(word: str, width: int, size: int, weight: Weight) -> list[str]:
    """A word in pieces of at most `width`."""
    if text_width(word, size, weight) <= width:
        return [word]
    pieces, taken = [""], 0
    for character in word:
        wide = thousandths(character, weight)
        if pieces[-1] and size * (taken + wide) / 1000 > width:
            pieces.append("")
            taken = 0
        pieces[-1] += character
        taken += wide
    return pieces


def shortened(line: str, width: int, size: int, weight: Weight) -> str:
    """As much of `line` as leaves room for the mark that something is missing."""
    while line and text_width(f"{line} {CUT}", size, weight) > width:
        line = line[:-1]
    return f"{line} {CUT}".lstrip()
