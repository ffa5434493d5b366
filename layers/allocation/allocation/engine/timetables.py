"""Timetables: the services of a lane that have the same dates, and the dates that they have in common.

Dates are worked out once for each timetable, not for each service.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import tee
from typing import Final, NamedTuple

from allocation.engine.calendars import DAY_SECONDS, Calendar, Collection
from allocation.engine.deliveries import DeliveryTerms
from allocation.engine.index import CatalogueIndex, Collecting, of_pair
from allocation.engine.loaded_catalogue import Catalogue, Location, Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.memo import Memo
from allocation.engine.promises import Dates, Promise, joinable, keep_promise

_MAX_PROMISES: Final = 16


class _Timetable(NamedTuple):
    """Services with the same collections and deliveries."""

    calendar: Calendar
    handling_days: int
    terms: DeliveryTerms
    members: Mask


class DayGroup(NamedTuple):
    """Services whose days of collection and of delivery are the same to all prices, and one such day and weekday."""

    bracket: tuple[int, int]
    day: int
    weekday: int | None
    members: Mask


class DateTable(NamedTuple):
    """Every service's dates for one promise, true from `since` to `until`, both moments included."""

    since: int
    until: int
    dates: Mapping[int, tuple[tuple[int, int, int], Dates]]  # by service, each after what the tie-break compares of it
    late: Mask  # the services that can't keep the promise
    days: Mapping[tuple[int, int], Mask]  # the services by their day of collection and weekday of delivery, Monday 0
    groups: dict[int, Sequence[DayGroup]]  # the price book's, by the day whose prices hold for services without dates


class Timetables:
    """All timetables of a lane, and the date tables of the promises met so far."""

    def __init__(
        self,
        index: CatalogueIndex,
        location: str | None,
        origin: Sequence[str],
        destination: Sequence[str],
        rates: Mapping[int, Rate],
    ) -> None:
        between = of_pair(index.transit_days, origin, destination)
        transit_days = {position: between.get(position, rate.transit_days) for position, rate in rates.items()}
        # `uncollected` are the services without a collection calendar.
        self.uncollected, self._timetables = _schedule(index, location, destination, transit_days)
        self._date_tables: Memo[Promise, DateTable] = Memo(_MAX_PROMISES)

    def dates(self, promise: Promise, now: int) -> DateTable:
        """Return when each service would collect and deliver."""
        table = self._date_tables.get(promise)
        if table is None or not table.since <= now <= table.until:
            table = self._date_tables.keep(promise, self._date_table(promise, now))
        return table

    def terms(self, position: int) -> DeliveryTerms | None:
        """Return how the service at a position delivers on the lane; None where it has no timetable."""
        return next((each.terms for each in self._timetables if each.members >> position & 1), None)

    def _date_table(self, promise: Promise, now: int) -> DateTable:
        dates: dict[int, tuple[tuple[int, int, int], Dates]] = {}
        days: dict[tuple[int, int], Mask] = {}
        late = 0
        until = now + DAY_SECONDS
        # Timetables share calendars: each is looked through once.
        shared: dict[tuple[int, int], Iterator[Collection]] = {}
        # Until the day ends, cut-offs pass and no collection is added: what is missed stays missed.
        for calendar, handling_days, terms, members in self._timetables:
            key = (id(calendar), handling_days)
            if key not in shared:
                shared[key] = joinable(calendar, promise, now, handling_days)
                until = min(until, calendar.day_end(now))
            shared[key], collections = tee(shared[key])
            kept = keep_promise(collections, terms, promise)
            if kept is None:
                late |= members
            else:
                until = min(until, kept.cut_off)
                pair = (kept.collection_day, (kept.delivery_day - 1) % 7)
                days[pair] = days.get(pair, 0) | members
                dates.update(dict.fromkeys(positions_of(members), (kept.earliest_first, kept)))
        return DateTable(now, until, dates, late, days, {})


def _schedule(
    index: CatalogueIndex,
    location: str | None,
    destination: Sequence[str],
    transit_days: Mapping[int, int | None],
) -> tuple[Mask, Sequence[_Timetable]]:
    """Return the services without a collection calendar, and the timetables of the others that have a rate."""
    key = location or ""
    collecting = index.collecting.get(key) or index.collecting.keep(key, _collecting(index, location))
    members: dict[tuple[int, int | None], list[int]] = {}
    for position, days in transit_days.items():
        members.setdefault((collecting.kind_of[position], days), []).append(position)
    timetables: list[_Timetable] = []
    for (kind, days), positions in members.items():
        calendar, handling_days, plan = collecting.kinds[kind]
        if calendar is not None:
            terms = _terms(index, destination, plan, days)
            timetables.append(_Timetable(calendar, handling_days, terms, mask_of(positions, index.size)))
    return collecting.uncollected, timetables


def _collecting(index: CatalogueIndex, location: str | None) -> Collecting:
    """Return how services collect at a location, or, without one, from elsewhere."""
    catalogue = index.catalogue
    place = catalogue.locations.get(location or "")
    numbers: dict[tuple[int, int, int], int] = {}
    kinds: list[tuple[Calendar | None, int, int]] = []
    kind_of: list[int] = []
    for service, plan in zip(index.services, index.delivery_plan, strict=True):
        calendar, handling_days = calendar_of(catalogue, place, service), _handling_days(place, service)
        key = (id(calendar), handling_days, plan)
        if key not in numbers:
            numbers[key] = len(kinds)
            kinds.append((calendar, handling_days, plan))
        kind_of.append(numbers[key])
    uncollected = (position for position, kind in enumerate(kind_of) if kinds[kind][0] is None)
    return Collecting(kinds, kind_of, mask_of(uncollected, index.size))


def _terms(index: CatalogueIndex, destination: Sequence[str], number: int, transit_days: int | None) -> DeliveryTerms:
    catalogue, plan = index.catalogue, index.delivery_plans[number]
    found = next((place for place in destination if place in catalogue.delivery_holidays), None)
    holidays = frozenset[int]() if found is None or plan.on_holidays else catalogue.delivery_holidays[found]
    return DeliveryTerms(transit_days, plan.hours_at(destination), holidays, catalogue.last_day)


def calendar_of(catalogue: Catalogue, location: Location | None, service: Service) -> Calendar | None:
    """Return a location's calendar for the service, its carrier or all; from elsewhere, the carrier's own."""
    first_carrier = service.legs[0].carrier.reference
    if location is None:
        return catalogue.carrier_calendars.get(first_carrier)
    return location.by_service.get(service.reference) or location.by_carrier.get(first_carrier) or location.otherwise


def _handling_days(location: Location | None, service: Service) -> int:
    """Return the service's own handling days, else the location's."""
    if service.handling_days is not None:
        return service.handling_days
    return location.handling_days if location else 0
