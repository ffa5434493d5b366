"""Code 128 (ISO/IEC 15417) barcodes of tracking references."""

import re
from typing import Final

from barcode.codex import Code128  # type: ignore[import-untyped]

from allocation.documents.drawing import Barcode, Box
from allocation.documents.errors import LabelDataError, Problem

CHARACTERS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/+%$#&*()=-]*[A-Za-z0-9])?")
"""Printable ASCII without the characters that steer a ZPL printer (^ ~ >), and no space at either end."""
WIDEST_MODULE: Final = 4
NARROWEST_MODULE: Final = 2
"""Dots: 0.25 mm, the least that every scanner and 203 dpi printer copes with."""
QUIET_ZONE: Final = 10
"""Modules of white on either side (ISO/IEC 15417)."""


def barcode_in(box: Box, value: str, target: str) -> Barcode:
    """The widest barcode of `value` that fits into `box` with its quiet zones, centred.

    Raises `LabelDataError`, naming `target`, for a value that no barcode of this width can carry.
    """
    if not CHARACTERS.fullmatch(value):
        raise LabelDataError([Problem(target, "has to be letters, digits and . _ : / + - to stand in a barcode")])
    modules: str = Code128(value).build()[0]
    width = len(modules) + 2 * QUIET_ZONE
    module_width = min(WIDEST_MODULE, box.width // width)
    if module_width < NARROWEST_MODULE:
        longest = box.width // NARROWEST_MODULE
        raise LabelDataError([Problem(target, f"needs a barcode of {width} modules; the label has room for {longest}")])
    margin = (box.width - len(modules) * module_width) // 2
    return Barcode(box.x + margin, box.y, box.height, module_width, modules, value)
