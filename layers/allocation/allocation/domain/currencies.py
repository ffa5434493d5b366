"""Money, and the smallest amount that each currency of ISO 4217 is written and rounded to."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from allocation.domain.frozen import frozen

# The decimal places of the currencies that do not have two (ISO 4217, table A.1 of 2026-01-01; a test compares them).
_WITHOUT: Final = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV")
_DECIMAL_PLACES: Final[Mapping[str, int]] = {
    **dict.fromkeys((*_WITHOUT, "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
_UNITS: Final = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3, 4)}
_MINOR_UNITS: Final = {code: _UNITS[places] for code, places in _DECIMAL_PLACES.items()}
_CENT: Final = _UNITS[2]


@frozen
class Money:
    """An amount in one currency. Amounts of different currencies are never compared by number."""

    amount: Decimal
    # ISO 4217, as `GBP`.
    currency: str


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency.

    >>> minor_unit("GBP"), minor_unit("JPY"), minor_unit("KWD")
    (Decimal('0.01'), Decimal('1'), Decimal('0.001'))
    """
    return _MINOR_UNITS.get(currency, _CENT)


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    """Return the amount rounded half up, away from zero, to a minor unit."""
    return amount.quantize(unit, ROUND_HALF_UP)
