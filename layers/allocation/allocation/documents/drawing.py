"""The marks that a label consists of, in dots of 1/8 mm from its top left corner: the grid of a 203 dpi label printer.

A barcode is Code 128 (ISO/IEC 15417).
"""

import re
from typing import Final

from barcode.charsets.code128 import CODES, STOP  # type: ignore[import-untyped]

from allocation.documents.fonts import FontWeight
from allocation.documents.results import DataProblem, LabelDataError
from allocation.domain.frozen import frozen

DOTS_PER_MM: Final = 8
# 4 x 6 inches.
LABEL_WIDTH: Final = 812
LABEL_HEIGHT: Final = 1218

# Printable ASCII without the characters that control a ZPL printer (^ ~ >), and no space at either end.
_CHARACTERS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/+%$#&*()=-]*[A-Za-z0-9])?")
_MAX_MODULE_DOTS: Final = 4
# 0.25 mm, the least that every scanner and every 203 dpi printer copes with.
_MIN_MODULE_DOTS: Final = 2
# Codewords that begin a barcode in a code set, and that change to it.
_START: Final = {"B": 104, "C": 105}
_SWITCH: Final = {"B": 100, "C": 99}
# Modules of white on either side (ISO/IEC 15417).
_QUIET_ZONE: Final = 10


@frozen
class Box:
    """A rectangle of the label."""

    x: int
    y: int
    width: int
    height: int


@frozen
class Filled:
    """A black rectangle. A thin one is a line."""

    box: Box


@frozen
class TextLine:
    """One line of text. `y` is the top of its em square, `size` its height. White text stands on a black rectangle."""

    x: int
    y: int
    size: int
    value: str
    weight: FontWeight = "Regular"
    is_white: bool = False


@frozen
class Code128:
    """A barcode of `value`: `modules` is its bars, 1 for black, each `module_width` dots wide."""

    x: int
    y: int
    height: int
    module_width: int
    modules: str
    value: str


Mark = Filled | TextLine | Code128
Drawing = tuple[Mark, ...]


def barcode_in(box: Box, value: str, target: str) -> Code128:
    """Return the widest barcode of `value` that fits into `box` with its quiet zones, centred.

    Raises `LabelDataError`, naming `target`, for a value that no barcode of this width can carry.
    """
    if not _CHARACTERS.fullmatch(value):
        raise LabelDataError([DataProblem(target, "can't be a barcode: use only letters, digits and . _ : / + -")])
    modules = _modules_of(value)
    width = len(modules) + 2 * _QUIET_ZONE
    module_width = min(_MAX_MODULE_DOTS, box.width // width)
    if module_width < _MIN_MODULE_DOTS:
        longest = box.width // _MIN_MODULE_DOTS
        message = f"needs a barcode of {width} modules; the label has room for {longest}"
        raise LabelDataError([DataProblem(target, message)])
    margin = (box.width - len(modules) * module_width) // 2
    return Code128(box.x + margin, box.y, box.height, module_width, modules, value)


def _modules_of(value: str) -> str:
    """Return the bars of `value`, 1 for black."""
    # Only the library's table is used: its encoder (0.16.1) takes the digits 99 at the beginning for a change of code
    # set, and leaves them out.
    words = _codewords(value)
    check = sum(max(at, 1) * word for at, word in enumerate(words)) % 103
    bars = "".join(CODES[word] for word in (*words, check))
    return f"{bars}{STOP}11"


def _codewords(value: str) -> list[int]:
    """Return the codewords without the check digit. Four digits in a row or more go in pairs (code set C).

    >>> _codewords("A1234")
    [104, 33, 99, 12, 34]
    """
    words: list[int] = []
    current = ""
    for part in re.findall(r"(?:[0-9]{2}){2,}|.", value):
        code_set = "C" if len(part) > 1 else "B"
        if code_set != current:
            words.append(_SWITCH[code_set] if current else _START[code_set])
        current = code_set
        words += [int(part[at : at + 2]) for at in range(0, len(part), 2)] if code_set == "C" else [ord(part) - 32]
    return words
