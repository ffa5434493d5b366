"""Conditions: ranges of measures that must all hold, for limits, surcharges, rates and volumetric weight."""

from collections.abc import Mapping
from decimal import Decimal

from allocation.domain.frozen import frozen
from allocation.engine.measures import Measure, Measured


@frozen
class Range:
    """A range; an end that is None is open. A range of values has a currency.

    Both ends are in it; with `above`, only what is more than the minimum.
    """

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    currency: str | None = None
    above: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it limits nothing."""
        return self.minimum is None and self.maximum is None

    def holds(self, lowest: Decimal, highest: Decimal) -> bool:
        """Tell whether both lie in the range."""
        return self._is_reached(lowest) and (self.maximum is None or highest <= self.maximum)

    def _is_reached(self, lowest: Decimal) -> bool:
        if self.minimum is None:
            return True
        return self.minimum < lowest if self.above else self.minimum <= lowest


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


def packages_holding(condition: Condition, measured: Measured) -> list[bool | None]:
    """Return for each package whether a condition picks it: all ranges hold for it, or for the whole consignment.

    None where that depends on a missing exchange rate.
    """
    whole = holds({measure: bounds for measure, bounds in condition.items() if measure.of_consignment}, measured)
    if whole is False:
        return [False] * len(measured.packages)
    single = {measure: bounds for measure, bounds in condition.items() if not measure.of_consignment}
    found = [holds(single, one) if single else True for one in one_by_one(measured)]
    return found if whole else [answer and None for answer in found]


def packages_over(thresholds: Condition, measured: Measured) -> list[bool | None]:
    """Return for each package whether it has more than any of the ranges' maxima.

    None where that depends on a missing exchange rate. Thresholds are of packages' measures.
    """
    return [_is_over(thresholds, one) for one in one_by_one(measured)]


def packages_picked(over: Condition | None, when: Condition | None, measured: Measured) -> list[bool | None]:
    """Return for each package whether it has more than any of the thresholds and meets the condition.

    What is None picks every package. None where that depends on a missing exchange rate.
    """
    if over is None:
        return [True] * len(measured.packages) if when is None else packages_holding(when, measured)
    found = packages_over(over, measured)
    if when is None:
        return found
    holding = packages_holding(when, measured)
    return [False if False in pair else None if None in pair else True for pair in zip(found, holding, strict=True)]


def counted(picked: list[bool | None]) -> int | None:
    """Return how many packages are picked, or None where that depends on a missing exchange rate."""
    return None if None in picked else sum(map(bool, picked))


def one_by_one(measured: Measured) -> list[Measured]:
    """Return each package alone."""
    weights, packages = measured.chargeable_weights, measured.packages
    if not weights:
        return [Measured([package], (), measured.worth) for package in packages]
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
