"""How one place is written in a catalogue, and the engine's keys for it.

`GB` (a country), `ES-CN` (a region of ISO 3166-2), `DE:10` (postcodes that begin so), `DE:01000..02999` (a range of
them, both ends included), `*` (anywhere). A UK postcode is named by its area, district, sector or unit: `GB:IV`,
`GB:IV27`, `GB:IV27 4`, `GB:IV27 4AB`, `GB:KW15..KW17`. The UK's and the US's may be written with a hyphen: `GB-IV`,
`US-100..119`.
"""

import re
from functools import lru_cache
from itertools import takewhile
from typing import Final

import pycountry

from allocation.domain.countries import COUNTRIES, read_country
from allocation.domain.postcode_forms import DIGITS_ONLY, digits_of
from allocation.domain.postcodes import (
    CROWN_DEPENDENCIES,
    PLACELESS_AREAS,
    POSTCODE_AREAS,
    UK_POSTCODE_COUNTRIES,
    overseas_territory,
    postcode_of,
    range_prefixes,
    uk_parts,
)
from allocation.domain.territories import REGION_COUNTRIES, prefix_country
from allocation.engine.place_keys import ANYWHERE

_COUNTRY_FIXES: Final = {"EU": "list its countries in a zone, and name that zone"}
# Countries whose postcodes are written with a hyphen. Elsewhere it is taken for the sign of a range.
_WITH_HYPHEN: Final = frozenset({"PL", "PT", "JP", "BR", "US", "KY", "AI", "VG", "MS", "LV", "LT", "LI"})
_FRENCH_TERRITORIES: Final = frozenset({"97", "98"})

_UK_PART: Final = re.compile(r"[A-Z]{1,3}|[A-Z]{1,2}[0-9][0-9A-Z]?( [0-9])?|BFPO( [0-9]{1,4})?|GIR 0")
_UK_RANGE: Final = re.compile(r"([A-Z]{1,2}(?:[0-9]{1,2} )?)([0-9]{1,2})\.\.(?:\1)?([0-9]{1,2})")
_MAX_POSTCODE: Final = 10
_GIBRALTAR: Final = "GX"
# The regions of ISO 3166-2 that the UK's postcodes tell; its counties are none of them.
_UK_REGIONS: Final = frozenset({"GB-ENG", "GB-SCT", "GB-WLS", "GB-NIR", "GB-EAW", "GB-GBN"})


class PlaceNotationError(ValueError):
    """A place is not written as one. The message says what to write."""


@lru_cache(maxsize=131_072)
def place_to_keys(place: str) -> tuple[str, ...]:
    """Return the engine's keys of one place. Raises `PlaceNotationError`.

    >>> place_to_keys("GB-M2 6"), place_to_keys("US-100..102")
    (('GB:M2 6',), ('US:100', 'US:101', 'US:102'))
    >>> place_to_keys("DE:01000..02999"), place_to_keys("ES-CN"), place_to_keys("GB:KW15..KW17")
    (('DE:01', 'DE:02'), ('ES-CN',), ('GB:KW15', 'GB:KW16', 'GB:KW17'))
    """
    if place == ANYWHERE:
        return (place,)
    if re.fullmatch("[A-Z]{2}", place):
        require_country(place)
        return (place,)
    written = re.fullmatch(r"([A-Z]{2})([:-])(.+)", place)
    if written is None:
        raise PlaceNotationError(
            "write the name of a zone, or a place such as GB, ES-CN, DE:10, DE:01000..02999, GB:IV27, US-100..119 or *"
        )
    country, sign, part = written.groups()
    require_country(country)
    if sign == "-" and (region := region_key(place)):
        return (region,)
    if country in UK_POSTCODE_COUNTRIES:
        return tuple(f"{country}:{item}" for item in _uk_parts(country, part))
    if sign == "-" and country != "US":
        fix = f"write {country}:{part} for postcodes that begin with {part}"
        raise PlaceNotationError(f"is not a region of ISO 3166-2: {fix}")
    return tuple(f"{country}:{item}" if item else country for item in _prefixes(country, part))


