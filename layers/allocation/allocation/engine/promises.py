"""Delivery promises: the first collection and delivery of a service that keep the dates a consignment asks for."""

from collections.abc import Iterator
from typing import NamedTuple

from allocation.engine.calendars import Calendar, Collection
from allocation.engine.deliveries import MAX_JOURNEY_DAYS, DeliveryTerms


class Promise(NamedTuple):
    """The dates asked for, as ordinals. With `exactly`, `deliver_on` is the day itself, not the last one."""

    ship_on: int | None = None
    deliver_on: int | None = None
    exactly: bool = False


class Dates(NamedTuple):
    """When a service collects and delivers: moments, ordinals, and a window in local seconds after midnight."""

    collected_at: int
    cut_off: int  # until when these dates hold for whoever asks
    collection_day: int
    delivery_day: int
    window: tuple[int, int]

    @property
    def earliest_first(self) -> tuple[int, int, int]:
        """What the tie-break compares: the collection, then the end of the delivery window."""
        return (self.collected_at, self.delivery_day, self.window[1])


def keep_promise(collections: Iterator[Collection], terms: DeliveryTerms, promise: Promise) -> Dates | None:
    """Return the first dates that keep the promise, or None; `collections` are those that can be joined.

    For a delivery on an exact day the collection may be later than the first.
    """
    for collection in collections:
        delivery = terms.delivery(collection)
        if delivery is None or (promise.deliver_on is not None and delivery[0] > promise.deliver_on):
            return None
        day, slot = delivery
        if not promise.exactly or day == promise.deliver_on:
            window = (slot.begins, slot.ends)
            return Dates(collection.collected_at, collection.cut_off, collection.day, day, window)
    return None


def joinable(calendar: Calendar, promise: Promise, now: int, handling_days: int) -> Iterator[Collection]:
    """Yield the collections that can be joined at `now` after handling, in the order in which they leave."""
    if not handling_days:
        yield from _joinable(calendar, promise, calendar.today(now), now)
    elif ready := calendar.ready_day(now, handling_days):
        day, until = ready
        for each in _joinable(calendar, promise, day, now):
            yield Collection(each.day, min(each.cut_off, until), each.collected_at, each.leaves)


def _joinable(calendar: Calendar, promise: Promise, first_day: int, now: int) -> Iterator[Collection]:
    ship_on, deliver_on = promise.ship_on, promise.deliver_on
    if ship_on is not None:
        return calendar.joinable_on(ship_on, now) if ship_on >= first_day else iter(())
    earliest = deliver_on - MAX_JOURNEY_DAYS if promise.exactly and deliver_on else 0
    return calendar.joinable_from(max(first_day, earliest), now)
