"""Cells: the prices of some services for one consignment, or for all consignments in the same brackets."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from allocation.engine.index import CatalogueIndex
from allocation.engine.masks import Mask, mask_of
from allocation.engine.pricer import Pricer
from allocation.engine.pricing import Unpriced


class Amount(NamedTuple):
    """A net price: in the catalogue's currency, by which services are compared, and in the service's own."""

    cost: Decimal
    net: Decimal


def amount_of(net: Decimal, factor: Decimal) -> Amount:
    """Return the amount of a net price whose currency is worth `factor` in the catalogue's."""
    return Amount(net if factor == 1 else net * factor, net)


class PriceCell(NamedTuple):
    """The prices of the services of one class, for all consignments in the same brackets.

    Two series instead of pairs: a cell takes 16 bytes for each service, as services and cells share amounts.
    """

    positions: Sequence[int]  # of the services with a price, cheapest first
    amounts: Sequence[Amount]
    unpriced: Mask
    incomparable: Mask

    def prices(self, bits: str) -> list[tuple[int, Amount]]:
        """Return the prices of the services whose bit is set, each with the service's position."""
        return [pair for pair in zip(self.positions, self.amounts, strict=True) if bits[pair[0]] == "1"]


class ExactCell:
    """The prices of services that are priced for each consignment: only those that are asked for are worked out."""

    def __init__(self, index: CatalogueIndex, pricer: Pricer, members: Iterable[int]) -> None:
        self._index = index
        self._pricer = pricer
        self._known: dict[int, Amount] = {}
        self._priced: list[int] = []
        failing: dict[Unpriced, list[int]] = {reason: [] for reason in Unpriced}
        for position in members:
            reason = self._reason(position)
            (self._priced if reason is None else failing[reason]).append(position)
        self.unpriced = mask_of(failing[Unpriced.NO_PRICE], index.size)
        self.incomparable = mask_of(failing[Unpriced.NOT_COMPARABLE], index.size)

    def prices(self, bits: str) -> list[tuple[int, Amount]]:
        """Return the prices of the services whose bit is set, each with the service's position."""
        return [(position, self._amount(position)) for position in self._priced if bits[position] == "1"]

    def _reason(self, position: int) -> Unpriced | None:
        pricer = self._pricer
        if pricer.factor(self._index.services[position].currency) is None:
            return Unpriced.NOT_COMPARABLE
        rates = pricer.rates_of(position)
        if isinstance(rates, Unpriced):
            return rates
        base = pricer.base(position, rates)
        if isinstance(base, Unpriced):
            return base
        return Unpriced.NOT_COMPARABLE if pricer.surcharges(position, rates) is None else None

    def _amount(self, position: int) -> Amount:
        amount = self._known.get(position)
        if amount is None:
            lines, factor = self._pricer.lines(position), self._pricer.factor(self._index.services[position].currency)
            if isinstance(lines, Unpriced) or factor is None:
                raise ValueError("only services with a price are asked for")
            net = self._pricer.taxed(position, lines).price.net
            amount = self._known[position] = amount_of(net, factor)
        return amount
