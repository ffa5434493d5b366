"""Zones: lists of places that a catalogue refers to by name, however long they are, and lists of lanes between places.

Where a catalogue names places, `@NAME` stands for the zone. An address key that is in the zone is followed by `@NAME`,
so that the zone is as specific as the place that the address is in it by.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Final, NamedTuple

from allocation.domain.frozen import frozen
from allocation.domain.postcode_regions import tells_regions
from allocation.engine.memo import Memo
from allocation.engine.place_keys import WHOLE_AREAS

ZONE_SIGN: Final = "@"
_MAX_KEPT: Final = 16_384


@frozen
class ZoneLane:
    """From any of some place keys to any of others."""

    origins: tuple[str, ...]
    destinations: tuple[str, ...]


@frozen
class Zone:
    """Place keys, and lanes between place keys."""

    keys: tuple[str, ...] = ()
    lanes: tuple[ZoneLane, ...] = ()


class Places(NamedTuple):
    """What a catalogue says of an address: the keys and zones that it refers to, most specific first."""

    names: tuple[str, ...]
    parts: int  # how many of the names, from the first on, lie within a country


class Divided(NamedTuple):
    """The countries, and areas that may be known without a postcode, of which a catalogue names parts."""

    by_postcode: frozenset[str]
    by_region: frozenset[str]  # regions that postcodes tell

    def needs_postcode(self, keys: Sequence[str]) -> bool:
        """Tell whether an address with these keys may be in one of the parts, and lacks the postcode to say so."""
        first = keys[0]
        if ":" in first:
            return first in self.by_postcode
        countries = {key for key in keys if "-" not in key}
        return not (countries.isdisjoint(self.by_postcode) and ("-" in first or countries.isdisjoint(self.by_region)))


def _divided(keys: Iterable[str]) -> Divided:
    postcodes: set[str] = set()
    regions: set[str] = set()
    for key in keys:
        country, colon, _ = key.partition(":")
        if colon:
            postcodes.add(country)
            postcodes.update(area for area in WHOLE_AREAS if key.startswith(area) and key != area)
        elif tells_regions(region := key.partition("-")[0]) and region != key:
            regions.add(region)
    return Divided(frozenset(postcodes), frozenset(regions))


class ZoneIndex:
    """Finds the zones of addresses, of those that the catalogue refers to among `origins` and `destinations`."""

    def __init__(self, zones: Mapping[str, Zone], origins: Set[str], destinations: Set[str]) -> None:
        self._origins, self._destinations = origins, destinations
        self._zones: dict[str, tuple[str, ...]] = {}
        self._lanes: list[str] = []  # the zone of each lane
        self._from: dict[str, int] = defaultdict(int)  # by place key: the lanes that begin there, one bit each
        self._to: dict[str, int] = defaultdict(int)
        known = origins | destinations
        for name, zone in zones.items():
            if ZONE_SIGN + name in known:
                self._add(ZONE_SIGN + name, zone)
        self.divided_origins = _divided(chain(_plain(origins, zones), self._from))
        self.divided_destinations = _divided(chain(_plain(destinations, zones), self._to))
        self._kept: Memo[tuple[tuple[str, ...], tuple[str, ...]], tuple[Places, Places]] = Memo(_MAX_KEPT)

    def places(self, origin: tuple[str, ...], destination: tuple[str, ...]) -> tuple[Places, Places]:
        """Return what the catalogue says of two addresses with these keys, each most specific first."""
        key = (origin, destination)
        return self._kept.get(key) or self._kept.keep(key, self._places(origin, destination))

    def _add(self, name: str, zone: Zone) -> None:
        for key in zone.keys:
            self._zones[key] = (*self._zones.get(key, ()), name)
        for lane in zone.lanes:
            bit = 1 << len(self._lanes)
            self._lanes.append(name)
            for key in lane.origins:
                self._from[key] |= bit
            for key in lane.destinations:
                self._to[key] |= bit

    def _places(self, origin: tuple[str, ...], destination: tuple[str, ...]) -> tuple[Places, Places]:
        begins = [lanes for key in origin if (lanes := self._from.get(key))]
        there = _known(((key, (key, *self._zones.get(key, ()))) for key in origin), self._origins)
        here = _known(
            ((key, (*self._lane_zones(begins, key), key, *self._zones.get(key, ()))) for key in destination),
            self._destinations,
        )
        return there, here

    def _lane_zones(self, begins: Sequence[int], key: str) -> Iterator[str]:
        """Yield the zones whose lanes end at a key, those with the most specific origin first."""
        ends = self._to.get(key, 0)
        for lanes in begins if ends else ():
            both = lanes & ends
            while both:
                lowest = both & -both
                yield self._lanes[lowest.bit_length() - 1]
                both ^= lowest


def _plain(names: Iterable[str], zones: Mapping[str, Zone]) -> Iterator[str]:
    """Yield the keys among names, and those of the zones among them."""
    for name in names:
        zone = zones.get(name.removeprefix(ZONE_SIGN)) if name.startswith(ZONE_SIGN) else None
        yield from (name,) if zone is None else zone.keys


def _known(found: Iterable[tuple[str, Iterable[str]]], known: Set[str]) -> Places:
    """Return those of the names that are known, each where it comes first."""
    names: dict[str, None] = {}
    parts = 0
    for key, at_key in found:
        names.update(dict.fromkeys(name for name in at_key if name in known and name not in names))
        if ":" in key or "-" in key:
            parts = len(names)
    return Places(tuple(names), parts)
