"""Prices services for one consignment on one lane, collected on one day; what services share is worked out once."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from allocation.domain.currencies import minor_unit
from allocation.engine.conditions import holds, one_by_one, packages_holding
from allocation.engine.exchange import exchange_rate, total_in
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.loaded_prices import Divisor, Rate
from allocation.engine.measures import Measure, Measured
from allocation.engine.pricing import Breakdown, Line, Unpriced, base_price, looked_up, price_lines, tax_of, taxed
from allocation.engine.surcharging import Applied, Circumstances, applied_surcharges
from allocation.engine.weighing import priced_weights, weigh

# The surcharges that apply, and what distinguishes them from others that apply to the same service.
_Surcharges = tuple[tuple[Applied, ...], tuple[object, ...]]
_Scale = tuple[int, bool, Divisor | None]
# One rate for all prices of a service, or one for each package.
Rates = tuple[Rate, ...]


class Pricer:
    """The prices of a catalogue's services for one consignment; a service is its position in the index.

    `day` is the ordinal of the day of collection, `weekday` that of delivery, Monday being 0, or None.
    """

    def __init__(self, index: CatalogueIndex, lane: Lane, inquiry: Inquiry, day: int, weekday: int | None) -> None:
        self._index = index
        self.rates = lane.rates
        self.surcharge_set = index.surcharge_set
        self._packages = inquiry.packages
        self._tax = lane.tax
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
        """Return the rate of a service that holds on the day; of packages with rates of their own, the first one's."""
        rates = self.rates_of(position)
        return rates if isinstance(rates, Unpriced) else rates[0]

    def rates_of(self, position: int) -> Rates | Unpriced:
        """Return the rates of a service that hold on the day: one for the consignment, or one for each package.

        Packages that have prices of their own may have different rates, for a rate may be for some packages only.
        """
        first = self.rates.get(position)
        if first is None:
            return Unpriced.NO_PRICE
        if first.is_alone:
            return (first,)
        held = [rate for rate in (first, *first.others) if rate.validity.covers(self._day)]
        chosen: list[Rate] = []
        for fitting in zip(*[self._fitting(position, rate) for rate in held], strict=True):
            rate = next((rate for rate, fits in zip(held, fitting, strict=True) if fits is not False), None)
            if rate is None:
                return Unpriced.NO_PRICE
            if fitting[held.index(rate)] is None:
                return Unpriced.NOT_COMPARABLE
            chosen.append(rate)
        return tuple(chosen) or Unpriced.NO_PRICE

    def _fitting(self, position: int, rate: Rate) -> Sequence[bool | None]:
        """Return whether a rate is for each package, where packages have prices of their own, else for all of them."""
        each = self._index.services[position].by_package
        if rate.when is None:
            return [True] * (len(self._packages) if each else 1)
        measured = self.measured(position, (rate,))
        return packages_holding(rate.when, measured) if each else [holds(rate.when, measured)]

    def weights(
        self, position: int, rates: Rates | Unpriced = (), *, by_package: bool | None = None
    ) -> Sequence[Decimal]:
        """Return the chargeable Kg of each package, or one weight for all, by the service's and the rates' rules."""
        if by_package is None:
            by_package = self._index.services[position].by_package
        divisors = _divisors(rates)
        if len(divisors) == 1:
            return self._weighed(position, divisors[0], by_package=by_package)
        return [self._weighed(position, divisor, by_package=True)[place] for place, divisor in enumerate(divisors)]

    def _weighed(self, position: int, divisor: Divisor | None, *, by_package: bool) -> list[Decimal]:
        key = (self._index.scale_of[position], by_package, divisor)
        weights = self._weights.get(key)
        if weights is None:
            own, weighing = self._index.scales[key[0]]
            weights = weigh(self._packages, divisor or own, by_package=by_package, weighing=weighing)
            self._weights[key] = weights
        return weights

    def looked_up(self, position: int, rates: Rates) -> Sequence[Decimal] | None:
        """Return the values that the rates' bands are read by, or None where they can't be compared."""
        service = self._index.services[position]
        weights = priced_weights(self.weights(position, rates), by_package=service.by_package)
        if rates[0].by is Measure.CHARGEABLE_WEIGHT and (len(rates) == 1 or _are_by_weight(rates)):
            return weights
        measured = self.measured(position, rates)
        if len(rates) == 1:
            return looked_up(rates[0], weights, measured, by_package=service.by_package, currency=service.currency)
        found: list[Decimal] = []
        for rate, weight, package in zip(rates, weights, one_by_one(measured), strict=True):
            whole = measured if rate.by.of_consignment else package
            values = looked_up(rate, [weight], whole, by_package=True, currency=service.currency)
            if values is None:
                return None
            found += values
        return found

    def asked(self, position: int) -> tuple[Rate, Sequence[Decimal]] | None:
        """Return a rate of a service and what its bands are asked for; of several, one that has no price for that."""
        rates = self.rates_of(position)
        if isinstance(rates, Unpriced):
            return None
        values = self.looked_up(position, rates) or ()
        if len(rates) == 1 or not values:
            return rates[0], values
        unit = minor_unit(self._index.services[position].currency)
        pairs = [(rate, [value]) for rate, value in zip(rates, values, strict=True)]
        return next((pair for pair in pairs if base_price((pair[0],), pair[1], pair[1], unit) is None), pairs[0])

    def base(self, position: int, rates: Rates) -> Decimal | Unpriced:
        """Return the price without surcharges."""
        service = self._index.services[position]
        values = self.looked_up(position, rates)
        if values is None:
            return Unpriced.NOT_COMPARABLE
        weights = priced_weights(self.weights(position, rates), by_package=service.by_package)
        base = base_price(rates, values, weights, minor_unit(service.currency))
        return Unpriced.NO_PRICE if base is None else base

    def surcharges(self, position: int, rates: Rates) -> _Surcharges | None:
        """Return the surcharges that apply, with a key; None where that depends on a missing exchange rate."""
        index, number = self._index, self._index.surcharge_set[position]
        currency = index.services[position].currency
        key: tuple[object, ...] = (number,)
        if index.is_continuous[number]:
            scale = (index.scale_of[position], index.services[position].by_package, _divisors(rates))
            key = (number, currency, *scale)
        if key not in self._applied:
            measured = self.measured(position, rates)
            applied = applied_surcharges(index.surcharge_sets[number], measured, self._circumstances(), currency)
            self._applied[key] = applied if applied is None else (applied, _key_of(applied))
        return self._applied[key]

    def _circumstances(self) -> Circumstances:
        """Return what surcharges ask of more than packages. Most consignments find their prices without it."""
        places, origins, day, weekday, flags, tags = self._asked
        return Circumstances(places, origins, day, weekday, flags.residential, flags.po_box, tags)

    def lines(self, position: int) -> tuple[Line, ...] | Unpriced:
        """Return the lines of a service's price without tax."""
        rates = self.rates_of(position)
        if isinstance(rates, Unpriced):
            return rates
        base = self.base(position, rates)
        if isinstance(base, Unpriced):
            return base
        surcharges = self.surcharges(position, rates)
        if surcharges is None:
            return Unpriced.NOT_COMPARABLE
        service = self._index.services[position]
        return price_lines(rates[0].zone, base, surcharges[0], minor_unit(service.currency), service.round_to)

    def included_tax(self, position: int) -> Decimal | None:
        """Return the rate of the tax that is in a service's prices, or None where there is none in them."""
        service = self._index.services[position]
        return tax_of(service, self._tax)[1] if service.prices_include_tax else None

    def taxed(self, position: int, lines: tuple[Line, ...]) -> Breakdown:
        """Return the whole price of lines that `lines` returned."""
        return taxed(lines, self._index.services[position], self._tax)

    def _worth(self, amounts: Mapping[str, Decimal], currency: str) -> Decimal | None:
        return total_in(self.factor, amounts, currency)

    @property
    def plain(self) -> Measured:
        """What is measured for every service on the day: all but chargeable weights."""
        return Measured(self._packages, worth=self._worth)

    def measured(self, position: int, rates: Rates | Unpriced = ()) -> Measured:
        """Return what conditions and units measure, chargeable weights included."""
        total = sum(self.weights(position, rates), Decimal(0))
        each = self.weights(position, rates, by_package=True)
        return Measured(self._packages, each, self._worth, total)


def _divisors(rates: Rates | Unpriced) -> tuple[Divisor | None, ...]:
    """Return the divisors of rates, instead of the service's: one where all are the same."""
    if isinstance(rates, Unpriced):
        return (None,)
    if len(rates) == 1:
        return (rates[0].divisor,)
    divisors = tuple([rate.divisor for rate in rates])
    return divisors if len(set(divisors)) > 1 else divisors[:1] or (None,)


def _key_of(applied: Sequence[Applied]) -> tuple[object, ...]:
    return tuple([(item.surcharge.name, item.times, item.value) for item in applied])


def _are_by_weight(rates: Rates) -> bool:
    return all(rate.by is Measure.CHARGEABLE_WEIGHT for rate in rates)