def region_key(place: str) -> str | None:
    """Return the key of a region of ISO 3166-2 that addresses can be known to lie in; None for anything else.

    >>> region_key("FR-974"), region_key("PT-30"), region_key("GB-SCT"), region_key("GB-KEN")
    ('RE', 'PT-30', 'GB-SCT', None)
    """
    if (place.startswith("GB-") and place not in _UK_REGIONS) or not _is_region(place):
        return None
    return REGION_COUNTRIES.get(place, place)


def _is_region(code: str) -> bool:
    return pycountry.subdivisions.get(code=code) is not None  # type: ignore[no-untyped-call]


def require_country(country: str) -> None:
    """Raise `PlaceNotationError` unless `country` is a two-letter code of ISO 3166-1.

    >>> require_country("UK")
    Traceback (most recent call last):
    cli.catalogue.place_notation.PlaceNotationError: is not a country of ISO 3166: write GB
    """
    if country not in COUNTRIES:
        named = read_country(country)
        fix = " or ".join(named.regions or (named.code,)) if named else "its two-letter code, such as GB or FR"
        raise PlaceNotationError(f"is not a country of ISO 3166: {_COUNTRY_FIXES.get(country, f'write {fix}')}")


def _prefixes(country: str, part: str) -> list[str]:
    """Return the beginnings of postcodes that a part or a range of a country stands for."""
    first, dots, last = part.partition("..")
    if not dots:
        return [_prefix(country, part)]
    try:
        return range_prefixes(_prefix(country, first), _prefix(country, last))
    except PlaceNotationError:
        raise
    except ValueError as error:
        raise PlaceNotationError(str(error)) from error


def _prefix(country: str, part: str) -> str:
    plain = re.fullmatch("[A-Z0-9][A-Z0-9 -]*", part)
    prefix = postcode_of(country, part)
    if plain is None or not prefix or len(prefix) > _MAX_POSTCODE:
        raise PlaceNotationError(f"has no postcode: write how postcodes begin, such as {country}:10, in capitals")
    if "-" in part and country not in _WITH_HYPHEN:
        fix = f"write a range with two dots, such as {country}:{part.replace('-', '..')}"
        raise PlaceNotationError(f"has a hyphen: {fix}, or a postcode without one")
    if country in DIGITS_ONLY and not prefix.isdigit():
        raise PlaceNotationError(f"has letters, and postcodes of {country} have none: write its digits")
    if len(prefix) > (digits_of(country) or _MAX_POSTCODE):
        fix = f"has more than {digits_of(country)} digits, which a postcode of {country} has"
        raise PlaceNotationError(f"{fix}: write the beginning of one")
    _require_own(country, prefix)
    return prefix


def _require_own(country: str, prefix: str) -> None:
    """Raise `PlaceNotationError` for postcodes of a territory: addresses there lie in a country of its own."""
    home = prefix_country(country, prefix)
    if home != country:
        raise PlaceNotationError(f"belongs to {home}, not to {country}: write {home}")
    if country == "FR" and prefix in _FRENCH_TERRITORIES:
        raise PlaceNotationError("belongs to territories with codes of their own: write them, such as RE, GP or NC")


def _uk_parts(country: str, part: str) -> list[str]:
    """Return the area, district, sector or unit, or those of a range of districts or sectors."""
    if span := _UK_RANGE.fullmatch(part):
        stem, first, last = span[1], int(span[2]), int(span[3])
        if first > last:
            raise PlaceNotationError("ends before it begins: write the smaller end first")
        parts = [f"{stem}{number}" for number in range(first, last + 1)]
    elif _UK_PART.fullmatch(part) or _is_unit(part):
        parts = [part]
    elif territory := overseas_territory(part):
        raise PlaceNotationError(f"belongs to {territory}, not to {country}: write {territory}")
    else:
        example = f"{country}:IV, {country}:IV27, {country}:IV27 4, {country}:IV27 4AB or {country}:IV20..IV27"
        raise PlaceNotationError(f"is not a part of a UK postcode: write one such as {example}")
    _require_area(country, parts[0])
    return parts


def _require_area(country: str, part: str) -> None:
    """Raise `PlaceNotationError` for an unknown postcode area, or one of another of the postcode countries."""
    area = "".join(takewhile(str.isalpha, part))
    if area == _GIBRALTAR:
        raise PlaceNotationError(f"belongs to GI, not to {country}: write GI")
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
