"""Measures: what can be measured of a consignment and its packages, for limits, surcharges, rates and bands."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple, Self

from allocation.domain.consignment import Dimensions
from allocation.domain.currencies import Money

CONSIGNMENT: Final = "consignment."
_NOTHING: Final = Decimal(0)
LOADING_METRE: Final = Decimal(24_000)  # square Cm


class PackageMeasures(NamedTuple):
    """One package, the box turned so that it is longest first: Kg, Cm and cubic Cm."""

    weight: Decimal
    length: Decimal  # the longest side
    width: Decimal  # the middle side
    height: Decimal  # the shortest side
    volume: Decimal
    value: Money | None = None
    footprint: Decimal = Decimal(0)  # square Cm: length x width as the sender gives them, for what stands upright

    @property
    def loading_metres(self) -> Decimal:
        """How many metres of a truck's bed, which is 2.4 m wide, a pallet takes that nothing stands on."""
        return self.footprint / LOADING_METRE

    @property
    def girth(self) -> Decimal:
        """What a tape around the two shorter sides measures: 2 x width + 2 x height (`pro-api.md`)."""
        return 2 * (self.width + self.height)

    @property
    def length_plus_girth(self) -> Decimal:
        """What carriers of the Americas limit."""
        return self.length + self.girth

    @property
    def length_plus_height(self) -> Decimal:
        """The longest and the shortest side, by which German carriers class parcels."""
        return self.length + self.height

    @property
    def sides_total(self) -> Decimal:
        """The sum of the three sides."""
        return self.length + self.width + self.height

    @property
    def length_to_width(self) -> Decimal:
        """How many times as long as wide it is: some letters may not be square."""
        return self.length / self.width if self.width else Decimal("Infinity")


def measure_package(weight_kg: Decimal, box: Dimensions, value: Money | None = None) -> PackageMeasures:
    """Return the measures of a package of this weight and size."""
    height, width, length = sorted((box.length_cm, box.width_cm, box.height_cm))
    footprint = box.length_cm * box.width_cm
    return PackageMeasures(weight_kg, length, width, height, length * width * height, value, footprint)


# Returns the sum of amounts by currency in one currency, or None where an exchange rate is missing.
_Worth = Callable[[Mapping[str, Decimal], str], Decimal | None]


def _worth_in_own(amounts: Mapping[str, Decimal], currency: str) -> Decimal | None:
    """Compare what is in the currency already, and zero in any."""
    others = any(amount for key, amount in amounts.items() if key != currency)
    return None if others else amounts.get(currency, Decimal(0))


class Measured(NamedTuple):
    """What is measured: the packages, and what depends on the service and the day."""

    packages: Sequence[PackageMeasures]
    # Kg by the service's own rules: of each package by itself, in the order of the packages.
    chargeable_weights: Sequence[Decimal] = ()
    worth: _Worth = _worth_in_own
    # Of all packages together, where that is not the sum.
    chargeable_total: Decimal | None = None


_Values = Callable[[Measured, str | None], list[Decimal] | None]
_OfPackage = Callable[[PackageMeasures], Decimal]


def _each(of: _OfPackage) -> _Values:
    return lambda measured, _: list(map(of, measured.packages))


def _sum(of: _OfPackage) -> _Values:
    return lambda measured, _: [sum(map(of, measured.packages), Decimal(0))]


def _loading_metres(measured: Measured, _: str | None) -> list[Decimal]:
    """Return what all packages take together: added up before they are divided, so that three of 1/3 are 1."""
    return [sum((package.footprint for package in measured.packages), Decimal(0)) / LOADING_METRE]


def _chargeable_total(measured: Measured) -> Decimal:
    total = measured.chargeable_total
    return sum(measured.chargeable_weights, Decimal(0)) if total is None else total


def _each_value(measured: Measured, currency: str | None) -> list[Decimal] | None:
    """Return what each package is worth, 0 where nothing is said, or None where one can't be compared."""
    values = [_worth(measured, [package], currency) for package in measured.packages]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None


def _total_value(measured: Measured, currency: str | None) -> list[Decimal] | None:
    value = _worth(measured, measured.packages, currency)
    return None if value is None else [value]


def _worth(measured: Measured, packages: Sequence[PackageMeasures], currency: str | None) -> Decimal | None:
    values = [package.value for package in packages if package.value is not None and package.value.amount]
    if not values:
        return _NOTHING
    if len(values) == 1 and values[0].currency == currency:
        return values[0].amount
    amounts: dict[str, Decimal] = {}
    for value in values:
        amounts[value.currency] = amounts.get(value.currency, _NOTHING) + value.amount
    if currency is None:
        raise ValueError("a value is compared in a currency")
    return measured.worth(amounts, currency)


