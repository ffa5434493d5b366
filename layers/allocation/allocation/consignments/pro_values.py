"""Values as PRO writes them: weights, sizes, money, currencies and countries, and the base of all its shapes."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_pascal

from allocation.consignments.strict_values import (
    CENTIMETRES,
    LengthUnit,
    Quantity,
    WeightUnit,
)
from allocation.domain import consignment as domain
from allocation.domain.countries import code_letters

COUNTRY_CODE_PATTERN: Final = r"^[A-Z]{2}$"
CURRENCY_CODE_PATTERN: Final = r"^[A-Z]{3}$"


def null_as_empty(value: Any) -> Any:
    """Return an empty list for null, any other value unchanged."""
    return [] if value is None else value


def _upper(value: Any) -> Any:
    """Return ASCII text in upper case, any other value unchanged: the upper case of ß is SS."""
    return value.upper() if isinstance(value, str) and value.isascii() else value


def _letters(value: Any) -> Any:
    """Return a country code as `read_country` reads it, in any spelling; any other value unchanged."""
    return code_letters(value) or value if isinstance(value, str) else value


def country_object(value: Any) -> Any:
    """Return PRO's object of a country that is written as its code, any other value unchanged.

    >>> country_object("GB") == country_object({"IsoCode": "GB"}) == {"IsoCode": {"TwoLetterCode": "GB"}}
    True
    """
    if isinstance(value, str):
        return {"IsoCode": _country_codes(value)}
    return {**value, "IsoCode": _country_codes(value["IsoCode"])} if _has_iso_code(value) else value


def currency_object(value: Any) -> Any:
    """Return PRO's object of a currency that is written as its code, any other value unchanged."""
    return {"IsoCode": value} if isinstance(value, str) else value


def _country_codes(value: Any) -> Any:
    return {"TwoLetterCode": value} if isinstance(value, str) else value


def _has_iso_code(value: Any) -> bool:
    return isinstance(value, Mapping) and "IsoCode" in value


CountryCode = Annotated[
    str,
    BeforeValidator(_letters),
    StringConstraints(pattern=COUNTRY_CODE_PATTERN),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"}),
]
_CurrencyCode = Annotated[
    str,
    BeforeValidator(_upper),
    StringConstraints(pattern=CURRENCY_CODE_PATTERN),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
]


class ProModel(BaseModel):
    """The base of PRO's shapes: PascalCase names, no conversion between types, unknown fields ignored."""

    model_config = ConfigDict(alias_generator=to_pascal, strict=True, frozen=True, hide_input_in_errors=True)


class Weight(ProModel):
    """A weight. `Unit` is kg, g, lb or oz, or another usual word for one of them, in any case."""

    value: Quantity
    unit: WeightUnit


class Sides(ProModel):
    """The sides of a box. `Unit` is cm, mm, m or in, or another usual word for one of them, in any case."""

    unit: LengthUnit
    width: Quantity
    length: Quantity
    height: Quantity

    def to_domain(self) -> domain.Dimensions:
        """Return the same box in centimetres."""
        centimetres = CENTIMETRES[self.unit]
        return domain.Dimensions(self.length * centimetres, self.width * centimetres, self.height * centimetres)


class Currency(ProModel):
    """A currency by its ISO 4217 code."""

    iso_code: _CurrencyCode


class Value(ProModel):
    """The value of a package's contents."""

    amount: Quantity
    currency: Annotated[Currency, BeforeValidator(currency_object, json_schema_input_type=_CurrencyCode | Currency)]


class CountryCodes(ProModel):
    """A country's codes."""

    two_letter_code: CountryCode


class Country(ProModel):
    """A country."""

    iso_code: Annotated[
        CountryCodes, BeforeValidator(_country_codes, json_schema_input_type=CountryCode | CountryCodes)
    ]
