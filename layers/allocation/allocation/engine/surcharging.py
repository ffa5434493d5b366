"""Which surcharges a consignment pays on a service, how often, and how much: additions, percentages and discounts."""

from collections.abc import Iterator, Sequence, Set
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from allocation.domain.currencies import rounded
from allocation.engine.conditions import counted, one_by_one, packages_picked
from allocation.engine.loaded_prices import OF_RATE, OF_VALUE, Surcharge, Units
from allocation.engine.measures import Measure, Measured


class Circumstances(NamedTuple):
    """What surcharges ask of a consignment besides its packages: where it goes, when, and what it is."""

    places: Set[str]
    origins: Set[str]
    day: date  # of collection
    weekday: int | None = None  # of delivery, Monday being 0; None where it is not known
    residential: bool | None = None
    po_box: bool | None = None
    tags: frozenset[str] = frozenset()


class Applied(NamedTuple):
    """A surcharge that applies, how often its amount counts, and the value that it is a part of.

    `picked` says of each package whether it is concerned, for a surcharge whose group has a highest for each package.
    """

    surcharge: Surcharge
    times: Decimal | int
    value: Decimal = Decimal(0)
    picked: tuple[bool, ...] = ()


def applied_surcharges(
    surcharges: Sequence[Surcharge], measured: Measured, where: Circumstances, currency: str
) -> tuple[Applied, ...] | None:
    """Return the surcharges of a service with prices in `currency` that apply, in their order.

    None where that depends on a missing exchange rate.
    """
    found: list[Applied] = []
    for surcharge in surcharges:
        if _is_called_for(surcharge, where):
            item = _applied(surcharge, measured, currency)
            if item is None:
                return None
            if item.times:
                found.append(item)
    if any(item.picked for item in found):
        return tuple(_highest_by_package(found, _groups_by_package(surcharges)))
    return tuple(found)


def _groups_by_package(surcharges: Sequence[Surcharge]) -> set[str | None]:
    """Return the groups of which the highest counts for each package: all of the group are amounts for each."""
    groups = {item.group for item in surcharges} - {None}
    return groups.difference(item.group for item in surcharges if not _is_amount_for_each(item))


def _is_amount_for_each(surcharge: Surcharge) -> bool:
    return surcharge.per_package and not surcharge.variable and surcharge.units is None


def _highest_by_package(found: Sequence[Applied], groups: Set[str | None]) -> Iterator[Applied]:
    """Yield what counts: of the surcharges of a group, each for the packages that pay no more for another."""
    best: dict[tuple[str | None, int], Applied] = {}
    for item in found:
        group, amount = item.surcharge.group, item.surcharge.amount
        if group in groups:
            for number in (number for number, holds in enumerate(item.picked) if holds):
                rival = best.setdefault((group, number), item)
                if rival.surcharge.amount < amount:
                    best[group, number] = item
    for item in found:
        if item.surcharge.group not in groups:
            yield item._replace(picked=())
        elif times := sum(other is item for other in best.values()):
            yield item._replace(times=times)


def _is_called_for(surcharge: Surcharge, where: Circumstances) -> bool:
    return (
        surcharge.validity.covers(where.day)
        and (surcharge.places is None or not where.places.isdisjoint(surcharge.places))
        and (surcharge.origins is None or not where.origins.isdisjoint(surcharge.origins))
        and (surcharge.delivery_days is None or (where.weekday is not None and surcharge.delivery_days[where.weekday]))
        and (surcharge.residential is None or surcharge.residential is where.residential)
        and (surcharge.po_box is None or surcharge.po_box is where.po_box)
        and (surcharge.tags is None or not where.tags.isdisjoint(surcharge.tags))
    )


def _applied(surcharge: Surcharge, measured: Measured, currency: str) -> Applied | None:
    picked = packages_picked(surcharge.over, surcharge.when, measured)
    count = counted(picked)
    if count is None:
        return None
    if count == 0 or (surcharge.units is None and OF_VALUE not in surcharge.of):
        concerned = () if surcharge.group is None else tuple(map(bool, picked))
        return Applied(surcharge, count if surcharge.per_package else min(count, 1), picked=concerned)
    if surcharge.units is None:
        value = worth(measured, currency)
        # What is a part of the value only is nothing where nothing is declared.
        return None if value is None else Applied(surcharge, 1 if value or surcharge.of != (OF_VALUE,) else 0, value)
    times = _times(surcharge.units, measured, picked if surcharge.per_package else None)
    return None if times is None else Applied(surcharge, times)


