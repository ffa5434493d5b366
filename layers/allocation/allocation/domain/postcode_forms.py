"""How the postcodes of each country look, so that one that can't be right is not taken for the beginning of another.

Source: Universal Postal Union, postal addressing systems, 2025, checked against the postal code data of Unicode's CLDR,
and in November 2026 against 672,370 postcodes of 125 countries (PyPI's countrystatecity-postal-codes 2.0.1): they have
one of these forms, but for the beginnings that it lists for Canada and the UK.
Left out are countries where addresses are usual without a postcode, or with anything in its place: there, what is
written is taken as it is. The UK's postcodes have a reading of their own (`postcodes.py`).
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

# By form: `#` is a digit, `@` a letter, `*` either, anything else stands for itself. A country may have several forms.
_FORMS: Final = {
    "###": "AD FO IS MG PG TW",
    "####": "AF AL AM AR AT AU AZ BD BE BG CC CH CX CY DK GE HU LI LU LV MD MK NF NL NO NZ PH PT PY SI SJ TN VE ZA",
    "39##": "GL",
    "#####": "AS BA CR CU CZ DE DO DZ EE EG ES FI FM FR GR GT GU HR ID IL IR IT KR LK LT MA ME MH MM MN MP MX MY NP "
    "PK PL PR PW RS SA SE SK TH TR TW UA UM US UY VI VN XK",
    "22###": "AX",
    "980##": "MC", "971##": "BL GP MF", "972##": "MQ", "973##": "GF", "974##": "RE", "975##": "PM", "976##": "YT",
    "984##": "TF", "986##": "WF", "987##": "PF", "988##": "NC",
    "4789#": "SM", "00120": "VA",
    "######": "BY CN IN KG KR KZ MN PY RO RU SG TJ TM TW UZ VN",
    "#######": "CL EG IL JP MM PT",
    "########": "BR",
    "#########": "SA",
    "##########": "IR",
    "####@@": "NL",
    "@####@@@": "AR",
    "@#@#@#": "CA",
    "@##@#@#": "KZ",
    "@@####": "BN",
    "@@@####": "MT", "@@@##": "MT",
    "@@##": "BM", "@@@@": "BM",
    # Eircodes: the routing key, such as D02 or D6W, may stand alone.
    "@##": "IE", "D6W": "IE", "@##****": "IE", "D6W****": "IE",
    # British overseas territories.
    "GX11#@@": "GI", "FIQQ#@@": "FK", "SIQQ#@@": "GS", "STHL#@@": "SH", "ASCN#@@": "SH", "TDCU#@@": "SH",
    "PCRN#@@": "PN", "BBND#@@": "IO", "TKCA#@@": "TC", "AI2640": "AI", "VG11##": "VG", "MSR1###": "MS",
    "KY######": "KY", "KY#####": "KY",
}  # fmt: skip
_SIGNS: Final = {"#": "[0-9]", "@": "[A-Z]", "*": "[A-Z0-9]"}
_NUMBERS: Final = "no one two three four five six seven eight nine ten".split()  # noqa: SIM905


def wrong_form(country: str, postcode: str) -> str | None:
    """Return what a normalised postcode is not, for one of none of its country's forms; None where nothing is wrong.

    >>> wrong_form("DE", "10115"), wrong_form("HK", "999077")
    (None, None)
    >>> wrong_form("DE", "1067")
    'postcode is not one of DE, which has five digits: a spreadsheet may have dropped a zero that it begins with'
    """
    forms = _forms_by_country().get(country)
    if not postcode or forms is None or any(form.fullmatch(postcode) for form in forms.values()):
        return None
    expected = list(forms)
    lost = any(set(form) == {"#"} and len(form) == len(postcode) + 1 for form in expected) and postcode.isdigit()
    hint = ": a spreadsheet may have dropped a zero that it begins with" if lost else ""
    return f"postcode is not one of {country}, which has {' or '.join(map(_in_words, expected))}{hint}"


def digits_of(country: str) -> int | None:
    """Return how many digits each whole postcode of a country has; None where some have letters, or it varies.

    >>> digits_of("DE"), digits_of("NL"), digits_of("PT"), digits_of("HK")
    (5, None, None, None)
    """
    forms = list(_forms_by_country().get(country, ()))
    return len(forms[0]) if len(forms) == 1 and set(forms[0]).isdisjoint("@*") and country in DIGITS_ONLY else None


@cache
def _forms_by_country() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    found: dict[str, dict[str, re.Pattern[str]]] = {}
    for form, countries in _FORMS.items():
        pattern = re.compile("".join(_SIGNS.get(sign, sign) for sign in form))
        for country in countries.split():
            found.setdefault(country, {})[form] = pattern
    return found


def _in_words(form: str) -> str:
    """Return a form as people say it.

    >>> _in_words("#####"), _in_words("971##"), _in_words("####@@")
    ('five digits', 'five digits such as 97134', 'four digits and two letters')
    """
    runs = [(sign, len(run)) for sign, run in ((match[0][0], match[0]) for match in re.finditer(r"#+|@+|.", form))]
    if len(runs) <= 2 and all(sign in "#@" for sign, _ in runs):
        return " and ".join(f"{_NUMBERS[length]} {'digits' if sign == '#' else 'letters'}" for sign, length in runs)
    example = "".join(_example(sign, number) for number, sign in enumerate(form))
    return f"{_NUMBERS[len(form)]} digits such as {example}" if example.isdigit() else f"the form {example}"


def _example(sign: str, number: int) -> str:
    return {"#": str(number % 10), "@": "A", "*": "A"}.get(sign, sign)


# Countries whose postcodes have digits only. Letters before them are the country's, such as LV-1050 or D-10115.
DIGITS_ONLY: Final = frozenset(
    country for country, forms in _forms_by_country().items() if all(set(form) <= set("#0123456789") for form in forms)
)
