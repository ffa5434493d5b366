"""The prices of a lane, worked out once per bracket and kept."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from allocation.engine.brackets import Bracket, WeightClass
from allocation.engine.index import CatalogueIndex, Mask, mask_of
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.loaded_prices import Rate, Surcharge
from allocation.engine.memo import Memo
from allocation.engine.pricing import (
    Applied,
    Breakdown,
    applied_surcharges,
    chargeable_weights,
    exchange_rate,
    net_price,
    price_lines,
    with_tax,
)

# How many prices are kept in cells, some 120 bytes each; the oldest cell goes first.
_MAX_PRICES: Final = 400_000

_PriceKey = tuple[int, int, tuple[int, ...], tuple[tuple[str, int], ...], Decimal]
_CellKey = tuple[int, int, Bracket, tuple[int, ...], int]


class _ServicePrice(NamedTuple):
    """A service's net price: in the catalogue's currency, by which it is compared, and in its own."""

    cost: Decimal
    position: int
    net: Decimal


class PriceCell(NamedTuple):
    """The prices of the services of one weight class, for all consignments in the same brackets."""

    cheapest_first: Sequence[_ServicePrice]
    unpriced: Mask
    incomparable: Mask


class Pricing(NamedTuple):
    """A consignment's way to its cells: its lane, the day whose prices hold, and its brackets."""

    lane: Lane
    inquiry: Inquiry
    day: int
    sizes: tuple[int, ...]
    period: int


class PriceBook:
    """The price cells met so far; a consignment in known brackets finds its prices here."""

    def __init__(self, index: CatalogueIndex) -> None:
        self._index = index
        classes = index.weight_classes.count
        self._cells: Memo[_CellKey, PriceCell] = Memo(max(8, _MAX_PRICES * classes // max(1, index.size)))
        self._prices: Memo[_PriceKey, _ServicePrice] = Memo(_MAX_PRICES)

    def pricing(self, lane: Lane, inquiry: Inquiry, day: int) -> Pricing:
        """Return what the other methods need of a consignment."""
        index = self._index
        sizes = index.size_brackets.bracket(inquiry.packages)
        return Pricing(lane, inquiry, day, sizes, index.day_brackets.bracket(day))

    def cells(self, pricing: Pricing) -> list[PriceCell]:
        """Return one cell for each weight class."""
        return [
            self._cells.get(key) or self._cells.keep(key, self._cell(pricing, weight_class, weights))
            for weight_class, weights, key in self._asked(pricing)
        ]

    def breakdown(self, pricing: Pricing, position: int) -> Breakdown | None:
        """Return how the price of a service is made up, or None where it has none."""
        service, rate = self._index.services[position], pricing.lane.rates.get(position)
        if rate is None:
            return None
        applied = self._applied(service.surcharges, pricing)
        lines = price_lines(rate, self.chargeable_weights(pricing, position), applied)
        return with_tax(lines, service, pricing.lane.tax) if lines else None

    def chargeable_weights(self, pricing: Pricing, position: int) -> list[Decimal]:
        """Return the Kg that a service's rates are asked for: of the consignment, or of each package."""
        service, packages = self._index.services[position], pricing.inquiry.packages
        return chargeable_weights(packages, service.divisor, by_package=service.by_package)

    def _asked(self, pricing: Pricing) -> list[tuple[WeightClass, list[Decimal], _CellKey]]:
        lane, inquiry, _, sizes, period = pricing
        asked = []
        for weight_class in self._index.weight_classes.for_packages(inquiry.packages):
            weights = weight_class.weights(inquiry.packages)
            key = (lane.number, weight_class.number, weight_class.bracket(weights), sizes, period)
            asked.append((weight_class, weights, key))
        return asked

    def _applied(self, surcharges: Sequence[Surcharge], pricing: Pricing) -> Applied:
        lane, inquiry, day, _, _ = pricing
        return applied_surcharges(surcharges, inquiry.packages, lane.places, date.fromordinal(day))

    def _cell(self, pricing: Pricing, weight_class: WeightClass, weights: Sequence[Decimal]) -> PriceCell:
        index, rates = self._index, pricing.lane.rates
        applied = [self._applied(surcharges, pricing) for surcharges in index.surcharge_sets]
        catalogue, day = index.catalogue, date.fromordinal(pricing.day)
        exchange = {currency: exchange_rate(catalogue, currency, day) for currency in index.currencies}
        prices: list[_ServicePrice] = []
        unpriced, incomparable = [], []
        for position in weight_class.members:
            rate, factor = rates.get(position), exchange[index.services[position].currency]
            price = (
                rate and factor and self._price(position, rate, weights, applied[index.surcharge_set[position]], factor)
            )
            if price:
                prices.append(price)
            elif factor is None:
                incomparable.append(position)
            else:
                unpriced.append(position)
        size = index.size
        return PriceCell(sorted(prices), mask_of(unpriced, size), mask_of(incomparable, size))

    def _price(
        self, position: int, rate: Rate, weights: Sequence[Decimal], applied: Applied, factor: Decimal
    ) -> _ServicePrice | None:
        """Return a price; cells share it where lanes and brackets do not differ for the service."""
        bands = tuple([bisect_left(rate.up_to, weight) for weight in weights])
        key = (position, id(rate), bands, tuple([(surcharge.name, count) for surcharge, count in applied]), factor)
        price = self._prices.get(key)
        if price is not None and max(bands) < len(rate.up_to):
            return price
        lines = price_lines(rate, weights, applied)
        if lines is None:
            return None
        net = net_price(lines)
        return self._prices.keep(key, _ServicePrice(net * factor, position, net))
