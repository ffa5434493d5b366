"""Labels written in three formats: a PDF page each, one PNG image, and ZPL II for a 203 dpi printer."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from typing import Final, assert_never

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from allocation.documents.drawing import (
    DOTS_PER_MM,
    LABEL_HEIGHT,
    LABEL_WIDTH,
    Box,
    Code128,
    Drawing,
    Filled,
    Mark,
    TextLine,
)
from allocation.documents.fonts import FONT_NAMES, FontWeight, font_file, register_fonts

# Ems from the top of a line to its baseline. Accents of capitals reach up to the top.
_BASELINE: Final = 0.95

# PDF

# Points in a dot.
_POINTS: Final = mm / DOTS_PER_MM
# Dots by which a bar is narrower on either side. A printer may round an edge that lies exactly on one of its dots to
# the next dot, and a narrow bar would then be half as wide again.
_INSET: Final = 0.05


def pdf_of(drawings: Sequence[Drawing], title: str) -> bytes:
    """Return the labels as a PDF file. The same labels give the same bytes."""
    register_fonts()
    file = BytesIO()
    canvas = Canvas(file, pagesize=(LABEL_WIDTH * _POINTS, LABEL_HEIGHT * _POINTS), invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for drawing in drawings:
        for mark in drawing:
            _draw_in_pdf(canvas, mark)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _draw_in_pdf(canvas: Canvas, mark: Mark) -> None:
    """Draw a mark. PDF counts from the lower left corner."""
    match mark:
        case Filled(box):
            _fill_in_pdf(canvas, box)
        case Code128():
            # Bar by bar: between modules drawn one by one, a renderer that smooths edges leaves grey seams.
            for bar in re.finditer("1+", mark.modules):
                left, width = mark.x + bar.start() * mark.module_width, len(bar[0]) * mark.module_width
                _fill_in_pdf(canvas, Box(left, mark.y, width, mark.height), _INSET)
        case TextLine():
            canvas.setFillGray(1 if mark.is_white else 0)
            canvas.setFont(FONT_NAMES[mark.weight], mark.size * _POINTS)
            baseline = (LABEL_HEIGHT - mark.y - _BASELINE * mark.size) * _POINTS
            canvas.drawString(mark.x * _POINTS, baseline, mark.value)
        case _:
            assert_never(mark)


def _fill_in_pdf(canvas: Canvas, box: Box, inset: float = 0.0) -> None:
    """Blacken a box, `inset` dots narrower on either side."""
    canvas.setFillGray(0)
    lower = (LABEL_HEIGHT - box.y - box.height) * _POINTS
    left, width = (box.x + inset) * _POINTS, (box.width - 2 * inset) * _POINTS
    canvas.rect(left, lower, width, box.height * _POINTS, stroke=0, fill=1)


# PNG

# Pixels in a dot: bars stay whole, and small text stays legible.
_SCALE: Final = 2
_PIXELS_PER_INCH: Final = DOTS_PER_MM * 25.4 * _SCALE
_WHITE: Final = 1
_BLACK: Final = 0


def png_of(drawings: Sequence[Drawing]) -> bytes:
    """Return the labels as one black and white image, below each other."""
    image = Image.new("1", (LABEL_WIDTH * _SCALE, LABEL_HEIGHT * _SCALE * len(drawings)), _WHITE)
    canvas = ImageDraw.Draw(image)
    canvas.fontmode = "1"
    for at, drawing in enumerate(drawings):
        for mark in drawing:
            _draw_in_png(canvas, mark, at * LABEL_HEIGHT)
    file = BytesIO()
    image.save(file, "PNG", dpi=(_PIXELS_PER_INCH, _PIXELS_PER_INCH))
    return file.getvalue()


def _draw_in_png(canvas: ImageDraw.ImageDraw, mark: Mark, top: int) -> None:
    """Draw a mark of the label that begins `top` dots below the image's edge."""
    match mark:
        case Filled(box):
            _fill_in_png(canvas, box, top)
        case Code128():
            for at, module in enumerate(mark.modules):
                if module == "1":
                    left = mark.x + at * mark.module_width
                    _fill_in_png(canvas, Box(left, mark.y, mark.module_width, mark.height), top)
        case TextLine():
            baseline = round((top + mark.y + _BASELINE * mark.size) * _SCALE)
            colour = _WHITE if mark.is_white else _BLACK
            font = _png_font(mark.weight, mark.size)
            canvas.text((mark.x * _SCALE, baseline), mark.value, fill=colour, font=font, anchor="ls")
        case _:
            assert_never(mark)


def _fill_in_png(canvas: ImageDraw.ImageDraw, box: Box, top: int) -> None:
    """Blacken a box."""
    left, upper = box.x * _SCALE, (top + box.y) * _SCALE
    corner = (left + box.width * _SCALE - 1, upper + box.height * _SCALE - 1)
    canvas.rectangle(((left, upper), corner), fill=_BLACK)


@cache
def _png_font(weight: FontWeight, size: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size in dots."""
    return ImageFont.truetype(font_file(weight), size * _SCALE, layout_engine=ImageFont.Layout.BASIC)


# ZPL II (Zebra's ZPL II Programming Guide)

# Nothing of a consignment is ever read as a command: in field data everything else than these is written in hexadecimal
# (`^FH`), as UTF-8 (`^CI28`).
_NOT_PLAIN: Final = re.compile(rb"[^A-Za-z0-9 .,:/()'+-]")
# The end of Latin Extended-A, which every printer's resident font 0 has. Other scripts depend on the printer.
_LAST_LATIN: Final = 0x17F


def zpl_covers(character: str) -> bool:
    """Tell whether the resident font of every printer has a character."""
    return ord(character) <= _LAST_LATIN


def zpl_of(drawings: Iterable[Drawing]) -> bytes:
    """Return the labels as one text, with a format (`^XA` to `^XZ`) for each."""
    return "".join(_zpl_label(drawing) for drawing in drawings).encode("ascii")


def _zpl_label(drawing: Drawing) -> str:
    fields = "".join(f"{_zpl_field(mark)}^FS\n" for mark in drawing)
    return f"^XA\n^CI28\n^PW{LABEL_WIDTH}\n^LL{LABEL_HEIGHT}\n^LH0,0\n{fields}^XZ\n"


def _zpl_field(mark: Mark) -> str:
    """Return one field, without the separator after it. White text reverses the rectangle below it (`^FR`)."""
    match mark:
        case Filled(box):
            return f"^FO{box.x},{box.y}^GB{box.width},{box.height},{min(box.width, box.height)},B,0"
        case TextLine():
            reverse = "^FR" if mark.is_white else ""
            # The resident font has no room above its capitals, so its text begins a fifth of an em lower.
            return f"^FO{mark.x},{mark.y + mark.size // 5}{reverse}^A0N,{mark.size}^FH_^FD{_zpl_data(mark.value)}"
        case Code128():
            bars = f"^BY{mark.module_width}^BCN,{mark.height},N,N,N,A"
            return f"^FO{mark.x},{mark.y}{bars}^FH_^FD{_zpl_data(mark.value)}"
        case _:
            assert_never(mark)


def _zpl_data(text: str) -> str:
    """Return text for `^FD` after `^FH_`.

    >>> _zpl_data("Łódź ^XZ~JA")
    '_C5_81_C3_B3d_C5_BA _5EXZ_7EJA'
    """
    escaped = _NOT_PLAIN.sub(lambda match: f"_{match[0][0]:02X}".encode(), text.encode())
    return escaped.decode("ascii")
