"""Text as a document can show it: without control characters, and in letters that its font has.

Addresses abroad are to be written in Roman letters and Arabic numerals (UPU Convention Regulations, addressing), so
what a font lacks is transliterated rather than drawn as empty boxes.
"""

import unicodedata
from collections.abc import Callable
from decimal import ROUND_UP, Context, Decimal
from typing import Final

from anyascii import anyascii

Covers = Callable[[str], bool]
"""Tells whether a font has a character."""
SPACES: Final = frozenset({"Cc", "Zs", "Zl", "Zp"})
GRAM: Final = Decimal("0.001")
WIDE: Final = Context(prec=80)
"""Room for any product of the bounded numbers that a consignment holds."""


def cleaned(text: str) -> str:
    """`text` on one line: control characters are spaces, spaces are single, and what steers the text is left out."""
    characters = ((character, unicodedata.category(character)) for character in unicodedata.normalize("NFC", text))
    kept = (" " if kind in SPACES else "" if kind == "Cf" else character for character, kind in characters)
    return " ".join("".join(kept).split())


def legible(text: str, covers: Covers) -> str:
    """`text` in characters that `covers` knows; others are transliterated, or `?` where nothing is like them.

    >>> legible("Ελλάδα 北京", str.isascii)
    'Ellada BeiJing'
    """
    return cleaned("".join(character if covers(character) else roman(character) for character in cleaned(text)))


def roman(character: str) -> str:
    """One character in ASCII; an accent without its letter vanishes."""
    return anyascii(character) or ("" if unicodedata.category(character).startswith("M") else "?")


def weight_text(weight_kg: Decimal) -> str:
    """A weight in Kg, to the gram that is not below it.

    >>> weight_text(Decimal("0.4001")), weight_text(Decimal(12))
    ('0.401 kg', '12 kg')
    """
    grams = weight_kg.quantize(GRAM, rounding=ROUND_UP, context=WIDE)
    return f"{grams.normalize(WIDE):f} kg"


def amount_text(amount: Decimal) -> str:
    """An amount with two decimal places, or all it has where these are more.

    >>> amount_text(Decimal("5.9")), amount_text(Decimal("270.0040"))
    ('5.90', '270.004')
    """
    places = max(2, -int(amount.normalize(WIDE).as_tuple().exponent))
    return f"{amount.quantize(Decimal(1).scaleb(-places), context=WIDE):f}"
