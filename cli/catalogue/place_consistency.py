"""Finds what is wrong with the places of a written catalogue: how they are written, and which are claimed twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from allocation.engine.place_keys import UnknownPlaceError, place_keys
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, suggestion
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys, require_country
from cli.catalogue.written_zones import ZoneLane, Zones

PlacesClaim = tuple[KeyPath, str, Sequence[str]]
"""Where places are written, what to call the part that claims them, and the places."""


def find_zone_problems(zones: Zones) -> Iterator[CatalogueProblem]:
    """Yield what is wrong with the name, the places and the lanes of each zone."""
    for name, items in zones.items():
        if _is_place(name) and items != [name]:
            fix = "is the name of a place, which would mean only this zone everywhere: give the zone another name"
            yield CatalogueProblem(key_path("zones", name), name, fix)
        for number, item in enumerate(items):
            path = key_path("zones", name, number)
            if isinstance(item, ZoneLane):
                yield from _wrong_lane(path, item, zones)
                continue
            try:
                place_to_keys(item)
            except PlaceNotationError as error:
                fix = "write a place: a zone can't contain zones" if item in zones else str(error)
                yield CatalogueProblem(path, item, fix)


def _is_place(name: str) -> bool:
    try:
        return bool(place_to_keys(name))
    except PlaceNotationError:
        return False


def wrong_address(path: KeyPath, country: str, postcode: str | None) -> Iterator[CatalogueProblem]:
    """Yield what is wrong with the country and the postcode of the part at a path."""
    try:
        require_country(country)
        place_keys(country, postcode)
    except PlaceNotationError as error:
        yield CatalogueProblem(key_path(*path, "country"), country, str(error))
    except UnknownPlaceError as error:
        yield CatalogueProblem(key_path(*path, "postcode"), postcode, str(error))


def _wrong_lane(path: KeyPath, lane: ZoneLane, zones: Zones) -> Iterator[CatalogueProblem]:
    yield from wrong_origins(key_path(*path, "origins"), lane.origins, zones)
    yield from wrong_origins(key_path(*path, "destinations"), lane.destinations, zones)


def wrong_places(path: KeyPath, places: Iterable[str], zones: Zones) -> Iterator[CatalogueProblem]:
    """Yield the problems of a list of places at a path."""
    for number, place in enumerate(places):
        yield from wrong_place(key_path(*path, number), place, zones)


def wrong_origins(path: KeyPath, places: Iterable[str], zones: Zones) -> Iterator[CatalogueProblem]:
    """Yield the problems of a list of places that must not go from somewhere to somewhere."""
    for number, place in enumerate(places):
        yield from wrong_origin(key_path(*path, number), place, zones)


def wrong_place(path: KeyPath, place: str, zones: Zones) -> Iterator[CatalogueProblem]:
    """Yield the problem of a place that is neither a zone nor written as a place."""
    if place in zones:
        return
    try:
        place_to_keys(place)
    except PlaceNotationError as error:
        yield CatalogueProblem(path, place, f"{error}; {suggestion(place, zones, 'zones')}")


def wrong_origin(path: KeyPath, place: str, zones: Zones) -> Iterator[CatalogueProblem]:
    """Yield the problem of a place that must not go from somewhere to somewhere."""
    if zones.has_lanes(place):
        fix = "is a zone with lanes, which say origin and destination: name it as a destination, or list places here"
        yield CatalogueProblem(path, place, fix)
    else:
        yield from wrong_place(path, place, zones)


def places_claimed_twice(claims: Iterable[PlacesClaim], zones: Zones, fix: str) -> Iterator[CatalogueProblem]:
    """Yield the claims that share a place with an earlier one. The engine would silently ignore one of the two."""
    seen = _SeenPlaces(zones)
    for path, name, places in claims:
        try:
            shared = seen.add(name, places)
        except PlaceNotationError:  # reported where the place is written
            continue
        if shared:
            key, owner = min(shared)
            yield CatalogueProblem(path, ", ".join(places), f"shares {key} with {owner}: {fix}")


def places_claimed_twice_from(
    claims: Mapping[str | None, Sequence[PlacesClaim]], zones: Zones, fix: str
) -> Iterator[CatalogueProblem]:
    """Yield the claims that share a place with another from the same origin, whatever the origins are called.

    `claims` are by origin, None being everywhere, which every origin of its own comes before.
    """
    for items in claims.values():
        yield from places_claimed_twice(items, zones, fix)
    for one, other in combinations(filter(None, claims), 2):
        yield from _shared_from_both(claims[one], claims[other], zones, (one, other), fix)


def _shared_from_both(
    some: Sequence[PlacesClaim], others: Sequence[PlacesClaim], zones: Zones, origins: tuple[str, str], fix: str
) -> Iterator[CatalogueProblem]:
    """Yield the claims that share a place with one whose origin has another name and is, in part, the same."""
    try:
        if zones.shared(*origins) is None:
            return
    except PlaceNotationError:  # reported where the place is written
        return
    known = {problem.key_path for items in (some, others) for problem in places_claimed_twice(items, zones, fix)}
    for problem in places_claimed_twice(sorted([*some, *others]), zones, fix):
        if problem.key_path not in known:
            yield problem


class _SeenPlaces:
    """The places claimed so far and who claimed them. Zones are compared as a whole, once for each two."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._by_key: dict[str, str] = {}
        self._by_zone: dict[str, str] = {}

    def add(self, name: str, places: Sequence[str]) -> list[tuple[str, str]]:
        """Return the keys that others have claimed, with their names."""
        shared: list[tuple[str, str]] = []
        for place in places:
            shared += self._of_zone(place) if place in self._zones else self._of_place(place)
        for place in places:
            if place in self._zones:
                self._by_zone.setdefault(place, name)
            else:
                self._by_key.update({key: self._by_key.get(key, name) for key in place_to_keys(place)})
        return [(key, owner) for key, owner in shared if owner != name]

    def _of_place(self, place: str) -> Iterator[tuple[str, str]]:
        for key in place_to_keys(place):
            if key in self._by_key:
                yield key, self._by_key[key]
            for zone, owner in self._by_zone.items():
                if key in self._zones.keys_of(zone):
                    yield key, owner

    def _of_zone(self, place: str) -> Iterator[tuple[str, str]]:
        for zone, owner in self._by_zone.items():
            if key := self._zones.shared(place, zone):
                yield key, owner
        keys = self._zones.keys_of(place)
        small, large = sorted((keys, self._by_key.keys()), key=len)
        for key in small:
            if key in large:
                yield key, self._by_key[key]
