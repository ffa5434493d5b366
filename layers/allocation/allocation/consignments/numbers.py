"""Strict numbers and moments for messages: text is no number, a moment has an offset, units convert exactly."""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

KILOGRAMS: Final[Mapping[str, Decimal]] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
"""Kg in one unit; pound and ounce by the international yard and pound agreement, exact."""
CENTIMETRES: Final[Mapping[str, Decimal]] = {
    "cm": Decimal(1),
    "mm": Decimal("0.1"),
    "m": Decimal(100),
    "in": Decimal("2.54"),
}
"""Cm in one unit; exact."""


def as_decimal(value: Any) -> Decimal:
    """A JSON number as `Decimal`; raises `ValueError` for anything else, text and booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return Decimal(value)


def as_moment(value: Any) -> datetime:
    """An ISO 8601 moment as aware UTC; raises `ValueError` for one without an offset."""
    moment = from_iso_8601(value, "an ISO 8601 moment, as 2026-11-23T09:15:00Z")
    if moment.tzinfo is None:
        raise ValueError("must have an offset, as 2026-11-23T09:15:00Z")
    return moment.astimezone(UTC)


def as_date(value: Any) -> date:
    """The calendar date of an ISO 8601 date or moment, as it is written, in whatever offset it has."""
    return from_iso_8601(value, "an ISO 8601 date, as 2026-11-24").date()


def from_iso_8601(value: Any, form: str) -> datetime:
    """`value` as a date and time, midnight where it is a date; raises `ValueError` for all that is not of `form`."""
    if not isinstance(value, str):
        raise ValueError(f"must be {form}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"must be {form}") from None
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError("must be of the years 2 to 9998, so that there are days before and after it")
    return moment


def as_weight_unit(value: Any) -> str:
    """One of `KILOGRAMS`' units, in lower case; PRO writes them in any case."""
    return known_unit(value, KILOGRAMS)


def as_length_unit(value: Any) -> str:
    """One of `CENTIMETRES`' units, in lower case; PRO writes them in any case."""
    return known_unit(value, CENTIMETRES)


def known_unit(value: Any, units: Mapping[str, Decimal]) -> str:
    """`value` in lower case; raises `ValueError`, naming the units there are, for another."""
    unit = value.lower() if isinstance(value, str) else ""
    if unit not in units:
        raise ValueError(f"must be one of {', '.join(units)}, in any case")
    return unit


def any_case(words: Iterable[str]) -> dict[str, str]:
    """The JSON Schema of one of the lower-case words, in any case.

    >>> any_case(["kg", "g"])["pattern"]
    '^([kK][gG]|[gG])$'
    """
    spelt = ("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in words)
    return {"type": "string", "pattern": f"^({'|'.join(spelt)})$"}


Quantity = Annotated[
    Decimal,
    BeforeValidator(as_decimal),
    Field(ge=0, max_digits=20, decimal_places=10),
    WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 10**10}),
]
"""A number that is not negative, bounded so that no arithmetic on it can grow without bound."""
Moment = Annotated[datetime, BeforeValidator(as_moment)]
CalendarDate = Annotated[
    date,
    BeforeValidator(as_date),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}),
]
WeightUnit = Annotated[str, BeforeValidator(as_weight_unit), WithJsonSchema(any_case(KILOGRAMS))]
LengthUnit = Annotated[str, BeforeValidator(as_length_unit), WithJsonSchema(any_case(CENTIMETRES))]
