"""The types of values in a written catalogue. Each refuses a wrong value with a sentence that says what to write.

Those of quantities with a unit are in `quantity_types.py`.
"""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

from iso4217 import Currency as Iso4217Currency
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from allocation.domain import currencies
from allocation.domain.preference import Preference, PreferenceName
from allocation.domain.reference import SERVICE_REFERENCE_PATTERN

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
# A consignment's value is less than 1,000,000,000 in any currency, rupiah and dong included.
_DIGITS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,8})?")
MONEY: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,5})?) ([A-Z]{3})")
_DECIMAL_PLACES: Final[Mapping[str, int | None]] = {item.code: item.exponent for item in Iso4217Currency}


def read_decimal(value: object) -> Decimal:
    """Return a number that is 0 or more. Raises `ValueError` with what to write."""
    if isinstance(value, bool | float) or not re.fullmatch(_DIGITS, str(value)):
        raise ValueError(_too_long(value) or "write a plain number, 0 or more, such as 4.95")
    return Decimal(str(value))


def _signed(value: object) -> Decimal:
    text = str(value)
    if isinstance(value, bool | float) or not re.fullmatch(_DIGITS, text.removeprefix("-")):
        raise ValueError(_too_long(value) or "write a plain number such as 4.95, or -0.50 to take something off")
    return Decimal(text)


def _too_long(value: object) -> str | None:
    """Return what to write instead of a number with too many digits or a comma; None for anything else."""
    if comma := re.fullmatch(r"(-?[0-9.]+),([0-9]+)", str(value)):
        return f"write a decimal point instead of the comma: {comma[1].replace('.', '')}.{comma[2]}"
    plain = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(value))
    return "has too many digits: write at most 9 before the point and 8 after it" if plain else None


def _day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write a date such as 2026-12-24")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("write a date that exists, such as 2026-12-24") from None


def _whole(value: object) -> object:
    if isinstance(value, bool) or not re.fullmatch("-?[0-9]{1,9}", str(value)):
        raise ValueError("write a whole number")
    return int(str(value))


def _seconds(value: object) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a time of day such as "16:00" or "16:00:30"')
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)


def clock(seconds: int) -> str:
    """Return seconds after midnight as a catalogue writes a time of day.

    >>> clock(57_600), clock(57_630)
    ('16:00', '16:00:30')
    """
    text = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def read_money(value: object) -> tuple[Decimal, str]:
    """Return the amount and the currency of `500 GBP`. Raises `ValueError` with what to write."""
    match = MONEY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write an amount and a currency, such as 500 GBP")
    # What things are worth can be said in any currency, also in one that no price can be in.
    if match[2] not in _DECIMAL_PLACES:
        raise ValueError("write an ISO 4217 code, such as GBP")
    return Decimal(match[1]), match[2]


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in _DECIMAL_PLACES:
        raise ValueError("write an ISO 4217 code, such as GBP")
    if _DECIMAL_PLACES[value] is None:
        raise ValueError("write a currency that prices can be in: metals and test codes can't")
    return value


def _residential(value: object) -> object:
    known = {"true": True, "false": False, "only": "only"}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in known:
        raise ValueError("write true, false or only")
    return known[value]


def _zone(value: object) -> str:
    try:
        return zoneinfo.ZoneInfo(str(value)).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("write a time zone of the IANA database, such as Europe/London") from None


def _bounds(value: Any) -> Any:
    """Read a single value as a maximum."""
    if isinstance(value, list):
        raise ValueError("write a range such as {from: 2, to: 30}, or its end only")
    return value if isinstance(value, dict) else {"to": value}


def _steps(value: Any) -> Any:
    """Read a single step as the step of all weights."""
    return value if isinstance(value, list) else [{"step": value}]


def described_as(**schema: Any) -> WithJsonSchema:
    """Return what gives a type this JSON Schema."""
    return WithJsonSchema(schema)


NUMBER: Final = {"type": ["number", "string"], "minimum": 0}
Day = Annotated[date, BeforeValidator(_day), described_as(type="string", format="date", examples=["2026-12-24"])]
WholeNumber = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]


HandlingDays = Annotated[
    WholeNumber, Field(ge=0, le=30, description="Days of collection that pass before the first that can be joined")
]
Amount = Annotated[Decimal, BeforeValidator(read_decimal), described_as(**NUMBER, examples=[4.95])]
SignedAmount = Annotated[
    Decimal, BeforeValidator(_signed), described_as(type=["number", "string"], examples=[4.95, -0.5])
]
TimeOfDay = Annotated[
    int,
    BeforeValidator(_seconds),
    PlainSerializer(clock, when_used="json"),
    described_as(type="string", pattern=_TIME.pattern, examples=["16:00"]),
]
Money = Annotated[
    tuple[Decimal, str],
    BeforeValidator(read_money),
    described_as(type="string", pattern=MONEY.pattern, examples=["500 GBP"]),
]
Currency = Annotated[
    str, BeforeValidator(_currency), described_as(type="string", pattern="^[A-Z]{3}$", examples=["GBP"])
]
Residential = Annotated[bool | str, BeforeValidator(_residential), described_as(enum=[True, False, "only"])]
ZoneName = Annotated[str, BeforeValidator(_zone), described_as(type="string", examples=["Europe/London"])]
Reference = Annotated[str, StringConstraints(pattern=SERVICE_REFERENCE_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Place = Annotated[str, StringConstraints(min_length=1, max_length=64), Field(examples=["GB", "GB-IV", "US-100", "*"])]


_PREFERENCES: Final = [name.value for name in PreferenceName if name is not PreferenceName.FASTEST_WITHIN]


def _preference(value: object) -> Preference:
    if isinstance(value, Preference):
        return value
    if isinstance(value, dict) and value.keys() == {PreferenceName.FASTEST_WITHIN.value}:
        amount, currency = read_money(value[PreferenceName.FASTEST_WITHIN.value])
        return Preference(PreferenceName.FASTEST_WITHIN, currencies.Money(amount, currency))
    if value not in _PREFERENCES:
        raise ValueError(f"write one of {', '.join(_PREFERENCES)}, or {{fastestWithin: 2 GBP}}")
    return Preference(PreferenceName(str(value)))


PreferenceField = Annotated[
    Preference,
    PlainValidator(_preference),
    PlainSerializer(str),
    described_as(
        anyOf=[
            {"enum": _PREFERENCES},
            {
                "type": "object",
                "properties": {"fastestWithin": {"type": "string", "pattern": MONEY.pattern, "examples": ["2 GBP"]}},
                "required": ["fastestWithin"],
                "additionalProperties": False,
            },
        ]
    ),
]


@dataclass(frozen=True)
class OrShort:
    """A value that may be written shorter: `read` makes the whole of it, and `schema` describes the short form."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the short form as the whole."""
        return no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of either form."""
        return {"anyOf": [dict(self.schema), handler(schema)]}


# A range that may be written as its maximum only, and steps that may be written as the only one.
Bounds: Final = OrShort(_bounds, {**NUMBER, "examples": ["30 kg"]})
OneStep: Final = OrShort(_steps, {**NUMBER, "examples": ["0.5 kg"]})


class Part(BaseModel):
    """A part of the catalogue: camelCase names, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)
