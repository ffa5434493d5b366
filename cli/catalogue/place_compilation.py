"""Compiles places: to keys and zone names, with the zones and the names of the regions that the catalogue uses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pycountry

from allocation.domain.postcode_regions import tells_regions
from allocation.domain.regions import REGION_NAMES, region_name
from allocation.engine.zones import ZONE_SIGN
from cli.catalogue.written_zones import Zones, resolve

_Json = dict[str, Any]


class PlaceTables:
    """The zones and regions that are used while a catalogue is compiled."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._used: set[str] = set()
        self._regions: set[str] = set()

    def keys(self, places: Iterable[str]) -> list[str]:
        """Return the keys of places and the names of zones, in order."""
        found = sorted(resolve(places, self._zones))
        for key in found:
            if key.startswith(ZONE_SIGN):
                self._use_zone(key.removeprefix(ZONE_SIGN))
            elif "-" in key:
                self._regions.add(key)
        return found

    def content(self) -> _Json:
        """Return the tables of a compiled catalogue, each left out where it is empty."""
        zones = {name: self._zone(name) for name in sorted(self._used)}
        regions = _region_names(self._regions)
        return {**({"zones": zones} if zones else {}), **({"regions": regions} if regions else {})}

    def _use_zone(self, name: str) -> None:
        if name in self._used:
            return
        self._used.add(name)
        sides = [self._zones.keys_of(name), *(side for lane in self._zones.lanes_of(name) for side in lane)]
        self._regions.update(key for side in sides for key in side if "-" in key and ":" not in key)

    def _zone(self, name: str) -> _Json:
        keys = sorted(self._zones.keys_of(name))
        lanes = [[sorted(origins), sorted(destinations)] for origins, destinations in self._zones.lanes_of(name)]
        return {**({"keys": keys} if keys else {}), **({"lanes": lanes} if lanes else {})}


def _region_names(used: set[str]) -> dict[str, dict[str, list[str]]]:
    """Return, by country, each name and code of the used regions and the regions in them, with the regions it is in.

    Of countries whose postcodes tell regions, those of all regions are there.
    """
    tables: dict[str, dict[str, list[str]]] = {}
    # The UK's postcodes tell its nations, and no address there is without one.
    for country in sorted({key.partition("-")[0] for key in used} - {"GB"}):
        regions = pycountry.subdivisions.get(country_code=country)  # type: ignore[no-untyped-call]
        parents = {region.code: region.parent_code for region in regions}
        chains = (_chain(code, parents) for code in sorted(parents))
        # The smallest of regions with the same name, such as Murcia's province and community, is in the others. Where
        # postcodes tell regions, an address without one is known to be elsewhere only by the name of another region.
        inside = sorted((chain for chain in chains if tells_regions(country) or not used.isdisjoint(chain)), key=len)
        table = tables.setdefault(country, {})
        for chain in inside:
            table.update(dict.fromkeys(_names(chain[0]), chain))
        for chain in inside:
            table.update(dict.fromkeys(map(region_name, (chain[0], chain[0].partition("-")[2])), chain))
    return tables


def region_chain(code: str) -> list[str]:
    """Return a region of ISO 3166-2 and the regions that it is in, the closest first."""
    country = code.partition("-")[0]
    regions = pycountry.subdivisions.get(country_code=country) or ()  # type: ignore[no-untyped-call]
    return _chain(code, {region.code: region.parent_code for region in regions})


def _chain(code: str, parents: Mapping[str, str | None]) -> list[str]:
    chain = [code]
    while (parent := parents.get(chain[-1])) is not None:
        chain.append(parent)
    return chain


def _names(code: str) -> Iterator[str]:
    """Yield the names of a region: both of `Lleida [Lérida]`, and `Región de Murcia` for `Murcia, Región de`."""
    written = pycountry.subdivisions.get(code=code).name  # type: ignore[no-untyped-call]
    for name in (*re.findall(r"[^\[\]]+", written), *REGION_NAMES.get(code, ())):
        head, comma, tail = name.partition(",")
        yield region_name(name)
        if comma:
            yield region_name(head)
            yield region_name(f"{tail} {head}")
