"""The packaged font, made known to reportlab: only the characters that a document uses are put into it."""

from functools import cache
from typing import Final

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from allocation.documents.fonts import Weight, font_file

FAMILY: Final = "OpenSans"
FONT_NAMES: Final[dict[Weight, str]] = {"Regular": f"{FAMILY}-Regular", "Bold": f"{FAMILY}-Bold"}


@cache
def register_fonts() -> None:
    """Registers both weights, once."""
    for weight, name in FONT_NAMES.items():
        registerFont(TTFont(name, font_file(weight)))
    addMapping(FAMILY, 0, 0, FONT_NAMES["Regular"])
    addMapping(FAMILY, 1, 0, FONT_NAMES["Bold"])
