"""The words of refusals: what is wrong with a message, each problem with its field and what to do.

A value may be personal data that stands in the wrong field. Only numbers, references and event types are shown, where
they have such a form; of units, directions and currencies only words that are known, or a letter away from one.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic_core import ErrorDetails

from allocation.consignments.errors import message_of
from allocation.consignments.strict_values import UNIT_WORDS
from allocation.domain.consignment import Direction
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.json_places import JsonPath, path_of, quoted

# Characters of a refusal's reason. The rest is cut, since the reason travels as an attribute of a message.
MAX_REASON: Final = 1000
# Problems that a reason names. Of the rest it has the number.
MAX_NAMED: Final = 10

# Shorter than a telephone number.
_NUMBER: Final = re.compile(r"[-+0-9.,eE]{1,10}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9._/\\%?:+-]{1,60}")
# The texts of a field that a reason shows, by the field's name.
_SHOWN: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("eventVersion", "Value", "Amount", "Width", "Length", "Height", "consignments"), _NUMBER),
    **dict.fromkeys(("Reference", "ShippingLocationReference", "PackageSizeReference"), _REFERENCE),
    "eventType": re.compile(r"[A-Za-z0-9._/: -]{1,100}"),
}
# Units that we do not take and that people mean: each is no name of anybody.
_OTHER_UNITS: Final = frozenset(
    {"st", "stone", "stones", "ton", "tonne", "tonnes", "t", "mg", "ft", "feet", "yd", "dm"}
)
# The words of a field of which the reason shows one, or what is nearly one.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "Unit": UNIT_WORDS | _OTHER_UNITS,
    "Direction": frozenset(each.value.lower() for each in Direction),
    "IsoCode": frozenset({"gbp", "eur", "usd", "uk", "stg", "euro", "pound", "pounds", "dollar", "dollars"}),
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
        form, words = _SHOWN.get(field), _WORDS.get(field)
        is_shown = form.fullmatch(value) if form else words and _is_nearly_one(value, words)
        return quoted(value) if is_shown else None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)[:60] if field in _SHOWN else "a number"
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: "null"}[value]
    return "an object" if isinstance(value, dict) else "a list"


def _is_nearly_one(text: str, words: frozenset[str]) -> bool:
    """Return whether a text is one of the words in any case, or one of at least three letters with a letter wrong."""
    word = text.strip(" .").lower()
    if word in words:
        return True
    return any(len(known) > 2 and _is_a_letter_away(word, known) for known in words)


def _is_a_letter_away(word: str, known: str) -> bool:
    """Return whether one letter more, less or other makes a word another.

    >>> [_is_a_letter_away(word, "gram") for word in ("grm", "gramm", "grem", "secret")]
    [True, True, True, False]
    """
    if abs(len(word) - len(known)) > 1:
        return False
    shorter, longer = sorted((word, known), key=len)
    first = next((at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter))
    return shorter[first + (len(shorter) == len(longer)) :] == longer[first + 1 :]
