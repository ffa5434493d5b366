"""A lane: one kind of origin and one kind of destination, with all that does not depend on the packages."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from allocation.engine.calendars import Calendar
from allocation.engine.catalogue import Rate, Service, Tax
from allocation.engine.checks import DESTINATION, EXCLUDED_COUNTRY, EXCLUDED_POSTCODE, NO_CALENDAR, ORIGIN, Check
from allocation.engine.index import CatalogueIndex
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.memo import Memo
from allocation.engine.places import ANYWHERE
from allocation.engine.promises import Dates, DeliveryTerms, Promise, keep_promise
from allocation.engine.timezones import DAY_SECONDS

KEPT_PROMISES: Final = 16


class LaneKey(NamedTuple):
    """What tells lanes apart: the keys that no catalogue entry mentions are left out."""

    location: str | None
    origin: tuple[str, ...]
    destination: tuple[str, ...]


class TimetableKey(NamedTuple):
    """What tells timetables apart; a calendar by its identity, for the catalogue has each but once."""

    calendar: int
    transit_days: int
    weekdays: tuple[bool, ...]
    on_holidays: bool
    window: tuple[int, int]


class Timetable(NamedTuple):
    """Services that are collected and deliver alike."""

    calendar: Calendar
    terms: DeliveryTerms
    members: Mask


class DateTable(NamedTuple):
    """Every service's dates for one promise, true from `since` to `until`, both moments included."""

    since: int
    until: int
    dates: Mapping[int, tuple[tuple[int, int, int], Dates]]
    """By service, with what the tie-break compares of them before them."""
    late: Mask
    """The services that can't keep the promise."""


class Lane:
    """Who goes this way, by which rate, and when."""

    def __init__(self, index: CatalogueIndex, key: LaneKey, number: int) -> None:
        self._index = index
        self.key = key
        self.number = number
        self.places = frozenset(key.destination)
        self.rates = _rates(index, key.destination)
        self.tax = _tax(index.catalogue.taxes, key.destination)
        uncollected, self._timetables = self._schedule()
        self.failures = (*self._address_failures(), (NO_CALENDAR, uncollected))
        self._date_tables: Memo[Promise, DateTable] = Memo(KEPT_PROMISES)

    def dates(self, promise: Promise, now: int) -> DateTable:
        """When each service would collect and deliver."""
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

    def _address_failures(self) -> tuple[tuple[Check, Mask], ...]:
        index, key = self._index, self.key
        leaving = _union(index.origins, key.origin) & index.by_location.get(key.location or "", index.any_location)
        reached = _union(index.destinations, key.destination)
        countries = [place for place in key.destination if ":" not in place]
        postcodes = [place for place in key.destination if ":" in place]
        failures = (
            (ORIGIN, index.everything & ~leaving),
            (DESTINATION, index.everything & ~reached),
            (EXCLUDED_COUNTRY, _union(index.excluded, countries)),
            (EXCLUDED_POSTCODE, _union(index.excluded, postcodes)),
        )
        return tuple((check, mask) for check, mask in failures if mask)

    def _schedule(self) -> tuple[Mask, tuple[Timetable, ...]]:
        """The services that nobody has said when to collect, and the timetables of the others that have a rate."""
        members: dict[TimetableKey, list[int]] = {}
        calendars: dict[int, Calendar] = {}
        uncollected = []
        for position, service in enumerate(self._index.services):
            calendar = self._calendar(service)
            if calendar is None:
                uncollected.append(position)
            elif rate := self.rates.get(position):
                calendars[id(calendar)] = calendar
                key = TimetableKey(
                    id(calendar), rate.transit_days, service.weekdays, service.on_holidays, service.window
                )
                members.setdefault(key, []).append(position)
        size = self._index.size
        timetables = tuple(
            Timetable(calendars[key.calendar], self._terms(key), mask_of(positions, size))
            for key, positions in members.items()
        )
        return mask_of(uncollected, size), timetables

    def _terms(self, key: TimetableKey) -> DeliveryTerms:
        catalogue = self._index.catalogue
        found = next((place for place in self.key.destination if place in catalogue.delivery_holidays), None)
        holidays = frozenset[int]() if found is None or key.on_holidays else catalogue.delivery_holidays[found]
        return DeliveryTerms(key.transit_days, key.weekdays, holidays, key.window, catalogue.last_day)

    def _calendar(self, service: Service) -> Calendar | None:
        """A location's calendar for the service, its carrier or all; from elsewhere, the carrier's own."""
        catalogue = self._index.catalogue
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
    """Each service's rate; the most specific place comes last and wins."""
    rates: dict[int, Rate] = {}
    for place in reversed(destination):
        rates.update(index.rates.get(place, {}))
    return rates


def _tax(taxes: Sequence[Tax], destination: Sequence[str]) -> Tax:
    """The tax of the most specific place; compiling makes sure that `*` has one."""
    return next(tax for place in (*destination, ANYWHERE) for tax in taxes if place in tax.places)
