"""Between which addresses goods pass customs (`docs/decisions/0062-where-customs-begin.md` has the sources)."""

from typing import Final

from allocation.consignments.full_consignment import FullAddress

UNITED_KINGDOM: Final = "United Kingdom"
EUROPEAN_UNION: Final = "European Union"
EUROPEAN_UNION_COUNTRIES: Final = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)
"""The member states, and Monaco, which belongs to France's customs territory."""
CROWN_DEPENDENCY_AREAS: Final = {"JE": "JE", "GY": "GG", "IM": "IM"}
"""Postcode areas that often stand in an address with the country GB, and the ISO code of where they are."""


def passes_customs(origin: FullAddress, destination: FullAddress) -> bool:
    """Tells whether goods between two addresses need a customs declaration. Both have a country."""
    return territories_of(origin).isdisjoint(territories_of(destination))


def territories_of(address: FullAddress) -> frozenset[str]:
    """The customs territories whose goods move freely to and from an address.

    Northern Ireland has two: its goods pass neither to Great Britain nor to the European Union with a CN22 or CN23.
    The Isle of Man is in a customs and VAT union with the United Kingdom; Jersey and Guernsey are each on their own.
    """
    country, area = country_code(address), postcode_area(address.postcode)
    if country == "GB":
        country = CROWN_DEPENDENCY_AREAS.get(area, country)
    if country == "GB" and area == "BT":
        return frozenset({UNITED_KINGDOM, EUROPEAN_UNION})
    if country in {"GB", "IM"}:
        return frozenset({UNITED_KINGDOM})
    return frozenset({EUROPEAN_UNION if country in EUROPEAN_UNION_COUNTRIES else country})


def country_code(address: FullAddress) -> str:
    """The ISO 3166-1 alpha-2 code of an address, or nothing."""
    return address.country.iso_code.two_letter_code if address.country else ""


def postcode_area(postcode: str | None) -> str:
    """The letters that a UK postcode begins with, in upper case.

    >>> postcode_area(" bt1 5gs"), postcode_area("M1 5WG"), postcode_area(None)
    ('BT', 'M', '')
    """
    start = (postcode or "").strip().upper()
    return start[: next((at for at, character in enumerate(start) if not character.isalpha()), len(start))]
