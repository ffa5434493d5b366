"""The packaged font, Open Sans: which characters it has, and how wide they are (Latin, Greek, Cyrillic, Vietnamese)."""

from functools import cache
from importlib.resources import files
from typing import Literal

from reportlab.pdfbase.ttfonts import TTFontFace

Weight = Literal["Regular", "Bold"]


def font_file(weight: Weight) -> str:
    """Where the font's file is."""
    return str(files("ttf_opensans") / "ttf" / f"OpenSans-{weight}.ttf")


@cache
def face(weight: Weight) -> TTFontFace:
    """The font's tables, read once."""
    return TTFontFace(font_file(weight))


def covers(character: str) -> bool:
    """Tells whether the font has a character; both weights have the same ones."""
    return ord(character) in face("Regular").charToGlyph


def text_width(text: str, size: float, weight: Weight) -> float:
    """The width of a line of text in the unit of `size`, without kerning: what is drawn is never wider."""
    return size * thousandths(text, weight) / 1000


def thousandths(text: str, weight: Weight) -> int:
    """The width of a line of text in thousandths of its size."""
    widths, default = face(weight).charWidths, face(weight).defaultWidth
    return sum(widths.get(ord(character), default) for character in text)
