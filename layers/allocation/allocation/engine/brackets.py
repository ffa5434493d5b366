"""Brackets: the finite number of ways in which weights, sizes and days can matter to a price.

Two consignments in the same brackets cost the same on every service, so prices are worked out once per bracket.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from allocation.engine.loaded_catalogue import Catalogue, Service
from allocation.engine.loaded_prices import Validity
from allocation.engine.measures import Measure, Measured, PackageMeasures
from allocation.engine.pricing import chargeable_weights

# One number for one package, by far the most frequent case; for several, one per weight, sorted.
Bracket = int | tuple[int, ...]


class WeightClass(NamedTuple):
    """The services that look at the same chargeable weights."""

    number: int
    divisor: Decimal | None
    by_package: bool
    members: tuple[int, ...]
    thresholds: Sequence[Decimal]  # every weight at which a price of a member can change, in order

    def weights(self, packages: Sequence[PackageMeasures]) -> list[Decimal]:
        """Return the Kg that the members' rates are asked for."""
        return chargeable_weights(packages, self.divisor, by_package=self.by_package)

    def bracket(self, weights: Sequence[Decimal]) -> Bracket:
        """Return where the weights lie among the thresholds."""
        thresholds = self.thresholds
        if len(weights) == 1:
            return bisect_left(thresholds, weights[0])
        return tuple([bisect_left(thresholds, weight) for weight in weights])


class WeightClasses:
    """The weight classes of all services. For one package, only the divisor distinguishes them."""

    def __init__(self, services: Sequence[Service]) -> None:
        every = range(len(services))
        alone = [(services[position].divisor, False, position) for position in every]
        among = [(services[position].divisor, services[position].by_package, position) for position in every]
        self._alone = _classes(services, alone, 0)
        self._among = _classes(services, among, len(self._alone))

    @property
    def count(self) -> int:
        """The greatest number of classes for one consignment."""
        return max(len(self._alone), len(self._among))

    def for_packages(self, packages: Sequence[PackageMeasures]) -> tuple[WeightClass, ...]:
        """Return the classes to price a consignment by; each service is in one."""
        return self._alone if len(packages) == 1 else self._among


def _classes(
    services: Sequence[Service], keys: Iterable[tuple[Decimal | None, bool, int]], first: int
) -> tuple[WeightClass, ...]:
    members: dict[tuple[Decimal | None, bool], list[int]] = defaultdict(list)
    for divisor, by_package, position in keys:
        members[divisor, by_package].append(position)
    return tuple(
        WeightClass(number, divisor, by_package, tuple(positions), _thresholds(services, positions))
        for number, ((divisor, by_package), positions) in enumerate(members.items(), start=first)
    )


def _thresholds(services: Sequence[Service], positions: Iterable[int]) -> list[Decimal]:
    rates = [rate for position in positions for rate in services[position].rates]
    thresholds = {weight for rate in rates for weight in rate.up_to}
    # Many services share the same steps: each series is worked out once.
    for last_band, above in {(rate.up_to[-1], rate.above) for rate in rates if rate.above is not None}:
        thresholds.update(_steps(last_band, above.step, above.last_weight))
    return sorted(thresholds)


def _steps(first: Decimal, step: Decimal, last: Decimal) -> Iterable[Decimal]:
    threshold = first
    while threshold < last:
        threshold += step
        yield min(threshold, last)


class SizeBrackets:
    """What surcharges ask about the sizes and weights of packages."""

    def __init__(self, services: Sequence[Service]) -> None:
        thresholds: dict[Measure, set[Decimal]] = defaultdict(set)
        for surcharge in {item for service in services for item in service.surcharges if item.over}:
            for measure, bounds in (surcharge.over or {}).items():
                if bounds.maximum is not None:
                    thresholds[measure].add(bounds.maximum)
        self._thresholds = [(measure, sorted(found)) for measure, found in sorted(thresholds.items())]

    def bracket(self, packages: Sequence[PackageMeasures]) -> tuple[int, ...]:
        """Return the number of packages and where their measures lie among the thresholds, whatever their order."""
        if not self._thresholds:
            return (len(packages),)
        measured = Measured(packages)
        places = [
            [bisect_left(thresholds, value) for value in measure.values(measured, None) or ()]
            for measure, thresholds in self._thresholds
        ]
        # By package: a surcharge counts those that are over any of its thresholds.
        return (len(packages), *chain.from_iterable(sorted(zip(*places, strict=True))))


class DayBrackets:
    """The days on which surcharges and exchange rates begin or cease to hold."""

    def __init__(self, catalogue: Catalogue) -> None:
        validities: set[Validity] = {item.validity for item in catalogue.exchange_rates}
        validities.update(surcharge.validity for service in catalogue.services for surcharge in service.surcharges)
        self._changes = sorted({day.toordinal() for validity in validities for day in _changes(validity)})

    def bracket(self, day: int) -> int:
        """Return where the day, an ordinal, lies among the changes."""
        return bisect_right(self._changes, day)


def _changes(validity: Validity) -> Iterable[date]:
    if validity.first is not None:
        yield validity.first
    if validity.last is not None and validity.last < date.max:
        yield validity.last + timedelta(days=1)
