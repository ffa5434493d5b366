"""A lane: one kind of origin and one kind of destination, with everything that does not depend on the packages."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from allocation.engine.calendars import DAY_SECONDS, Calendar, Dates, DeliveryTerms, Promise, keep_promise
from allocation.engine.index import CatalogueIndex, Mask, mask_of, positions_of
from allocation.engine.loaded_catalogue import Service, Tax
from allocation.engine.loaded_prices import Rate
from allocation.engine.memo import Memo
from allocation.engine.place_keys import ANYWHERE

_MAX_PROMISES: Final = 16


class LaneKey(NamedTuple):
    """The fields that distinguish lanes, without the place keys that no catalogue entry mentions."""

    location: str | None
    origin: tuple[str, ...]
    destination: tuple[str, ...]


class _TimetableKey(NamedTuple):
    """The fields that distinguish timetables; a calendar stands by its identity, as the catalogue has each once."""

    calendar: int
    transit_days: int
    weekdays: tuple[bool, ...]
    on_holidays: bool
    window: tuple[int, int]


class _Timetable(NamedTuple):
    """Services with the same collections and deliveries."""

    calendar: Calendar
    terms: DeliveryTerms
    members: Mask


class DateTable(NamedTuple):
    """Every service's dates for one promise, true from `since` to `until`, both moments included."""

    since: int
    until: int
    dates: Mapping[int, tuple[tuple[int, int, int], Dates]]  # by service, each after what the tie-break compares of it
    late: Mask  # the services that can't keep the promise


class Lane:
    """Which services go this way, at which rate, and when."""

    def __init__(self, index: CatalogueIndex, key: LaneKey, number: int) -> None:
        self.index = index
        self.key = key
        self.number = number
        self.places = frozenset(key.destination)
        self.rates = _rates(index, key.destination)
        self.tax = _tax(index.catalogue.taxes, key.destination)
        self.uncollected, self._timetables = self._schedule()
        self._date_tables: Memo[Promise, DateTable] = Memo(_MAX_PROMISES)

    @cached_property
    def not_leaving(self) -> Mask:
        """The services that do not leave from the origin."""
        leaving = _union(self.index.origins, self.key.origin)
        located = self.index.by_location.get(self.key.location or "", self.index.any_location)
        return self.index.everything & ~(leaving & located)

    @cached_property
    def not_reaching(self) -> Mask:
        """The services that do not go to the destination."""
        return self.index.everything & ~_union(self.index.destinations, self.key.destination)

    @cached_property
    def excluding_country(self) -> Mask:
        """The services that exclude the destination's country."""
        return _union(self.index.excluded, [place for place in self.key.destination if ":" not in place])

    @cached_property
    def excluding_postcode(self) -> Mask:
        """The services that exclude a part of the country that the destination lies in."""
        return _union(self.index.excluded, [place for place in self.key.destination if ":" in place])

    def dates(self, promise: Promise, now: int) -> DateTable:
        """Return when each service would collect and deliver."""
        table = self._date_tables.get(promise)
        if table is None or not table.since <= now <= table.until:
            table = self._date_tables.keep(promise, self._date_table(promise, now))
        return table

    def _date_table(self, promise: Promise, now: int) -> DateTable:
        dates: dict[int, tuple[tuple[int, int, int], Dates]] = {}
        late = 0
        until = now + DAY_SECONDS
        for calendar, terms, members in self._timetables:
            until = min(until, calendar.day_end(now))
            kept = keep_promise(calendar, terms, promise, now)
            if kept is None:
                late |= members
            else:
                until = min(until, kept.cut_off)
                dates.update(dict.fromkeys(positions_of(members), (kept.earliest_first, kept)))
        return DateTable(now, until, dates, late)

    def _schedule(self) -> tuple[Mask, tuple[_Timetable, ...]]:
        """Return the services without a collection calendar, and the timetables of the others that have a rate."""
        members: dict[_TimetableKey, list[int]] = {}
        calendars: dict[int, Calendar] = {}
        uncollected = []
        for position, service in enumerate(self.index.services):
            calendar = self._calendar(service)
            if calendar is None:
                uncollected.append(position)
            elif rate := self.rates.get(position):
                calendars[id(calendar)] = calendar
                key = _TimetableKey(
                    id(calendar), rate.transit_days, service.weekdays, service.on_holidays, service.window
                )
                members.setdefault(key, []).append(position)
        size = self.index.size
        timetables = tuple(
            _Timetable(calendars[key.calendar], self._terms(key), mask_of(positions, size))
            for key, positions in members.items()
        )
        return mask_of(uncollected, size), timetables

    def _terms(self, key: _TimetableKey) -> DeliveryTerms:
        catalogue = self.index.catalogue
        found = next((place for place in self.key.destination if place in catalogue.delivery_holidays), None)
        holidays = frozenset[int]() if found is None or key.on_holidays else catalogue.delivery_holidays[found]
        return DeliveryTerms(key.transit_days, key.weekdays, holidays, key.window, catalogue.last_day)

    def _calendar(self, service: Service) -> Calendar | None:
        """Return a location's calendar for the service, its carrier or all; from elsewhere, the carrier's own."""
        catalogue = self.index.catalogue
        first_carrier = service.legs[0].carrier.reference
        location = catalogue.locations.get(self.key.location or "")
        if location is None:
            return catalogue.carrier_calendars.get(first_carrier)
        return (
            location.by_service.get(service.reference) or location.by_carrier.get(first_carrier) or location.otherwise
        )


def _union(masks: Mapping[str, Mask], places: Sequence[str]) -> Mask:
    union = 0
    for place in places:
        union |= masks.get(place, 0)
    return union


def _rates(index: CatalogueIndex, destination: Sequence[str]) -> dict[int, Rate]:
    """Return each service's rate; the most specific place comes last and wins."""
    rates: dict[int, Rate] = {}
    for place in reversed(destination):
        rates.update(index.rates.get(place, {}))
    return rates


def _tax(taxes: Sequence[Tax], destination: Sequence[str]) -> Tax:
    """Return the tax of the most specific place; the compiler makes sure that `*` has one."""
    return next(tax for place in (*destination, ANYWHERE) for tax in taxes if place in tax.places)
