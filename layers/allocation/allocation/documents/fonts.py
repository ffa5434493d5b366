"""The packaged font, Open Sans (Latin, Greek, Cyrillic, Vietnamese): its characters, their widths, its use in PDF."""

from functools import cache
from importlib.resources import files
from typing import Final, Literal

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace

FontWeight = Literal["Regular", "Bold"]

_FAMILY: Final = "OpenSans"
# What reportlab knows the fonts by.
FONT_NAMES: Final[dict[FontWeight, str]] = {"Regular": f"{_FAMILY}-Regular", "Bold": f"{_FAMILY}-Bold"}


def font_file(weight: FontWeight) -> str:
    """Return the path of the font's file."""
    return str(files("ttf_opensans") / "ttf" / f"OpenSans-{weight}.ttf")


@cache
def _face(weight: FontWeight) -> TTFontFace:
    """Return the font's tables, which are read once."""
    return TTFontFace(font_file(weight))


def covers(character: str) -> bool:
    """Tell whether the font has a character. Both weights have the same ones."""
    return ord(character) in _face("Regular").charToGlyph


def text_width(text: str, size: float, weight: FontWeight) -> float:
    """Return the width of a line in the unit of `size`, without kerning: what is drawn is never wider."""
    return size * thousandths(text, weight) / 1000


def thousandths(text: str, weight: FontWeight) -> int:
    """Return the width of a line in thousandths of its size."""
    widths, default = _face(weight).charWidths, _face(weight).defaultWidth
    return sum(widths.get(ord(character), default) for character in text)


@cache
def register_fonts() -> None:
    """Make both weights known to reportlab, once. A PDF embeds only the characters that it uses."""
    for weight, name in FONT_NAMES.items():
        registerFont(TTFont(name, font_file(weight)))
    addMapping(_FAMILY, 0, 0, FONT_NAMES["Regular"])
    addMapping(_FAMILY, 1, 0, FONT_NAMES["Bold"])
