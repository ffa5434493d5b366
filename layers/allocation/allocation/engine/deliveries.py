"""Deliveries: on which days and in which hours a service delivers, and when what it collects arrives.

Days are ordinals, times are local seconds after midnight.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from allocation.domain.frozen import frozen
from allocation.engine.calendars import Collection

# Days: more than 60 transit days of a service that delivers on two days a week.
MAX_JOURNEY_DAYS: Final = 240


class DeliverySlot(NamedTuple):
    """Hours of a day in which a service delivers; on the day of collection, what leaves until `leaves_by`."""

    begins: int
    ends: int
    leaves_by: int


@frozen
class DeliveryHours:
    """The slots of each weekday, Monday first, in their order, and the days on which nothing is delivered all the same.

    A weekday without slots is no day of delivery.
    """

    week: tuple[tuple[DeliverySlot, ...], ...]
    closed: frozenset[int] = frozenset()

    @property
    def weekdays(self) -> tuple[bool, ...]:
        """The days of delivery, Monday first."""
        return tuple(bool(slots) for slots in self.week)


@frozen
class DeliveryException:
    """The hours at some places, instead of the service's."""

    places: frozenset[str]
    hours: DeliveryHours


@frozen
class DeliveryPlan:
    """When a service delivers: everywhere, and the exceptions; `on_holidays` of the destination too, or not."""

    hours: DeliveryHours
    on_holidays: bool
    exceptions: tuple[DeliveryException, ...] = ()

    def hours_at(self, destination: Sequence[str]) -> DeliveryHours:
        """Return the hours at a destination: the exception of its most specific place, else the service's."""
        if not self.exceptions:
            return self.hours
        found = (each.hours for place in destination for each in self.exceptions if place in each.places)
        return next(found, self.hours)


@frozen
class DeliveryTerms:
    """How a service delivers to a destination; without known transit days it never arrives."""

    transit_days: int | None
    hours: DeliveryHours
    holidays: frozenset[int]
    last_day: int

    def delivery(self, collection: Collection) -> tuple[int, DeliverySlot] | None:
        """Return the day `transit_days` delivery days after the collection, and its slot; None beyond the known days.

        No transit days means the first slot of the day that the collection is in time for, else the next delivery day.
        """
        day, left = collection.day, self.transit_days
        if left is None:
            return None
        if left == 0 and (slot := self._same_day(collection)):
            return day, slot
        for day in range(collection.day + 1, min(collection.day + MAX_JOURNEY_DAYS, self.last_day) + 1):
            slots = self._slots(day)
            left -= bool(slots)
            if left <= 0 and slots:
                return day, slots[0]
        return None

    def _same_day(self, collection: Collection) -> DeliverySlot | None:
        return next((slot for slot in self._slots(collection.day) if collection.leaves <= slot.leaves_by), None)

    def _slots(self, day: int) -> tuple[DeliverySlot, ...]:
        return () if day in self.holidays or day in self.hours.closed else self.hours.week[(day - 1) % 7]
