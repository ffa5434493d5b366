"""Place keys: how a catalogue names the places a service goes to, and the keys that an address has.

A key is `*` (anywhere), a country (`GB`), a region of ISO 3166-2 (`ES-CN`), or a country and the beginning of its
postcodes (`DE:10`; in the UK an area, district, sector or unit: `GB:M`, `GB:M2`, `GB:M2 6`, `GB:M2 6LW`). An address
has several, most specific first. They say where it is, whatever its author calls that place: `US 00901` and `PR 00901`
have the same keys.
"""

from functools import lru_cache
from typing import Final

from allocation.domain.countries import NamedCountry, read_country
from allocation.domain.postcode_forms import wrong_form
from allocation.domain.postcode_regions import postcode_regions
from allocation.domain.postcodes import (
    CROWN_DEPENDENCIES,
    UK_POSTCODE_COUNTRIES,
    ZIP_DIGITS,
    overseas_territory,
    postcode_of,
    uk_parts,
)
from allocation.domain.territories import US_REGIONS, postcode_country, postcode_home
from allocation.domain.uk_nations import uk_nation

ANYWHERE: Final = "*"

# Longer than every postcode. What stands in its place is cut, so that an address has a bounded number of keys.
_MAX_POSTCODE: Final = 10
# Some 600 bytes each.
_MAX_ADDRESSES: Final = 16_384
# Country codes that name a postcode area: where nothing smaller matters, their addresses need no postcode.
_WITHOUT_POSTCODE: Final = {NamedCountry("GB", ("GB-NIR",)): ("GB:BT", "GB-NIR")}
WHOLE_AREAS: Final = tuple(keys[0] for keys in _WITHOUT_POSTCODE.values())


class UnknownPlaceError(ValueError):
    """An address does not say where it is; the message names the field and the form that it must have.

    It never shows what stands there: a postcode is personal data, and anything may stand in the wrong field.
    """


@lru_cache(maxsize=_MAX_ADDRESSES)
def place_keys(country: str, postcode: str | None, regions: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the keys of an address, most specific first, `*` last. Raises `UnknownPlaceError`.

    `regions` are what the address itself says of its region, the closest first. They count where the postcode says
    nothing.

    >>> place_keys("GB", "m26lw")
    ('GB:M2 6LW', 'GB:M2 6', 'GB:M2', 'GB:M', 'GB-ENG', 'GB-EAW', 'GB-GBN', 'GB', '*')
    >>> place_keys("GB", "JE2 3AB")[-3:]
    ('JE:JE', 'JE', '*')
    >>> place_keys("ES", "35001")[-5:]
    ('ES:3', 'ES-GC', 'ES-CN', 'ES', '*')
    >>> place_keys("PR", "00901")[6:]
    ('PR:00', 'US:00', 'PR:0', 'US:0', 'US-PR', 'PR', 'US', '*')
    """
    named = read_country(country)
    if named is None:
        raise UnknownPlaceError("country is not a two-letter code of ISO 3166-1 such as GB")
    if not (postcode or "").strip() and (whole := _WITHOUT_POSTCODE.get(named)):
        return (*whole, named.code, ANYWHERE)
    code = _country(named.code, postcode or "")
    text = postcode_of(code, postcode or "")
    parts = _parts(code, text)
    located = _regions(code, parts, text)
    if named.regions and parts and set(named.regions).isdisjoint(located):
        raise UnknownPlaceError("postcode is of another part of the country than the one that its code names")
    names = _names(code)
    return (
        *(f"{name}:{part}" for part in parts for name in names),
        *(located or named.regions or regions),
        *(name for name in names if name != "US" or code in US_REGIONS | {"US"}),
        ANYWHERE,
    )


def _names(code: str) -> tuple[str, ...]:
    """Return the countries by which catalogues may name the postcodes of a country: its own code, and the US."""
    return (code, "US") if code != "US" and postcode_home(code) == "US" else (code,)


def _country(code: str, postcode: str) -> str:
    """Return the country that an address lies in: its postcode may be of a territory with a code of its own."""
    if code not in UK_POSTCODE_COUNTRIES:
        return postcode_country(code, postcode_of(code, postcode))
    if territory := overseas_territory(postcode):
        return territory
    parts = uk_parts(postcode)
    if parts is None:
        raise UnknownPlaceError("postcode is not a UK postcode such as M2 6LW")
    return CROWN_DEPENDENCIES.get(parts[-1], "GB")


def _parts(code: str, postcode: str) -> tuple[str, ...]:
    """Return the beginnings of a normalised postcode by which catalogues name places, longest first."""
    if code in UK_POSTCODE_COUNTRIES:
        return uk_parts(postcode) or ()
    if (code == "US" or (postcode and postcode_home(code) == "US")) and not _is_zip_code(postcode):
        raise UnknownPlaceError("postcode is not a US ZIP code such as 10001 or 10001-1234")
    if problem := wrong_form(code, postcode):
        raise UnknownPlaceError(problem)
    return tuple(postcode[:length] for length in range(min(len(postcode), _MAX_POSTCODE), 0, -1))


def _is_zip_code(postcode: str) -> bool:
    return postcode.isdigit() and len(postcode) == ZIP_DIGITS


def _regions(code: str, parts: tuple[str, ...], postcode: str) -> tuple[str, ...]:
    if code == "GB":
        return uk_nation(parts)
    return (f"US-{code}",) if code in US_REGIONS else postcode_regions(code, postcode)
