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
- Switzerland's customs exclusion area: Samnaun (Customs Act, SR 631.0, article 3(3)).
- Cyprus: Protocol No 10 to the Act of Accession of 2003: the areas that the Republic does not control.
- San Marino: Decision 245/2002/EC (customs union, with formalities), and Italy's decree of 21 June 2021 (none).
"""

from enum import StrEnum
from typing import Final, NamedTuple

from allocation.domain.countries import NamedCountry, read_country
from allocation.domain.postcode_regions import postcode_regions
from allocation.domain.postcodes import (
    CROWN_DEPENDENCIES,
    UK_POSTCODE_COUNTRIES,
    overseas_territory,
    postcode_of,
    uk_parts,
)
from allocation.domain.regions import named_region, region_name
from allocation.domain.territories import REGION_COUNTRIES, postcode_country, stated_country


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
_SAMNAUN: Final = "Samnaun"
_NORTH_CYPRUS: Final = "North Cyprus"
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
    ("CH", "7562"): _SAMNAUN,
    ("CH", "7563"): _SAMNAUN,
    ("GR", "63086"): _MOUNT_ATHOS,
    ("GR", "63087"): _MOUNT_ATHOS,
    ("US", "96898"): "UM",  # Wake Island
}
# The same by what stands in an address as its region, as `region_name` reads it.
_NAMES: Final = {
    **dict.fromkeys((("DE", "helgoland"), ("DE", "heligoland")), _HELIGOLAND),
    **{(country, "busingen"): _BUESINGEN for country in ("DE", "CH")},
    **{(country, name): _CAMPIONE for country in ("IT", "CH") for name in ("campione", "campioneditalia")},
    ("IT", "livigno"): _LIVIGNO,
    ("CH", "samnaun"): _SAMNAUN,
    **{(country, name): _NORTH_CYPRUS for country in ("CY", "TR") for name in ("northcyprus", "trnc", "kktc")},
    **{(country, "northerncyprus"): _NORTH_CYPRUS for country in ("CY", "TR")},
}
# Regions that are a place of their own here; Clipperton's is known by an alias of France, too.
_REGIONS: Final = {
    **REGION_COUNTRIES,
    **{region: region for region in ("ES-CE", "ES-ML", _CANARY_ISLANDS, _MOUNT_ATHOS)},
    **dict.fromkeys(("ES-GC", "ES-TF"), _CANARY_ISLANDS),
    **dict.fromkeys(("US-AA", "US-AE", "US-AP"), _HIDDEN),
    "FR-CP": "CP",
}
# The postcodes of Northern Cyprus, under either country's code: Mersin 10 in Turkey.
_NORTH_CYPRUS_DIGITS: Final = "99"
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
    named = read_country(stated_country(*place))
    if named is None:
        return frozenset()
    postcode = postcode_of(named.code, place.postcode or "")
    if named.code in UK_POSTCODE_COUNTRIES:
        name = _uk_place(named, postcode)
    elif len(named.regions) > 1 and set(named.regions).isdisjoint(postcode_regions(named.code, postcode)):
        name = _HIDDEN
    else:
        name = _other_place(named, postcode, place.region or "")
    return _TERRITORIES.get(name, frozenset({_Territory(name, name)}))


def _uk_place(named: NamedCountry, postcode: str) -> str:
    """Return the place of an address with a UK postcode. A postcode that can be read decides, not the code."""
    parts = uk_parts(postcode)
    if parts is None:
        return overseas_territory(postcode) or (named.regions or (named.code,))[0]
    area = parts[-1]
    if area == "BF":
        return _HIDDEN
    return _NORTHERN_IRELAND if area == "BT" else CROWN_DEPENDENCIES.get(area, "GB")


def _other_place(named: NamedCountry, postcode: str, region: str) -> str:
    """Return the place of any other address. The postcode decides first, then the region, then the country."""
    country = named.code
    if (country, postcode) in _POSTCODES:
        return _POSTCODES[country, postcode]
    if country == "US" and postcode[:3] in _MILITARY_ZIPS:
        return _HIDDEN
    if country in {"CY", "TR"} and len(postcode) == len("99010") and postcode.startswith(_NORTH_CYPRUS_DIGITS):
        return _NORTH_CYPRUS
    home = postcode_country(country, postcode)
    if home != country:
        return home
    if name := _NAMES.get((country, region_name(region))):
        return name
    stated = named_region(country, region)
    regions = postcode_regions(country, postcode) or (*named.regions, *((stated,) if stated else ()))
    return next((_REGIONS[region] for region in regions if region in _REGIONS), country)
