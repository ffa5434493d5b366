"""Pickup locations in the compiled catalogue."""

from collections.abc import Mapping
from typing import Any

from allocation.engine.calendars import DAY_SECONDS, TimeZone
from allocation.engine.compiled_parts import decimal, listed, read_part, text, text_set, week, whole_pair
from allocation.engine.pickup_locations import Coordinates, OpeningHours, PickupLocation


def pickup_locations(items: Any, zones: Mapping[str, TimeZone]) -> dict[str, PickupLocation]:
    """Return the pickup locations by their references; `zones` are the catalogue's time zones."""
    found = listed(items, lambda each: _pickup_location(dict(each), zones))
    return {location.reference: location for location in found}


def coordinates(pair: Any) -> Coordinates:
    """Return coordinates. Raises `ValueError` for a point that is not on Earth."""
    found = Coordinates(*listed(pair, decimal))
    if not found.is_on_earth:
        raise ValueError(f"{found} is no point")
    return found


def _pickup_location(item: dict[str, Any], zones: Mapping[str, TimeZone]) -> PickupLocation:
    return read_part(
        PickupLocation,
        item,
        carriers=text_set(item.pop("carriers")),
        coordinates=coordinates(item.pop("coordinates")),
        time_zone=zones[item.pop("timeZone")],
        week=week(listed(item.pop("week"), lambda hours: tuple(listed(hours, _opening_hours)))),
        address=_texts(item.pop("address", {})),
        # Pairs, because what is told first stays first.
        information={text(name): text(value) for name, value in listed(item.pop("information", []), tuple)},
    )


def _opening_hours(pair: Any) -> OpeningHours:
    opens, closes = whole_pair(pair)
    if not 0 <= opens < closes <= DAY_SECONDS:
        raise ValueError("opening hours are not within a day")
    return opens, closes


def _texts(item: Mapping[str, Any]) -> dict[str, str]:
    return {text(name): text(value) for name, value in item.items()}
