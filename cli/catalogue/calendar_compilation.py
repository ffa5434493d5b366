"""Compiles calendars: public holidays and clock changes are listed, collections are numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from holidays import country_holidays

from cli.catalogue.value_types import DAYS
from cli.catalogue.written_calendars import Calendar, Holidays, Hours, Years


def holiday_dates(rule: Holidays, years: Years) -> list[str]:
    """Return the dates of a rule's holidays in order: those of the `holidays` library, corrected by the catalogue."""
    span = range(years.first, years.last + 1)
    known = set(country_holidays(rule.country, subdiv=rule.subdivision, years=span))
    return [day.isoformat() for day in sorted((known | set(rule.add)) - set(rule.remove))]


def clock_changes(name: str, years: Years) -> list[list[int]]:
    """Return the moments at which a time zone's offset from UTC changes, and the new offsets, all in seconds.

    The first entry is the offset before any change.
    """
    zone = ZoneInfo(name)
    first = int(datetime(years.first - 1, 12, 31, tzinfo=ZoneInfo("UTC")).timestamp())
    last = int(datetime(years.last + 1, 1, 2, tzinfo=ZoneInfo("UTC")).timestamp())
    changes, offsets = [first], [_offset(zone, first)]
    for day in range(first, last, 86_400):
        if _offset(zone, day + 86_400) != offsets[-1]:
            changes.append(_first_moment(zone, day, day + 86_400))
            offsets.append(_offset(zone, changes[-1]))
    return [changes, offsets]


def _first_moment(zone: ZoneInfo, before: int, after: int) -> int:
    """Return when the offset changes between two moments that are a day apart."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return (offset or timedelta()) // timedelta(seconds=1)


def collection_hours(calendar: Calendar) -> Mapping[str, Any]:
    """Return a calendar's week, Monday first, and its exceptions."""
    return {
        "week": [_collections([hours for hours in calendar.collections if day in hours.days]) for day in DAYS],
        "exceptions": {day.isoformat(): _collections(calendar.exceptional_hours(day)) for day in calendar.exceptions},
    }


def _collections(collections: Sequence[Hours]) -> list[Any] | None:
    """Return a day's collections: null for none, the numbers of one, or a list of several."""
    numbers = [_numbers(hours) for hours in collections]
    if len(numbers) > 1:
        return numbers
    return numbers[0] if numbers else None


def _numbers(hours: Hours) -> list[int]:
    days_before = [hours.cut_off_days_before] if hours.cut_off_days_before else []
    return [hours.cut_off, hours.collection, *days_before]
