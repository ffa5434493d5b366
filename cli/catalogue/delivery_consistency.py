"""Finds contradictions in how a service delivers: hours that can't be kept, and transit days that are not known."""

from collections.abc import Iterator, Sequence
from typing import Final

from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.place_consistency import (
    PlacesClaim,
    places_claimed_twice,
    places_claimed_twice_from,
    wrong_origin,
    wrong_place,
    wrong_places,
)
from cli.catalogue.value_types import DAYS
from cli.catalogue.written_deliveries import Delivery, DeliveryHours, Slot
from cli.catalogue.written_service import Service
from cli.catalogue.written_zones import Zones

_Problems = Iterator[CatalogueProblem]

_BACKWARDS: Final = "ends before it begins: change one of the times"


def find_delivery_contradictions(path: KeyPath, service: Service, zones: Zones) -> _Problems:
    """Yield what is wrong with the delivery and the transit days of the service at a path."""
    delivery, where = service.delivery, key_path(*path, "delivery")
    yield from _hours(where, delivery, delivery)
    claims: list[PlacesClaim] = []
    for number, exception in enumerate(delivery.exceptions):
        place = key_path(*where, "exceptions", number)
        yield from _hours(place, exception, delivery)
        yield from wrong_places(key_path(*place, "destinations"), exception.destinations, zones)
        claims.append((key_path(*place, "destinations"), f"exception {number}", exception.destinations))
    yield from places_claimed_twice(claims, zones, "a place has one exception")
    yield from _transit(path, service, zones)


def _hours(path: KeyPath, hours: DeliveryHours, otherwise: Delivery) -> _Problems:
    written = hours.model_fields_set
    if hours.slots and "window" in written:
        yield CatalogueProblem(path, None, "has a window and slots: keep one of them")
    if hours.window and hours.window[0] > hours.window[1]:
        yield CatalogueProblem(key_path(*path, "window"), None, _BACKWARDS)
    for number, slot in enumerate(hours.slots or ()):
        if slot.window[0] > slot.window[1]:
            yield CatalogueProblem(key_path(*path, "slots", number), None, _BACKWARDS)
    slots = hours.slots or (None if "window" in written else otherwise.slots)
    if slots:
        yield from _slots(path, hours.days or otherwise.days, slots)


def _slots(path: KeyPath, days: Sequence[str], slots: Sequence[Slot]) -> _Problems:
    """Yield the days of delivery that have no slot."""
    for day in DAYS:
        if day in days and not any(slot.days is None or day in slot.days for slot in slots):
            yield CatalogueProblem(path, day, "is a day of delivery without a slot: add one, or take it out of days")


def _transit(path: KeyPath, service: Service, zones: Zones) -> _Problems:
    for number, rate in enumerate(service.rates):
        if rate.transit_days is None and not service.transit:
            fix = "has no transitDays: add them, or the service's transit"
            yield CatalogueProblem(key_path(*path, "rates", number), None, fix)
    claims: dict[str | None, list[PlacesClaim]] = {}
    for number, transit in enumerate(service.transit):
        where = key_path(*path, "transit", number)
        yield from wrong_place(key_path(*where, "zone"), transit.zone, zones)
        if transit.origin is not None:
            yield from wrong_origin(key_path(*where, "origin"), transit.origin, zones)
        claims.setdefault(transit.origin, []).append((key_path(*where, "zone"), f"transit {number}", [transit.zone]))
    yield from places_claimed_twice_from(claims, zones, "a place has one number of days from an origin")
