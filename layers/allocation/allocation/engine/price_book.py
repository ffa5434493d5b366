"""The prices of a lane, worked out once per bracket and kept."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, Final, NamedTuple

from allocation.domain.currencies import minor_unit
from allocation.engine.brackets import PriceClass
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.loaded_prices import Rate
from allocation.engine.masks import Mask, bits_of, mask_of
from allocation.engine.memo import Memo
from allocation.engine.price_cells import Amount, ExactCell, PriceCell, amount_of
from allocation.engine.priced_days import Pricing
from allocation.engine.pricer import Pricer
from allocation.engine.pricing import Breakdown, Unpriced, base_price, net_of, without_tax
from allocation.engine.surcharging import Applied
from allocation.engine.timetables import DateTable

# What is kept takes some 45 MB at most, however many services there are. A cell takes so much, and so much for each
# price; the oldest cell goes first.
_MAX_BYTES: Final = 16_000_000
_CELL_BYTES: Final = 1_000
_PRICE_BYTES: Final = 16
# The amounts that cells share, some 400 bytes each.
_MAX_AMOUNTS: Final = 60_000
# How many combinations of surcharges that apply have a number.
_MAX_APPLIED: Final = 5_000
# How many cells of services that are priced for each consignment are kept, and how many prices in them.
_MAX_EXACT_CELLS: Final = 256
_MAX_EXACT_PRICES: Final = 20_000

_CellKey = tuple[Any, ...]


class PriceBook:
    """The price cells met so far; a consignment in known brackets finds its prices here."""

    def __init__(self, index: CatalogueIndex) -> None:
        self._index = index
        classes, exact = index.price_classes.count, len(index.price_classes.exact)
        of_cell = _CELL_BYTES + _PRICE_BYTES * index.size // max(1, classes)
        self._cells: Memo[_CellKey, PriceCell] = Memo(max(8, _MAX_BYTES // of_cell))
        self._exact_cells: Memo[_CellKey, ExactCell] = Memo(
            max(4, min(_MAX_EXACT_CELLS, _MAX_EXACT_PRICES // max(1, exact)))
        )
        self._amounts: dict[tuple[Decimal, int], Amount] = {}
        self._numbers = count()
        self._applied: Memo[tuple[object, ...], int] = Memo(_MAX_APPLIED)

    def pricing(self, lane: Lane, inquiry: Inquiry, day: int, table: DateTable) -> Pricing:
        """Return what the other methods need of a consignment."""
        return Pricing(self._index, lane, inquiry, day, table)

    def cells(self, pricing: Pricing) -> list[PriceCell | ExactCell]:
        """Return the cells of all services: for each group of days, one for each class."""
        cells: list[PriceCell | ExactCell] = []
        for group in pricing.groups:
            pricer = pricing.pricer(group)
            members = group.members if len(pricing.groups) > 1 else None
            place = (pricing.lane.number, group.bracket, pricing.facts, members)
            classes = self._index.price_classes.for_packages(len(pricing.inquiry.packages))
            terms: dict[int, _Terms] = {}
            cells += [self._cell(pricer, terms, price_class, place, members) for price_class in classes]
            if self._index.price_classes.exact:
                cells.append(self._exact_cell(pricer, pricing.inquiry, place, members))
        return cells

    def breakdown(self, pricing: Pricing, position: int) -> Breakdown | None:
        """Return how the price of a service is made up, or None where it has none."""
        pricer = pricing.pricer_of(position)
        lines = pricer.lines(position)
        return None if isinstance(lines, Unpriced) else pricer.taxed(position, lines)

    def rate(self, pricing: Pricing, position: int) -> Rate | None:
        """Return the rate of a service that holds, or None; of several packages' rates, one that has no price."""
        asked = pricing.pricer_of(position).asked(position)
        return None if asked is None else asked[0]

    def looked_up(self, pricing: Pricing, position: int) -> Sequence[Decimal] | None:
        """Return the values that the bands of that rate are read by, or None where there are none."""
        asked = pricing.pricer_of(position).asked(position)
        return None if asked is None else asked[1] or None

    def chargeable_weights(self, pricing: Pricing, position: int) -> Sequence[Decimal]:
        """Return the chargeable Kg of each package, or one weight for all where they are weighed together."""
        pricer = pricing.pricer_of(position)
        return pricer.weights(position, pricer.rates_of(position))

    def _cell(
        self,
        pricer: Pricer,
        terms: dict[int, "_Terms"],
        price_class: PriceClass,
        place: _CellKey,
        members: Mask | None,
    ) -> PriceCell:
        values = pricer.looked_up(price_class.members[0], (price_class.first,))
        if values is None:
            raise ValueError("bands that are read by a value are priced for each consignment")
        key = (price_class.number, price_class.bracket(values), *place)
        cell = self._cells.get(key)
        if cell is None:
            among = _among(price_class.members, members, self._index.size)
            cell = self._cells.keep(key, self._priced(pricer, terms, values, among))
        return cell

    def _exact_cell(self, pricer: Pricer, inquiry: Inquiry, place: _CellKey, members: Mask | None) -> ExactCell:
        key = (inquiry.packages, *place)
        cell = self._exact_cells.get(key)
        if cell is None:
            among = _among(self._index.price_classes.exact, members, self._index.size)
            cell = self._exact_cells.keep(key, ExactCell(self._index, pricer, among))
        return cell

    def _priced(
        self, pricer: Pricer, terms: dict[int, "_Terms"], values: Sequence[Decimal], members: Iterable[int]
    ) -> PriceCell:
        """Return the prices of services that are priced by brackets. A new lane runs this loop for all of them.

        `terms` are those of the kinds of services met so far.
        """
        index, rates, kinds = self._index, pricer.rates, self._index.price_kind
        priced: list[tuple[Amount, int]] = []
        unpriced: list[int] = []
        incomparable: list[int] = []
        for position in members:
            kind, found = kinds[position], rates.get(position)
            term = terms.get(kind)
            if term is None:
                term = terms[kind] = self._terms(pricer, position)
            if term.factor is None:
                incomparable.append(position)
                continue
            rate = found if found is None or found.is_alone else pricer.rate(position)
            base = _base(rate, values, term.unit) if isinstance(rate, Rate) else None
            if base is None:
                unpriced.append(position)
            else:
                priced.append((self._amounts.get((base, term.number)) or self._amount(base, term), position))
        priced.sort()
        size = index.size
        return PriceCell(
            tuple([position for _, position in priced]),
            tuple([amount for amount, _ in priced]),
            mask_of(unpriced, size),
            mask_of(incomparable, size),
        )

    def _terms(self, pricer: Pricer, position: int) -> "_Terms":
        """Return what makes a net price of a rate, for a service and all of its kind."""
        service = self._index.services[position]
        surcharges, factor = pricer.surcharges(position, ()), pricer.factor(service.currency)
        if surcharges is None:
            raise ValueError("surcharges that need an exchange rate are priced for each consignment")
        applied, applied_key = surcharges
        unit = minor_unit(service.currency)
        included = pricer.included_tax(position)
        key = (applied_key, factor, unit, service.round_to, included)
        number = self._applied.get(key)
        if number is None:
            number = self._applied.keep(key, next(self._numbers))
        return _Terms(factor, number, applied, unit, service.round_to, included)

    def _amount(self, base: Decimal, terms: "_Terms") -> Amount:
        """Return the price of a rate with surcharges, and keep it: services and cells share it.

        When as many are kept as there may be, all is forgotten: cells hold on to their amounts.
        """
        if terms.factor is None:
            raise ValueError("only services whose prices can be compared have amounts")
        if len(self._amounts) >= _MAX_AMOUNTS:
            self._amounts.clear()
            self._cells.clear()
        net = net_of(base, terms.applied, terms.unit, terms.round_to)
        if terms.included is not None:
            net = without_tax(net, terms.included, terms.unit)
        amount = self._amounts[base, terms.number] = amount_of(net, terms.factor)
        return amount


class _Terms(NamedTuple):
    """What turns the price of a rate into a net price; `number` is the same for the same terms."""

    factor: Decimal | None  # what the currency is worth in the catalogue's; None without an exchange rate
    number: int
    applied: tuple[Applied, ...]
    unit: Decimal
    round_to: Decimal | None
    included: Decimal | None  # the rate of the tax that prices include


def _among(positions: Sequence[int], members: Mask | None, size: int) -> Iterable[int]:
    if members is None:
        return positions
    bits = bits_of(members, size)
    return [position for position in positions if bits[position] == "1"]


def _base(rate: Rate, values: Sequence[Decimal], unit: Decimal) -> Decimal | None:
    """Return the price of a rate for the values that its bands are read by; most are one, in a band of its own."""
    if len(values) == 1 and rate.minimum is None and not rate.starts:
        band = bisect_left(rate.up_to, values[0])
        if band < len(rate.up_to):
            return rate.prices[band]
    return base_price((rate,), values, values, unit)
