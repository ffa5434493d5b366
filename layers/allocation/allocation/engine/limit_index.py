"""The limits of all services at once: which of them a value breaks, found by two searches for each measure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from allocation.engine.conditions import Range
from allocation.engine.loaded_catalogue import Service
from allocation.engine.masks import Mask, mask_of
from allocation.engine.measures import Measure, Measured

_NO_LIMIT: Final = Range()


class Breach(NamedTuple):
    """The services whose limit on a measure is broken, or can't be compared without an exchange rate."""

    too_low: Mask
    too_high: Mask
    incomparable: Mask

    def within(self, members: Mask) -> "Breach":
        """Return what it has of some services."""
        return Breach(self.too_low & members, self.too_high & members, self.incomparable & members)

    def joined(self, other: "Breach") -> "Breach":
        """Return what either has."""
        return Breach(*(one | two for one, two in zip(self, other, strict=True)))


_NO_BREACH: Final = Breach(0, 0, 0)


class _RangeMasks:
    """The closed ranges of many services, sorted: two searches find the services whose range a value is out of."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._minimums, self._too_low = _cumulative([item.minimum for item in ranges], above=True)
        self._maximums, self._too_high = _cumulative([item.maximum for item in ranges], above=False)
        self.members: Mask = self._too_low[0] | self._too_high[-1]  # the services that have a range

    def breach(self, values: Sequence[Decimal] | None) -> Breach | None:
        """Return whose range does not contain all the values; None if all do. Values of None can't be compared."""
        if values is None:
            return Breach(0, 0, self.members)
        return self.outside(min(values), max(values))

    def outside(self, lowest: Decimal, highest: Decimal) -> Breach | None:
        """Return whose range does not contain both values; None if all do."""
        low = self._too_low[bisect_right(self._minimums, lowest)]
        high = self._too_high[bisect_left(self._maximums, highest)]
        return Breach(low, high, 0) if low or high else None


class LimitIndex:
    """The limits of all services by measure. A measure that no service limits costs nothing."""

    def __init__(self, services: Sequence[Service]) -> None:
        limits = dict.fromkeys(
            (measure, bounds.currency) for item in services for measure, bounds in item.limits.items()
        )
        ranges = {key: _RangeMasks([_range(item, *key) for item in services]) for key in limits}
        self._by_measure = [
            (measure, measure.of_package, measure.values, masks)
            for (measure, _), masks in ranges.items()
            if not (measure.is_money or measure.of_service)
        ]
        self._by_currency = [(*key, masks) for key, masks in ranges.items() if key[0].is_money]
        self.of_service = {measure: masks.members for (measure, _), masks in ranges.items() if measure.of_service}

    def breaches(self, by_exchange: Sequence[tuple[Mask, Measured]]) -> dict[Measure, Breach]:
        """Return, by measure, the limits that are broken or can't be compared.

        `by_exchange` has what is measured for services that compare values at the same exchange rates.
        """
        breaches: dict[Measure, Breach] = {}
        _, measured = by_exchange[0]
        alone = measured.packages[0] if len(measured.packages) == 1 else None
        for measure, of_package, values, masks in self._by_measure:
            if alone is None or of_package is None:
                breach = masks.breach(values(measured, None))
            else:
                value = of_package(alone)
                breach = masks.outside(value, value)
            if breach:
                breaches[measure] = breach
        for measure, currency, masks in self._by_currency:
            for members, valued in by_exchange:
                if breach := masks.breach(measure.values(valued, currency)):
                    known = breaches.get(measure, _NO_BREACH)
                    breaches[measure] = known.joined(breach.within(members))
        return breaches


def _range(service: Service, measure: Measure, currency: str | None) -> Range:
    bounds = service.limits.get(measure, _NO_LIMIT)
    return bounds if bounds.currency == currency else _NO_LIMIT


def _cumulative(bounds: Sequence[Decimal | None], *, above: bool) -> tuple[list[Decimal], list[Mask]]:
    """Return the distinct bounds in order, and for each gap the services whose bound lies above it, or below it."""
    by_bound: dict[Decimal, list[int]] = {}
    for position, bound in enumerate(bounds):
        if bound is not None:
            by_bound.setdefault(bound, []).append(position)
    ordered = sorted(by_bound)
    masks = [0]
    for bound in reversed(ordered) if above else ordered:
        masks.append(masks[-1] | mask_of(by_bound[bound], len(bounds)))
    return ordered, masks[::-1] if above else masks
