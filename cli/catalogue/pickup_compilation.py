"""Compiles pickup locations, and the coordinates of places."""

from typing import Any

from allocation.engine.pickup_locations import Coordinates, coordinates_of
from allocation.engine.place_keys import place_keys
from cli.catalogue.place_notation import place_to_keys
from cli.catalogue.value_types import DAYS
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_pickups import PickupLocation, StreetAddress

_Json = dict[str, Any]


def known_coordinates(catalogue: WrittenCatalogue) -> dict[str, Coordinates]:
    """Return the coordinates of places by their keys. Every place is known to be one."""
    return {
        key: Coordinates(*pair) for place, pair in catalogue.place_coordinates.items() for key in place_to_keys(place)
    }


def own_coordinates(location: PickupLocation, known: dict[str, Coordinates]) -> Coordinates | None:
    """Return where a location is, by itself or by the place that it lies in; None where neither says so."""
    if location.coordinates is not None:
        return Coordinates(*location.coordinates)
    return coordinates_of(place_keys(location.country, location.postcode), known)


def pickup_tables(catalogue: WrittenCatalogue) -> _Json:
    """Return the tables of a compiled catalogue, each left out where it is empty."""
    known = known_coordinates(catalogue)
    locations = [
        _compiled(reference, location, catalogue.time_zone, known)
        for reference, location in catalogue.pickup_locations.items()
    ]
    places = {key: list(map(str, pair)) for key, pair in known.items()}
    return {
        **({"pickupLocations": locations} if locations else {}),
        **({"placeCoordinates": places} if places else {}),
    }


def _compiled(reference: str, location: PickupLocation, time_zone: str, known: dict[str, Coordinates]) -> _Json:
    at = own_coordinates(location, known)
    if at is None:
        raise ValueError("every location is known to have coordinates")
    hours: list[list[list[int]]] = [[] for _ in DAYS]
    for times in location.opening_times:
        for day in times.days:
            hours[DAYS.index(day)].append(list(times.window))
    reservation = location.reservation
    return {
        "reference": reference,
        "name": location.name,
        "carriers": sorted(location.carriers),
        "country": location.country,
        "postcode": location.postcode,
        "coordinates": list(map(str, at)),
        "timeZone": location.time_zone or time_zone,
        "week": [sorted(day) for day in hours],
        "address": printed_address(location.address, location.name),
        **({"spaces": location.spaces} if location.spaces else {}),
        **({"needsReservation": True} if reservation.required else {}),
        **({"reservedHours": reservation.hours} if reservation.hours != 24 else {}),
        **({"information": list(map(list, location.information.items()))} if location.information else {}),
    }


def printed_address(address: StreetAddress, name: str | None) -> dict[str, str]:
    """Return an address under PRO's names (`pro-api.md`), as far as it is given."""
    printed = {
        "CompanyName": address.company or name,
        **{f"AddressLine{number}": line for number, line in enumerate(address.lines, start=1)},
        "Town": address.town,
        "Region": address.region,
    }
    return {field: text for field, text in printed.items() if text}
