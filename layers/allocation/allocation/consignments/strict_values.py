"""Strict values of incoming JSON for the Pydantic models: numbers, moments, dates and units.

Text never passes as a number, a moment needs a UTC offset, and units convert exactly.
"""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

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


def _decimal(value: Any) -> Decimal:
    """Return a JSON number as `Decimal`. Raises `ValueError` for anything else, text and booleans included."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    return Decimal(value)


def _moment(value: Any) -> datetime:
    """Return an ISO 8601 timestamp as aware UTC. Raises `ValueError` for one without an offset."""
    moment = _from_iso_8601(value, "an ISO 8601 timestamp such as 2026-11-23T09:15:00Z")
    if moment.tzinfo is None:
        raise ValueError("must have an offset from UTC, as in 2026-11-23T09:15:00Z")
    return moment.astimezone(UTC)


def _calendar_date(value: Any) -> date:
    """Return the calendar date of an ISO 8601 date or timestamp as written, whatever its offset."""
    return _from_iso_8601(value, "an ISO 8601 date such as 2026-11-24").date()


def _from_iso_8601(value: Any, form: str) -> datetime:
    """Parse a date or timestamp; a date means midnight. Raises `ValueError`, which describes the right form."""
    if not isinstance(value, str):
        raise ValueError(f"must be {form}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"must be {form}") from None
    # The days before and after the date have to exist, too.
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError("must be in the years 2 to 9998")
    return moment


def _weight_unit(value: Any) -> str:
    return _known_unit(value, KILOGRAMS)


def _length_unit(value: Any) -> str:
    return _known_unit(value, CENTIMETRES)


def _known_unit(value: Any, units: Mapping[str, Decimal]) -> str:
    """Return the unit in lower case; PRO writes units in mixed case. Raises `ValueError`, which lists the units."""
    unit = value.lower() if isinstance(value, str) else ""
    if unit not in units:
        raise ValueError(f"must be one of {', '.join(units)}, in any case")
    return unit


def _any_case(words: Iterable[str]) -> dict[str, str]:
    """Return the JSON Schema of one of the lower-case words, in any case.

    >>> _any_case(["kg", "g"])["pattern"]
    '^([kK][gG]|[gG])$'
    """
    spelt = ("".join(f"[{letter}{letter.upper()}]" for letter in word) for word in words)
    return {"type": "string", "pattern": f"^({'|'.join(spelt)})$"}


# A number of zero or more, bounded so that no arithmetic on it can grow without bound.
Quantity = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, max_digits=20, decimal_places=10),
    WithJsonSchema({"type": "number", "minimum": 0, "exclusiveMaximum": 10**10}),
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
CalendarDate = Annotated[
    date,
    BeforeValidator(_calendar_date),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}),
]
WeightUnit = Annotated[str, BeforeValidator(_weight_unit), WithJsonSchema(_any_case(KILOGRAMS))]
LengthUnit = Annotated[str, BeforeValidator(_length_unit), WithJsonSchema(_any_case(CENTIMETRES))]
