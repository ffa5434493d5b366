"""What a place of the catalogue is written as, and the engine's keys for it.

`GB`, `GB-IV` (area), `GB-IV27` (district), `GB-IV27 4` (sector), `GB-IV27 4AB` (unit), `US-100` (ZIP3), `US-100..119`
(a range of them), `*` (anywhere), or the name of a zone, which is a list of places.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from allocation.engine.places import ANYWHERE, uk_parts

_PART = re.compile(r"[A-Z]{1,3}|[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9])?|BFPO( [0-9]{1,4})?|GIR 0")
_ZIPS = re.compile(r"([0-9]{3})(?:\.\.([0-9]{3}))?")
_POSTCODE_COUNTRIES = ("GB", "JE", "GG", "IM")


class PlaceError(ValueError):
    """A place is not written as one; the message says what to write."""


def resolve(places: Iterable[str], zones: Mapping[str, Sequence[str]]) -> set[str]:
    """The keys of places and zones. Raises `PlaceError`."""
    keys: set[str] = set()
    for place in places:
        for item in zones.get(place, (place,)):
            keys.update(place_to_keys(item))
    return keys


def place_to_keys(place: str) -> list[str]:
    """The keys of one place. Raises `PlaceError`.

    >>> place_to_keys("GB-M2 6"), place_to_keys("US-100..102")
    (['GB:M2 6'], ['US:100', 'US:101', 'US:102'])
    """
    if place == ANYWHERE or re.fullmatch("[A-Z]{2}", place):
        return [place]
    country, _, part = place.partition("-")
    if country in _POSTCODE_COUNTRIES and (_PART.fullmatch(part) or _is_unit(part)):
        return [f"{country}:{part}"]
    if country == "US" and (match := _ZIPS.fullmatch(part)):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last:
            return [f"US:{prefix:03d}" for prefix in range(first, last + 1)]
    raise PlaceError(
        "write the name of a zone, or a place as GB, GB-IV, GB-IV27, GB-IV27 4, GB-IV27 4AB, US-100, US-100..119 or *"
    )


def _is_unit(part: str) -> bool:
    parts = uk_parts(part)
    return parts is not None and parts[0] == part
