"""Where goods need a customs declaration: the customs and VAT territories of the world, and the border between two.

Sources, as in force on 2026-11-26:

- European Union: Regulation (EU) No 952/2013, article 4 (customs, with the change of Regulation (EU) 2019/474), and
  Directive 2006/112/EC, articles 5 to 7 (VAT, with the change of Directive (EU) 2019/475). Between the two, goods move
  under customs formalities (Regulation 952/2013, article 1(3)).
- France overseas: Code général des impôts, article 294.
- United Kingdom: Taxation (Cross-border Trade) Act 2018 and the customs arrangements with Jersey, Guernsey and the Isle
  of Man of 2018; for Northern Ireland the Windsor Framework; for BFPO its own rules of 2023: all its mail is declared.
- United States: 19 CFR 101.1 (the states, the District of Columbia and Puerto Rico), and for what the Postal Service
  carries, Domestic Mail Manual 608.2.3 and 703.2.3.
- Switzerland: the customs treaties with Liechtenstein (1923) and on Büsingen (1964).
- San Marino: Decision 245/2002/EC (customs union, with formalities), and Italy's decree of 21 June 2021 (none).
"""

from enum import StrEnum
from typing import Final, NamedTuple

from allocation.domain.countries import REGION_COUNTRIES, read_country
from allocation.domain.postcode_regions import postcode_country, postcode_regions, us_place
from allocation.domain.postcodes import (
    CROWN_DEPENDENCIES,
    UK_POSTCODE_COUNTRIES,
    overseas_territory,
    postcode_of,
    uk_parts,
)


class Border(StrEnum):
    """What lies between two addresses. Goods that cross any border need a CN 22 or CN 23 and an invoice."""

    NONE = "none"
    # One customs territory, two VAT territories: the mainland of Spain and the Canary Islands.
    TAX = "tax"
    CUSTOMS = "customs"


class _Territory(NamedTuple):
    """An area within which goods move freely: one customs territory, one VAT territory."""

    customs: str
    tax: str


_EU: Final = _Territory("EU", "EU")
_UK: Final = _Territory("UK", "UK")
_SWITZERLAND: Final = _Territory("CH", "CH")
_ITALY_AND_SAN_MARINO: Final = _Territory("IT-SM", "IT-SM")
_FRENCH_ANTILLES: Final = _Territory("EU", "GP-MQ")

_HELIGOLAND: Final = "Heligoland"
_BUESINGEN: Final = "Büsingen"
_LIVIGNO: Final = "Livigno"
_CAMPIONE: Final = "Campione"
_MOUNT_ATHOS: Final = "GR-69"
_CANARY_ISLANDS: Final = "ES-CN"
_NORTHERN_IRELAND: Final = "GB-NIR"
# The address hides where it is: forces post offices of the United Kingdom and the United States, `EA` alone.
_HIDDEN: Final = "hidden"

# The member states, and Monaco, which belongs to France's territory (Regulation 952/2013, article 4(2)).
_EU_COUNTRIES: Final = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)

# A place that is not here has a territory to itself. One with several moves goods freely within each of them.
_TERRITORIES: Final = {
    **dict.fromkeys(_EU_COUNTRIES, frozenset({_EU})),
    # Within the customs territory, outside the VAT territory (Directive 2006/112, article 6(1)).
    **{
        place: frozenset({_Territory("EU", place)})
        for place in ("AX", "GF", "MF", "RE", "YT", _CANARY_ISLANDS, _CAMPIONE, _MOUNT_ATHOS)
    },
    "GP": frozenset({_FRENCH_ANTILLES}),
    "MQ": frozenset({_FRENCH_ANTILLES}),
    "IT": frozenset({_EU, _ITALY_AND_SAN_MARINO}),
    "SM": frozenset({_ITALY_AND_SAN_MARINO}),
    "GB": frozenset({_UK}),
    "IM": frozenset({_UK}),
    # In the customs union with the United Kingdom, outside its VAT.
    "JE": frozenset({_Territory("UK", "JE")}),
    "GG": frozenset({_Territory("UK", "GG")}),
    _NORTHERN_IRELAND: frozenset({_UK, _EU}),
    "CH": frozenset({_SWITZERLAND}),
    "LI": frozenset({_SWITZERLAND}),
    _BUESINGEN: frozenset({_SWITZERLAND}),
    "PR": frozenset({_Territory("US", "US")}),
    _HIDDEN: frozenset[_Territory](),
}

