"""Examples worked out by hand from a published tariff: a consignment, and what services cost or refuse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS
from allocation.domain.consignment import Address, AddressFlags, Consignment, Dimensions, Direction, Package
from allocation.domain.currencies import Money
from allocation.domain.reference import ConsignmentReference

DEPOT = "Depot"
# Every worker reads all examples when it collects: libyaml, where it is there, takes a sixth of the time.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SMALL = "10 x 10 x 10 cm"
_FLAGS = {None: None, "true": True, "false": False}


@dataclass(frozen=True)
class PricedExample:
    """What a tariff says of one consignment. `line` is where the published page says it."""

    tariff: str
    what: str
    consignment: Consignment
    winner: str | None
    prices: Mapping[str, str]
    gross: Mapping[str, str]
    reasons: Mapping[str, str]
    line: str

    def __str__(self) -> str:
        return f"{self.tariff}: {self.what}"


def read_examples(path: Path) -> list[PricedExample]:
    """Return the examples of a file `tariff.examples.yaml`. Every value is text; an unknown key is a mistake."""
    tariff = path.name.removesuffix(".examples.yaml")
    return [_example(tariff, **written) for written in yaml.load(path.read_text("utf-8"), _LOADER)]  # noqa: S506


def _example(
    tariff: str,
    what: str,
    line: str,
    winner: str | None = None,
    prices: Mapping[str, str] = {},
    gross: Mapping[str, str] = {},
    reasons: Mapping[str, str] = {},
    **consignment: Any,
) -> PricedExample:
    return PricedExample(tariff, what, _consignment(**consignment), winner, prices, gross, reasons, line)


def _consignment(
    packages: list[dict[str, str]],
    to: str,
    tags: list[str] = [],  # noqa: B006
    direction: str = "Outbound",
    region: str | None = None,
    residential: str | None = None,
    **origin: str,
) -> Consignment:
    start = origin.pop("from", DEPOT)
    if origin:
        raise ValueError(f"an example has no {', '.join(origin)}")
    return Consignment(
        reference=ConsignmentReference("EC-000-05B-MMA"),
        packages=tuple(_package(**item) for item in packages),
        origin=_address(start),
        destination=replace(_address(to), region=region, flags=AddressFlags(residential=_FLAGS[residential])),
        tags=frozenset(tags),
        direction=Direction(direction),
    )


def _address(text: str) -> Address:
    """Read a shipping location, or a country with a postcode, as `GB M1 5WG`."""
    country, _, postcode = text.partition(" ")
    if re.fullmatch("[A-Z]{2}", country):
        return Address(country=country, postcode=postcode or None)
    return Address(shipping_location_reference=text)


def _package(weight: str, size: str = _SMALL, value: str | None = None) -> Package:
    *sides, unit = size.replace(" x ", " ").split()
    number, of = weight.split()
    return Package(
        Decimal(number) * KILOGRAMS[of],
        Dimensions(*(Decimal(side) * CENTIMETRES[unit] for side in sides)),
        value=None if value is None else Money(Decimal(value.split()[0]), value.split()[1]),
    )
