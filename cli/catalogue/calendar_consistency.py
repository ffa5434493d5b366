"""Finds contradictions between years, public holidays and calendars: unknown names, and hours that can't be kept."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from holidays.utils import list_supported_countries

from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, suggestion, unknown_name
from cli.catalogue.place_consistency import PlacesClaim, places_claimed_twice, wrong_places
from cli.catalogue.value_types import DAYS, clock
from cli.catalogue.written_calendars import Calendar, Hours
from cli.catalogue.written_catalogue import WrittenCatalogue

_Problems = Iterator[CatalogueProblem]

# The compiled catalogue lists every clock change and holiday of every year.
_MAX_YEARS: Final = 50


def find_calendar_contradictions(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what is wrong with the years, the holidays and the calendars."""
    yield from _years(catalogue)
    yield from _holidays(catalogue)
    yield from _calendars(catalogue)


def _years(catalogue: WrittenCatalogue) -> _Problems:
    first, last = catalogue.years.first, catalogue.years.last
    if first > last:
        yield CatalogueProblem(key_path("years"), None, f"go from {first} to {last}: write the earlier year first")
    elif last - first > _MAX_YEARS:
        yield CatalogueProblem(key_path("years"), None, f"cover more than {_MAX_YEARS} years: write fewer")


def _holidays(catalogue: WrittenCatalogue) -> _Problems:
    supported = list_supported_countries()
    for name, holidays in catalogue.holidays.items():
        path = key_path("holidays", name)
        if holidays.country not in supported:
            fix = "has no known holidays: write another country, and list its own holidays under add and remove"
            yield CatalogueProblem(key_path(*path, "country"), holidays.country, fix)
        elif holidays.subdivision is not None and holidays.subdivision not in supported[holidays.country]:
            fix = f"is not a subdivision of {holidays.country}: "
            fix += suggestion(holidays.subdivision, supported[holidays.country])
            yield CatalogueProblem(key_path(*path, "subdivision"), holidays.subdivision, fix)
        if holidays.national_only and holidays.subdivision is not None:
            fix = "does not go with a subdivision: remove one of them"
            yield CatalogueProblem(key_path(*path, "nationalOnly"), None, fix)
    claims: list[PlacesClaim] = []
    for number, item in enumerate(catalogue.delivery_holidays):
        path = key_path("deliveryHolidays", number)
        yield from unknown_name(key_path(*path, "holidays"), item.holidays, catalogue.holidays, "list of holidays")
        yield from wrong_places(key_path(*path, "destinations"), item.destinations, catalogue.zones)
        claims.append((key_path(*path, "destinations"), f"item {number}", item.destinations))
    yield from places_claimed_twice(claims, catalogue.zones, "a place has the holidays of one item")


def _calendars(catalogue: WrittenCatalogue) -> _Problems:
    for name, calendar in catalogue.calendars.items():
        path = key_path("calendars", name)
        yield from unknown_name(key_path(*path, "holidays"), calendar.holidays, catalogue.holidays, "list of holidays")
        yield from _hours(path, calendar)


def _hours(path: KeyPath, calendar: Calendar) -> _Problems:
    for weekday in DAYS:
        weekly = [hours for hours in calendar.collections if weekday in hours.days]
        yield from _left_together(key_path(*path, "collections"), weekday, weekly)
    for number, each in enumerate(calendar.collections):
        yield from _cut_off(key_path(*path, "collections", number), each)
    for day in calendar.exceptions:
        where, exceptional = key_path(*path, "exceptions", day), calendar.exceptional_hours(day)
        yield from _left_together(where, None, exceptional)
        yield from chain.from_iterable(_cut_off(where, hours) for hours in exceptional)


def _left_together(path: KeyPath, day: str | None, collections: Iterable[Hours]) -> _Problems:
    """Yield the times at which a day has two collections: it would not be clear which cut-off holds."""
    for time, count in Counter(hours.collection for hours in collections).items():
        if count > 1:
            fix = f"has {count} collections at {clock(time)}: keep one, or change a time"
            yield CatalogueProblem(path, day, fix)


def _cut_off(path: KeyPath, hours: Hours) -> _Problems:
    if hours.collection < hours.cut_off and not hours.cut_off_days_before:
        fix = "the collection leaves before its cut-off: change one of them, or add cutOffDaysBefore"
        yield CatalogueProblem(path, None, fix)
