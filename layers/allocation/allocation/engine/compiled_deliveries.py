"""The compiled form of deliveries and transit days, read strictly."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from allocation.engine.compiled_parts import flag, listed, read_part, refuse_unknown, text_set, week, whole, whole_pair
from allocation.engine.deliveries import DeliveryException, DeliveryHours, DeliveryPlan, DeliverySlot
from allocation.engine.loaded_catalogue import Transit

_Document = Mapping[str, Any]


def delivery_plan(item: dict[str, Any]) -> DeliveryPlan:
    """Return when a service delivers; its keys are taken out of the service's."""
    on_holidays, exceptions = flag(item.pop("onHolidays")), item.pop("deliveryExceptions", [])
    return DeliveryPlan(_hours(item), on_holidays, tuple(listed(exceptions, _exception)))


def _exception(compiled: _Document) -> DeliveryException:
    item = dict(compiled)
    exception = DeliveryException(text_set(item.pop("places")), _hours(item))
    refuse_unknown("delivery exception", item)
    return exception


def _hours(item: dict[str, Any]) -> DeliveryHours:
    """Return the hours of a week: one window for all days of delivery, or slots, each with its days."""
    days = week(listed(item.pop("weekdays"), flag))
    begins, ends = whole_pair(item.pop("window"))
    # The window says when the carrier is about: what leaves before it ends can still arrive.
    slots = [(DeliverySlot(begins, ends, ends - 1), days)]
    if "slots" in item:
        slots = listed(item.pop("slots"), _slot)
    closed = frozenset(listed(item.pop("closed", []), lambda day: date.fromisoformat(day).toordinal()))
    return DeliveryHours(tuple(_of_day(number, slots) if on else () for number, on in enumerate(days)), closed)


def _of_day(number: int, slots: Iterable[tuple[DeliverySlot, tuple[bool, ...]]]) -> tuple[DeliverySlot, ...]:
    return tuple(sorted(slot for slot, days in slots if days[number]))


def _slot(compiled: Any) -> tuple[DeliverySlot, tuple[bool, ...]]:
    """Return a slot and its days. A slot is promised as a whole: what arrives in it leaves before it begins."""
    begins, ends, days = listed(compiled, lambda value: value)
    return DeliverySlot(whole(begins), whole(ends), whole(begins)), week(listed(days, flag))


def transit(compiled: _Document) -> Transit:
    """Return the transit days between some places."""
    return read_part(Transit, dict(compiled))
