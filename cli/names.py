"""The English names of countries and currencies that the API's replies carry."""

import json
from typing import Final

import pycountry
from iso4217 import Currency

from cli.paths import ROOT

FILE: Final = ROOT / "layers" / "allocation" / "allocation" / "api" / "names.json"
# Kosovo has a code of its own use, which ISO 3166 leaves free for that.
_NOT_IN_ISO_3166: Final = {"XK": "Kosovo"}


def text() -> str:
    """Return the names by ISO 3166-1 and ISO 4217 code as JSON. A country that has a common name has that one."""
    countries = {each.alpha_2: getattr(each, "common_name", each.name) for each in pycountry.countries}
    currencies = {each.code: each.currency_name for each in Currency}
    names = {"countries": countries | _NOT_IN_ISO_3166, "currencies": currencies}
    return json.dumps(names, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
