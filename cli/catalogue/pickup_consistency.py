"""Finds what is wrong with pickup locations: unknown carriers and places, and locations that nothing places."""

from collections.abc import Iterator
from itertools import pairwise

from allocation.engine.pickup_locations import Coordinates
from allocation.engine.place_keys import ANYWHERE
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.pickup_compilation import known_coordinates, own_coordinates
from cli.catalogue.place_consistency import wrong_address
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys
from cli.catalogue.value_types import DAYS
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_pickups import PickupLocation

_Problems = Iterator[CatalogueProblem]


def find_pickup_contradictions(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what keeps pickup locations from being compiled."""
    wrong = list(_wrong_places(catalogue))
    yield from wrong
    known = {} if wrong else known_coordinates(catalogue)
    delivering = {carrier for (_, carrier, *_), _, service in catalogue.all_services() if service.pickup_only}
    for name, location in catalogue.pickup_locations.items():
        path = key_path("pickupLocations", name)
        for number, carrier in enumerate(location.carriers):
            yield from _wrong_carrier(key_path(*path, "carriers", number), carrier, catalogue, delivering)
        yield from _overlapping_hours(key_path(*path, "openingTimes"), location)
        misplaced = list(wrong_address(path, location.country, location.postcode))
        yield from misplaced
        if not wrong and not misplaced:
            yield from _unplaced(path, location, known)


def _wrong_places(catalogue: WrittenCatalogue) -> _Problems:
    seen: dict[str, str] = {}
    for place in catalogue.place_coordinates:
        path = key_path("placeCoordinates", place)
        try:
            keys = place_to_keys(place)
        except PlaceNotationError as error:
            yield CatalogueProblem(path, place, "is a zone: name a place" if place in catalogue.zones else str(error))
            continue
        if place == ANYWHERE:
            yield CatalogueProblem(path, place, "has no middle: name a country or a part of one")
        for key in keys:
            if seen.setdefault(key, place) != place:
                yield CatalogueProblem(path, place, f"shares {key} with {seen[key]}: keep one of them")


def _wrong_carrier(path: KeyPath, carrier: str, catalogue: WrittenCatalogue, delivering: set[str]) -> _Problems:
    yield from unknown_name(path, carrier, catalogue.carriers, "carrier")
    if carrier in catalogue.carriers and carrier not in delivering:
        fix = "has no service that delivers to pickup locations: write pickupOnly: true at one, or remove the carrier"
        yield CatalogueProblem(path, carrier, fix)


def _overlapping_hours(path: KeyPath, location: PickupLocation) -> _Problems:
    for day in DAYS:
        windows = sorted(times.window for times in location.opening_times if day in times.days)
        for (_, closes), (opens, _) in pairwise(windows):
            if opens < closes:
                yield CatalogueProblem(path, day, "has opening hours that overlap: write them as one, or apart")
                break


def _unplaced(path: KeyPath, location: PickupLocation, known: dict[str, Coordinates]) -> _Problems:
    if own_coordinates(location, known) is None:
        fix = "has no coordinates, and placeCoordinates has none of its postcode: write coordinates, latitude first"
        yield CatalogueProblem(path, None, fix)
