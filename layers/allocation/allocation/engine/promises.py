"""Delivery dates, and whether a carrier service keeps the delivery promise."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from allocation.engine.calendars import Calendar, Collection

# Days: more than 60 transit days of a service that delivers on two days a week.
_MAX_JOURNEY_DAYS: Final = 240


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
