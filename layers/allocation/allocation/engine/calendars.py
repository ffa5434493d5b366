"""Collections and deliveries: calendars, time zones, and whether a carrier service keeps a delivery promise.

Days are ordinals of the proleptic calendar (`date.toordinal`). Moments are seconds since 1970-01-01 UTC, local times
seconds since 1970-01-01 00:00 on the wall clock. The catalogue carries the tables of its time zones, so that a decision
needs no time zone data of the machine it runs on (Amazon Linux images lack it), and an old decision can be replayed.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

# How many days ahead a collection is looked for: longer than any closure that a carrier announces.
MAX_SEARCH_DAYS: Final = 60
# Days: more than 60 transit days of a service that delivers on two days a week.
_MAX_JOURNEY_DAYS: Final = 240
DAY_SECONDS: Final = 86_400
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class TimeZone:
    """`offsets[i]`, in seconds east of UTC, holds from `changes[i]` on; the first change lies before all use."""

    changes: Sequence[int]
    offsets: Sequence[int]

    def offset_at(self, moment: int) -> int:
        """Return the offset from UTC at a moment."""
        return self.offsets[max(bisect_right(self.changes, moment) - 1, 0)]

    def local(self, moment: int) -> int:
        """Return what the wall clock shows at a moment."""
        return moment + self.offset_at(moment)

    def moment(self, local: int) -> int:
        """Return the moment at which the wall clock shows `local`.

        A time that comes twice, as clocks go back, is its first; one that is skipped, as they go forward, is read with
        the offset before the change (both as `datetime` does with `fold=0`, PEP 495).
        """
        before = self.offset_at(local - DAY_SECONDS)
        after = self.offset_at(local + DAY_SECONDS)
        if self.offset_at(local - before) == before or self.offset_at(local - after) != after:
            return local - before
        return local - after


@dataclass(frozen=True, slots=True)
class Slot:
    """A day's collection: seconds after local midnight until which it can be joined, and at which it leaves."""

    cut_off: int
    collection: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection that can be joined until `cut_off`, that second included."""

    day: int
    cut_off: int  # a moment
    collected_at: int  # a moment
    leaves: int  # seconds after local midnight


@dataclass(frozen=True, slots=True)
class Calendar:
    """A week of slots, Monday first, without the holidays, and the dated exceptions that win over both."""

    time_zone: TimeZone
    week: tuple[Slot | None, ...]
    holidays: frozenset[int]
    exceptions: Mapping[int, Slot | None]
    last_day: int  # the last day whose holidays are known; nothing is collected after it

    @property
    def first_day(self) -> int:
        """The first day whose holidays are known: the time zone's table begins a day before (`clock_changes`)."""
        return self.time_zone.changes[0] // DAY_SECONDS + _EPOCH_DAY + 1

    def collection_on(self, day: int) -> Collection | None:
        """Return the collection of a day, or None."""
        slot = self._slot(day)
        if slot is None or not self.first_day <= day <= self.last_day:
            return None
        midnight = (day - _EPOCH_DAY) * DAY_SECONDS
        moment = self.time_zone.moment
        collected_at = moment(midnight + slot.collection)
        # A cut-off that the clock skips would be later than its own collection.
        return Collection(day, min(moment(midnight + slot.cut_off), collected_at), collected_at, slot.collection)

    def today(self, now: int) -> int:
        """Return the local day at a moment."""
        return self.time_zone.local(now) // DAY_SECONDS + _EPOCH_DAY

    def day_end(self, now: int) -> int:
        """Return the last second of the local day at a moment."""
        return self.time_zone.moment((self.today(now) + 1 - _EPOCH_DAY) * DAY_SECONDS) - 1

    def first_collection(self, now: int, from_day: int | None = None) -> Collection | None:
        """Return the first collection on `from_day` or later that can be joined at `now`, or None."""
        first = self.today(now) if from_day is None else from_day
        for day in range(first, first + MAX_SEARCH_DAYS):
            collection = self.collection_on(day)
            if collection is not None and collection.cut_off >= now:
                return collection
        return None

    def _slot(self, day: int) -> Slot | None:
        if day in self.exceptions:
            return self.exceptions[day]
        return None if day in self.holidays else self.week[(day - 1) % 7]


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How a service delivers to a destination: days, Monday first, and the window in local seconds after midnight."""

    transit_days: int
    weekdays: tuple[bool, ...]
    holidays: frozenset[int]
    window: tuple[int, int]
    last_day: int

    def delivery_day(self, collection: Collection) -> int | None:
        """Return the day `transit_days` delivery days after the collection; None beyond the days that are known.

        No transit days means the day of collection if the window ends after it, else the first delivery day after it.
        """
        day, left = collection.day, self.transit_days
        if left == 0 and self._delivers(day) and collection.leaves < self.window[1]:
            return day
        for day in range(collection.day + 1, min(collection.day + _MAX_JOURNEY_DAYS, self.last_day) + 1):
            left -= self._delivers(day)
            if left <= 0 and self._delivers(day):
                return day
        return None

    def _delivers(self, day: int) -> bool:
        return self.weekdays[(day - 1) % 7] and day not in self.holidays


class Promise(NamedTuple):
    """The dates asked for, as ordinals. With `exactly`, `deliver_on` is the day itself, not the last one."""

    ship_on: int | None = None
    deliver_on: int | None = None
    exactly: bool = False


class Dates(NamedTuple):
    """When a service collects and delivers: moments, ordinals, and a window in local seconds after midnight."""

    collected_at: int
    cut_off: int
    collection_day: int
    delivery_day: int
    window: tuple[int, int]

    @property
    def earliest_first(self) -> tuple[int, int, int]:
        """What the tie-break compares: the collection, then the end of the delivery window."""
        return (self.collected_at, self.delivery_day, self.window[1])


def keep_promise(calendar: Calendar, terms: DeliveryTerms, promise: Promise, now: int) -> Dates | None:
    """Return the first dates that keep the promise, or None.

    For a delivery on an exact day the collection may be later than the first.
    """
    collection = _first(calendar, promise, now)
    while collection is not None:
        delivery = terms.delivery_day(collection)
        if delivery is None or (promise.deliver_on is not None and delivery > promise.deliver_on):
            return None
        if not promise.exactly or delivery == promise.deliver_on:
            return Dates(collection.collected_at, collection.cut_off, collection.day, delivery, terms.window)
        if promise.ship_on is not None:
            return None
        collection = calendar.first_collection(now, collection.day + 1)
    return None


def _first(calendar: Calendar, promise: Promise, now: int) -> Collection | None:
    if promise.ship_on is None:
        earliest = promise.deliver_on - _MAX_JOURNEY_DAYS if promise.exactly and promise.deliver_on else 0
        return calendar.first_collection(now, max(calendar.today(now), earliest))
    collection = calendar.collection_on(promise.ship_on)
    return collection if collection is not None and collection.cut_off >= now else None
