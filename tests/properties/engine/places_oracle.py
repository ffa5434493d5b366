"""What a catalogue's places mean for a consignment, by the words of the documentation: no index, nothing remembered."""

from typing import NamedTuple

from allocation.domain.consignment import Consignment
from allocation.engine.loaded_catalogue import Catalogue, Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.place_keys import place_keys


class NamedPlaces(NamedTuple):
    """The keys and zones of two addresses, most specific first, and those of the destination that are no country."""

    origin: tuple[str, ...]
    destination: tuple[str, ...]
    parts: frozenset[str]


def named_places(catalogue: Catalogue, consignment: Consignment) -> NamedPlaces:
    """Return the keys of a consignment's addresses, each followed by the zones that it is in."""
    origin, destination = consignment.origin, consignment.destination
    assert origin is not None
    assert destination is not None
    assert destination.country is not None
    location = catalogue.locations[origin.shipping_location_reference or ""]
    begins = place_keys(location.country, location.postcode)
    ends = place_keys(destination.country, destination.postcode)
    here: dict[str, bool] = {}
    for key in ends:
        for name in (*_with_lane(catalogue, begins, key), key, *_with_key(catalogue, key)):
            here.setdefault(name, ":" in key or "-" in key)
    there = dict.fromkeys(name for key in begins for name in (key, *_with_key(catalogue, key)))
    return NamedPlaces(tuple(there), tuple(here), frozenset(name for name, part in here.items() if part))


def rate_of(service: Service, places: NamedPlaces) -> Rate | None:
    """Return the rate of the most specific destination and, among these, of the most specific origin."""
    for destination in places.destination:
        rates = [rate for rate in service.rates if destination in rate.places]
        for origin in (*places.origin, None):
            for rate in rates:
                if origin in (rate.origins or (None,)):
                    return rate
    return None


def _with_key(catalogue: Catalogue, key: str) -> list[str]:
    return [f"@{name}" for name, zone in catalogue.zones.items() if key in zone.keys]


def _with_lane(catalogue: Catalogue, begins: tuple[str, ...], key: str) -> list[str]:
    with_lanes = [(name, zone) for name, zone in catalogue.zones.items() if zone.lanes]
    return [
        f"@{name}"
        for begin in begins
        for name, zone in with_lanes
        if any(begin in lane.origins and key in lane.destinations for lane in zone.lanes)
    ]