def _read_by(name: str, read: _Values | str) -> _Values:
    if not isinstance(read, str):
        return read
    return (_sum if name.startswith(CONSIGNMENT) else _each)(attrgetter(read))


class Measure(StrEnum):
    """A measure as catalogues write it, its unit, the words for it, and its values or what they are read from.

    There is one value for each package, or one for the consignment. The unit of money is the currency of the range that
    it is compared with.
    """

    WEIGHT = "weight", "Kg", "weighs {}", "weight"
    LENGTH = "length", "Cm", "is {} long", "length"
    WIDTH = "width", "Cm", "is {} wide", "width"
    HEIGHT = "height", "Cm", "is {} high", "height"
    GIRTH = "girth", "Cm", "has a girth of {}", "girth"
    LENGTH_PLUS_GIRTH = (
        "lengthPlusGirth",
        "Cm",
        "has a length plus girth of {}",
        "length_plus_girth",
    )
    LENGTH_PLUS_HEIGHT = (
        "lengthPlusHeight",
        "Cm",
        "has a longest and a shortest side that total {}",
        "length_plus_height",
    )
    SIDES_TOTAL = "sidesTotal", "Cm", "has sides that total {}", "sides_total"
    LENGTH_TO_WIDTH = (
        "lengthToWidth",
        "times",
        "is {} as long as wide",
        "length_to_width",
    )
    VOLUME = "volume", "cm3", "has a volume of {}", "volume"
    LOADING_METRES = "loadingMetres", "ldm", "takes {}", "loading_metres"
    VALUE = "value", "", "is worth {}", _each_value
    CHARGEABLE_WEIGHT = (
        "chargeableWeight",
        "Kg",
        "has a chargeable weight of {}",
        lambda measured, _: list(measured.chargeable_weights),
    )
    PACKAGES = (
        f"{CONSIGNMENT}packages",
        "packages",
        "has {}",
        lambda measured, _: [Decimal(len(measured.packages))],
    )
    TOTAL_WEIGHT = f"{CONSIGNMENT}weight", "Kg", "weighs {}", "weight"
    TOTAL_VOLUME = f"{CONSIGNMENT}volume", "cm3", "has a volume of {}", "volume"
    TOTAL_LOADING_METRES = f"{CONSIGNMENT}loadingMetres", "ldm", "takes {}", _loading_metres
    TOTAL_VALUE = f"{CONSIGNMENT}value", "", "is worth {}", _total_value
    TOTAL_CHARGEABLE_WEIGHT = (
        f"{CONSIGNMENT}chargeableWeight",
        "Kg",
        "has a chargeable weight of {}",
        lambda measured, _: [_chargeable_total(measured)],
    )

    unit: str
    # What is said of a package, or of the consignment, that has so much.
    clause: str
    values: _Values
    # Reads it from a package that is alone; None where more than the package says it.
    of_package: _OfPackage | None

    def __new__(cls, name: str, unit: str, clause: str, read: _Values | str) -> Self:
        """Make the member known by `name`, as catalogues write it.

        `read` returns its values, or is the field of `PackageMeasures` that has them, which consignments add up.
        """
        member = str.__new__(cls, name)
        member._value_ = name
        member.unit = unit
        member.clause = clause
        member.of_package = attrgetter(read) if isinstance(read, str) else None
        member.values = _read_by(name, read)
        return member

    @property
    def is_money(self) -> bool:
        """Whether its ranges have a currency."""
        return not self.unit

    @property
    def of_consignment(self) -> bool:
        """Whether it has one value for all packages together."""
        return self.startswith(CONSIGNMENT)

    def total(self, measured: Measured, currency: str | None) -> Decimal | None:
        """Return what all packages have together, or the greatest where that says nothing.

        None where a value can't be compared.
        """
        found = _TOTALS.get(self, self).values(measured, currency)
        return None if found is None else max(found)

    @property
    def of_service(self) -> bool:
        """Whether its values depend on the service: each works out chargeable weights by its own rules."""
        return self in _OF_SERVICE


_OF_SERVICE: Final = frozenset({Measure.CHARGEABLE_WEIGHT, Measure.TOTAL_CHARGEABLE_WEIGHT})
# By measure of a package: that of all packages, which they add up to.
_TOTALS: Final = {each: whole for whole in Measure for each in Measure if whole == f"{CONSIGNMENT}{each}"}
