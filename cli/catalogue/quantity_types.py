"""The types of quantities in a written catalogue: weights, lengths, volumes, sizes and divisors, with their units."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Final, NamedTuple

from pydantic import (
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
)

from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS, length_unit, weight_unit
from allocation.engine.loaded_prices import Divisor
from cli.catalogue.value_types import MONEY, NUMBER, described_as, read_decimal, read_money

_NUMERAL: Final = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_QUANTITY: Final = re.compile(rf"{_NUMERAL}\s*([a-z]*[23]?)", re.IGNORECASE)
# Cubic Cm in one unit, exact.
_CUBIC_CENTIMETRES: Final[Mapping[str, Decimal]] = {
    "cm3": Decimal(1),
    "l": Decimal(1_000),
    "m3": Decimal(1_000_000),
    "in3": CENTIMETRES["in"] ** 3,
    "ft3": (12 * CENTIMETRES["in"]) ** 3,
}
_VOLUME_WORDS: Final = {"litre": "l", "litres": "l", "liter": "l", "liters": "l"}
_SIDES: Final = re.compile(rf"{_NUMERAL}\s*[x\u00d7]\s*{_NUMERAL}\s*[x\u00d7]\s*{_NUMERAL}\s*([a-z]*)", re.IGNORECASE)


def _kilograms(value: object) -> Decimal:
    """Return the Kg of `30`, `30 kg`, `500 g`, `66 lb` or `8 oz`. Raises `ValueError` with what to write.

    >>> _kilograms("66 lb")
    Decimal('29.93709642')
    """
    return _convert(value, KILOGRAMS, weight_unit, "kg")


def _centimetres(value: object) -> Decimal:
    """Return the Cm of `120`, `120 cm`, `1.2 m`, `1200 mm` or `48 in`. Raises `ValueError` with what to write."""
    return _convert(value, CENTIMETRES, length_unit, "cm")


def _volume(value: object) -> Decimal:
    """Return the cubic Cm of `20000`, `20 l`, `0.02 m3` or `1 ft3`. Raises `ValueError` with what to write."""
    return _convert(value, _CUBIC_CENTIMETRES, _volume_unit, "cm3")


def _volume_unit(text: str) -> str | None:
    word = text.lower()
    return word if word in _CUBIC_CENTIMETRES else _VOLUME_WORDS.get(word)


def _loading_metres(value: object) -> Decimal:
    """Return the metres of a truck's bed of `2.4` or `2.4 ldm`. Raises `ValueError` with what to write."""
    match = None if isinstance(value, bool | float) else _QUANTITY.fullmatch(str(value).strip())
    if match is None or match[2].lower() not in {"", "ldm"}:
        raise ValueError("write loading metres, such as 2.4 ldm")
    return Decimal(match[1])


def _sides(value: object) -> tuple[Decimal, Decimal, Decimal]:
    """Return the sides of `35.3 x 25 x 2.5 cm` in Cm, longest first, whatever their order."""
    match = _SIDES.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write three sides and a unit, such as 35.3 x 25 x 2.5 cm")
    sides = (_centimetres(f"{side} {match[4]}".strip()) for side in match.groups()[:3])
    longest, middle, shortest = sorted(sides, reverse=True)
    return longest, middle, shortest


def _convert(value: object, units: Mapping[str, Decimal], known: Callable[[str], str | None], default: str) -> Decimal:
    match = None if isinstance(value, bool | float) else _QUANTITY.fullmatch(str(value).strip())
    unit = known(match[2] or default) if match else None
    if match is None or unit is None:
        point = "a decimal point, not a comma, in " if re.match("[0-9]+,[0-9]", str(value)) else ""
        raise ValueError(f"write {point}a number and one of {', '.join(units)}, such as 30 {default}")
    return Decimal(match[1]) if units[unit] == 1 else _trimmed(Decimal(match[1]) * units[unit])


def _trimmed(amount: Decimal) -> Decimal:
    """Return an amount without zeros at its end, so that 2 lb and 32 oz are written alike."""
    digits = f"{amount:f}"
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)


class Quantity(NamedTuple):
    """An amount of what the place that it stands at measures: Kg, Cm, cubic Cm, loading metres, or money in a currency.

    `kind` is `Kg`, `Cm`, `cm3`, `ldm` or the currency that is written, or empty for a plain number.
    """

    amount: Decimal
    kind: str


def _quantity(value: object) -> Quantity:
    match = None if isinstance(value, bool | float) else _QUANTITY.fullmatch(str(value).strip())
    if match and not match[2]:
        return Quantity(Decimal(match[1]), "")
    if match and weight_unit(match[2]):
        return Quantity(_kilograms(value), "Kg")
    if match and length_unit(match[2]):
        return Quantity(_centimetres(value), "Cm")
    if match and _volume_unit(match[2]):
        return Quantity(_volume(value), "cm3")
    if match and match[2].lower() == "ldm":
        return Quantity(_loading_metres(value), "ldm")
    if isinstance(value, str) and MONEY.fullmatch(value):
        return Quantity(*read_money(value))
    raise ValueError("write a number with its unit, such as 30 kg, 120 cm, 20 l or 500 GBP")


def _divisor(value: object) -> Divisor:
    """Return the divisor of `5000`, `139 in3/lb` or `300 kg/m3`. Raises `ValueError` with what to write."""
    above, stroke, below = ("", "", "") if isinstance(value, bool | float) else str(value).partition("/")
    try:
        if not stroke:
            return Divisor(read_decimal(value))
        match = _QUANTITY.fullmatch(above.strip())
        if match and weight_unit(match[2]):
            return Divisor(_volume(f"1 {below.strip()}"), _kilograms(above))
        return Divisor(_volume(above), _kilograms(f"1 {below.strip()}"))
    except ValueError:
        raise ValueError("write cubic Cm a Kg, such as 5000, or a density, such as 139 in3/lb or 300 kg/m3") from None


_QUANTITY_EXAMPLES: Final = ["30 kg", "120 cm", "500 GBP", 30]
QuantityField = Annotated[
    Quantity,
    PlainValidator(_quantity),
    PlainSerializer(lambda quantity: str(quantity.amount)),
    described_as(type=["number", "string"], minimum=0, examples=_QUANTITY_EXAMPLES),
]
DivisorField = Annotated[
    Divisor,
    PlainValidator(_divisor),
    PlainSerializer(str),
    described_as(type=["number", "string"], minimum=0, examples=[5000, "139 in3/lb", "300 kg/m3"]),
]
Kilograms = Annotated[Decimal, BeforeValidator(_kilograms), described_as(**NUMBER, examples=["30 kg", "66 lb", 30])]
Centimetres = Annotated[
    Decimal, BeforeValidator(_centimetres), described_as(**NUMBER, examples=["120 cm", "48 in", 120])
]
Volume = Annotated[Decimal, BeforeValidator(_volume), described_as(**NUMBER, examples=["20 l", "0.02 m3", "1 ft3"])]
LoadingMetres = Annotated[Decimal, BeforeValidator(_loading_metres), described_as(**NUMBER, examples=["2.4 ldm", 13.6])]
Size = Annotated[
    tuple[Decimal, Decimal, Decimal],
    BeforeValidator(_sides),
    described_as(type="string", examples=["35.3 x 25 x 2.5 cm"]),
]
