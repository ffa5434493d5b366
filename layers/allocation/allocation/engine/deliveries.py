"""Deliveries: on which days and in which hours a service delivers, and when what it collects arrives."""

from dataclasses import dataclass
from typing import Final

from allocation.engine.calendars import Collection

# Days: more than 60 transit days of a service that delivers on two days a week.
MAX_JOURNEY_DAYS: Final = 240


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
        for day in range(collection.day + 1, min(collection.day + MAX_JOURNEY_DAYS, self.last_day) + 1):
            left -= self._delivers(day)
            if left <= 0 and self._delivers(day):
                return day
        return None

    def _delivers(self, day: int) -> bool:
        return self.weekdays[(day - 1) % 7] and day not in self.holidays
