"""The prices of a lane, worked out once per bracket and kept."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, Final, NamedTuple

from allocation.domain.currencies import minor_unit
from allocation.engine.brackets import PriceClass
from allocation.engine.index import CatalogueIndex, Mask, bits_of, mask_of
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.loaded_catalogue import Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.measures import Measured
from allocation.engine.memo import Memo
from allocation.engine.pricer import Pricer
from allocation.engine.pricing import Breakdown, Unpriced, base_price, net_price, price_lines
from allocation.engine.surcharging import Applied
from allocation.engine.timetables import DateTable, DayGroup

# How many prices are kept in cells, some 500 bytes each; the oldest cell goes first.
_MAX_PRICES: Final = 150_000
# How many combinations of surcharges that apply have a number.
_MAX_APPLIED: Final = 100_000
# How many cells of services that are priced for each consignment are kept.
_MAX_EXACT_CELLS: Final = 256

_CellKey = tuple[Any, ...]


class ServicePrice(NamedTuple):
    """A service's net price: in the catalogue's currency, by which it is compared, and in its own."""

    cost: Decimal
    position: int
    net: Decimal


class PriceCell(NamedTuple):
    """The prices of the services of one class, for all consignments in the same brackets."""

    cheapest_first: Sequence[ServicePrice]
    unpriced: Mask
    incomparable: Mask


class ExactCell:
    """The prices of services that are priced for each consignment: only those that are asked for are worked out."""

    def __init__(self, index: CatalogueIndex, pricer: Pricer, members: Iterable[int]) -> None:
        self._index = index
        self._pricer = pricer
        self._known: dict[int, ServicePrice] = {}
        self._priced: list[int] = []
        failing: dict[Unpriced, list[int]] = {reason: [] for reason in Unpriced}
        for position in members:
            reason = self._reason(position)
            (self._priced if reason is None else failing[reason]).append(position)
        self.unpriced = mask_of(failing[Unpriced.NO_PRICE], index.size)
        self.incomparable = mask_of(failing[Unpriced.NOT_COMPARABLE], index.size)

    def prices(self, bits: str) -> list[ServicePrice]:
        """Return the prices of the services whose bit is set."""
        return [self._price(position) for position in self._priced if bits[position] == "1"]

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

    def _price(self, position: int) -> ServicePrice:
        price = self._known.get(position)
        if price is None:
            lines, factor = self._pricer.lines(position), self._pricer.factor(self._index.services[position].currency)
            if isinstance(lines, Unpriced) or factor is None:
                raise ValueError("only services with a price are asked for")
            net = self._pricer.taxed(position, lines).price.net
            price = self._known[position] = ServicePrice(net * factor, position, net)
        return price


class Pricing:
    """A consignment's way to its prices: its lane, the days whose prices hold, and what of it matters to prices."""

    def __init__(self, index: CatalogueIndex, lane: Lane, inquiry: Inquiry, day: int, table: DateTable) -> None:
        """`day` is the ordinal of the day whose prices hold for services without dates."""
        self.lane = lane
        self.inquiry = inquiry
        self.facts = index.fact_brackets.bracket(inquiry)
        self.groups = _day_groups(index, day, table)
        self.out_of_days = 0
        for group in self.groups if index.dated else ():
            self.out_of_days |= index.out_of_days(group.day) & group.members
        self._index = index
        self._day = day
        self._table = table
        self._pricers: dict[tuple[int, int], Pricer] = {}

    def pricer(self, group: DayGroup) -> Pricer:
        """Return what prices the services of a group."""
        pricer = self._pricers.get(group.bracket)
        if pricer is None:
            pricer = Pricer(self._index, self.lane, self.inquiry, group.day, group.weekday)
            self._pricers[group.bracket] = pricer
        return pricer

    def pricer_of(self, position: int) -> Pricer:
        """Return what prices a service."""
        if len(self.groups) == 1:
            return self.pricer(self.groups[0])
        return self.pricer(next(group for group in self.groups if group.members >> position & 1))

    def by_exchange(self) -> list[tuple[Mask, Measured]]:
        """Return what is measured without chargeable weights, for services that compare values at the same rates."""
        if len(self.groups) == 1:
            return [(self._index.everything, self.pricer(self.groups[0]).plain)]
        members: dict[int, Mask] = {}
        groups: dict[int, DayGroup] = {}
        for group in self.groups:
            period = self._index.day_brackets.exchange_period(group.day)
            groups.setdefault(period, group)
            members[period] = members.get(period, 0) | group.members
        return [(members[period], self.pricer(group).plain) for period, group in groups.items()]

    def measured(self, position: int) -> Measured:
        """Return what is measured of the consignment by the rules of a service."""
        pricer = self.pricer_of(position)
        return pricer.measured(position, pricer.rates_of(position))

    def day_of(self, position: int) -> int:
        """Return the ordinal of the day whose prices hold for a service: that of its collection, where it has one."""
        found = self._table.dates.get(position)
        return self._day if found is None else found[1].collection_day


def _day_groups(index: CatalogueIndex, day: int, table: DateTable) -> Sequence[DayGroup]:
    """Return the groups of a date table, which keeps them."""
    known = table.groups.get(day)
    if known is None:
        known = table.groups[day] = _grouped(index, day, table)
    return known


