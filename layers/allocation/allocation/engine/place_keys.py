"""Place keys: how a catalogue names the places a service goes to, and the keys that an address has.

A key is `*` (anywhere), a country (`GB`), or a country and a part of it: a UK postcode area, district, sector or unit
(`GB:M`, `GB:M2`, `GB:M2 6`, `GB:M2 6LW`), a US ZIP3 prefix (`US:100`). An address has several, most specific first.
"""

import re
from functools import lru_cache
from typing import Final

from allocation.domain.countries import read_country

ANYWHERE: Final = "*"

_UNIT = re.compile(r"([A-PR-UWYZ][A-HK-Y]?)([0-9][0-9A-HJKPSTUWMNPRVXY]?)([0-9])([ABD-HJLNP-UW-Z]{2})")
_BFPO = re.compile(r"BFPO(?:C/O)?([0-9]{1,4})")
_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(?:-?[0-9]{4})?")
# Postcode areas that ISO 3166 lists as countries of their own; shops often write GB for them.
_CROWN_DEPENDENCIES: Final = {"JE": "JE", "GY": "GG", "IM": "IM"}
# The one part of the United Kingdom that has a country code, XI.
_NORTHERN_IRELAND: Final = "GB:BT"
_POSTCODE_COUNTRIES: Final = frozenset({"GB", "JE", "GG", "IM"})


class UnknownPlaceError(ValueError):
    """An address does not say where it is; the message names the field and the form that it must have.

    It never shows a postcode: it is personal data, or whatever else of the kind stands in the wrong field.
    """


@lru_cache(maxsize=65_536)
def place_keys(country: str, postcode: str | None) -> tuple[str, ...]:
    """Return the keys of an address, most specific first, `*` last. Raises `UnknownPlaceError`.

    >>> place_keys("GB", "m26lw")
    ('GB:M2 6LW', 'GB:M2 6', 'GB:M2', 'GB:M', 'GB', '*')
    >>> place_keys("GB", "JE2 3AB")[-3:]
    ('JE:JE', 'JE', '*')
    >>> place_keys("US", "10001-1234")
    ('US:100', 'US', '*')
    """
    named = read_country(country)
    if named is None:
        raise UnknownPlaceError("country is not a two-letter code of ISO 3166 such as GB")
    country = named.code
    if country in _POSTCODE_COUNTRIES:
        keys = _uk_keys(country, postcode or "")
        if named.regions and _NORTHERN_IRELAND not in keys:
            raise UnknownPlaceError("postcode is not in Northern Ireland, as the country code says")
        return keys
    if country == "US":
        return (_zip_key(postcode or ""), country, ANYWHERE)
    return (country, ANYWHERE)


def uk_parts(postcode: str) -> tuple[str, ...] | None:
    """Return a UK postcode's unit, sector, districts and area, whatever its case and spaces; None if it is none.

    BFPO numbers belong to area BF, and area BF to BFPO: the two forms name the same addresses.

    >>> uk_parts("ec1a1bb")
    ('EC1A 1BB', 'EC1A 1', 'EC1A', 'EC1', 'EC')
    >>> uk_parts("bfpo 61")
    ('BFPO 61', 'BFPO', 'BF')
    """
    text = re.sub(r"\s+", "", postcode).upper()
    if text == "GIR0AA":
        return ("GIR 0AA", "GIR 0", "GIR")
    if bfpo := _BFPO.fullmatch(text):
        return (f"BFPO {int(bfpo[1])}", "BFPO", "BF")
    match = _UNIT.fullmatch(text)
    if match is None:
        return None
    area, number, sector, unit = match.groups()
    district = area + number
    whole = (district[:-1],) if number[-1].isalpha() else ()
    forces = ("BFPO",) if area == "BF" else ()
    return (f"{district} {sector}{unit}", f"{district} {sector}", district, *whole, *forces, area)


def _uk_keys(country: str, postcode: str) -> tuple[str, ...]:
    parts = uk_parts(postcode)
    if parts is None:
        raise UnknownPlaceError("postcode is not a UK postcode such as M2 6LW")
    country = _CROWN_DEPENDENCIES.get(parts[-1], "GB")
    return (*(f"{country}:{part}" for part in parts), country, ANYWHERE)


def _zip_key(postcode: str) -> str:
    match = _ZIP.fullmatch(postcode.strip())
    if match is None:
        raise UnknownPlaceError("postcode is not a US ZIP code such as 10001 or 10001-1234")
    return f"US:{match[1]}"
