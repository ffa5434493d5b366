"""Postcodes as people type them: one reading for every country, and the parts of a UK postcode."""

import re
import unicodedata
from typing import Final

from allocation.domain.postcode_forms import DIGITS_ONLY

# The 124 geographic postcode areas of Royal Mail's Postcode Address File; GY, JE and IM are the Crown Dependencies'.
POSTCODE_AREAS: Final = frozenset(
    """
    AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK
    FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG
    NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR
    TS TW UB W WA WC WD WF WN WR WS WV YO ZE
    """.split()  # noqa: SIM905 - a table to read, not 1 code a line
)
# Areas without a place: the forces' (`BF1`, `BFPO 61`), large organisations' (`BX1`) and the Girobank's `GIR 0AA`.
PLACELESS_AREAS: Final = frozenset({"BF", "BFPO", "BX", "GIR"})
_UK_AREAS: Final = POSTCODE_AREAS | PLACELESS_AREAS
# Postcode areas that ISO 3166 lists as countries of their own; shops often write GB for them.
CROWN_DEPENDENCIES: Final = {"JE": "JE", "GY": "GG", "IM": "IM"}
# The countries whose postcodes are the UK's.
UK_POSTCODE_COUNTRIES: Final = ("GB", *CROWN_DEPENDENCIES.values())

# How the postcodes of the British overseas territories begin, spaces and hyphens left out (Universal Postal Union,
# addressing systems, 2025). Shops often write GB for them. KY1 to KY3 of the Cayman Islands have four more digits.
_TERRITORIES: Final = (
    (re.compile(r"GX11[0-9][A-Z]{2}"), "GI"),
    (re.compile(r"FIQQ[0-9][A-Z]{2}"), "FK"),
    (re.compile(r"SIQQ[0-9][A-Z]{2}"), "GS"),
    (re.compile(r"(?:STHL|ASCN|TDCU)[0-9][A-Z]{2}"), "SH"),
    (re.compile(r"PCRN[0-9][A-Z]{2}"), "PN"),
    (re.compile(r"BBND[0-9][A-Z]{2}"), "IO"),
    (re.compile(r"BIQQ[0-9][A-Z]{2}"), "AQ"),
    (re.compile(r"TKCA[0-9][A-Z]{2}"), "TC"),
    (re.compile(r"AI2640"), "AI"),
    (re.compile(r"VG11[0-9]{2}"), "VG"),
    (re.compile(r"MSR1[0-9]{3}"), "MS"),
    (re.compile(r"KY[1-3][0-9]{4}"), "KY"),
)

# The countries of the United States Postal Service.
_ZIP_COUNTRIES: Final = frozenset({"US", "AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})
ZIP_DIGITS: Final = 5
_ZIP_PLUS_4: Final = re.compile("[0-9]{9}")
_UNIT: Final = re.compile(r"([A-PR-UWYZ][A-HK-Y]?)([0-9][0-9A-HJKPSTUWMNPRVXY]?)([0-9])([ABD-HJLNP-UW-Z]{2})")
_BFPO: Final = re.compile(r"BFPO(?:CO)?([0-9]{1,4})")


def _normalised(text: str) -> str:
    """Return the ASCII letters and digits of a postcode, upper case; wide letters and other scripts' digits count.

    >>> _normalised("m1-5wg."), _normalised("10001 - 1234")
    ('M15WG', '100011234')
    """
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text))).upper()


def postcode_of(country: str, text: str) -> str:
    """Return the normalised postcode of an address in a country of ISO 3166-1; a ZIP+4 code without its last four.

    >>> postcode_of("LV", "LV-1050"), postcode_of("US", "10001-1234"), postcode_of("NL", "1012 ab")
    ('1050', '10001', '1012AB')
    """
    postcode = _normalised(text)
    if country in DIGITS_ONLY:
        postcode = re.sub("^[A-Z]{1,3}(?=[0-9])", "", postcode)
    return postcode[:ZIP_DIGITS] if _ZIP_PLUS_4.fullmatch(postcode) and country in _ZIP_COUNTRIES else postcode


def range_prefixes(first: str, last: str) -> list[str]:
    """Return the fewest prefixes of all postcodes from `first` to `last`, both included. Each has the other's form.

    Raises `ValueError` for two of different lengths, for a letter against a digit, and for the greater one first.

    >>> range_prefixes("01000", "02999"), range_prefixes("198", "201"), range_prefixes("K1A", "K1C")
    (['01', '02'], ['198', '199', '200', '201'], ['K1A', 'K1B', 'K1C'])
    """
    if len(first) != len(last) or any(one.isdigit() is not two.isdigit() for one, two in zip(first, last, strict=True)):
        raise ValueError("has two ends of different forms: write both with the same number of letters and digits")
    if first > last:
        raise ValueError("ends before it begins: write the smaller end first")
    return _prefixes(first, last)


def _prefixes(first: str, last: str) -> list[str]:
    lowest, highest = _form("0", "A", first), _form("9", "Z", first)
    if (first, last) == (lowest, highest):
        return [""]
    if first[0] == last[0]:
        return [first[0] + rest for rest in _prefixes(first[1:], last[1:])]
    between = map(chr, range(ord(first[0]) + 1, ord(last[0])))
    return [
        *(first[0] + rest for rest in _prefixes(first[1:], highest[1:])),
        *between,
        *(last[0] + rest for rest in _prefixes(lowest[1:], last[1:])),
    ]


def _form(digit: str, letter: str, text: str) -> str:
    return "".join(digit if character.isdigit() else letter for character in text)


def _plain_character(character: str) -> str:
    if character.isascii():
        return character if character.isalnum() else ""
    digit = unicodedata.decimal(character, None)
    return "" if digit is None else str(digit)


def uk_parts(postcode: str) -> tuple[str, ...] | None:
    """Return a UK postcode's unit, sector, districts and area, however it is typed; None if it is in no known area.

    BFPO numbers belong to area BF, and area BF to BFPO: the two forms name the same addresses.

    >>> uk_parts("ec1a-1bb")
    ('EC1A 1BB', 'EC1A 1', 'EC1A', 'EC1', 'EC')
    >>> uk_parts("bfpo 61")
    ('BFPO 61', 'BFPO', 'BF')
    >>> uk_parts("AA1 1AA")
    """
    text = _normalised(postcode)
    if text == "GIR0AA":
        return ("GIR 0AA", "GIR 0", "GIR")
    if bfpo := _BFPO.fullmatch(text):
        return (f"BFPO {int(bfpo[1])}", "BFPO", "BF")
    match = _UNIT.fullmatch(text)
    if match is None:
        return None
    area, number, sector, unit = match.groups()
    if area not in _UK_AREAS:
        return None
    district = area + number
    whole = (district[:-1],) if number[-1].isalpha() else ()
    forces = ("BFPO",) if area == "BF" else ()
    return (f"{district} {sector}{unit}", f"{district} {sector}", district, *whole, *forces, area)


def overseas_territory(postcode: str) -> str | None:
    """Return the country of a British overseas territory's postcode, or None for any other postcode.

    >>> overseas_territory("GX11 1AA"), overseas_territory("AI-2640"), overseas_territory("M1 5WG")
    ('GI', 'AI', None)
    """
    text = _normalised(postcode)
    return next((country for form, country in _TERRITORIES if form.fullmatch(text)), None)
