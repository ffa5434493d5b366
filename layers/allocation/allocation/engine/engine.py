"""Decides which carrier service takes a consignment: who can deliver, who meets the rules, who is cheapest."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NamedTuple, assert_never

from allocation.domain.consignment import Consignment, Direction
from allocation.domain.limit import AllocationLimit, LimitedDay, UsedLimits
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Failure, FailureCode
from allocation.engine import checks
from allocation.engine.catalogue import Catalogue
from allocation.engine.checks import Check
from allocation.engine.exchange import total_in
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry, inquire
from allocation.engine.lanes import DateTable, Lane, LaneKey
from allocation.engine.masks import Mask, bits_of, mask_of, positions_of
from allocation.engine.memo import Memo
from allocation.engine.prices import PriceBook, PriceCell, Pricing
from allocation.engine.pricing import Breakdown, with_tax
from allocation.engine.promises import Dates

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
KEPT_LANES: Final = 512


class Scope(NamedTuple):
    """The services a mode leaves out, and the check that says so."""

    check: Check
    outside: Mask


class ServiceFilters(NamedTuple):
    """What a caller asks of services beyond the mode; a feature that is not asked for may be there or not."""

    direction: Direction | None = None
    pick_up: bool = False
    drop_off: bool = False


NO_FILTERS: Final = ServiceFilters()


class Offer(NamedTuple):
    """A service that can take the consignment.

    Offers sort as they are preferred: cost, earliest collection, earliest delivery, service reference (services are
    numbered in the order of their references).
    """

    cost: Decimal
    """Net, in the catalogue's currency: what is compared."""
    earliest: tuple[int, int, int]
    position: int
    net: Decimal
    dates: Dates


class Question(NamedTuple):
    """A consignment at a moment, asked of the whole catalogue: what fails, and what is left."""

    inquiry: Inquiry
    moment: int
    """When it is asked, in seconds since 1970 UTC."""
    lane: Lane
    day: int
    """The day whose prices hold: the one to ship on where it was given, else today."""
    table: DateTable
    pricing: Pricing
    failures: Sequence[tuple[Check, Mask]]
    passing: Mask
    """The services that pass everything but, perhaps, the price."""


