"""Finds contradictions between the parts of a written catalogue: unknown names, and ranges that end too early.

The form of every part is known to be right. Calendars and money have modules of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, Literal

from allocation.engine.measures import Measure
from cli.catalogue.calendar_consistency import find_calendar_contradictions
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.delivery_consistency import find_delivery_contradictions
from cli.catalogue.pickup_consistency import find_pickup_contradictions
from cli.catalogue.place_consistency import (
    find_zone_problems,
    wrong_address,
    wrong_origins,
    wrong_places,
)
from cli.catalogue.place_notation import region_key
from cli.catalogue.preference_consistency import find_preference_contradictions, find_preferences_of_pro
from cli.catalogue.price_consistency import find_price_contradictions, known_currencies
from cli.catalogue.routing_consistency import find_routing_contradictions
from cli.catalogue.written_catalogue import Location, WrittenCatalogue
from cli.catalogue.written_conditions import wrong_ranges
from cli.catalogue.written_service import Service

_Problems = Iterator[CatalogueProblem]

# Who allocates: the engine with the services of this catalogue, or SortedPRO with its own.
AllocatorName = Literal["engine", "pro"]


def find_contradictions(catalogue: WrittenCatalogue, allocator: AllocatorName | None) -> list[CatalogueProblem]:
    """Return everything that keeps a well-formed catalogue from being compiled."""
    found = chain.from_iterable(finder(catalogue) for finder in _FINDERS)
    of_pro = find_preferences_of_pro(catalogue) if allocator == "pro" else ()
    return [*found, *find_routing_contradictions(catalogue, has_services=allocator == "engine"), *of_pro]


def _zones(catalogue: WrittenCatalogue) -> _Problems:
    yield from find_zone_problems(catalogue.zones)


def _locations(catalogue: WrittenCatalogue) -> _Problems:
    references = {reference for _, reference, _ in catalogue.all_services()}
    for name, location in catalogue.locations.items():
        path, collections = key_path("locations", name), location.collections
        yield from _wrong_place(path, location)
        for kind, items, known in (
            ("carriers", collections.carriers, set(catalogue.carriers)),
            ("services", collections.services, references),
        ):
            for key, calendar in items.items():
                where = key_path(*path, "collections", kind, key)
                yield from unknown_name(where, key, known, kind[:-1])
                yield from unknown_name(where, calendar, catalogue.calendars, "calendar")
        default = key_path(*path, "collections", "default")
        yield from unknown_name(default, collections.default, catalogue.calendars, "calendar")


def _wrong_place(path: KeyPath, location: Location) -> _Problems:
    region = location.region
    if region is not None and (region_key(region) != region or not region.startswith(f"{location.country}-")):
        fix = f"is not a region of {location.country} by ISO 3166-2: write its code, such as JP-37 or DE-BY"
        yield CatalogueProblem(key_path(*path, "region"), region, fix)
    yield from wrong_address(path, location.country, location.postcode)


def _carriers(catalogue: WrittenCatalogue) -> _Problems:
    for name, carrier in catalogue.carriers.items():
        yield from unknown_name(
            key_path("carriers", name, "calendar"), carrier.calendar, catalogue.calendars, "calendar"
        )
    seen: dict[str, KeyPath] = {}
    for path, reference, service in catalogue.all_services():
        if reference in seen:
            fix = f"is also at {'.'.join(seen[reference])}: rename one of them"
            yield CatalogueProblem(path, None, fix)
        seen.setdefault(reference, path)
        yield from _service(path, service, catalogue)


def _service(path: KeyPath, service: Service, catalogue: WrittenCatalogue) -> _Problems:
    for number, leg in enumerate(service.legs or ()):
        yield from unknown_name(key_path(*path, "legs", number, "carrier"), leg.carrier, catalogue.carriers, "carrier")
    for number, location in enumerate(service.locations or ()):
        yield from unknown_name(key_path(*path, "locations", number), location, catalogue.locations, "location")
    yield from wrong_origins(key_path(*path, "origins"), service.origins, catalogue.zones)
    for field in ("destinations", "excluded"):
        yield from wrong_places(key_path(*path, field), getattr(service, field), catalogue.zones)
    yield from wrong_ranges(path, service, known_currencies(catalogue))
    for measure in service.without_ends:
        fix = "is not for limits, which have both of their ends: write from"
        yield CatalogueProblem(key_path(*path, *measure.split("."), "over"), None, fix)
    for content in service.contents:
        if content in service.excluded_contents:
            fix = "is carried and excluded: keep it in one of the lists"
            yield CatalogueProblem(key_path(*path, "excludedContents"), content, fix)
    if service.maximum_value is not None and Measure.TOTAL_VALUE in service.ranges:
        fix = "is given by consignment.value, too: keep one of them"
        yield CatalogueProblem(key_path(*path, "maximumValue"), None, fix)
    yield from find_delivery_contradictions(path, service, catalogue.zones)


def _groups(catalogue: WrittenCatalogue) -> _Problems:
    known = {reference for _, reference, _ in catalogue.all_services()}
    for group, members in catalogue.groups.items():
        for number, member in enumerate(members):
            yield from unknown_name(key_path("groups", group, number), member, known, "carrier service")


_FINDERS: Final[Sequence[Callable[[WrittenCatalogue], _Problems]]] = (
    _zones,
    find_price_contradictions,
    find_calendar_contradictions,
    _locations,
    find_pickup_contradictions,
    _carriers,
    _groups,
    find_preference_contradictions,
)
