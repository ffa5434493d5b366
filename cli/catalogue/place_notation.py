"""How a place is written in a catalogue, the engine's keys for it, and what can be wrong with it.

`GB`, `GB-IV` (area), `GB-IV27` (district), `GB-IV27 4` (sector), `GB-IV27 4AB` (unit), `US-100` (ZIP3), `US-100..119`
(a range of them), `*` (anywhere), or the name of a zone, which is a list of places.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final

from allocation.domain.countries import COUNTRIES, read_country
from allocation.domain.postcodes import (
    CROWN_DEPENDENCIES,
    PLACELESS_AREAS,
    POSTCODE_AREAS,
    UK_POSTCODE_COUNTRIES,
    uk_parts,
)
from allocation.engine.place_keys import ANYWHERE
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, suggestion

_Zones = Mapping[str, Sequence[str]]
PlacesClaim = tuple[KeyPath, str, Sequence[str]]
"""Where places are written, what to call the part that claims them, and the places."""

_COUNTRY_FIXES: Final = {"EU": "list its countries in a zone, and name that zone"}
_COUNTRY_FIX: Final = "write its two-letter code, such as GB or FR"

_PART: Final = re.compile(r"[A-Z]{1,3}|[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9])?|BFPO( [0-9]{1,4})?|GIR 0")
_ZIPS: Final = re.compile(r"([0-9]{3})(?:\.\.([0-9]{3}))?")


class PlaceNotationError(ValueError):
    """A place is not written as one. The message says what to write."""


def resolve(places: Iterable[str], zones: _Zones) -> set[str]:
    """Return the engine's keys of places and zones. Raises `PlaceNotationError`."""
    return {key for place in places for item in zones.get(place, (place,)) for key in place_to_keys(item)}


def place_to_keys(place: str) -> list[str]:
    """Return the engine's keys of one place. Raises `PlaceNotationError`.

    >>> place_to_keys("GB-M2 6"), place_to_keys("US-100..102")
    (['GB:M2 6'], ['US:100', 'US:101', 'US:102'])
    """
    if place == ANYWHERE:
        return [place]
    if re.fullmatch("[A-Z]{2}", place):
        require_country(place)
        return [place]
    country, _, part = place.partition("-")
    if country in UK_POSTCODE_COUNTRIES and (_PART.fullmatch(part) or _is_unit(part)):
        _require_area(country, part)
        return [f"{country}:{part}"]
    if country == "US" and (match := _ZIPS.fullmatch(part)):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last:
            return [f"US:{prefix:03d}" for prefix in range(first, last + 1)]
    raise PlaceNotationError(
        "write the name of a zone, or a place such as GB, GB-IV, GB-IV27, GB-IV27 4, GB-IV27 4AB, US-100, "
        "US-100..119 or *"
    )


def require_country(country: str) -> None:
    """Raise `PlaceNotationError` unless `country` is a two-letter code of ISO 3166-1.

    >>> require_country("UK")
    Traceback (most recent call last):
    cli.catalogue.place_notation.PlaceNotationError: is not a country of ISO 3166: write GB
    """
    if country not in COUNTRIES:
        named = read_country(country)
        fix = f"write {named.code}" if named else _COUNTRY_FIXES.get(country, _COUNTRY_FIX)
        raise PlaceNotationError(f"is not a country of ISO 3166: {fix}")


def _require_area(country: str, part: str) -> None:
    """Raise `PlaceNotationError` for an unknown postcode area, or one of another of the postcode countries."""
    area = "".join(takewhile(str.isalpha, part))
    if area not in POSTCODE_AREAS | PLACELESS_AREAS:
        raise PlaceNotationError(
            f"has the unknown postcode area {area}: write GB, or an area such as GB-BT for Northern Ireland"
        )
    home = CROWN_DEPENDENCIES.get(area, "GB")
    if home != country:
        fix = home if part == area and home != "GB" else f"{home}-{part}"
        raise PlaceNotationError(f"belongs to {home}, not to {country}: write {fix}")


def _is_unit(part: str) -> bool:
    parts = uk_parts(part)
    return parts is not None and parts[0] == part


def wrong_places(path: KeyPath, places: Iterable[str], zones: _Zones) -> Iterator[CatalogueProblem]:
    """Yield the problems of a list of places at a path."""
    for number, place in enumerate(places):
        yield from wrong_place(key_path(*path, number), place, zones)


def wrong_place(path: KeyPath, place: str, zones: _Zones) -> Iterator[CatalogueProblem]:
    """Yield the problem of a place that is neither a zone nor written as a place."""
    if place in zones:
        return
    try:
        place_to_keys(place)
    except PlaceNotationError as error:
        yield CatalogueProblem(path, place, f"{error}; {suggestion(place, zones, 'zones')}")


def places_claimed_twice(claims: Iterable[PlacesClaim], zones: _Zones, fix: str) -> Iterator[CatalogueProblem]:
    """Yield the claims that share a place with an earlier one. The engine would silently ignore one of the two."""
    seen: dict[str, str] = {}
    for path, name, places in claims:
        try:
            keys = sorted(resolve(places, zones))
        except PlaceNotationError:  # reported where the place is written
            continue
        for key in keys:
            if seen.setdefault(key, name) != name:
                yield CatalogueProblem(path, ", ".join(places), f"shares {key} with {seen[key]}: {fix}")
                break