def _grouped(index: CatalogueIndex, day: int, table: DateTable) -> Sequence[DayGroup]:
    brackets = index.day_brackets
    if not brackets.matter:
        return [DayGroup((0, 0), day, None, index.everything)]
    groups: dict[tuple[int, int], DayGroup] = {}
    dated = 0
    for (collected, weekday), members in table.days.items():
        bracket = brackets.bracket(collected, weekday)
        known = groups.get(bracket)
        groups[bracket] = DayGroup(bracket, collected, weekday, members | (known.members if known else 0))
        dated |= members
    if undated := index.everything & ~dated:
        # Prices of services that are not collected only say whether there are any.
        bracket = brackets.bracket(day, None)
        same = next((group for group in groups.values() if group.bracket[0] == bracket[0]), None)
        group = same or DayGroup(bracket, day, None, 0)
        groups[group.bracket] = group._replace(members=group.members | undated)
    return list(groups.values())


class PriceBook:
    """The price cells met so far; a consignment in known brackets finds its prices here."""

    def __init__(self, index: CatalogueIndex) -> None:
        self._index = index
        classes = index.price_classes.count
        self._cells: Memo[_CellKey, PriceCell] = Memo(max(8, _MAX_PRICES * classes // max(1, index.size)))
        self._exact_cells: Memo[_CellKey, ExactCell] = Memo(_MAX_EXACT_CELLS)
        self._numbers = count()
        self._prices: Memo[tuple[int, int, tuple[int, ...], int], ServicePrice] = Memo(_MAX_PRICES)
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
            cells += [self._cell(pricer, price_class, place, members) for price_class in classes]
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

    def _cell(self, pricer: Pricer, price_class: PriceClass, place: _CellKey, members: Mask | None) -> PriceCell:
        values = pricer.looked_up(price_class.members[0], (price_class.first,))
        if values is None:
            raise ValueError("bands that are read by a value are priced for each consignment")
        key = (price_class.number, price_class.bracket(values), *place)
        cell = self._cells.get(key)
        if cell is None:
            among = _among(price_class.members, members, self._index.size)
            cell = self._cells.keep(key, self._priced(pricer, values, among))
        return cell

    def _exact_cell(self, pricer: Pricer, inquiry: Inquiry, place: _CellKey, members: Mask | None) -> ExactCell:
        key = (inquiry.packages, *place)
        cell = self._exact_cells.get(key)
        if cell is None:
            among = _among(self._index.price_classes.exact, members, self._index.size)
            cell = self._exact_cells.keep(key, ExactCell(self._index, pricer, among))
        return cell

    def _priced(self, pricer: Pricer, values: Sequence[Decimal], members: Iterable[int]) -> PriceCell:
        """Return the prices of services that are priced by brackets. A new lane runs this loop for all of them."""
        index, rates, known = self._index, pricer.rates, self._prices.get
        applied = _AppliedOnce(self, pricer)
        prices: list[ServicePrice] = []
        unpriced: list[int] = []
        incomparable: list[int] = []
        for position in members:
            found, currency = rates.get(position), index.currency_of[position]
            factor = pricer.factor(currency)
            rate = found if found is None or found.is_alone else pricer.rate(position)
            price = None
            if factor is not None and isinstance(rate, Rate):
                surcharges, number = applied.get(position, rate, currency)
                bands = tuple([bisect_left(rate.up_to, value) for value in values])
                key = (position, id(rate), bands, number)
                price = known(key)
                if price is None or rate.starts or max(bands) == len(rate.up_to):
                    price = self._price(key, rate, values, surcharges, factor)
            if price is not None:
                prices.append(price)
            else:
                (incomparable if factor is None else unpriced).append(position)
        size = index.size
        return PriceCell(sorted(prices), mask_of(unpriced, size), mask_of(incomparable, size))

    def _price(
        self,
        key: tuple[int, int, tuple[int, ...], int],
        rate: Rate,
        values: Sequence[Decimal],
        surcharges: Sequence[Applied],
        factor: Decimal,
    ) -> ServicePrice | None:
        """Return a price; cells share it where lanes and brackets do not differ for the service."""
        position, _, bands, _ = key
        net = _net(rate, values, surcharges, self._index.services[position])
        if net is None:
            return None
        price = ServicePrice(net * factor, position, net)
        only_by_bands = max(bands) < len(rate.up_to) and not rate.starts
        return self._prices.keep(key, price) if only_by_bands else price

    def number_of(self, applied: tuple[object, ...]) -> int:
        """Return a number that stands for surcharges that apply and the exchange rate, the same for the same ones."""
        number = self._applied.get(applied)
        return self._applied.keep(applied, next(self._numbers)) if number is None else number


class _AppliedOnce:
    """The surcharges that apply in a cell, by the set that services have and the currency of their prices."""

    def __init__(self, book: PriceBook, pricer: Pricer) -> None:
        self._book = book
        self._pricer = pricer
        self._known: dict[tuple[int, str], tuple[tuple[Applied, ...], int]] = {}
        self._set_of = pricer.surcharge_set

    def get(self, position: int, rate: Rate, currency: str) -> tuple[tuple[Applied, ...], int]:
        """Return the surcharges and their number."""
        key = (self._set_of[position], currency)
        found = self._known.get(key)
        if found is None:
            surcharges = self._pricer.surcharges(position, (rate,))
            if surcharges is None:
                raise ValueError("surcharges that need an exchange rate are priced for each consignment")
            applied, applied_key = surcharges
            number = self._book.number_of((applied_key, self._pricer.factor(currency)))
            found = self._known[key] = (applied, number)
        return found


def _among(positions: Sequence[int], members: Mask | None, size: int) -> Iterable[int]:
    if members is None:
        return positions
    bits = bits_of(members, size)
    return [position for position in positions if bits[position] == "1"]


def _net(rate: Rate, values: Sequence[Decimal], applied: Sequence[Applied], service: Service) -> Decimal | None:
    unit = minor_unit(service.currency)
    base = base_price((rate,), values, values, unit)
    return None if base is None else net_price(price_lines(rate.zone, base, applied, unit, service.round_to))
