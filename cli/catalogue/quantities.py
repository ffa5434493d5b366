"""Weights and lengths of a catalogue with their units, converted exactly, as those of messages are."""

import re
from collections.abc import Mapping
from decimal import Decimal

from allocation.consignments.numbers import CENTIMETRES, KILOGRAMS

_QUANTITY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([a-z]*)", re.IGNORECASE)


def kilograms(value: object) -> Decimal:
    """The Kg of `30`, `30 kg`, `500 g`, `66 lb` or `8 oz`. Raises `ValueError` with what to write.

    >>> kilograms("66 lb")
    Decimal('29.93709642')
    """
    return _convert(value, KILOGRAMS, "kg")


def centimetres(value: object) -> Decimal:
    """The Cm of `120`, `120 cm`, `1.2 m`, `1200 mm` or `48 in`. Raises `ValueError` with what to write."""
    return _convert(value, CENTIMETRES, "cm")


def _convert(value: object, units: Mapping[str, Decimal], default: str) -> Decimal:
    match = None if isinstance(value, bool | float) else _QUANTITY.fullmatch(str(value).strip())
    if match is None or (match[2].lower() or default) not in units:
        raise ValueError(f"write a number and one of {', '.join(units)}, as 30 {default}")
    return Decimal(match[1]) * units[match[2].lower() or default]
