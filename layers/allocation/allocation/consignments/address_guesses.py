"""Guesses what an address is from its lines and its company. Only the guess is kept, never the text.

A guess counts only where the catalogue says so (`guess`) and the sender does not say it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from allocation.domain.consignment import AddressFlags

_LINES: Final = ("AddressLine1", "AddressLine2", "AddressLine3")
# The words for a PO box in the languages of most addresses, and its number. Shorter forms need the number close by.
_PO_BOX: Final = re.compile(
    r"""\b(?:
        p\.?\s*o\.?\s*box | post(?:al)?\s+(?:office\s+)?box | (?:gpo|locked|private)\s+(?:box|bag)
        | postfach | bo[iî]te\s+postale | apartado(?:\s+de\s+correos|\s+postal)? | casella\s+postale
        | postbus | skrytka\s+pocztowa | caixa\s+postal | postboks | postilokero | p\.?\s*o\.?\s*b\.?(?=\s*[0-9])
        | b\.?\s?p\.?(?=\s*[0-9]) | c\.?\s?p\.?(?=\s*[0-9])
    )\s*(?:no\.?|nr\.?|n°|\#)?\s*[0-9]""",
    re.IGNORECASE | re.VERBOSE,
)


def guessed_flags(address: Mapping[str, Any]) -> AddressFlags:
    """Return what the lines of an address suggest in PRO's JSON.

    A PO box is named in a line, with its number. An address with a company is not residential; one with other lines and
    no company is. Nothing else suggests either.
    """
    lines = [line for name in _LINES if isinstance(line := address.get(name), str) and line.strip()]
    company = address.get("CompanyName")
    has_company = isinstance(company, str) and bool(company.strip())
    po_box = any(map(_PO_BOX.search, lines))
    return AddressFlags(po_box or None, False if has_company else (True if lines and not po_box else None))
