"""Setting text in a box: as large as fits, wrapped at words, and cut only if even the smallest size is too large."""

from collections.abc import Sequence
from typing import Final

from allocation.documents.drawing import Box, TextLine
from allocation.documents.fonts import FontWeight, text_width, thousandths

# Ems from one line to the next.
_LINE_HEIGHT: Final = 1.25
# 3 mm, in dots. Down to this size words stay whole. Below it, breaking one long word is better than shrinking the rest.
_READABLE: Final = 24
# 1.5 mm, in dots: the least that is still legible.
SMALLEST: Final = 12
# Marks where text was left out, so that nobody takes the rest for the whole.
CUT: Final = "[...]"


def set_in(box: Box, paragraphs: Sequence[str], largest: int, weight: FontWeight = "Regular") -> tuple[TextLine, ...]:
    """Return the lines of the paragraphs in `box`, each at most `largest` dots high."""
    size = next((size for size in range(largest, SMALLEST, -1) if _fits(box, paragraphs, size, weight)), SMALLEST)
    lines = _wrapped(paragraphs, box.width, size, weight)
    room = max(1, int(box.height / (size * _LINE_HEIGHT)))
    if len(lines) > room:
        lines = [*lines[: room - 1], _shortened(lines[room - 1], box.width, size, weight)]
    return tuple(
        TextLine(box.x, box.y + int(at * size * _LINE_HEIGHT), size, line, weight) for at, line in enumerate(lines)
    )


def _fits(box: Box, paragraphs: Sequence[str], size: int, weight: FontWeight) -> bool:
    """Tell whether the wrapped paragraphs fit into the box at this size; a readable size must break no word."""
    words = (word for paragraph in paragraphs for word in paragraph.split())
    if size > _READABLE and any(text_width(word, size, weight) > box.width for word in words):
        return False
    return len(_wrapped(paragraphs, box.width, size, weight)) * size * _LINE_HEIGHT <= box.height


def _wrapped(paragraphs: Sequence[str], width: int, size: int, weight: FontWeight) -> list[str]:
    """Wrap the paragraphs into lines of at most `width`. A word that is wider by itself is broken."""
    lines: list[str] = []
    for paragraph in paragraphs:
        line = ""
        for piece in (piece for word in paragraph.split() for piece in _broken(word, width, size, weight)):
            longer = f"{line} {piece}".lstrip()
            if line and text_width(longer, size, weight) > width:
                lines.append(line)
                longer = piece
            line = longer
        lines.append(line)
    return lines


def _broken(word: str, width: int, size: int, weight: FontWeight) -> list[str]:
    """Break a word into pieces of at most `width`."""
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


def _shortened(line: str, width: int, size: int, weight: FontWeight) -> str:
    """Return as much of `line` as leaves room for the mark that something is missing."""
    while line and text_width(f"{line} {CUT}", size, weight) > width:
        line = line[:-1]
    return f"{line} {CUT}".lstrip()