# Places that no region of ISO 3166-2 names, by country and postcode, as the posts of these countries have them.
_POSTCODES: Final = {
    ("DE", "27498"): _HELIGOLAND,
    ("DE", "78266"): _BUESINGEN,
    ("CH", "8238"): _BUESINGEN,
    ("IT", "23041"): _LIVIGNO,
    ("IT", "22061"): _CAMPIONE,
    ("CH", "6911"): _CAMPIONE,
    ("GR", "63086"): _MOUNT_ATHOS,
    ("GR", "63087"): _MOUNT_ATHOS,
    ("US", "96898"): "UM",  # Wake Island
}
# Regions that are a place of their own here; France's also by the letters that ISO 3166-2 once had.
_REGIONS: Final = {
    **REGION_COUNTRIES,
    **{region: region for region in ("ES-CE", "ES-ML", _CANARY_ISLANDS, _MOUNT_ATHOS, _NORTHERN_IRELAND)},
    **dict.fromkeys(("ES-GC", "ES-TF"), _CANARY_ISLANDS),
    **dict.fromkeys(("US-AA", "US-AE", "US-AP"), _HIDDEN),
    **{f"US-{code}": code for code in ("AS", "GU", "MP", "PR", "VI")},
    **{f"FR-{code}": code for code in ("CP", "GF", "GP", "MQ", "RE", "YT")},
}
# USPS: the first three digits of the ZIP codes of AA, AE and AP.
_MILITARY_ZIPS: Final = frozenset(map(str, (340, *range(962, 967)))) | {f"09{last}" for last in range(9)}


class Place(NamedTuple):
    """Where an address lies, as it was written. `country` is a country code that `read_country` reads."""

    country: str
    postcode: str | None = None
    region: str | None = None


def border_between(origin: Place, destination: Place) -> Border:
    """Return the border that goods cross from one place to another.

    >>> border_between(Place("UK", "M1 5WG"), Place("GB", "BT1 5GS"))
    <Border.NONE: 'none'>
    >>> border_between(Place("ES", "28001"), Place("ES", "35001")), border_between(Place("ES", "28001"), Place("GB"))
    (<Border.TAX: 'tax'>, <Border.CUSTOMS: 'customs'>)
    """
    here, there = _territories(origin), _territories(destination)
    if here & there:
        return Border.NONE
    shared = {territory.customs for territory in here} & {territory.customs for territory in there}
    return Border.TAX if shared else Border.CUSTOMS


def _territories(place: Place) -> frozenset[_Territory]:
    """Return the territories whose goods move freely to and from a place. A place that is not known has none."""
    named = read_country(place.country)
    if named is None:
        return frozenset()
    postcode = postcode_of(named.code, place.postcode or "")
    state = (place.region or "").strip().upper()
    stated = (*named.regions, state, f"{named.code}-{state}")
    if named.code in UK_POSTCODE_COUNTRIES:
        name = _uk_place(named.code, postcode, stated)
    elif len(named.regions) > 1 and set(named.regions).isdisjoint(postcode_regions(named.code, postcode)):
        name = _HIDDEN
    else:
        name = _other_place(named.code, postcode, stated)
    return _TERRITORIES.get(name, frozenset({_Territory(name, name)}))


def _uk_place(country: str, postcode: str, stated: tuple[str, ...]) -> str:
    """Return the place of an address with a UK postcode. A postcode that can be read decides, not the code."""
    parts = uk_parts(postcode)
    if parts is None:
        return overseas_territory(postcode) or _known_region(stated) or country
    area = parts[-1]
    if area == "BF":
        return _HIDDEN
    return _NORTHERN_IRELAND if area == "BT" else CROWN_DEPENDENCIES.get(area, "GB")


def _other_place(country: str, postcode: str, stated: tuple[str, ...]) -> str:
    """Return the place of any other address. The postcode decides first, then the region, then the country."""
    if (country, postcode) in _POSTCODES:
        return _POSTCODES[country, postcode]
    if country == "US" and (postcode[:3] in _MILITARY_ZIPS or us_place(postcode)):
        return us_place(postcode) or _HIDDEN
    if country == "DK" and len(postcode) == len("100"):
        return "FO"
    home = postcode_country(country, postcode)
    return home if home != country else _known_region((*postcode_regions(country, postcode), *stated)) or country


def _known_region(regions: tuple[str, ...]) -> str | None:
    return next((_REGIONS[region] for region in regions if region in _REGIONS), None)
