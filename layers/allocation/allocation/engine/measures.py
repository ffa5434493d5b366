"""Measures: what can be measured of a consignment's packages, for limits, surcharges and rates."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Self

from allocation.domain.consignment import Dimensions


class PackageMeasures(NamedTuple):
    """One package, however it is turned: Kg, Cm and cubic Cm."""

    weight: Decimal
    length: Decimal  # the longest side
    girth: Decimal  # around the two shorter sides: 2 x width + 2 x height (`pro-api.md`)
    volume: Decimal


def measure_package(weight_kg: Decimal, box: Dimensions) -> PackageMeasures:
    """Return the measures of a package of this weight and size."""
    height, width, length = sorted((box.length_cm, box.width_cm, box.height_cm))
    return PackageMeasures(weight_kg, length, 2 * (width + height), length * width * height)


_Values = Callable[[Sequence[PackageMeasures]], list[Decimal]]


class Measure(StrEnum):
    """A measure, its unit, and its values for a consignment: one for each package, or one for all of them.

    A carrier service's limit on a measure and a surcharge's condition hold for every value.
    """

    WEIGHT = "weight", "Kg", lambda packages: [package.weight for package in packages]
    LENGTH = "length", "Cm", lambda packages: [package.length for package in packages]
    GIRTH = "girth", "Cm", lambda packages: [package.girth for package in packages]

    unit: str
    values: _Values

    def __new__(cls, name: str, unit: str, values: _Values) -> Self:
        """Make the member known by `name`, as catalogues write it."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.unit = unit
        member.values = values
        return member
