"""Collections: time zones, calendars, and which collection a consignment can still join.

Days are ordinals of the proleptic calendar (`date.toordinal`). Moments are seconds since 1970-01-01 UTC, local times
seconds since 1970-01-01 00:00 on the wall clock. The catalogue carries the tables of its time zones, so that a decision
needs no time zone data of the machine it runs on (Amazon Linux images lack it), and an old decision can be replayed.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Final

from allocation.domain.frozen import frozen

# How many days ahead a collection is looked for: longer than any closure that a carrier announces.
MAX_SEARCH_DAYS: Final = 60
DAY_SECONDS: Final = 86_400
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@frozen
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


@frozen
class CollectionHours:
    """One of a day's collections: seconds after local midnight until which it can be joined, and at which it leaves.

    The cut-off is `days_before` calendar days before the day of collection.
    """

    cut_off: int
    collection: int
    days_before: int = 0


@frozen
class Collection:
    """A collection that can be joined until `cut_off`, that second included."""

    day: int
    cut_off: int  # a moment
    collected_at: int  # a moment
    leaves: int  # seconds after local midnight


_by_departure: Final = attrgetter("collected_at", "cut_off")


@frozen
class Calendar:
    """A week of collections, Monday first, without the holidays, and the dated exceptions that win over both."""

    time_zone: TimeZone
    week: tuple[tuple[CollectionHours, ...], ...]
    holidays: frozenset[int]
    exceptions: Mapping[int, tuple[CollectionHours, ...]]
    last_day: int  # the last day whose holidays are known; nothing is collected after it

    @property
    def first_day(self) -> int:
        """The first day whose holidays are known: the time zone's table begins a day before (`clock_changes`)."""
        return self.time_zone.changes[0] // DAY_SECONDS + EPOCH_DAY + 1

    def collections_on(self, day: int) -> Sequence[Collection]:
        """Return the collections of a day, in the order in which they leave."""
        hours = self._hours(day)
        if not hours or not self.first_day <= day <= self.last_day:
            return ()
        return sorted([self._collection(day, each) for each in hours], key=_by_departure)

    def today(self, now: int) -> int:
        """Return the local day at a moment."""
        return self.time_zone.local(now) // DAY_SECONDS + EPOCH_DAY

    def day_end(self, now: int) -> int:
        """Return the last second of the local day at a moment."""
        return self.time_zone.moment((self.today(now) + 1 - EPOCH_DAY) * DAY_SECONDS) - 1

    def joinable_on(self, day: int, now: int) -> Iterator[Collection]:
        """Yield the collections of a day that can be joined at `now`, in the order in which they leave."""
        return (collection for collection in self.collections_on(day) if collection.cut_off >= now)

    def joinable_from(self, first_day: int, now: int) -> Iterator[Collection]:
        """Yield the collections from a day on that can be joined at `now`, in the order in which they leave.

        The search ends after a gap of `MAX_SEARCH_DAYS` days.
        """
        day, last = first_day, first_day + MAX_SEARCH_DAYS - 1
        while day <= last:
            for collection in self.joinable_on(day, now):
                yield collection
                last = day + MAX_SEARCH_DAYS
            day += 1

    def ready_day(self, now: int, handling_days: int) -> tuple[int, int] | None:
        """Return the first day on which a consignment can be collected that is handled from `now` on, or None.

        Handling takes that many days of collection after the first one that could be joined at once. The second number
        is the moment until which the first holds.
        """
        first = next(self.joinable_from(self.today(now), now), None)
        if first is None:
            return None
        day: int | None = first.day
        for _ in range(handling_days):
            day = None if day is None else self._collection_day_after(day)
        return None if day is None else (day, max(each.cut_off for each in self.collections_on(first.day)))

    def _collection_day_after(self, day: int) -> int | None:
        following = range(day + 1, day + 1 + MAX_SEARCH_DAYS)
        return next((each for each in following if self.collections_on(each)), None)

    def _collection(self, day: int, hours: CollectionHours) -> Collection:
        midnight = (day - EPOCH_DAY) * DAY_SECONDS
        moment = self.time_zone.moment
        collected_at = moment(midnight + hours.collection)
        cut_off = moment(midnight - hours.days_before * DAY_SECONDS + hours.cut_off)
        # A cut-off that the clock skips would be later than its own collection.
        return Collection(day, min(cut_off, collected_at), collected_at, hours.collection)

    def _hours(self, day: int) -> tuple[CollectionHours, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        return () if day in self.holidays else self.week[(day - 1) % 7]
