"""Code 128 (ISO/IEC 15417) barcodes of tracking references."""

import re
from typing import Final

from barcode.charsets.code128 import CODES, STOP  # type: ignore[import-untyped]

from allocation.documents.drawing import Barcode, Box
from allocation.documents.errors import LabelDataError, Problem

CHARACTERS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/+%$#&*()=-]*[A-Za-z0-9])?")
"""Printable ASCII without the characters that steer a ZPL printer (^ ~ >), and no space at either end."""
WIDEST_MODULE: Final = 4
NARROWEST_MODULE: Final = 2
"""Dots: 0.25 mm, the least that every scanner and 203 dpi printer copes with."""
START: Final = {"B": 104, "C": 105}
SWITCH: Final = {"B": 100, "C": 99}
"""Codewords that begin a barcode in a code set, and that change to it."""
QUIET_ZONE: Final = 10
"""Modules of white on either side (ISO/IEC 15417)."""


def barcode_in(box: Box, value: str, target: str) -> Barcode:
    """The widest barcode of `value` that fits into `box` with its quiet zones, centred.

    Raises `LabelDataError`, naming `target`, for a value that no barcode of this width can carry.
    """
    if not CHARACTERS.fullmatch(value):
        raise LabelDataError([Problem(target, "has to be letters, digits and . _ : / + - to stand in a barcode")])
    modules = modules_of(value)
    width = len(modules) + 2 * QUIET_ZONE
    module_width = min(WIDEST_MODULE, box.width // width)
    if module_width < NARROWEST_MODULE:
        longest = box.width // NARROWEST_MODULE
        raise LabelDataError([Problem(target, f"needs a barcode of {width} modules; the label has room for {longest}")])
    margin = (box.width - len(modules) * module_width) // 2
    return Barcode(box.x + margin, box.y, box.height, module_width, modules, value)


def modules_of(value: str) -> str:
    """The bars of `value`, 1 for black.

    Only the library's table is used: its encoder (0.16.1) takes the digits 99 at the beginning for a change of code
    set, and leaves them out.
    """
    words = codewords(value)
    check = sum(max(at, 1) * word for at, word in enumerate(words)) % 103
    bars = "".join(CODES[word] for word in (*words, check))
    return f"{bars}{STOP}11"


def codewords(value: str) -> list[int]:
    """The codewords without the check digit: digits go two by two (code set C) where there are four in a row.

    >>> codewords("A1234")
    [104, 33, 99, 12, 34]
    """
    words: list[int] = []
    current = ""
    for part in re.findall(r"(?:[0-9]{2}){2,}|.", value):
        code_set = "C" if len(part) > 1 else "B"
        if code_set != current:
            words.append(SWITCH[code_set] if current else START[code_set])
        current = code_set
        words += [int(part[at : at + 2]) for at in range(0, len(part), 2)] if code_set == "C" else [ord(part) - 32]
    return words
