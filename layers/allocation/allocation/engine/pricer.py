"""Prices services for one consignment on one lane, collected on one day; what services share is worked out once."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from allocation.domain.currencies import minor_unit
from allocation.engine.conditions import holds
from allocation.engine.exchange import exchange_rate, total_in
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.loaded_prices import Divisor, Rate
from allocation.engine.measures import Measure, Measured
from allocation.engine.pricing import Line, Unpriced, base_price, looked_up, price_lines
from allocation.engine.surcharging import Applied, Circumstances, applied_surcharges
from allocation.engine.weighing import priced_weights, weigh

# The surcharges that apply, and what distinguishes them from others that apply to the same service.
_Surcharges = tuple[tuple[Applied, ...], tuple[object, ...]]
_Scale = tuple[int, bool, Divisor | None]


class Pricer:
    """The prices of a catalogue's services for one consignment; a service is its position in the index.

    `day` is the ordinal of the day of collection, `weekday` that of delivery, Monday being 0, or None.
    """

    def __init__(self, index: CatalogueIndex, lane: Lane, inquiry: Inquiry, day: int, weekday: int | None) -> None:
        self._index = index
        self.rates = lane.rates
        self.surcharge_set = index.surcharge_set
        self._packages = inquiry.packages
        self._day = date.fromordinal(day)
        # Not the inquiry: pricers of exact cells are kept, and it names the consignment.
        self._asked = (lane.places, lane.origins, self._day, weekday, inquiry.flags, inquiry.tags)
        self._weights: dict[_Scale, list[Decimal]] = {}
        self._applied: dict[tuple[object, ...], _Surcharges | None] = {}
        self._factors: dict[str, Decimal | None] = {}

    def factor(self, currency: str) -> Decimal | None:
        """Return what one unit of a currency is worth in the catalogue's, or None without an exchange rate."""
        if currency not in self._factors:
            self._factors[currency] = exchange_rate(self._index.catalogue, currency, self._day)
        return self._factors[currency]

    def rate(self, position: int) -> Rate | Unpriced:
        """Return the rate of a service that holds on the day and for the consignment."""
        first = self.rates.get(position)
        if first is None:
            return Unpriced.NO_PRICE
        if first.is_alone:
            return first
        for rate in (first, *first.others):
            if rate.validity.covers(self._day):
                fits = True if rate.when is None else holds(rate.when, self.measured(position, rate))
                if fits is None:
                    return Unpriced.NOT_COMPARABLE
                if fits:
                    return rate
        return Unpriced.NO_PRICE

    def weights(
        self, position: int, rate: Rate | Unpriced | None = None, *, by_package: bool | None = None
    ) -> list[Decimal]:
        """Return the chargeable Kg of each package, or one weight for all, by the service's and the rate's rules."""
        divisor = rate.divisor if isinstance(rate, Rate) else None
        if by_package is None:
            by_package = self._index.services[position].by_package
        key = (self._index.scale_of[position], by_package, divisor)
        weights = self._weights.get(key)
        if weights is None:
            own, weighing = self._index.scales[key[0]]
            weights = weigh(self._packages, divisor or own, by_package=by_package, weighing=weighing)
            self._weights[key] = weights
        return weights

    def looked_up(self, position: int, rate: Rate) -> Sequence[Decimal] | None:
        """Return the values that a rate's bands are read by, or None where they can't be compared."""
        service = self._index.services[position]
        weights = priced_weights(self.weights(position, rate), by_package=service.by_package)
        if rate.by is Measure.CHARGEABLE_WEIGHT:
            return weights
        measured = self.measured(position, rate)
        return looked_up(rate, weights, measured, by_package=service.by_package, currency=service.currency)

    def base(self, position: int, rate: Rate) -> Decimal | Unpriced:
        """Return the price without surcharges."""
        service = self._index.services[position]
        values = self.looked_up(position, rate)
        if values is None:
            return Unpriced.NOT_COMPARABLE
        weights = priced_weights(self.weights(position, rate), by_package=service.by_package)
        base = base_price(rate, values, weights, minor_unit(service.currency))
        return Unpriced.NO_PRICE if base is None else base

    def surcharges(self, position: int, rate: Rate) -> _Surcharges | None:
        """Return the surcharges that apply, with a key; None where that depends on a missing exchange rate."""
        index, number = self._index, self._index.surcharge_set[position]
        currency = index.services[position].currency
        key: tuple[object, ...] = (number,)
        if index.is_continuous[number]:
            scale = (index.scale_of[position], index.services[position].by_package, rate.divisor)
            key = (number, currency, *scale)
        if key not in self._applied:
            measured = self.measured(position, rate)
            applied = applied_surcharges(index.surcharge_sets[number], measured, self._circumstances(), currency)
            self._applied[key] = applied if applied is None else (applied, _key_of(applied))
        return self._applied[key]

    def _circumstances(self) -> Circumstances:
        """Return what surcharges ask of more than packages. Most consignments find their prices without it."""
        places, origins, day, weekday, flags, tags = self._asked
        return Circumstances(places, origins, day, weekday, flags.residential, flags.po_box, tags)

    def lines(self, position: int) -> tuple[Line, ...] | Unpriced:
        """Return the lines of a service's price without tax."""
        rate = self.rate(position)
        if isinstance(rate, Unpriced):
            return rate
        base = self.base(position, rate)
        if isinstance(base, Unpriced):
            return base
        surcharges = self.surcharges(position, rate)
        if surcharges is None:
            return Unpriced.NOT_COMPARABLE
        return price_lines(rate.zone, base, surcharges[0], minor_unit(self._index.services[position].currency))

    def _worth(self, amounts: Mapping[str, Decimal], currency: str) -> Decimal | None:
        return total_in(self.factor, amounts, currency)

    @property
    def plain(self) -> Measured:
        """What is measured for every service on the day: all but chargeable weights."""
        return Measured(self._packages, worth=self._worth)

    def measured(self, position: int, rate: Rate | Unpriced | None = None) -> Measured:
        """Return what conditions and units measure, chargeable weights included."""
        total = sum(self.weights(position, rate), Decimal(0))
        each = self.weights(position, rate, by_package=True)
        return Measured(self._packages, each, self._worth, total)


def _key_of(applied: Sequence[Applied]) -> tuple[object, ...]:
    return tuple([(item.surcharge.name, item.times, item.value) for item in applied])
