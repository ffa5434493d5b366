"""What a place of the catalogue is written as, and the engine's keys for it.

`GB`, `GB-IV` (area), `GB-IV27` (district), `GB-IV27 4` (sector), `GB-IV27 4AB` (unit), `US-100` (ZIP3), `US-100..119`
(a range of them), `*` (anywhere), or the name of a zone, which is a list of places.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from allocation.engine.places import ANYWHERE, uk_parts
from cli.catalogue.known_places import COUNTRIES, OTHER_POSTCODE_AREAS, POSTCODE_AREAS

_PART = re.compile(r"[A-Z]{1,3}|[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9])?|BFPO( [0-9]{1,4})?|GIR 0")
_ZIPS = re.compile(r"([0-9]{3})(?:\.\.([0-9]{3}))?")
_CROWN_AREAS = {"JE": "JE", "GY": "GG", "IM": "IM"}
_POSTCODE_COUNTRIES = ("GB", *_CROWN_AREAS.values())
_COUNTRY_FIXES = {"UK": "write GB", "EU": "list its countries in a zone, and name that"}


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
    if place == ANYWHERE:
        return [place]
    if re.fullmatch("[A-Z]{2}", place):
        check_country(place)
        return [place]
    country, _, part = place.partition("-")
    if country in _POSTCODE_COUNTRIES and (_PART.fullmatch(part) or _is_unit(part)):
        _check_area(country, part)
        return [f"{country}:{part}"]
    if country == "US" and (match := _ZIPS.fullmatch(part)):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last:
            return [f"US:{prefix:03d}" for prefix in range(first, last + 1)]
    raise PlaceError(
        "write the name of a zone, or a place as GB, GB-IV, GB-IV27, GB-IV27 4, GB-IV27 4AB, US-100, US-100..119 or *"
    )


def check_country(country: str) -> None:
    """Raises `PlaceError` for what is no country of ISO 3166-1.

    >>> check_country("UK")
    Traceback (most recent call last):
    cli.catalogue.places.PlaceError: is no country of ISO 3166: write GB
    """
    if country not in COUNTRIES:
        fix = _COUNTRY_FIXES.get(country, "write its two-letter code, as GB or FR")
        raise PlaceError(f"is no country of ISO 3166: {fix}")


def _check_area(country: str, part: str) -> None:
    """Raises `PlaceError` for a postcode area that does not exist, or lies in another of the postcode countries."""
    area = "".join(takewhile(str.isalpha, part))
    if area not in POSTCODE_AREAS | OTHER_POSTCODE_AREAS:
        raise PlaceError(f"has no UK postcode area {area}: write GB, or postcode areas, as GB-BT for Northern Ireland")
    home = _CROWN_AREAS.get(area, "GB")
    if home != country:
        fix = home if part == area and home != "GB" else f"{home}-{part}"
        raise PlaceError(f"lies in {home} to the engine, not in {country}: write {fix}")


def _is_unit(part: str) -> bool:
    parts = uk_parts(part)
    return parts is not None and parts[0] == part