class Engine:
    """A catalogue, indexed once, ready to decide. Equal questions have equal answers, on any machine."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.index = CatalogueIndex(catalogue)
        self._lanes: Memo[LaneKey, Lane] = Memo(KEPT_LANES)
        self.book = PriceBook(self.index)
        self._lanes_made = 0

    def scope(self, mode: AllocationMode) -> Scope | Failure:
        """Return the scope of a mode, or a failure that names the group or service that the catalogue lacks."""
        match mode:
            case DefaultRules():
                return Scope(checks.NOT_IN_GROUP, 0)
            case ServiceGroup(reference):
                group = self.index.groups.get(reference)
                if group is None:
                    text = f"The catalogue has no carrier service group {reference!r}: name one it has, or add it."
                    return Failure(FailureCode.SERVICE_GROUP_NOT_FOUND, text)
                return Scope(checks.NOT_IN_GROUP, self.index.everything & ~group)
            case CarrierService(reference):
                position = self.index.positions.get(reference)
                if position is None:
                    text = f"The catalogue has no carrier service {reference!r}: name one it has, or add it."
                    return Failure(FailureCode.CARRIER_SERVICE_NOT_FOUND, text)
                return Scope(checks.NOT_REQUESTED, self.index.everything & ~(1 << position))
            case _:
                assert_never(mode)

    def inquire(self, consignment: Consignment) -> Inquiry | Failure:
        """What the engine asks about a consignment, or what it lacks."""
        return inquire(consignment, self.catalogue)

    def question(
        self,
        inquiry: Inquiry,
        scope: Scope,
        now: datetime,
        filters: ServiceFilters,
        used: UsedLimits,
    ) -> Question:
        """Asks all checks of all services. `now` is aware.

        `used` is asked last, and only about services that have a limit and pass all the other checks.
        """
        moment = whole_seconds(now)
        day = inquiry.promise.ship_on or self.catalogue.home.today(moment)
        lane = self._lane(inquiry)
        table = lane.dates(inquiry.promise, moment)
        failures = [scope, *self._service_failures(inquiry, filters), *lane.failures]
        failures += self._package_failures(inquiry, day)
        if table.late:
            failures.append((checks.DATES, table.late))
        failing = 0
        for _, mask in failures:
            failing |= mask
        passing = self.index.everything & ~failing
        if limited := passing & self.index.limited:
            reached = self._limits_reached(limited, table, used)
            failures.append((checks.LIMIT, reached))
            passing &= ~reached
        return Question(inquiry, moment, lane, day, table, self.book.pricing(lane, inquiry, day), failures, passing)

    def offers(self, question: Question, cells: Sequence[PriceCell]) -> list[Offer]:
        """The offers of all services that pass and have a price in the question's cells, best first."""
        bits, dates = bits_of(question.passing, self.index.size), question.table.dates
        offers: list[Offer] = []
        for cell in cells:
            offers += [
                Offer(cost, dates[position][0], position, net, dates[position][1])
                for cost, position, net in cell.cheapest_first
                if bits[position] == "1"
            ]
        offers.sort()
        return offers

    def limit(self, position: int, dates: Dates) -> AllocationLimit | None:
        """The limit that an allocation of a service counts on; None where it has none."""
        service = self.index.services[position]
        if service.daily_limit is None:
            return None
        day = LimitedDay(service.reference, date.fromordinal(dates.collection_day))
        return AllocationLimit(day, service.daily_limit)

    def breakdown(self, question: Question, position: int) -> Breakdown | None:
        """How the price of a service comes to be; None where it has none."""
        lines = self.book.lines(question.pricing, position)
        return with_tax(lines, self.index.services[position], question.lane.tax) if lines else None

    def _lane(self, inquiry: Inquiry) -> Lane:
        index = self.index
        origins, known = index.origins, index.known_destinations
        key = LaneKey(
            inquiry.location,
            tuple([place for place in inquiry.origin if place in origins]),
            tuple([place for place in inquiry.destination if place in known]),
        )
        lane = self._lanes.get(key)
        if lane is None:
            self._lanes_made += 1
            lane = self._lanes.keep(key, Lane(index, key, self._lanes_made))
        return lane

    def _service_failures(self, inquiry: Inquiry, filters: ServiceFilters) -> list[tuple[Check, Mask]]:
        index = self.index
        wrong_way = index.not_in_direction[inquiry.direction]
        if filters.direction is not None:
            wrong_way |= index.not_in_direction[filters.direction]
        failures = [(checks.DISABLED, index.disabled), (checks.DIRECTION, wrong_way)]
        if filters.pick_up:
            failures.append((checks.PICK_UP, index.without_feature["pickUp"]))
        if filters.drop_off:
            failures.append((checks.DROP_OFF, index.without_feature["dropOff"]))
        if inquiry.tags:
            carrying = index.everything
            for tag in inquiry.tags:
                carrying &= index.by_tag.get(tag, 0)
            failures.append((checks.TAGS, index.everything & ~carrying))
        return failures

    def _package_failures(self, inquiry: Inquiry, day: int) -> list[tuple[Check, Mask]]:
        index, packages = self.index, inquiry.packages
        if len(packages) == 1:
            lowest = highest = packages[0]
        else:
            lowest = type(packages[0])(*map(min, *packages))
            highest = type(packages[0])(*map(max, *packages))
        failures = [
            (checks.WEIGHT, index.weight.failing(lowest.weight, highest.weight)),
            (checks.LENGTH, index.length.failing(lowest.length, highest.length)),
            (checks.GIRTH, index.girth.failing(lowest.girth, highest.girth)),
        ]
        if inquiry.values:
            failures.append((checks.VALUE, self._too_valuable(inquiry, day)))
        return failures

    def _too_valuable(self, inquiry: Inquiry, day: int) -> Mask:
        """The services whose maximum is exceeded, or can't be compared with the value for lack of an exchange rate."""
        failing = 0
        for currency, limits in self.index.value.items():
            total = total_in(self.catalogue, inquiry.values, currency, date.fromordinal(day))
            failing |= limits.limited if total is None else limits.failing(total, total)
        return failing

    def _limits_reached(self, limited: Mask, table: DateTable, used: UsedLimits) -> Mask:
        """The services of `limited` that take no more consignments on the day they would collect."""
        limits = {
            position: limit
            for position in positions_of(limited)
            if position in table.dates and (limit := self.limit(position, table.dates[position][1]))
        }
        counts = used([limit.on for limit in limits.values()])
        return mask_of(
            (position for position, limit in limits.items() if counts.get(limit.on, 0) >= limit.most), self.index.size
        )


def whole_seconds(now: datetime) -> int:
    """Seconds since 1970 UTC, rounded up: a fraction of a second after a cut-off is after it."""
    since = now - EPOCH
    return since.days * 86_400 + since.seconds + (since.microseconds > 0)
