"""Labels as a PDF file, a page each."""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from allocation.documents.drawing import DOTS_PER_MM, LABEL_HEIGHT, LABEL_WIDTH, Barcode, Box, Drawing, Filled, Mark
from allocation.documents.label_png import BASELINE
from allocation.documents.pdf_fonts import FONT_NAMES, register_fonts

POINTS: Final = mm / DOTS_PER_MM
"""Points in a dot."""
INSET: Final = 0.05
"""Dots that a bar is narrower on either side: an edge that lies on a printer's dot to the last digit may be rounded to
the next one, and then a narrow bar is half as wide again."""


def pdf_of(drawings: Sequence[Drawing], title: str) -> bytes:
    """The labels as a PDF file; the same labels give the same bytes."""
    register_fonts()
    file = BytesIO()
    canvas = Canvas(file, pagesize=(LABEL_WIDTH * POINTS, LABEL_HEIGHT * POINTS), invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for drawing in drawings:
        for mark in drawing:
            draw(canvas, mark)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def draw(canvas: Canvas, mark: Mark) -> None:
    """Draws a mark; a PDF counts from the lower left corner."""
    if isinstance(mark, Filled):
        fill(canvas, mark.box)
    elif isinstance(mark, Barcode):
        # Bar by bar: between modules drawn one by one a renderer that smooths edges leaves grey seams.
        for bar in re.finditer("1+", mark.modules):
            left, width = mark.x + bar.start() * mark.module_width, len(bar[0]) * mark.module_width
            fill(canvas, Box(left, mark.y, width, mark.height), INSET)
    else:
        canvas.setFillGray(1 if mark.is_white else 0)
        canvas.setFont(FONT_NAMES[mark.weight], mark.size * POINTS)
        feet = (LABEL_HEIGHT - mark.y - BASELINE * mark.size) * POINTS
        canvas.drawString(mark.x * POINTS, feet, mark.value)


def fill(canvas: Canvas, box: Box, inset: float = 0.0) -> None:
    """Blackens a box, `inset` dots narrower on either side."""
    canvas.setFillGray(0)
    lower = (LABEL_HEIGHT - box.y - box.height) * POINTS
    left, width = (box.x + inset) * POINTS, (box.width - 2 * inset) * POINTS
    canvas.rect(left, lower, width, box.height * POINTS, stroke=0, fill=1)
