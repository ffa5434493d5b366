"""Brackets: the finite number of ways in which weights, sizes and days can matter to a price.

Two consignments in the same brackets cost the same on a service whose price has nothing continuous in it, so its prices
are worked out once per bracket. A service with a price per Kg or a part of the value is priced for each consignment.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from allocation.engine.inquiries import Inquiry
from allocation.engine.loaded_catalogue import Catalogue, Service
from allocation.engine.loaded_prices import ALWAYS, OF_VALUE, Rate, Surcharge, Validity
from allocation.engine.measures import Measure, Measured

# One number for one package, by far the most frequent case; for several, one per weight, sorted.
_Bracket = int | tuple[int, ...]


class PriceClass(NamedTuple):
    """Services whose bands are read by the same values, and that cost the same in the same brackets."""

    number: int
    scale: int  # how they weigh: one of the index's `scales`
    by_package: bool
    first: Rate  # one of the rates, which are all read by the same measure
    members: tuple[int, ...]
    ends: Sequence[Decimal]  # every value above which a price of a member can change, in order
    starts: Sequence[Decimal]  # every value from which one has a price again, in order

    def bracket(self, values: Sequence[Decimal]) -> _Bracket:
        """Return where the values lie among the ends and starts."""
        ends, starts = self.ends, self.starts
        if starts:
            return tuple(sorted([_place(ends, starts, value) for value in values]))
        if len(values) == 1:
            return bisect_left(ends, values[0])
        return tuple(sorted([bisect_left(ends, value) for value in values]))


class PriceClasses:
    """The services that are priced by brackets, in classes, and those that are priced for each consignment.

    `scales` says of each service how it weighs. For one package, only that distinguishes the classes.
    """

    def __init__(self, services: Sequence[Service], scales: Sequence[int]) -> None:
        bracketed = [position for position, service in enumerate(services) if _is_bracketed(service)]
        self.exact = tuple(sorted(set(range(len(services))).difference(bracketed)))
        self._alone = _classes(services, scales, bracketed, 0, apart=False)
        self._among = _classes(services, scales, bracketed, len(self._alone), apart=True)

    @property
    def count(self) -> int:
        """The greatest number of classes for one consignment."""
        return max(len(self._alone), len(self._among))

    def for_packages(self, count: int) -> tuple[PriceClass, ...]:
        """Return the classes to price so many packages by; each service that is priced by brackets is in one."""
        return self._alone if count == 1 else self._among


def _is_bracketed(service: Service) -> bool:
    rates = [rate for first in service.rates for rate in (first, *first.others)]
    return (
        len({rate.by for rate in rates}) == 1
        and not rates[0].by.is_money
        and not any(rate.per_kg or rate.divisor is not None or rate.when is not None for rate in rates)
        and not any(is_continuous(surcharge) for surcharge in service.surcharges)
    )


def is_continuous(surcharge: Surcharge) -> bool:
    """Tell whether what a surcharge comes to depends on more than brackets."""
    measures = {*(surcharge.over or ()), *(surcharge.when or ())}
    return (
        surcharge.units is not None
        or OF_VALUE in surcharge.of
        or any(measure.is_money or measure.of_service for measure in measures)
    )


def _classes(
    services: Sequence[Service], scales: Sequence[int], positions: Iterable[int], first: int, *, apart: bool
) -> tuple[PriceClass, ...]:
    members: dict[tuple[int, bool, Measure], list[int]] = defaultdict(list)
    for position in positions:
        service = services[position]
        members[scales[position], apart and service.by_package, service.rates[0].by].append(position)
    return tuple(
        PriceClass(
            number,
            scale,
            by_package,
            services[positions[0]].rates[0],
            tuple(positions),
            _ends(services, positions),
            _starts(services, positions),
        )
        for number, ((scale, by_package, _), positions) in enumerate(members.items(), start=first)
    )


def _rates(services: Sequence[Service], positions: Iterable[int]) -> list[Rate]:
    return [rate for position in positions for first in services[position].rates for rate in (first, *first.others)]


def _ends(services: Sequence[Service], positions: Iterable[int]) -> list[Decimal]:
    rates = _rates(services, positions)
    ends = {end for rate in rates for end in rate.up_to}
    # Many services share the same steps: each series is worked out once.
    for last_band, above in {(rate.up_to[-1], rate.above) for rate in rates if rate.above is not None}:
        ends.update(_steps(last_band, above.step, above.last_weight))
    return sorted(ends)


def _starts(services: Sequence[Service], positions: Iterable[int]) -> list[Decimal]:
    return sorted({start for rate in _rates(services, positions) for start in rate.starts if start is not None})


def _steps(first: Decimal, step: Decimal, last: Decimal) -> Iterable[Decimal]:
    end = first
    while end < last:
        end += step
        yield min(end, last)


class FactBrackets:
    """What surcharges ask about packages and consignments that are priced by brackets."""

    def __init__(self, surcharges: Sequence[Surcharge]) -> None:
        self._of_packages, self._of_consignments = _thresholds([item for item in surcharges if not is_continuous(item)])
        self._tags = frozenset[str]().union(*(item.tags or () for item in surcharges))
        self._residential = any(item.residential is not None for item in surcharges)
        self._po_box = any(item.po_box is not None for item in surcharges)

    def bracket(self, inquiry: Inquiry) -> tuple[object, ...]:
        """Return the number of packages, where their measures lie among the thresholds, and other facts."""
        packages = inquiry.packages
        facts: list[object] = [len(packages)]
        if self._of_packages:
            measured = Measured(packages)
            places = [
                [
                    bisect_left(ends, value) + bisect_right(starts, value)
                    for value in measure.values(measured, None) or ()
                ]
                for measure, ends, starts in self._of_packages
            ]
            # By package: a surcharge counts those that are over any of its thresholds.
            facts += chain.from_iterable(sorted(zip(*places, strict=True)))
        for measure, ends, starts in self._of_consignments:
            (value,) = measure.values(Measured(packages), None) or (Decimal(0),)
            facts.append(_place(ends, starts, value))
        if self._tags:
            facts.append(self._tags & inquiry.tags)
        if self._residential:
            facts.append(inquiry.flags.residential)
        if self._po_box:
            facts.append(inquiry.flags.po_box)
        return tuple(facts)


def _place(ends: Sequence[Decimal], starts: Sequence[Decimal], value: Decimal) -> int:
    """Return how many ends a value is above and how many starts it has reached, together."""
    return bisect_left(ends, value) + bisect_right(starts, value)


_Thresholds = list[tuple[Measure, Sequence[Decimal], Sequence[Decimal]]]


def _thresholds(surcharges: Iterable[Surcharge]) -> tuple[_Thresholds, _Thresholds]:
    """Return, for packages and for consignments, the measures with the ends and the starts of their ranges."""
    ends: dict[Measure, set[Decimal]] = defaultdict(set)
    starts: dict[Measure, set[Decimal]] = defaultdict(set)
    for surcharge in surcharges:
        for condition in (surcharge.over or {}, surcharge.when or {}):
            for measure, bounds in condition.items():
                ends[measure].update(() if bounds.maximum is None else (bounds.maximum,))
                if bounds.minimum is not None:
                    (ends if bounds.above else starts)[measure].add(bounds.minimum)
    found = [(measure, sorted(ends[measure]), sorted(starts[measure])) for measure in sorted(ends)]
    return (
        [item for item in found if not item[0].of_consignment],
        [item for item in found if item[0].of_consignment],
    )


class DayBrackets:
    """The days of collection and of delivery that matter to prices."""

    def __init__(self, catalogue: Catalogue, surcharges: Sequence[Surcharge]) -> None:
        services = catalogue.services
        validities: set[Validity] = {item.validity for item in catalogue.exchange_rates}
        self._exchange_changes = sorted({day.toordinal() for validity in validities for day in _changes(validity)})
        validities.update(surcharge.validity for surcharge in surcharges)
        validities.update(service.validity for service in services if service.validity is not ALWAYS)
        rates = _rates(services, range(len(services)))
        validities.update(rate.validity for rate in rates if rate.validity is not ALWAYS)
        self._changes = sorted({day.toordinal() for validity in validities for day in _changes(validity)})
        self._weekdays = _weekday_brackets({item.delivery_days for item in surcharges if item.delivery_days})

    @property
    def matter(self) -> bool:
        """Whether prices differ by days at all."""
        return bool(self._changes) or len(set(self._weekdays)) > 1

    def bracket(self, day: int, weekday: int | None) -> tuple[int, int]:
        """Return the bracket of a day of collection, an ordinal, and of a weekday of delivery, Monday being 0."""
        return bisect_right(self._changes, day), -1 if weekday is None else self._weekdays[weekday]

    def exchange_period(self, day: int) -> int:
        """Return the number of the period in which a day lies whose exchange rates are all the same."""
        return bisect_right(self._exchange_changes, day)


def _weekday_brackets(weeks: Iterable[tuple[bool, ...]]) -> list[int]:
    """Return the bracket of each weekday: days that all surcharges see alike have the same."""
    seen: dict[tuple[bool, ...], int] = {}
    kinds = list(zip(*weeks, strict=True)) or [()] * 7
    return [seen.setdefault(kind, len(seen)) for kind in kinds]


def _changes(validity: Validity) -> Iterable[date]:
    if validity.first is not None:
        yield validity.first
    if validity.last is not None and validity.last < date.max:
        yield validity.last + timedelta(days=1)
