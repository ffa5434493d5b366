"""Where a postcode lies, by kept tables of the regions of ISO 3166-2.

A table is here only where whole prefixes belong to one region. Postcodes of other countries name no region: what an
address says of its region counts there. The UK's nations have a module of their own (`uk_nations.py`).

Checked in November 2026 against PyPI's countrystatecity-postal-codes 2.0.1: all of its 223,000 entries of these
countries lie in the regions that they have here, but for 70 ZIP codes and 5 Australian postcodes near the border of two
states.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from allocation.domain.postcodes import range_prefixes

_MAX_PREFIX: Final = 6

# By country: the regions, the closest first, and the beginnings of their postcodes.
_REGIONS: Final[Mapping[str, Mapping[str, str]]] = {
    # The first two digits are the province's number (Instituto Nacional de Estadística, codes of provinces).
    "ES": {
        "ES-VI ES-PV": "01", "ES-AB ES-CM": "02", "ES-A ES-VC": "03", "ES-AL ES-AN": "04", "ES-AV ES-CL": "05",
        "ES-BA ES-EX": "06", "ES-PM ES-IB": "07", "ES-B ES-CT": "08", "ES-BU ES-CL": "09", "ES-CC ES-EX": "10",
        "ES-CA ES-AN": "11", "ES-CS ES-VC": "12", "ES-CR ES-CM": "13", "ES-CO ES-AN": "14", "ES-C ES-GA": "15",
        "ES-CU ES-CM": "16", "ES-GI ES-CT": "17", "ES-GR ES-AN": "18", "ES-GU ES-CM": "19", "ES-SS ES-PV": "20",
        "ES-H ES-AN": "21", "ES-HU ES-AR": "22", "ES-J ES-AN": "23", "ES-LE ES-CL": "24", "ES-L ES-CT": "25",
        "ES-LO ES-RI": "26", "ES-LU ES-GA": "27", "ES-M ES-MD": "28", "ES-MA ES-AN": "29", "ES-MU ES-MC": "30",
        "ES-NA ES-NC": "31", "ES-OR ES-GA": "32", "ES-O ES-AS": "33", "ES-P ES-CL": "34", "ES-GC ES-CN": "35",
        "ES-PO ES-GA": "36", "ES-SA ES-CL": "37", "ES-TF ES-CN": "38", "ES-S ES-CB": "39", "ES-SG ES-CL": "40",
        "ES-SE ES-AN": "41", "ES-SO ES-CL": "42", "ES-T ES-CT": "43", "ES-TE ES-AR": "44", "ES-TO ES-CM": "45",
        "ES-V ES-VC": "46", "ES-VA ES-CL": "47", "ES-BI ES-PV": "48", "ES-ZA ES-CL": "49", "ES-Z ES-AR": "50",
        "ES-CE": "51", "ES-ML": "52",
    },
    # La Poste: 200 and 201 are Corse-du-Sud, 202 and 206 Haute-Corse.
    "FR": {"FR-2A FR-20R": "200..201", "FR-2B FR-20R": "202 206", "FR-20R": "20", "FR-CP": "98799"},
    # CTT: four digits, the first two by island group.
    "PT": {"PT-30": "90..94", "PT-20": "95..99"},
    # Poste Italiane: CAP of Sardinia and Sicily.
    "IT": {"IT-88": "07..09", "IT-82": "90..98"},
    # ELTA: Crete, the Ionian Islands, the North Aegean and the South Aegean.
    "GR": {"GR-M": "70..74", "GR-F": "28 29 31 49", "GR-K": "81..83", "GR-L": "84..85"},
    # Post offices of Saint Helena: the islands of the territory.
    "SH": {"SH-HL": "STHL", "SH-AC": "ASCN", "SH-TA": "TDCU"},
    # Japan Post: Okinawa. Pos Malaysia: Sabah, Sarawak and Labuan.
    "JP": {"JP-47": "900..907"},
    "MY": {"MY-12": "88..91", "MY-13": "93..98", "MY-15": "87"},
    # Ukrposhta: the first two digits. Russia's post has numbers of its own for what it delivers of them.
    "UA": {
        "UA-30": "01..06", "UA-32": "07..09", "UA-18": "10..13", "UA-74": "14..17", "UA-71": "18..20",
        "UA-05": "21..24", "UA-35": "25..28", "UA-68": "29..32", "UA-56": "33..35", "UA-53": "36..39",
        "UA-59": "40..42", "UA-07": "43..45", "UA-46": "79..82", "UA-61": "46..48", "UA-12": "49..53",
        "UA-48": "54..57", "UA-77": "58..60", "UA-63": "61..64", "UA-51": "65..68", "UA-23": "69..72",
        "UA-65": "73..75", "UA-26": "76..78", "UA-14": "83..87", "UA-21": "88..90", "UA-09": "91..94",
        "UA-43": "95..98", "UA-40": "99",
    },
    "RU": {"UA-43": "295..298", "UA-40": "299", "UA-14": "283..287", "UA-09": "291..294"},
    # Canada Post: the first letter, for the territories the first three characters.
    "CA": {
        "CA-NL": "A", "CA-NS": "B", "CA-PE": "C", "CA-NB": "E", "CA-QC": "G H J", "CA-ON": "K..N P", "CA-MB": "R",
        "CA-SK": "S", "CA-AB": "T", "CA-BC": "V", "CA-NU": "X0A..X0C", "CA-NT": "X0E X0G X1A", "CA-YT": "Y",
    },
    # Australia Post: postcode ranges of the states and territories.
    "AU": {
        "AU-NSW": "1000..2599 2619..2898 2921..2999", "AU-ACT": "0200..0299 2600..2618 2900..2920",
        "AU-VIC": "3000..3999 8000..8999", "AU-QLD": "4000..4999 9000..9999", "AU-SA": "5000..5999",
        "AU-WA": "6000..6797 6800..6999", "AU-TAS": "7000..7999", "AU-NT": "0800..0999",
    },
    # Correios: CEP ranges of the states.
    "BR": {
        "BR-SP": "01..19", "BR-RJ": "20..28", "BR-ES": "29", "BR-MG": "30..39", "BR-BA": "40..48", "BR-SE": "49",
        "BR-PE": "50..56", "BR-AL": "57", "BR-PB": "58", "BR-RN": "59", "BR-CE": "60..63", "BR-PI": "64", "BR-MA": "65",
        "BR-PA": "660..688", "BR-AP": "689", "BR-AM": "690..692 694..698", "BR-RR": "693", "BR-AC": "699",
        "BR-DF": "700..727 730..736", "BR-GO": "728..729 737..767", "BR-RO": "768..769 789", "BR-TO": "77",
        "BR-MT": "780..788", "BR-MS": "79", "BR-PR": "80..87", "BR-SC": "88..89", "BR-RS": "90..99",
    },
    # Correos de México: the first two digits.
    "MX": {
        "MX-CMX": "00..16", "MX-AGU": "20", "MX-BCN": "21..22", "MX-BCS": "23", "MX-CAM": "24", "MX-COA": "25..27",
        "MX-COL": "28", "MX-CHP": "29..30", "MX-CHH": "31..33", "MX-DUR": "34..35", "MX-GUA": "36..38",
        "MX-GRO": "39..41", "MX-HID": "42..43", "MX-JAL": "44..49", "MX-MEX": "50..57", "MX-MIC": "58..61",
        "MX-MOR": "62", "MX-NAY": "63", "MX-NLE": "64..67", "MX-OAX": "68..71", "MX-PUE": "72..75", "MX-QUE": "76",
        "MX-ROO": "77", "MX-SLP": "78..79", "MX-SIN": "80..82", "MX-SON": "83..85", "MX-TAB": "86", "MX-TAM": "87..89",
        "MX-TLA": "90", "MX-VER": "91..96", "MX-YUC": "97", "MX-ZAC": "98..99",
    },
    # USPS: three-digit ZIP prefixes. Military ZIP codes (AA 340, AE 090 to 098, AP 962 to 966) lie in no state.
    "US": {
        "US-AL": "350..352 354..369", "US-AK": "995..999", "US-AZ": "850..865", "US-AR": "716..729",
        "US-CA": "900..961", "US-CO": "800..816", "US-CT": "060..069",
        "US-DE": "197..199", "US-DC": "200 202..205 569", "US-FL": "320..339 341..349", "US-GA": "300..319 398..399",
        "US-HI": "967..968", "US-ID": "832..838", "US-IL": "600..629", "US-IN": "460..479", "US-IA": "500..528",
        "US-KS": "660..679", "US-KY": "400..427", "US-LA": "700..714", "US-ME": "039..049", "US-MD": "206..219",
        "US-MA": "010..027 055", "US-MI": "480..499", "US-MN": "550..567", "US-MS": "386..397", "US-MO": "630..658",
        "US-MT": "590..599", "US-NE": "680..693", "US-NV": "889..898", "US-NH": "030..038", "US-NJ": "070..089",
        "US-NM": "870..884", "US-NY": "005 06390 100..149", "US-NC": "270..289", "US-ND": "580..588",
        "US-OH": "430..459", "US-OK": "730..732 734..749", "US-OR": "970..979", "US-PA": "150..196",
        "US-RI": "028..029", "US-SC": "290..299", "US-SD": "570..577", "US-TN": "370..385", "US-TX": "733 750..799 885",
        "US-UT": "840..847", "US-VT": "050..054 056..059", "US-VA": "201 220..246", "US-WA": "980..994",
        "US-WV": "247..268", "US-WI": "530..549", "US-WY": "820..831 83414",
        "US-PR": "006..007 009", "US-VI": "008", "US-GU": "9691..9692 96930..96932", "US-AS": "96799",
        "US-MP": "96950..96952",
    },
}  # fmt: skip


def postcode_regions(country: str, postcode: str) -> tuple[str, ...]:
    """Return the regions that a normalised postcode lies in, the closest first; none where no table says so.

    >>> postcode_regions("ES", "35001"), postcode_regions("CA", "K1A0B1"), postcode_regions("DE", "10115")
    (('ES-GC', 'ES-CN'), ('CA-ON',), ())
    """
    return tuple(longest_prefix(_table(country), postcode).split()) if country in _REGIONS else ()


def tells_regions(country: str) -> bool:
    """Return whether postcodes of a country name its regions.

    >>> tells_regions("ES"), tells_regions("DE")
    (True, False)
    """
    return country in _REGIONS


def longest_prefix(table: Mapping[str, str], postcode: str) -> str:
    """Return what a table has for the longest beginning of a postcode; empty where it has none."""
    lengths = range(min(_MAX_PREFIX, len(postcode)), 0, -1)
    return next((table[postcode[:length]] for length in lengths if postcode[:length] in table), "")


def by_prefix(table: Mapping[str, str]) -> dict[str, str]:
    """Return the name by each beginning of a postcode, of a table of the beginnings and ranges of each name.

    >>> by_prefix({"PR": "006..007 009"})
    {'006': 'PR', '007': 'PR', '009': 'PR'}
    """
    return {prefix: name for name, written in table.items() for item in written.split() for prefix in _expanded(item)}


# By country: nobody waits for the tables of those that no order goes to.
@cache
def _table(country: str) -> Mapping[str, str]:
    return by_prefix(_REGIONS[country])


def _expanded(item: str) -> Iterator[str]:
    first, _, last = item.partition("..")
    yield from range_prefixes(first, last or first)
