"""Finds places of a written catalogue that are hardly what was meant.

Empty zones, postcodes that lost a zero, and regions that no postcode tells.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from allocation.domain.postcode_forms import digits_of
from allocation.domain.postcode_regions import tells_regions
from allocation.domain.postcodes import UK_POSTCODE_COUNTRIES
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.place_notation import region_key
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_zones import ZoneLane

_Problems = Iterator[CatalogueProblem]
_Places = Iterator[tuple[KeyPath, Sequence[str]]]

_RANGE: Final = re.compile(r"([A-Z]{2})[:-]([0-9]+)\.\.([0-9]+)")
_REGION: Final = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")


def find_odd_places(catalogue: WrittenCatalogue) -> _Problems:
    """Yield the empty zones, and each place that is probably another one than was meant."""
    for name, items in catalogue.zones.items():
        if not items:
            fix = "is empty: no address is in it; list its places, or remove it"
            yield CatalogueProblem(key_path("zones", name), None, fix)
    told: set[str] = set()
    for path, places in _listed(catalogue):
        for number, place in enumerate(places):
            where = key_path(*path, number)
            span = _RANGE.fullmatch(place)
            if span and (lost := _lost_zero(*span.groups())):
                yield CatalogueProblem(where, place, lost)
            if place not in told and place not in catalogue.zones and _is_untold(place):
                told.add(place)
                fix = f"is known only if an address says it, as postcodes of {place[:2]} do not: better list postcodes"
                yield CatalogueProblem(where, place, fix)


def _listed(catalogue: WrittenCatalogue) -> _Places:
    for name, items in catalogue.zones.items():
        yield key_path("zones", name), [item if isinstance(item, str) else "" for item in items]
        for number, item in enumerate(items):
            if isinstance(item, ZoneLane):
                yield key_path("zones", name, number, "origins"), item.origins
                yield key_path("zones", name, number, "destinations"), item.destinations
    for path, _, service in catalogue.all_services():
        for field in ("origins", "destinations", "excluded"):
            yield key_path(*path, field), getattr(service, field)
        for number, rate in enumerate(service.rates):
            yield key_path(*path, "rates", number, "zone"), [rate.zone]
    for name, surcharge in catalogue.surcharges.items():
        yield key_path("surcharges", name, "destinations"), surcharge.destinations or ()


def _lost_zero(country: str, first: str, last: str) -> str | None:
    """Return what to write where both ends of a range are one digit shorter than the country's postcodes."""
    digits = digits_of(country)
    if digits is None or not len(first) == len(last) == digits - 1 or digits < 4:
        return None
    whole = f"{country}:0{first}..0{last}"
    return f"has {digits - 1} digits, and postcodes of {country} have {digits}: write {whole} if zeros were lost"


def _is_untold(place: str) -> bool:
    region = _REGION.fullmatch(place)
    if region is None or region[1] in UK_POSTCODE_COUNTRIES or tells_regions(region[1]):
        return False
    return region_key(place) == place
