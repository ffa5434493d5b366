"""Collection calendars: on which days a carrier collects, and until when a consignment can still join.

Days are ordinals of the proleptic calendar (`date.toordinal`), moments are seconds since 1970 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from allocation.engine.timezones import DAY_SECONDS, TimeZone

EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
SEARCH_DAYS: Final = 60
"""How far ahead a collection is looked for: longer than any closure a carrier announces."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A day's collection: seconds after local midnight until which it can be joined, and at which it leaves."""

    cut_off: int
    collection: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection that can be joined until `cut_off`, the second itself included. Both it and the next are moments."""

    day: int
    cut_off: int
    collected_at: int
    leaves: int
    """When it leaves by the clock of the place: seconds after midnight."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A week of slots, Monday first, without the holidays, and the dated exceptions that win over both."""

    time_zone: TimeZone
    week: tuple[Slot | None, ...]
    holidays: frozenset[int]
    exceptions: Mapping[int, Slot | None]
    last_day: int
    """The last day the holidays are known for; nothing is collected after."""

    @property
    def first_day(self) -> int:
        """The first day the holidays are known for: its time zone's table begins a day before (`clock_changes`)."""
        return self.time_zone.changes[0] // DAY_SECONDS + EPOCH_DAY + 1

    def collection_on(self, day: int) -> Collection | None:
        """The collection of a day; None where there is none."""
        slot = self._slot(day)
        if slot is None or not self.first_day <= day <= self.last_day:
            return None
        midnight = (day - EPOCH_DAY) * DAY_SECONDS
        moment = self.time_zone.moment
        collected_at = moment(midnight + slot.collection)
        # As clocks go forward a skipped cut-off would be later than the collection it is for.
        return Collection(day, min(moment(midnight + slot.cut_off), collected_at), collected_at, slot.collection)

    def today(self, now: int) -> int:
        """The local day at a moment."""
        return self.time_zone.local(now) // DAY_SECONDS + EPOCH_DAY

    def day_end(self, now: int) -> int:
        """The last second of the local day at a moment."""
        return self.time_zone.moment((self.today(now) + 1 - EPOCH_DAY) * DAY_SECONDS) - 1

    def first_collection(self, now: int, from_day: int | None = None) -> Collection | None:
        """The first collection, on `from_day` or later, that can be joined at `now`."""
        first = self.today(now) if from_day is None else from_day
        for day in range(first, first + SEARCH_DAYS):
            collection = self.collection_on(day)
            if collection is not None and collection.cut_off >= now:
                return collection
        return None

    def _slot(self, day: int) -> Slot | None:
        if day in self.exceptions:
            return self.exceptions[day]
        return None if day in self.holidays else self.week[(day - 1) % 7]
