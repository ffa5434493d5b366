"""Weights, sizes and money in PRO's shape: `Kg` and `Cm`, at most five decimal places, prices with their tax."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS, length_unit, rounded, weight_unit
from allocation.domain.countries import read_country
from allocation.domain.outcome import Price

# An exact JSON number.
Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIVE_PLACES: Final = Decimal("0.00001")
# Of a number before its point: one in a field that is not read may be larger, and stays as it is.
_MAX_DIGITS: Final = 15
_NAMES: Final = Path(__file__).with_name("names.json")


class CurrencyView(TypedDict):
    """A currency by its ISO 4217 code. `Name` may be null."""

    Name: str | None
    IsoCode: str


class MoneyView(TypedDict):
    """An amount of money."""

    Amount: Number
    Currency: CurrencyView


class WeightView(TypedDict):
    """A weight in Kg."""

    Value: Number
    Unit: str


class TaxRate(TypedDict):
    """A tax by its reference, such as `GB-0.2000`. A `Rate` of 0.2 is 20%."""

    Reference: str
    CountryIsoCode: str | None
    Type: str
    Rate: Number


class RateView(TypedDict):
    """A price. `Gross` is `Net` plus `VatAmount`."""

    Net: Number
    Gross: Number
    TaxRate: TaxRate | None
    VatAmount: Number
    Currency: CurrencyView


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """Return the English names of `countries` and `currencies` by their ISO codes; `carrier generate` writes them."""
    names: Mapping[str, Mapping[str, str]] = json.loads(_NAMES.read_bytes())
    return names


def country(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a country as it was sent, with its name in ISO 3166.

    >>> country({"IsoCode": {"TwoLetterCode": "UK"}})
    {'IsoCode': {'TwoLetterCode': 'UK'}, 'Name': 'United Kingdom'}
    """
    codes = sent.get("IsoCode")
    code = codes.get("TwoLetterCode") if isinstance(codes, Mapping) else None
    known = read_country(code) if isinstance(code, str) else None
    return {**sent, "Name": _names()["countries"].get(known.code)} if known else sent


def currency(iso_code: str) -> CurrencyView:
    """Return a currency with its name."""
    return CurrencyView(Name=_names()["currencies"].get(iso_code), IsoCode=iso_code)


def rate(price: Price, tax: TaxRate | None) -> RateView:
    """Return a price as PRO's `Rate`."""
    return RateView(
        Net=price.net, Gross=price.gross, TaxRate=tax, VatAmount=price.vat, Currency=currency(price.currency)
    )


def tax_rate(reference: str, part: Decimal) -> TaxRate:
    """Return a tax, with the country that its reference begins with, if any.

    >>> tax_rate("GB-0.2000", Decimal("0.2"))["CountryIsoCode"]
    'GB'
    """
    prefix, dash, _ = reference.partition("-")
    country = read_country(prefix) if dash else None
    return TaxRate(
        Reference=reference,
        CountryIsoCode=country.code if country else None,
        Type="Standard" if part else "Zero",
        Rate=part,
    )


def total_weight(consignment: FullConsignment) -> WeightView:
    """Return the weight of all packages together."""
    kilograms = [package.weight.value * KILOGRAMS[package.weight.unit] for package in consignment.packages]
    return WeightView(Value=_shortened(sum(kilograms, Decimal(0))), Unit="Kg")


def total_value(consignment: FullConsignment) -> MoneyView | None:
    """Return the value of all packages together, or None where one is unknown or currencies differ."""
    values = [package.value for package in consignment.packages]
    known = [value for value in values if value is not None]
    currencies = {value.currency.iso_code for value in known}
    if len(known) < len(values) or len(currencies) != 1:
        return None
    return MoneyView(Amount=sum((value.amount for value in known), Decimal(0)), Currency=currency(currencies.pop()))


def in_pro_units(value: Any) -> Any:
    """Return the data with weights in `Kg`, sizes in `Cm`, and countries and currencies with names, at any depth."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [in_pro_units(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    word = str(value.get("Unit"))
    if (unit := weight_unit(word)) and isinstance(value.get("Value"), int | Decimal):
        return {**value, "Value": _converted(value["Value"], KILOGRAMS[unit]), "Unit": "Kg"}
    if (unit := length_unit(word)) and "Length" in value:
        sides = {name: side for name, side in value.items() if isinstance(side, int | Decimal)}
        return {**value, **{name: _converted(side, CENTIMETRES[unit]) for name, side in sides.items()}, "Unit": "Cm"}
    return {name: _named(name, item) or in_pro_units(item) for name, item in value.items()}


def _named(name: str, value: Any) -> Any:
    """Return a country or currency with its name, None for anything else."""
    if not isinstance(value, Mapping):
        return None
    if name == "Currency" and isinstance(value.get("IsoCode"), str):
        return currency(value["IsoCode"])
    return country(value) if name in ("Country", "CountryOfOrigin") else None


def _converted(value: int | Decimal, units: Decimal) -> Decimal:
    """Return a measure as it is read, in Kg or Cm."""
    return _shortened(rounded(Decimal(value)) * units)


def _shortened(value: Decimal) -> Decimal:
    """Return a measure with at most as many decimal places as PRO has."""
    too_long = value.as_tuple().exponent < _FIVE_PLACES.as_tuple().exponent  # type: ignore[operator]
    return value.quantize(_FIVE_PLACES) if too_long and value.adjusted() < _MAX_DIGITS else value


def all_countries() -> list[Mapping[str, Any]]:
    """Return every country with its code and name, by its code."""
    return [{"Name": name, "IsoCode": {"TwoLetterCode": code}} for code, name in sorted(_names()["countries"].items())]


def all_currencies() -> list[CurrencyView]:
    """Return every currency with its code and name, by its code."""
    return [currency(code) for code in sorted(_names()["currencies"])]
