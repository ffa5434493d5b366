"""Brackets: the finite number of ways in which weights, sizes and days can matter to a price.

Two consignments in the same brackets cost the same on every service, so prices are worked out once per bracket.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from allocation.engine.catalogue import Catalogue, Service, Validity
from allocation.engine.inquiries import PackageMeasures
from allocation.engine.pricing import MEASURES, chargeable_weights

Bracket = int | tuple[int, ...]
"""One number for one package, the most frequent case by far; one a package for several, sorted."""


class WeightClass(NamedTuple):
    """The services that look at the same chargeable weights."""

    number: int
    divisor: Decimal | None
    by_package: bool
    members: tuple[int, ...]
    limits: Sequence[Decimal]
    """Every weight at which a price of a member can change, in order."""

    def weights(self, packages: Sequence[PackageMeasures]) -> list[Decimal]:
        """The Kg that the members' rates are asked for."""
        return chargeable_weights(packages, self.divisor, by_package=self.by_package)

    def bracket(self, weights: Sequence[Decimal]) -> Bracket:
        """Where the weights lie among the limits."""
        limits = self.limits
        if len(weights) == 1:
            return bisect_left(limits, weights[0])
        return tuple([bisect_left(limits, weight) for weight in weights])


class WeightClasses:
    """The weight classes of all services: for one package the divisor alone tells them apart."""

    def __init__(self, services: Sequence[Service]) -> None:
        every = range(len(services))
        alone = [(services[position].divisor, False, position) for position in every]
        among = [(services[position].divisor, services[position].by_package, position) for position in every]
        self._alone = _classes(services, alone, 0)
        self._among = _classes(services, among, len(self._alone))

    @property
    def count(self) -> int:
        """How many classes there are at most for one consignment."""
        return max(len(self._alone), len(self._among))

    def for_packages(self, packages: Sequence[PackageMeasures]) -> tuple[WeightClass, ...]:
        """The classes to price a consignment by; each service is in one."""
        return self._alone if len(packages) == 1 else self._among


def _classes(
    services: Sequence[Service], told: Iterable[tuple[Decimal | None, bool, int]], first: int
) -> tuple[WeightClass, ...]:
    members: dict[tuple[Decimal | None, bool], list[int]] = {}
    for divisor, by_package, position in told:
        members.setdefault((divisor, by_package), []).append(position)
    return tuple(
        WeightClass(number, divisor, by_package, tuple(positions), _limits(services, positions))
        for number, ((divisor, by_package), positions) in enumerate(members.items(), start=first)
    )


def _limits(services: Sequence[Service], positions: Iterable[int]) -> list[Decimal]:
    limits: set[Decimal] = set()
    stepped: set[tuple[Decimal, Decimal, Decimal]] = set()
    for position in positions:
        for rate in services[position].rates:
            limits.update(rate.limits)
            if rate.step is not None and rate.last_weight is not None:
                stepped.add((rate.limits[-1], rate.step, rate.last_weight))
    for first, step, last in stepped:
        limits.update(_steps(first, step, last))
    return sorted(limits)


def _steps(first: Decimal, step: Decimal, last: Decimal) -> Iterable[Decimal]:
    limit = first
    while limit < last:
        limit += step
        yield min(limit, last)


class SizeBrackets:
    """What of a package's size and weight surcharges ask about."""

    def __init__(self, services: Sequence[Service]) -> None:
        asked = {surcharge.over for service in services for surcharge in service.surcharges if surcharge.over}
        by_measure = [
            (position, sorted(limit for measure, limit in asked if measure is wanted))
            for position, wanted in enumerate(MEASURES)
        ]
        self._limits = [(position, limits) for position, limits in by_measure if limits]

    def bracket(self, packages: Sequence[PackageMeasures]) -> Bracket:
        """Where the packages lie among the limits, in an order that does not depend on theirs."""
        if len(packages) == 1:
            return self._of(packages[0])
        return tuple(sorted(self._of(package) for package in packages))

    def _of(self, package: PackageMeasures) -> int:
        number = 0
        for position, limits in self._limits:
            number = number * (len(limits) + 1) + bisect_left(limits, package[position])
        return number


class DayBrackets:
    """The days on which surcharges and exchange rates begin to hold or cease to."""

    def __init__(self, catalogue: Catalogue) -> None:
        validities: set[Validity] = {item.validity for item in catalogue.exchange_rates}
        validities.update(surcharge.validity for service in catalogue.services for surcharge in service.surcharges)
        self._changes = sorted({day.toordinal() for validity in validities for day in _changes(validity)})

    def bracket(self, day: int) -> int:
        """Where the day, an ordinal, lies among the changes."""
        return bisect_right(self._changes, day)


def _changes(validity: Validity) -> Iterable[date]:
    if validity.first is not None:
        yield validity.first
    if validity.last is not None and validity.last < date.max:
        yield validity.last + timedelta(days=1)
