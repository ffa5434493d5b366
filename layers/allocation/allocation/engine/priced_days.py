"""What of a consignment leads to its prices: its lane, its facts, and the days on which its services collect."""

from collections.abc import Sequence

from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.masks import Mask
from allocation.engine.measures import Measured
from allocation.engine.pricer import Pricer
from allocation.engine.timetables import DateTable, DayGroup


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
