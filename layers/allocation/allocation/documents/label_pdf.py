"""Labels as a PDF file, a page each."""

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
        for at, module in enumerate(mark.modules):
            if module == "1":
                fill(canvas, Box(mark.x + at * mark.module_width, mark.y, mark.module_width, mark.height))
    else:
        canvas.setFillGray(1 if mark.is_white else 0)
        canvas.setFont(FONT_NAMES[mark.weight], mark.size * POINTS)
        feet = (LABEL_HEIGHT - mark.y - BASELINE * mark.size) * POINTS
        canvas.drawString(mark.x * POINTS, feet, mark.value)


def fill(canvas: Canvas, box: Box) -> None:
    """Blackens a box."""
    canvas.setFillGray(0)
    lower = (LABEL_HEIGHT - box.y - box.height) * POINTS
    canvas.rect(box.x * POINTS, lower, box.width * POINTS, box.height * POINTS, stroke=0, fill=1)
