"""Pickup locations: shops and lockers where recipients collect, and how far they are from somewhere.

There is no geocoder. A place has the coordinates that it says itself, else those of the most specific place around it
that the catalogue has coordinates of, such as its postcode district.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import field
from decimal import ROUND_HALF_UP, Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

from allocation.domain.frozen import frozen
from allocation.engine.calendars import TimeZone

# The mean radius of the Earth (IUGG, R1).
_EARTH_KM: Final = 6371.0088
_HUNDREDTH: Final = Decimal("0.01")
MAX_LATITUDE: Final = 90
MAX_LONGITUDE: Final = 180


class Coordinates(NamedTuple):
    """A point in degrees of WGS 84, north and east positive."""

    latitude: Decimal
    longitude: Decimal

    @property
    def is_on_earth(self) -> bool:
        """Whether there is such a point."""
        return abs(self.latitude) <= MAX_LATITUDE and abs(self.longitude) <= MAX_LONGITUDE


OpeningHours = tuple[int, int]
"""When a location opens and closes, in local seconds after midnight."""


@frozen
class PickupLocation:
    """A shop or locker where recipients collect what one of its carriers delivers there.

    `week` has the opening hours of each day from Monday on, none where it is closed. `spaces` is how many consignments
    it takes for one day of delivery, None for any number. A reservation holds a space for `reserved_hours`.
    """

    reference: str
    name: str
    carriers: frozenset[str]
    country: str
    postcode: str | None
    coordinates: Coordinates
    time_zone: TimeZone
    week: tuple[Sequence[OpeningHours], ...]
    spaces: int | None = None
    needs_reservation: bool = False
    reserved_hours: int = 24
    address: Mapping[str, str] = field(default_factory=dict)
    information: Mapping[str, str] = field(default_factory=dict)

    def is_open_on(self, weekday: int) -> bool:
        """Return whether it opens on a day of the week; Monday is 0."""
        return bool(self.week[weekday])


def _distance_km(here: Coordinates, there: Coordinates) -> Decimal:
    """Return the distance as the crow flies in kilometres, to two places.

    >>> _distance_km(Coordinates(Decimal("53.4774"), Decimal("-2.2309")), Coordinates(Decimal("53.4808"), Decimal(-2)))
    Decimal('15.28')
    """
    north, south = radians(here.latitude), radians(there.latitude)
    east = radians(there.longitude - here.longitude)
    chord = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(east / 2) ** 2
    return Decimal(2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))).quantize(_HUNDREDTH, ROUND_HALF_UP)


def coordinates_of(keys: Sequence[str], known: Mapping[str, Coordinates]) -> Coordinates | None:
    """Return the coordinates of the most specific of some place keys that is known, or None."""
    return next((known[key] for key in keys if key in known), None)


def nearest(
    locations: Mapping[str, PickupLocation],
    here: Coordinates,
    most: int,
    within_km: Decimal | None = None,
    carriers: Set[str] | None = None,
) -> list[tuple[Decimal, PickupLocation]]:
    """Return the nearest locations with their distance, at most so many; None for any distance, or any carrier."""
    found = [
        (_distance_km(here, location.coordinates), reference, location)
        for reference, location in locations.items()
        if carriers is None or not location.carriers.isdisjoint(carriers)
    ]
    reached = [item for item in found if within_km is None or item[0] <= within_km]
    return [(distance, location) for distance, _, location in sorted(reached, key=lambda item: item[:2])[:most]]
