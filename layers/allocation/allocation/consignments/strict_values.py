"""Strict values of incoming JSON for the Pydantic models: numbers, dates and units.

Text never passes as a number, numbers are rounded, and units convert exactly.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

# Kilograms in one unit. Pound and ounce follow the international yard and pound agreement, which is exact.
KILOGRAMS: Final[Mapping[str, Decimal]] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
# Centimetres in one unit, exact.
CENTIMETRES: Final[Mapping[str, Decimal]] = {
    "cm": Decimal(1),
    "mm": Decimal("0.1"),
    "m": Decimal(100),
    "in": Decimal("2.54"),
}
# The other words for each unit, in lower case: the queue, the API and the catalogue read the same ones.
_WORDS: Final[Mapping[str, str]] = {
    "kg": "kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    "g": "gr gram grams gramme grammes",
    "lb": "lbs pound pounds",
    "oz": "ozs ounce ounces",
    "cm": "cms centimeter centimeters centimetre centimetres",
    "mm": "mms millimeter millimeters millimetre millimetres",
    "m": "meter meters metre metres",
    "in": "ins inch inches",
}
_WEIGHT_UNITS: Final = {word: unit for unit in KILOGRAMS for word in (unit, *_WORDS[unit].split())}
_LENGTH_UNITS: Final = {word: unit for unit in CENTIMETRES for word in (unit, *_WORDS[unit].split())}
# Every word for a unit, in lower case.
UNIT_WORDS: Final = frozenset({*_WEIGHT_UNITS, *_LENGTH_UNITS})

# A number reaches less than this, so that no arithmetic on it can grow without bound.
_MAX_NUMBER: Final = 10**10
# What is read of a number: all that a double holds of a decimal, so that 0.30000000000000004 is 0.3.
_DIGITS: Final = Context(prec=15, rounding=ROUND_HALF_EVEN)
_NINE_PLACES: Final = Decimal("1E-9")

# A day of the calendar in the years 2 to 9998: the days before and after it have to exist, too.
_DAY_AND_MONTH: Final = (
    "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
)
_YEAR: Final = "000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8]"
_LEAP_YEAR: Final = "[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00"
_CALENDAR_DATE: Final = (
    f"^(?:(?:{_YEAR})-(?:{_DAY_AND_MONTH})|(?:{_LEAP_YEAR})-02-29)(?:[Tt ][0-9]{{2}}:[0-9]{{2}}[0-9:.,+Zz-]{{0,30}})?$"
)
_CALENDAR_DATE_FORM: Final = re.compile(_CALENDAR_DATE)


def weight_unit(text: str) -> str | None:
    """Return the unit of `KILOGRAMS` that a word stands for, in any case, or None.

    >>> weight_unit("LBS"), weight_unit("stone")
    ('lb', None)
    """
    return _unit(text, _WEIGHT_UNITS)


def length_unit(text: str) -> str | None:
    """Return the unit of `CENTIMETRES` that a word stands for, in any case, or None.

    >>> length_unit("Inches")
    'in'
    """
    return _unit(text, _LENGTH_UNITS)


def _unit(text: str, units: Mapping[str, str]) -> str | None:
    # Only ASCII: the lower case of the Kelvin sign is a k.
    return units.get(text.lower()) if text.isascii() else None


def rounded(value: Decimal) -> Decimal:
    """Return a number with at most 15 significant digits and 9 decimal places, rounded half to even.

    >>> rounded(Decimal("0.30000000000000004")), rounded(Decimal("10.00")), rounded(Decimal("29.999999999999996"))
    (Decimal('0.3'), Decimal('10.00'), Decimal('30'))
    """
    short = _DIGITS.plus(value)
    if short.adjusted() >= _DIGITS.prec:
        return short
    short = short.quantize(_NINE_PLACES, ROUND_HALF_EVEN)
    return value if short == value else Decimal(f"{short:f}".rstrip("0").rstrip("."))


def _quantity(value: Any) -> Decimal:
    """Return a JSON number, rounded. Raises `ValueError` for anything else, text and booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    if not 0 <= value < _MAX_NUMBER:
        raise ValueError("must be at least 0" if value < 0 else "must be less than 10,000,000,000")
    return rounded(abs(Decimal(value)))


def _calendar_date(value: Any) -> date:
    """Return the calendar date of an ISO 8601 date or timestamp as written, whatever its time and offset."""
    if not isinstance(value, str) or not _CALENDAR_DATE_FORM.fullmatch(value):
        raise ValueError("must be an ISO 8601 date such as 2026-11-24, in the years 2 to 9998")
    return date.fromisoformat(value[: len("2026-11-24")])


def _unit_of(known: Callable[[str], str | None], units: Iterable[str]) -> Callable[[Any], str]:
    """Return a validator of units. It raises `ValueError`, which lists them."""
    text = f"must be one of {', '.join(units)}, in any case"

    def validated(value: Any) -> str:
        unit = known(value) if isinstance(value, str) else None
        if unit is None:
            raise ValueError(text)
        return unit

    return validated


def _any_case(words: Iterable[str]) -> dict[str, str]:
    """Return the JSON Schema of one of the lower-case words, in any case.

    >>> _any_case(["kg", "g"])["pattern"]
    '^([kK][gG]|[gG])$'
    """
    spelt = ("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in words)
    return {"type": "string", "pattern": f"^({'|'.join(spelt)})$"}


# A number from 0 up, as `rounded` leaves it.
Quantity = Annotated[
    Decimal,
    BeforeValidator(_quantity),
    WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": _MAX_NUMBER}),
]
CalendarDate = Annotated[
    date, BeforeValidator(_calendar_date), WithJsonSchema({"type": "string", "pattern": _CALENDAR_DATE})
]
WeightUnit = Annotated[str, BeforeValidator(_unit_of(weight_unit, KILOGRAMS)), WithJsonSchema(_any_case(_WEIGHT_UNITS))]
LengthUnit = Annotated[
    str, BeforeValidator(_unit_of(length_unit, CENTIMETRES)), WithJsonSchema(_any_case(_LENGTH_UNITS))
]
