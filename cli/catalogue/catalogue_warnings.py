"""What is right in form in a written catalogue, and is probably not meant: holidays left out, names of two meanings."""

from collections.abc import Iterator

from cli.catalogue.catalogue_problems import CatalogueProblem, key_path
from cli.catalogue.holiday_warnings import partial_holidays
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_zones import ZoneItem, ZoneLane


def find_warnings(catalogue: WrittenCatalogue) -> list[CatalogueProblem]:
    """Return what a person should look at again."""
    return [*partial_holidays(catalogue), *_zones_named_as_places(catalogue)]


def _zones_named_as_places(catalogue: WrittenCatalogue) -> Iterator[CatalogueProblem]:
    """Yield the zones that hide a place of another country: `NI`, Northern Ireland to its author, is Nicaragua."""
    for name, items in catalogue.zones.items():
        if _is_place(name) and not any(place.startswith(name[:2]) for item in items for place in _places(item)):
            fix = f"{name} is a place, too, and here it means only the zone: give the zone another name"
            yield CatalogueProblem(key_path("zones", name), None, fix)


def _is_place(name: str) -> bool:
    try:
        return bool(place_to_keys(name))
    except PlaceNotationError:
        return False


def _places(item: ZoneItem) -> list[str]:
    return item.destinations if isinstance(item, ZoneLane) else [item]
