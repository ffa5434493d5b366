"""The words of refusals: what is wrong with a message, each problem with its field and what to do.

A value may be personal data that stands in the wrong field. Only those of numbers, units, codes and references are
shown, and only where they have such a form.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic_core import ErrorDetails

from allocation.consignments.errors import message_of
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.exact_json import JsonPath, path_of, quoted

# Characters of a refusal's reason. The rest is cut, since the reason travels as an attribute of a message.
MAX_REASON: Final = 1000
# Problems that a reason names. Of the rest it has the number.
MAX_NAMED: Final = 10

_NUMBER: Final = re.compile(r"[-+0-9.,eE]{1,30}")
_WORD: Final = re.compile(r"[A-Za-z]{1,12}\.?")
_CODE: Final = re.compile(r"[A-Za-z]{1,4}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9._/\\%?:+-]{1,60}")
# The texts of a field that a reason shows, by the field's name.
_SHOWN: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("eventVersion", "Value", "Amount", "Width", "Length", "Height", "consignments"), _NUMBER),
    **dict.fromkeys(("Unit", "Direction"), _WORD),
    "IsoCode": _CODE,
    **dict.fromkeys(("Reference", "ShippingLocationReference", "PackageSizeReference"), _REFERENCE),
    "eventType": re.compile(r"[A-Za-z0-9._/: -]{1,100}"),
}


def refused(code: RefusalCode, reason: str) -> InvalidMessageError:
    """Return a refusal whose reason is not too long."""
    return InvalidMessageError(code, reason[:MAX_REASON])


def problem_text(details: ErrorDetails, within: JsonPath = ()) -> str:
    """Return one problem that Pydantic found, with the path of its field inside the part of a message at `within`."""
    location = (*within, *details["loc"])
    if details["type"] == "missing":
        return f"{path_of(location)}: {message_of(details)}"
    names = [step for step in location if isinstance(step, str)]
    told = shown(names[-1] if names else "", details["input"])
    return f"{path_of(location)}: {message_of(details)}" + (f" (got {told})" if told else "")


def listed(named: Sequence[str], total: int, separator: str) -> str:
    """Return the first of `total` texts, and the number of the others.

    >>> listed(["a", "b"], 5, ", ")
    'a, b, and 3 more'
    """
    rest = [f"and {total - len(named[:MAX_NAMED])} more"] if total > len(named[:MAX_NAMED]) else []
    return separator.join([*named[:MAX_NAMED], *rest])


def shown(field: str, value: Any) -> str | None:
    """Return a field's value in short, or its kind; None for a text that must not be shown."""
    if isinstance(value, str):
        form = _SHOWN.get(field)
        return quoted(value) if form and form.fullmatch(value) else None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)[:60] if field in _SHOWN else "a number"
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: "null"}[value]
    return "an object" if isinstance(value, dict) else "a list"
