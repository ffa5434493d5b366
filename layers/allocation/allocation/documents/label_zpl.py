"""Labels as ZPL II for a 203 dpi printer (Zebra's ZPL II Programming Guide).

Nothing of a consignment is ever read as a command: in field data all but plain letters, digits and a few signs are
written in hexadecimal (`^FH`), as UTF-8 (`^CI28`).
"""

import re
from collections.abc import Iterable
from typing import Final

from allocation.documents.drawing import LABEL_HEIGHT, LABEL_WIDTH, Barcode, Drawing, Filled, Mark, Text

NOT_PLAIN: Final = re.compile(rb"[^A-Za-z0-9 .,:/()'+-]")
LAST_LATIN: Final = 0x17F
"""The end of Latin Extended-A: what a printer's resident font 0 has; other scripts depend on the printer."""


def zpl_covers(character: str) -> bool:
    """Tells whether the resident font of every printer has a character."""
    return ord(character) <= LAST_LATIN


def zpl_of(drawings: Iterable[Drawing]) -> bytes:
    """The labels as one text, a format (`^XA` to `^XZ`) for each."""
    return "".join(zpl_format(drawing) for drawing in drawings).encode("ascii")


def zpl_format(drawing: Drawing) -> str:
    """One label."""
    fields = "".join(f"{field(mark)}^FS\n" for mark in drawing)
    return f"^XA\n^CI28\n^PW{LABEL_WIDTH}\n^LL{LABEL_HEIGHT}\n^LH0,0\n{fields}^XZ\n"


def field(mark: Mark) -> str:
    """One field, without the separator after it. White text reverses the rectangle below it (`^FR`).

    The resident font has no room above its capitals, so its text begins a fifth of an em lower.
    """
    match mark:
        case Filled(box):
            return f"^FO{box.x},{box.y}^GB{box.width},{box.height},{min(box.width, box.height)},B,0"
        case Text():
            reverse = "^FR" if mark.is_white else ""
            return f"^FO{mark.x},{mark.y + mark.size // 5}{reverse}^A0N,{mark.size}^FH_^FD{field_data(mark.value)}"
        case Barcode():
            bars = f"^BY{mark.module_width}^BCN,{mark.height},N,N,N,A"
            return f"^FO{mark.x},{mark.y}{bars}^FH_^FD{field_data(mark.value)}"


def field_data(text: str) -> str:
    """Text for `^FD` behind `^FH_`.

    >>> field_data("Łódź ^XZ~JA")
    '_C5_81_C3_B3d_C5_BA _5EXZ_7EJA'
    """
    escaped = NOT_PLAIN.sub(lambda match: f"_{match[0][0]:02X}".encode(), text.encode())
    return escaped.decode("ascii")
