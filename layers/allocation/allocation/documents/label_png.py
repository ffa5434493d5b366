"""Labels as one PNG image in black and white, below each other where there are several."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from allocation.documents.drawing import DOTS_PER_MM, LABEL_HEIGHT, LABEL_WIDTH, Barcode, Box, Drawing, Filled, Mark
from allocation.documents.fonts import Weight, font_file

SCALE: Final = 2
"""Pixels in a dot: bars stay whole, and small text stays legible."""
DOTS_PER_INCH: Final = DOTS_PER_MM * 25.4 * SCALE
BASELINE: Final = 0.95
"""Ems from the top of a line to the feet of its letters; accents of capitals reach up to its top."""
WHITE: Final = 1
BLACK: Final = 0


def png_of(drawings: Sequence[Drawing]) -> bytes:
    """The labels as a PNG file."""
    image = Image.new("1", (LABEL_WIDTH * SCALE, LABEL_HEIGHT * SCALE * len(drawings)), WHITE)
    canvas = ImageDraw.Draw(image)
    canvas.fontmode = "1"
    for at, drawing in enumerate(drawings):
        for mark in drawing:
            draw(canvas, mark, at * LABEL_HEIGHT)
    file = BytesIO()
    image.save(file, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return file.getvalue()


def draw(canvas: ImageDraw.ImageDraw, mark: Mark, top: int) -> None:
    """Draws a mark of the label that begins `top` dots below the image's edge."""
    if isinstance(mark, Filled):
        fill(canvas, mark.box, top)
    elif isinstance(mark, Barcode):
        for at, module in enumerate(mark.modules):
            if module == "1":
                fill(canvas, Box(mark.x + at * mark.module_width, mark.y, mark.module_width, mark.height), top)
    else:
        feet = round((top + mark.y + BASELINE * mark.size) * SCALE)
        colour = WHITE if mark.is_white else BLACK
        font = font_of(mark.weight, mark.size)
        canvas.text((mark.x * SCALE, feet), mark.value, fill=colour, font=font, anchor="ls")


def fill(canvas: ImageDraw.ImageDraw, box: Box, top: int) -> None:
    """Blackens a box."""
    left, upper = box.x * SCALE, (top + box.y) * SCALE
    corner = (left + box.width * SCALE - 1, upper + box.height * SCALE - 1)
    canvas.rectangle(((left, upper), corner), fill=BLACK)


@cache
def font_of(weight: Weight, size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in dots."""
    return ImageFont.truetype(font_file(weight), size * SCALE, layout_engine=ImageFont.Layout.BASIC)
