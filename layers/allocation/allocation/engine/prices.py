"""The prices of a lane, worked out once per bracket and kept."""

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from allocation.engine.brackets import WeightClass
from allocation.engine.exchange import exchange_rate
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.masks import Mask, mask_of
from allocation.engine.memo import Memo
from allocation.engine.pricing import Line, net_price, price_lines

KEPT_PRICES: Final = 500_000
"""How many prices are kept, some 200 bytes each; the oldest bracket goes first."""

CellKey = tuple[int, int, tuple[int, ...], tuple[tuple[int, ...], ...], int]


class ServicePrice(NamedTuple):
    """What is compared, in the catalogue's currency, and the net price in the service's own."""

    cost: Decimal
    net: Decimal


class PriceCell(NamedTuple):
    """The prices of the services of one weight class, for all consignments in the same brackets."""

    prices: dict[int, ServicePrice]
    cheapest_first: list[tuple[Decimal, int]]
    unpriced: Mask
    incomparable: Mask


class PriceBook:
    """Finds the price cells of a consignment, working out those not seen before."""

    def __init__(self, index: CatalogueIndex) -> None:
        self._index = index
        self._cells: Memo[CellKey, PriceCell] = Memo(max(64, KEPT_PRICES // max(1, index.size)))

    def cells(self, lane: Lane, inquiry: Inquiry, day: int) -> list[PriceCell]:
        """One cell for each weight class, at the prices of `day`."""
        packages = inquiry.packages
        sizes = self._index.size_brackets.bracket(packages)
        period = self._index.day_brackets.bracket(day)
        cells = []
        for number, weight_class in enumerate(self._index.weight_classes):
            weights = weight_class.weights(packages)
            key = (lane.number, number, weight_class.bracket(weights), sizes, period)
            cell = self._cells.get(key)
            if cell is None:
                cell = self._cells.keep(key, self._cell(lane, weight_class, inquiry, date.fromordinal(day)))
            cells.append(cell)
        return cells

    def lines(self, lane: Lane, position: int, inquiry: Inquiry, day: date) -> tuple[Line, ...] | None:
        """The lines of one service's price; None where it has none."""
        service, rate = self._index.services[position], lane.rates.get(position)
        if rate is None:
            return None
        weight_class = next(item for item in self._index.weight_classes if position in item.members)
        weights = weight_class.weights(inquiry.packages)
        return price_lines(service, rate, weights, inquiry.packages, lane.places, day)

    def _cell(self, lane: Lane, weight_class: WeightClass, inquiry: Inquiry, day: date) -> PriceCell:
        catalogue, services = self._index.catalogue, self._index.services
        weights = weight_class.weights(inquiry.packages)
        exchange = {service.currency: exchange_rate(catalogue, service.currency, day) for service in services}
        prices: dict[int, ServicePrice] = {}
        unpriced, incomparable = [], []
        for position in weight_class.members:
            service, rate = services[position], lane.rates.get(position)
            lines = rate and price_lines(service, rate, weights, inquiry.packages, lane.places, day)
            factor = exchange[service.currency]
            if not lines:
                unpriced.append(position)
            elif factor is None:
                incomparable.append(position)
            else:
                net = net_price(lines)
                prices[position] = ServicePrice(net * factor, net)
        order = sorted((price.cost, position) for position, price in prices.items())
        size = self._index.size
        return PriceCell(prices, order, mask_of(unpriced, size), mask_of(incomparable, size))
