"""The plainest possible dates: every collection of every day, one after another, by the words of the documentation.

It shares with the engine only the catalogue's data and the time zones' tables.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count, pairwise
from typing import NamedTuple

from allocation.engine.calendars import MAX_SEARCH_DAYS, Calendar
from allocation.engine.deliveries import MAX_JOURNEY_DAYS
from allocation.engine.loaded_catalogue import Catalogue, Location, Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.promises import Promise

_EPOCH = date(1970, 1, 1).toordinal()
# No search goes further: 60 days to a collection, after 60 and some days of handling, of a delivery 240 days ahead.
_HORIZON = 500


class PlainDates(NamedTuple):
    """When a service collects and delivers."""

    collected_at: int
    collection_day: int
    delivery_day: int
    window: tuple[int, int]


class _Van(NamedTuple):
    collected_at: int
    cut_off: int
    day: int
    leaves: int


class Way(NamedTuple):
    """A service on its way from an origin to a destination, whose place keys are given most specific first."""

    catalogue: Catalogue
    service: Service
    rate: Rate
    location: Location | None
    origin: Sequence[str]
    destination: Sequence[str]

    @property
    def calendar(self) -> Calendar | None:
        """The calendar of its collections."""
        carrier = self.service.legs[0].carrier.reference
        if self.location is None:
            return self.catalogue.carrier_calendars.get(carrier)
        by_service, by_carrier = self.location.by_service, self.location.by_carrier
        return by_service.get(self.service.reference) or by_carrier.get(carrier) or self.location.otherwise

    @property
    def handling_days(self) -> int:
        """The service's handling days, else the location's."""
        own = self.service.handling_days
        return own if own is not None else self.location.handling_days if self.location else 0

    @property
    def transit_days(self) -> int | None:
        """The service's transit days, else the rate's."""
        for place in self.destination:
            for start in (*self.origin, None):
                for transit in self.service.transit:
                    if place in transit.places and (start in transit.origins if transit.origins else start is None):
                        return transit.days
        return self.rate.transit_days


def plain_dates(way: Way, promise: Promise, now: int) -> PlainDates | None:
    """Return the first collection and delivery that keep the promise, or None."""
    calendar = way.calendar
    assert calendar is not None
    for van in _vans(calendar, way.handling_days, promise, now):
        delivery = _delivery(way, van)
        if delivery is None:
            return None
        day, window = delivery
        if (
            promise.deliver_on is None
            or day == promise.deliver_on
            or (day < promise.deliver_on and not promise.exactly)
        ):
            return PlainDates(van.collected_at, van.day, day, window)
        if day > promise.deliver_on:
            return None
    return None


def _vans(calendar: Calendar, handling_days: int, promise: Promise, now: int) -> Iterator[_Van]:
    today = (now + calendar.time_zone.offset_at(now)) // 86_400 + _EPOCH
    first = today
    if handling_days:
        days = {day: _vans_of(calendar, day) for day in range(today, today + _HORIZON)}
        joinable = [day for day, vans in days.items() if any(van.cut_off >= now for van in vans)]
        collecting = [day for day, vans in days.items() if vans and joinable and day >= joinable[0]]
        far = any(later - day > MAX_SEARCH_DAYS for day, later in pairwise(collecting[: handling_days + 1]))
        if not joinable or joinable[0] - today >= MAX_SEARCH_DAYS or far or len(collecting) <= handling_days:
            return
        first = collecting[handling_days]
    if promise.ship_on is not None:
        yield from (van for van in _vans_of(calendar, promise.ship_on) if van.cut_off >= now and van.day >= first)
        return
    if promise.exactly and promise.deliver_on is not None:
        first = max(first, promise.deliver_on - MAX_JOURNEY_DAYS)
    last = first - 1
    for day in count(first):
        if day - last > MAX_SEARCH_DAYS:
            return
        for van in _vans_of(calendar, day):
            if van.cut_off >= now:
                last = day
                yield van


def _vans_of(calendar: Calendar, day: int) -> list[_Van]:
    first = calendar.time_zone.changes[0] // 86_400 + _EPOCH + 1
    if day in calendar.exceptions:
        hours = calendar.exceptions[day]
    elif day in calendar.holidays:
        hours = ()
    else:
        hours = calendar.week[date.fromordinal(day).weekday()]
    if not first <= day <= calendar.last_day:
        return []
    vans = []
    for each in hours:
        leaves = calendar.time_zone.moment((day - _EPOCH) * 86_400 + each.collection)
        cut_off = calendar.time_zone.moment((day - each.days_before - _EPOCH) * 86_400 + each.cut_off)
        vans.append(_Van(leaves, min(cut_off, leaves), day, each.collection))
    return sorted(vans)


def _delivery(way: Way, van: _Van) -> tuple[int, tuple[int, int]] | None:
    plan, transit_days = way.service.delivery, way.transit_days
    if transit_days is None:
        return None
    hours = plan.hours
    for place in reversed(way.destination):
        for exception in plan.exceptions:
            if place in exception.places:
                hours = exception.hours
    closed = hours.closed | (frozenset() if plan.on_holidays else _holidays(way))

    def slots(day: int) -> list[tuple[int, int, int]]:
        return [] if day in closed else sorted(hours.week[date.fromordinal(day).weekday()])

    if transit_days == 0:
        for begins, ends, leaves_by in slots(van.day):
            if van.leaves <= leaves_by:
                return van.day, (begins, ends)
    last = min(van.day + MAX_JOURNEY_DAYS, way.catalogue.last_day)
    delivering = [day for day in range(van.day + 1, last + 1) if slots(day)]
    wanted = max(transit_days, 1) - 1
    if wanted >= len(delivering):
        return None
    begins, ends, _ = slots(delivering[wanted])[0]
    return delivering[wanted], (begins, ends)


def _holidays(way: Way) -> frozenset[int]:
    known = [place for place in way.destination if place in way.catalogue.delivery_holidays]
    return way.catalogue.delivery_holidays[known[0]] if known else frozenset()
