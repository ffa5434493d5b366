"""Conditions: ranges of measures that must all hold, for limits, surcharges, rates and volumetric weight."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from allocation.engine.measures import Measure, Measured


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; an end that is None is open. A range of values has a currency."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    currency: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it limits nothing."""
        return self.minimum is None and self.maximum is None

    def holds(self, lowest: Decimal, highest: Decimal) -> bool:
        """Tell whether both lie in the range."""
        return (self.minimum is None or self.minimum <= lowest) and (self.maximum is None or highest <= self.maximum)


# Ranges by measure; all must hold. A service's limits are one. What has one in a field excludes it from its hash.
Condition = Mapping[Measure, Range]


def holds(condition: Condition, measured: Measured) -> bool | None:
    """Tell whether every value of every measure lies in its range; None where that depends on a missing exchange rate.

    A range of a package's measure must hold for each package.
    """
    answer: bool | None = True
    for measure, bounds in condition.items():
        values = measure.values(measured, bounds.currency)
        if values is None:
            answer = None
        elif values and not bounds.holds(min(values), max(values)):
            return False
    return answer


def packages_holding(condition: Condition, measured: Measured) -> int | None:
    """Return how many packages a condition picks: all ranges hold for the package, or for the whole consignment.

    None where that depends on a missing exchange rate.
    """
    whole = holds({measure: bounds for measure, bounds in condition.items() if measure.of_consignment}, measured)
    if whole is False:
        return 0
    single = {measure: bounds for measure, bounds in condition.items() if not measure.of_consignment}
    found = [holds(single, one) for one in _one_by_one(measured)] if single else [True] * len(measured.packages)
    return None if None in found or (whole is None and True in found) else sum(map(bool, found))


def packages_over(thresholds: Condition, measured: Measured) -> int | None:
    """Return how many packages have more than any of the ranges' maxima.

    None where that depends on a missing exchange rate. Thresholds are of packages' measures.
    """
    found = [_is_over(thresholds, one) for one in _one_by_one(measured)]
    return None if None in found else sum(map(bool, found))


def _one_by_one(measured: Measured) -> list[Measured]:
    """Return each package alone. Where the consignment has one chargeable weight for all, each package has that one."""
    weights, packages = measured.chargeable_weights, measured.packages
    if len(weights) != len(packages):
        return [Measured([package], weights, measured.worth) for package in packages]
    return [Measured([package], [weight], measured.worth) for package, weight in zip(packages, weights, strict=True)]


def _is_over(thresholds: Condition, package: Measured) -> bool | None:
    answer: bool | None = False
    for measure, bounds in thresholds.items():
        values = measure.values(package, bounds.currency)
        if values is None:
            answer = None
        elif values and bounds.maximum is not None and max(values) > bounds.maximum:
            return True
    return answer
