"""The countries of ISO 3166-1, and the one reading of a country code: for the engine, the documents and the API alike.

Other codes that shops and customs write stand for one of these countries; `_ALIASES` has them with their sources. A
code in neither table names no country.
"""

import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

# The officially assigned alpha-2 codes (ISO 3166 Maintenance Agency, 2026), and Kosovo: `XK` is a code for users to
# assign, which the European Commission and the carriers use.
COUNTRIES: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()  # noqa: SIM905 - a table to read, not 1 code a line
)
# Characters of a code with all its points, spaces and invisible characters. A longer text is none.
_MAX_CODE: Final = 16


class NamedCountry(NamedTuple):
    """The country that a code names. `code` is in `COUNTRIES`.

    `regions` are the parts of it, by ISO 3166-2, that the code names: the address lies in one of them. Empty is all.
    """

    code: str
    regions: tuple[str, ...] = ()


_ALIASES: Final = {
    # Exceptionally reserved by ISO 3166/MA for a part of a country or for another name of it.
    "AC": NamedCountry("SH", ("SH-AC",)),  # Ascension
    "CP": NamedCountry("FR", ("FR-CP",)),  # Clipperton
    "CQ": NamedCountry("GG"),  # Sark
    "DG": NamedCountry("IO"),  # Diego Garcia
    "EA": NamedCountry("ES", ("ES-CE", "ES-ML")),  # Ceuta and Melilla
    "FX": NamedCountry("FR"),  # metropolitan France
    "IC": NamedCountry("ES", ("ES-CN",)),  # the Canary Islands
    "TA": NamedCountry("SH", ("SH-TA",)),  # Tristan da Cunha
    "UK": NamedCountry("GB"),
    # The European Union's: Greece (Interinstitutional style guide, annex A5), and Northern Ireland in VAT numbers and
    # customs declarations (Directive (EU) 2020/1756; Implementing Regulation (EU) 2020/1470).
    "EL": NamedCountry("GR"),
    "XI": NamedCountry("GB", ("GB-NIR",)),
    # Withdrawn from ISO 3166-1 (they are in ISO 3166-3), with exactly one successor.
    "BU": NamedCountry("MM"),  # Burma
    "CT": NamedCountry("KI"),  # Canton and Enderbury Islands
    "DD": NamedCountry("DE"),  # German Democratic Republic
    "DY": NamedCountry("BJ"),  # Dahomey
    "HV": NamedCountry("BF"),  # Upper Volta
    "JT": NamedCountry("UM"),  # Johnston Island
    "MI": NamedCountry("UM"),  # Midway Islands
    "NH": NamedCountry("VU"),  # New Hebrides
    "NQ": NamedCountry("AQ"),  # Dronning Maud Land
    "PU": NamedCountry("UM"),  # United States Miscellaneous Pacific Islands
    "PZ": NamedCountry("PA"),  # Panama Canal Zone
    "RH": NamedCountry("ZW"),  # Southern Rhodesia
    "TP": NamedCountry("TL"),  # East Timor
    "VD": NamedCountry("VN"),  # Democratic Republic of Viet-Nam
    "WK": NamedCountry("UM"),  # Wake Island
    "YD": NamedCountry("YE"),  # Democratic Yemen
    "ZR": NamedCountry("CD"),  # Zaire
}
# No aliases: AN, CS, FQ, NT, PC, SU and YU have several successors, so an embargo could not tell which; EU, EZ and UN
# are no country; AI, BQ, BY, GE and SK have been assigned again and name the country that has them now.


@lru_cache(maxsize=4_096)
def read_country(text: str) -> NamedCountry | None:
    """Return the country that a two-letter code names, in any case, or None if it names none.

    Widths, spaces and punctuation do not count.

    >>> read_country("gb"), read_country("U.K.")
    (NamedCountry(code='GB', regions=()), NamedCountry(code='GB', regions=()))
    >>> read_country("XI")
    NamedCountry(code='GB', regions=('GB-NIR',))
    >>> read_country("YU"), read_country("GBR")
    (None, None)
    """
    code = code_letters(text)
    return NamedCountry(code) if code in COUNTRIES else _ALIASES.get(code)


def code_letters(text: str) -> str:
    """Return the letters and digits of a code in upper case, whatever its widths, spaces and points; empty if foreign.

    >>> code_letters("g.b."), code_letters("ß")
    ('GB', '')
    """
    if len(text) > _MAX_CODE:
        return ""
    characters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))
    # Only ASCII: the upper case of ß is SS, South Sudan.
    return characters.upper() if characters.isascii() else ""
