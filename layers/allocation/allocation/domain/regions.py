"""Regions of ISO 3166-2 as people type them into addresses."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

# Names that customers type for regions that ISO 3166-2 lists by another name, and of those that customs ask for.
REGION_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "ES-CN": ("Canarias", "Canary Islands", "Islas Canarias"),
    "ES-GC": ("Las Palmas", "Gran Canaria", "Fuerteventura", "Lanzarote"),
    "ES-TF": ("Santa Cruz de Tenerife", "Tenerife", "La Palma", "La Gomera", "El Hierro"),
    "ES-IB": ("Balearic Islands", "Balearics", "Illes Balears", "Islas Baleares", "Baleares"),
    "ES-CE": ("Ceuta",),
    "ES-ML": ("Melilla",),
    "FR-20R": ("Corsica",),
    "PT-20": ("Azores", "Açores", "Acores"),
    "PT-30": ("Madeira",),
    "IT-82": ("Sicily",),
    "IT-88": ("Sardinia",),
    "GR-M": ("Crete", "Kriti"),
    "GR-F": ("Ionian Islands",),
    "GR-K": ("North Aegean",),
    "GR-L": ("South Aegean",),
    "GR-69": ("Agion Oros", "Ágion Óros", "Mount Athos"),
    "CA-NL": ("Newfoundland", "Labrador"),
    "CA-YT": ("Yukon Territory",),
    "JP-47": ("Okinawa",),
    # Not in ISO 3166-2: the United States' military addresses.
    "US-AA": ("Armed Forces Americas",),
    "US-AE": ("Armed Forces Europe",),
    "US-AP": ("Armed Forces Pacific",),
}


def region_name(text: str) -> str:
    """Return the letters and digits of a region's code or name, without accents and case.

    >>> region_name("ES-CN"), region_name("Québec"), region_name("N.S.W.")
    ('escn', 'quebec', 'nsw')
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def named_region(country: str, text: str) -> str | None:
    """Return the region of `REGION_NAMES` that a code or name in an address means, or None for any other.

    >>> named_region("ES", "Canarias"), named_region("ES", "es-cn"), named_region("ES", "Madrid")
    ('ES-CN', 'ES-CN', None)
    """
    return _by_name().get((country, region_name(text)))


@cache
def _by_name() -> Mapping[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for code, names in REGION_NAMES.items():
        country, _, part = code.partition("-")
        found.update({(country, region_name(name)): code for name in (code, part, *names)})
    return found
