"""Weights, sizes and money as PRO writes them: `Kg` and `Cm`, five decimal places at most, prices with their tax."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS
from allocation.domain.outcome import Price

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
"""A JSON number, exact."""
FIVE_PLACES: Final = Decimal("0.00001")
CURRENCY_NAMES: Final[Mapping[str, str]] = {"EUR": "Euro", "GBP": "Pound Sterling", "USD": "US Dollar"}


class Currency(TypedDict):
    """A currency by its ISO 4217 code; `Name` is null where it has none here."""

    Name: str | None
    IsoCode: str


class Money(TypedDict):
    """An amount of money."""

    Amount: Number
    Currency: Currency


class Weight(TypedDict):
    """A weight in Kg."""

    Value: Number
    Unit: str


class TaxRate(TypedDict):
    """A tax by its reference, as `GB-0.2000`; `Rate` 0.2 is 20%."""

    Reference: str
    CountryIsoCode: str | None
    Type: str
    Rate: Number


class Rate(TypedDict):
    """A price: `Gross` is `Net` and `VatAmount`."""

    Net: Number
    Gross: Number
    TaxRate: TaxRate | None
    VatAmount: Number
    Currency: Currency


def currency(iso_code: str) -> Currency:
    """A currency with its name."""
    return Currency(Name=CURRENCY_NAMES.get(iso_code), IsoCode=iso_code)


def rate(price: Price, tax: TaxRate | None) -> Rate:
    """A price as PRO's `Rate`."""
    return Rate(Net=price.net, Gross=price.gross, TaxRate=tax, VatAmount=price.vat, Currency=currency(price.currency))


def tax_rate(reference: str, part: Decimal) -> TaxRate:
    """A tax, its country taken from the reference where that begins with one.

    >>> tax_rate("GB-0.2000", Decimal("0.2"))["CountryIsoCode"]
    'GB'
    """
    country, dash, _ = reference.partition("-")
    is_country = bool(dash) and len(country) == len("GB")
    return TaxRate(
        Reference=reference,
        CountryIsoCode=country if is_country else None,
        Type="Standard" if part else "Zero",
        Rate=part,
    )


def total_weight(consignment: FullConsignment) -> Weight:
    """What all packages weigh together."""
    kilograms = [package.weight.value * KILOGRAMS[package.weight.unit] for package in consignment.packages]
    return Weight(Value=shortened(sum(kilograms, Decimal(0))), Unit="Kg")


def total_value(consignment: FullConsignment) -> Money | None:
    """What all packages are worth together; None where that is not known, or in more than one currency."""
    values = [package.value for package in consignment.packages]
    known = [value for value in values if value is not None]
    currencies = {value.currency.iso_code for value in known}
    if len(known) < len(values) or len(currencies) != 1:
        return None
    return Money(Amount=sum((value.amount for value in known), Decimal(0)), Currency=currency(currencies.pop()))


def in_pro_units(value: Any) -> Any:
    """The same data with every weight in `Kg` and every size in `Cm`, wherever it stands."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [in_pro_units(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    unit = str(value.get("Unit")).lower()
    if unit in KILOGRAMS and isinstance(value.get("Value"), int | Decimal):
        return {**value, "Value": shortened(value["Value"] * KILOGRAMS[unit]), "Unit": "Kg"}
    if unit in CENTIMETRES and "Length" in value:
        sides = {name: side * CENTIMETRES[unit] for name, side in value.items() if isinstance(side, int | Decimal)}
        return {**value, **{name: shortened(side) for name, side in sides.items()}, "Unit": "Cm"}
    return {name: in_pro_units(item) for name, item in value.items()}


def shortened(value: Decimal) -> Decimal:
    """A measure with no more decimal places than PRO has; one that has fewer keeps them."""
    return value.quantize(FIVE_PLACES) if value.as_tuple().exponent < -5 else value  # type: ignore[operator]
