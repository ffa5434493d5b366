"""The parts that customs documents are made of: paragraphs, ruled tables, and the file around them."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import black
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from allocation.documents.fonts import Weight, covers
from allocation.documents.pdf_fonts import FONT_NAMES, register_fonts
from allocation.documents.writing import legible

MARGIN_MM: Final = 6
SIGNATURE_HEIGHT: Final = 24
"""Points."""
PADDING: Final = 2
"""Points between a cell's rule and its text."""


def paragraph(text: str, size: float = 7, *, bold: bool = False) -> Paragraph:
    """Text as it stands in a cell; nothing in it is read as markup."""
    return Paragraph(escape(legible(text, covers)) or " ", style(size, "Bold" if bold else "Regular"))


@cache
def style(size: float, weight: Weight) -> ParagraphStyle:
    """The packaged font at a size in points. A paragraph looks it up as soon as it is made."""
    register_fonts()
    return ParagraphStyle(f"{weight} {size}", fontName=FONT_NAMES[weight], fontSize=size, leading=size * 1.3)


def entry(title: str, lines: Sequence[str], size: float = 7) -> list[Flowable]:
    """A field of a form: its title in small letters, and what was filled in."""
    return [paragraph(title, 5), *(paragraph(line, size) for line in lines)]


def signature(title: str, lines: Sequence[str]) -> list[Flowable]:
    """A field with room to sign in."""
    return [*entry(title, lines), Spacer(1, SIGNATURE_HEIGHT)]


def table(rows: Sequence[Sequence[object]], widths_mm: Sequence[float], heading_rows: int = 0) -> Table:
    """A ruled table; it may break across pages, even inside of a row, and repeats its headings there."""
    ruled = Table(
        [list(row) for row in rows],
        colWidths=[width * mm for width in widths_mm],
        repeatRows=heading_rows,
        splitInRow=1,
    )
    ruled.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, black),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *((f"{side}PADDING", (0, 0), (-1, -1), PADDING) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
        ]
    )
    return ruled


def pdf_file(parts: Sequence[Flowable], page_mm: tuple[float, float], title: str) -> bytes:
    """The document; the same parts give the same bytes."""
    file = BytesIO()
    margin = MARGIN_MM * mm
    width, height = page_mm
    document = SimpleDocTemplate(
        file,
        pagesize=(width * mm, height * mm),
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=title,
        author="",
        invariant=1,
    )
    document.build(list(parts))
    return file.getvalue()