def _times(units: Units, measured: Measured, picked: Sequence[bool | None] | None) -> Decimal | None:
    """Return how many units the consignment has, or the sum of those of the picked packages."""
    if picked is None:
        return _count(units, units.measure.total(measured, units.currency))
    total = Decimal(0)
    for one, holds in zip(one_by_one(measured), picked, strict=True):
        if holds:
            times = _count(units, units.measure.total(one, units.currency))
            if times is None:
                return None
            total += times
    return total


def _count(units: Units, amount: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    count = max(amount - units.above, Decimal(0)) / units.unit
    return count.to_integral_value(ROUND_CEILING) if units.started else count


def worth(measured: Measured, currency: str) -> Decimal | None:
    """Return what the packages are worth in a currency, or None without an exchange rate."""
    values = Measure.TOTAL_VALUE.values(measured, currency)
    return None if values is None else values[0]


def surcharge_amounts(applied: Sequence[Applied], base: Decimal, unit: Decimal) -> list[tuple[str, Decimal]]:
    """Return the amounts of the surcharges that count, rounded to a minor unit, by name and in their order."""
    if all(item.surcharge.of == _RATE_ONLY and item.surcharge.group is None for item in applied):
        return [(item.surcharge.name, _amount(item, base, unit)) for item in applied]
    return _Connected(applied, base, unit).amounts()


_RATE_ONLY = (OF_RATE,)


class _Connected:
    """Surcharges that are parts of each other, or of which only the highest of a group counts.

    The catalogue's check refuses circles.
    """

    def __init__(self, applied: Sequence[Applied], base: Decimal, unit: Decimal) -> None:
        self._applied = {item.surcharge.name: item for item in applied}
        self._base = base
        self._unit = unit
        self._known: dict[str, Decimal] = {}

    def amounts(self) -> list[tuple[str, Decimal]]:
        return [(name, self._of(name)) for name in self._applied if self._counts(name)]

    def _is_something(self, name: str) -> bool:
        """Tell whether a part of what a percentage is of counts: its minimum would be charged for nothing."""
        item = self._applied[name]
        parts = item.surcharge.of
        if not item.surcharge.variable or OF_RATE in parts or (OF_VALUE in parts and item.value):
            return True
        return any(self._counts(part) for part in parts)

    def _of(self, name: str) -> Decimal:
        if name not in self._known:
            item = self._applied[name]
            base = sum((self._part(part, item) for part in item.surcharge.of), Decimal(0))
            self._known[name] = _amount(item, base, self._unit)
        return self._known[name]

    def _part(self, part: str, item: Applied) -> Decimal:
        if part == OF_RATE:
            return self._base
        if part == OF_VALUE:
            return item.value
        return self._of(part) if self._counts(part) else Decimal(0)

    def _counts(self, name: str) -> bool:
        """Tell whether a surcharge applies, is not of nothing, and is the highest of its group: of equal, the first."""
        if name not in self._applied or not self._is_something(name):
            return False
        group = self._applied[name].surcharge.group
        if group is None or self._applied[name].picked:
            return True
        alike = [other for other, item in self._applied.items() if item.surcharge.group == group]
        return name == max(filter(self._is_something, alike), key=self._of)


def _amount(item: Applied, base: Decimal, unit: Decimal) -> Decimal:
    surcharge = item.surcharge
    amount = (base * surcharge.amount if surcharge.variable else surcharge.amount) * item.times
    if surcharge.leaves is not None:
        amount = max(amount, min(surcharge.leaves - base, Decimal(0)))
    if surcharge.minimum is not None:
        amount = max(amount, surcharge.minimum)
    if surcharge.maximum is not None:
        amount = min(amount, surcharge.maximum)
    return rounded(amount, unit)
