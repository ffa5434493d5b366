"""Places that have a code of ISO 3166-1 of their own and belong to another country's postcodes, or to its regions.

One place, whatever an address calls it: `FR 97400` and `RE 97400` lie in Réunion, `US 00901` and `PR 00901` in Puerto
Rico, and `CN` with the region Hong Kong in Hong Kong. Where a postcode can tell, it decides.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from allocation.domain.countries import read_country
from allocation.domain.postcode_regions import by_prefix, longest_prefix
from allocation.domain.postcodes import postcode_of
from allocation.domain.regions import region_name

# By the country whose postcodes they share.
_TERRITORIES: Final[Mapping[str, Mapping[str, str]]] = {
    # La Poste. 97133 is Saint-Barthélemy, 97150 Saint-Martin, 98799 Clipperton; 980 is Monaco's.
    "FR": {
        "GP": "971", "BL": "97133", "MF": "97150", "MQ": "972", "GF": "973", "RE": "974", "PM": "975", "YT": "976",
        "TF": "984", "WF": "986", "PF": "987", "NC": "988", "MC": "980",
        "FR": "98799",
    },
    "FI": {"AX": "22"},  # Posti, Åland Post
    "NO": {"SJ": "8099 9170..9179"},  # Posten Norge: Jan Mayen, Svalbard
    "DK": {"GL": "39"},  # Post Greenland
    "CH": {"LI": "9485..9498"},  # Swiss Post
    "IT": {"SM": "4789", "VA": "00120"},  # Poste Italiane
    "AU": {"NF": "2899", "CX": "6798", "CC": "6799"},  # Australia Post
    # USPS. Military ZIP codes (AA 340, AE 090 to 098, AP 962 to 966) lie in none of them.
    "US": {
        "PR": "006..007 009", "VI": "008", "GU": "9691..9692 96930..96932", "AS": "96799", "MP": "96950..96952",
        "PW": "96939..96940", "FM": "96941..96944", "MH": "96960 96970",
    },
    "CN": {"HK": "999077", "MO": "999078"},  # what Chinese forms ask for where there are no postcodes
}  # fmt: skip
# Whose addresses have no postcodes, so that none could say that an address lies elsewhere.
_WITHOUT_POSTCODES: Final = frozenset({"HK", "MO"})
_FAROE_DIGITS: Final = 3
# Regions of ISO 3166-2 of the United States, which its posts and couriers count as such: they lie in both.
US_REGIONS: Final = frozenset({"AS", "GU", "MP", "PR", "VI"})

# Regions of ISO 3166-2 that have a code of ISO 3166-1 too, by which addresses there are known.
REGION_COUNTRIES: Final = {
    "FI-01": "AX", "NO-21": "SJ", "NO-22": "SJ", "CN-HK": "HK", "CN-MO": "MO", "CN-TW": "TW", "NL-AW": "AW",
    "NL-CW": "CW", "NL-SX": "SX", "NL-BQ1": "BQ", "NL-BQ2": "BQ", "NL-BQ3": "BQ", "FR-971": "GP", "FR-972": "MQ",
    "FR-973": "GF", "FR-974": "RE", "FR-976": "YT", "FR-BL": "BL", "FR-MF": "MF", "FR-NC": "NC", "FR-PF": "PF",
    "FR-PM": "PM", "FR-TF": "TF", "FR-WF": "WF", "US-UM": "UM",
}  # fmt: skip
# What shops have as the region beside the larger country's code: the codes of ISO 3166-1, and names.
_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "FR": {
        "GP": "Guadeloupe", "MQ": "Martinique", "GF": "Guyane|Guyane française|French Guiana",
        "RE": "La Réunion|Réunion", "YT": "Mayotte", "BL": "Saint-Barthélemy", "MF": "Saint-Martin",
        "PM": "Saint-Pierre-et-Miquelon", "WF": "Wallis-et-Futuna", "PF": "Polynésie française|French Polynesia",
        "NC": "Nouvelle-Calédonie|New Caledonia", "MC": "Monaco",
    },
    "FI": {"AX": "Åland|Ahvenanmaa|Ahvenanmaan maakunta|Landskapet Åland|Åland Islands"},
    "NO": {"SJ": "Svalbard|Jan Mayen"},
    "DK": {"GL": "Greenland|Grønland|Kalaallit Nunaat", "FO": "Faroe Islands|Færøerne|Føroyar"},
    "CH": {"LI": "Liechtenstein"},
    "IT": {"SM": "San Marino", "VA": "Vaticano|Città del Vaticano|Vatican City"},
    "AU": {"NF": "Norfolk Island", "CX": "Christmas Island", "CC": "Cocos Islands|Cocos (Keeling) Islands"},
    "US": {
        "PR": "Puerto Rico", "VI": "Virgin Islands|U.S. Virgin Islands|US Virgin Islands", "GU": "Guam",
        "AS": "American Samoa", "MP": "Northern Mariana Islands", "PW": "Palau", "FM": "Micronesia",
        "MH": "Marshall Islands",
    },
    "CN": {"HK": "Hong Kong|Xianggang|Hong Kong SAR", "MO": "Macao|Macau|Aomen|Macao SAR", "TW": "Taiwan"},
    "NL": {
        "AW": "Aruba", "CW": "Curaçao", "SX": "Sint Maarten", "BQ": "Bonaire|Saba|Sint Eustatius|Caribisch Nederland",
    },
    "GB": {
        "JE": "Jersey", "GG": "Guernsey|Alderney|Sark", "IM": "Isle of Man", "GI": "Gibraltar",
        "XI": "NIR|Northern Ireland",
    },
}  # fmt: skip


def postcode_country(country: str, postcode: str) -> str:
    """Return the country that a normalised postcode lies in: that of all that share its postcodes which it tells.

    Without a postcode it is `country` itself.

    >>> postcode_country("FR", "97400"), postcode_country("RE", "97400"), postcode_country("RE", "75001")
    ('RE', 'RE', 'FR')
    """
    home = postcode_home(country)
    if not postcode or home not in _TERRITORIES or country in _WITHOUT_POSTCODES:
        return country
    if home == "DK" and len(postcode) == _FAROE_DIGITS:
        return "FO"
    return (longest_prefix(_table(home), postcode) if home in _TERRITORIES else "") or home


def prefix_country(country: str, prefix: str) -> str:
    """Return the country whose addresses have postcodes that begin so, of those that share a country's postcodes.

    What the United States' posts and couriers serve is theirs, too.

    >>> prefix_country("FR", "974"), prefix_country("RE", "97"), prefix_country("RE", "75"), prefix_country("US", "009")
    ('RE', 'RE', 'FR', 'US')
    """
    home = postcode_home(country)
    if home not in _TERRITORIES or country in {"US", "FO", *_WITHOUT_POSTCODES}:
        return country
    table = _table(home)
    may_be = any(place == country and whole.startswith(prefix) for whole, place in table.items())
    return longest_prefix(table, prefix) or (country if may_be else home)


def postcode_home(country: str) -> str:
    """Return the country whose postcodes a country has.

    >>> postcode_home("PR"), postcode_home("US"), postcode_home("DE")
    ('US', 'US', 'DE')
    """
    return _homes().get(country, country)


def stated_country(country: str, postcode: str | None, region: str | None) -> str:
    """Return the code of the territory that an address's region names, or its country code as it is written.

    A postcode says more, where the territory has any.

    >>> stated_country("CN", "999077", "Hong Kong"), stated_country("FR", None, "La Réunion")
    ('HK', 'RE')
    >>> stated_country("US", "10001", "PR"), stated_country("GB", "", "Northern Ireland")
    ('US', 'XI')
    """
    named = read_country(country) if region else None
    if region is None or named is None:
        return country
    found = _by_name().get(named.code, {}).get(region_name(region))
    has_postcode = bool(postcode_of(named.code, postcode or "")) and named.code not in {"CN", "NL"}
    return country if found is None or has_postcode else found


@cache
def _table(home: str) -> Mapping[str, str]:
    return by_prefix(_TERRITORIES[home])


@cache
def _homes() -> Mapping[str, str]:
    return {
        place: home for home, table in _TERRITORIES.items() for place in (*table, *(("FO",) if home == "DK" else ()))
    }


@cache
def _by_name() -> Mapping[str, Mapping[str, str]]:
    """Return, by country, the territory of each code and name of a region."""
    found: dict[str, dict[str, str]] = {}
    for country, names in _NAMES.items():
        table = found.setdefault(country, {})
        for code, written in names.items():
            table.update(dict.fromkeys(map(region_name, (code, f"{country}-{code}", *written.split("|"))), code))
    for region, code in REGION_COUNTRIES.items():
        country, _, part = region.partition("-")
        found.setdefault(country, {}).update(dict.fromkeys(map(region_name, (region, part)), code))
    return found
