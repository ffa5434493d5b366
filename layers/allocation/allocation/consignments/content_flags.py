"""Reads the content flags of PRO's items: names in any case, several at once, or the numbers of .NET's enumerations."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from allocation.domain.contents import Content, Contents

_HARMLESS: Final = frozenset({"notspecified", "unrestricted", "none"})
_BY_NAME: Final = {content.casefold(): content for content in Content}
_SEPARATORS: Final = re.compile(r"[\s,;|]+")
# By the number of their bit.
_CLASSIFICATIONS: Final[Sequence[Content | None]] = (
    None,
    None,
    Content.DANGEROUS,
    Content.RESTRICTED,
    Content.LIQUID,
)
_DETAILS: Final[Sequence[Content | None]] = (
    None,
    Content.EXPLOSIVE,
    Content.FLAMMABLE,
    Content.TOXIC,
    Content.AEROSOLS,
    Content.ALCOHOL,
    Content.BATTERIES,
    Content.ELECTRONICS,
    Content.GUNS,
    Content.LIGHTERS,
    Content.NAIL_VARNISH,
    Content.PERFUME_OR_AFTERSHAVE,
    Content.MEDICINE,
    Content.LIVE_ANIMALS,
)
_UNKNOWN: Final = frozenset({Content.UNKNOWN})
_NOTHING: Final[Contents] = frozenset()


def contents_of_items(items: Any) -> frozenset[Contents]:
    """Return the flags of a package's items, without items that have none. Whatever is not an item has none.

    >>> items = [{"ContentClassification": "Dangerous, Liquid", "ContentClassificationDetails": 64}, {}]
    >>> [sorted(map(str, flags)) for flags in contents_of_items(items)]
    [['Batteries', 'Dangerous', 'Liquid']]
    """
    found = {_contents(item) for item in items if isinstance(item, Mapping)} if isinstance(items, list) else set()
    return frozenset(found - {_NOTHING})


def _contents(item: Mapping[str, Any]) -> Contents:
    return _flags(item.get("ContentClassification"), _CLASSIFICATIONS) | _flags(
        item.get("ContentClassificationDetails"), _DETAILS
    )


def _flags(value: Any, by_bit: Sequence[Content | None]) -> Contents:
    """Return the flags of a field. What says nothing is no flag; what can't be understood is `Unknown`."""
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, str):
        words = [word.casefold() for word in _SEPARATORS.split(value.strip()) if word]
        return frozenset(_BY_NAME.get(word, Content.UNKNOWN) for word in words if word not in _HARMLESS)
    flags = _flags_of_number(value, by_bit)
    return _UNKNOWN if flags is None else frozenset(flags)


def _flags_of_number(value: Any, by_bit: Sequence[Content | None]) -> list[Content] | None:
    """Return the flags of a number by its bits, or None for whatever is no such number."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << len(by_bit):
        return None
    return [flag for bit, flag in enumerate(by_bit) if flag is not None and value >> bit & 1]


def classification_named(value: Any) -> Any:
    """Return the names for a number of `ContentClassification`; whatever else was sent stays.

    >>> classification_named(4), classification_named(2), classification_named("Liquid")
    ('Dangerous', None, 'Liquid')
    """
    return _named(value, _CLASSIFICATIONS)


def details_named(value: Any) -> Any:
    """Return the names for a number of `ContentClassificationDetails`, several with commas.

    >>> details_named(32 + 64), details_named(1 << 20)
    ('Alcohol, Batteries', 1048576)
    """
    return _named(value, _DETAILS)


def _named(value: Any, by_bit: Sequence[Content | None]) -> Any:
    flags = _flags_of_number(value, by_bit)
    return value if flags is None else ", ".join(flags) or None
