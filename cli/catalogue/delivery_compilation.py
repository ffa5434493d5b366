"""Compiles deliveries and transit days; `compilation.py` resolves their places."""

from collections.abc import Callable, Iterable
from typing import Any

from cli.catalogue.value_types import DAYS
from cli.catalogue.written_deliveries import Delivery, DeliveryHours, Slot, Transit

_Json = dict[str, Any]
_Places = Callable[[Iterable[str]], list[str]]


def compiled_delivery(delivery: Delivery, places: _Places) -> _Json:
    """Return what a service's compiled form has of its delivery."""
    exceptions = [
        {
            "places": places(exception.destinations),
            **_hours(exception, delivery),
            **({"closed": [day.isoformat() for day in sorted(exception.closed)]} if exception.closed else {}),
        }
        for exception in delivery.exceptions
    ]
    return {
        "onHolidays": delivery.on_holidays,
        **_hours(delivery, delivery),
        **({"deliveryExceptions": exceptions} if exceptions else {}),
    }


def _hours(hours: DeliveryHours, otherwise: Delivery) -> _Json:
    """Return days and hours; where neither a window nor slots are given, those that hold otherwise."""
    days = hours.days or otherwise.days
    window, slots = (hours.window, hours.slots) if hours.window or hours.slots else (None, otherwise.slots)
    return {
        "weekdays": [day in days for day in DAYS],
        "window": list(window or otherwise.window),
        **({"slots": [_slot(slot) for slot in slots]} if slots else {}),
    }


def _slot(slot: Slot) -> list[Any]:
    return [*slot.window, [slot.days is None or day in slot.days for day in DAYS]]


def compiled_transit(transit: Transit, places: _Places) -> _Json:
    """Return the compiled form of transit days."""
    compiled: _Json = {"places": places([transit.zone]), "days": transit.days}
    return compiled | ({"origins": places([transit.origin])} if transit.origin else {})
