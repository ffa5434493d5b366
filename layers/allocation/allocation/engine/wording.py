"""How the engine writes values for people: decimals, ranges, lists, places and weekdays."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from allocation.domain.postcodes import UK_POSTCODE_COUNTRIES
from allocation.engine.conditions import Range
from allocation.engine.zones import ZONE_SIGN

# How many places or tags of a list are named.
_MAX_LISTED: Final = 6
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WITH_HYPHEN: Final = frozenset({"US", *UK_POSTCODE_COUNTRIES})
# What follows the sector of a UK postcode, or the third character of another one.
_HOUSE: Final = re.compile(r"(?<= [0-9])[A-Z]{2}$|(?<=^[A-Z]{2}:[A-Z0-9]{3})[A-Z0-9]+$")


def plain(value: Decimal) -> str:
    """Return a decimal without exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def grouped(value: Decimal) -> str:
    """Return a decimal as people read it, thousands separated.

    >>> grouped(Decimal("4800.50"))
    '4,800.5'
    """
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Decimal, unit: str) -> str:
    """Return a number as people read it, with its unit.

    >>> quantity(Decimal("1200.50"), "GBP"), quantity(Decimal(1), "packages")
    ('1,200.5 GBP', '1 package')
    """
    return f"{grouped(value)} {_unit(value, unit)}"


def _unit(value: Decimal, unit: str) -> str:
    return unit.removesuffix("s") if value == 1 else unit


def range_text(bounds: Range, unit: str) -> str:
    """Return a closed range in words.

    >>> range_text(Range(None, Decimal("30")), "Kg")
    'at most 30 Kg'
    """
    if bounds.minimum is None:
        return "any" if bounds.maximum is None else f"at most {plain(bounds.maximum)} {_unit(bounds.maximum, unit)}"
    if bounds.maximum is None:
        return f"at least {plain(bounds.minimum)} {_unit(bounds.minimum, unit)}"
    return f"{plain(bounds.minimum)} to {plain(bounds.maximum)} {unit}"


def span_text(values: Iterable[Decimal], unit: str) -> str:
    """Return the lowest and the highest of some values."""
    ordered = sorted(values)
    lowest, highest = plain(ordered[0]), plain(ordered[-1])
    return f"{lowest} {_unit(ordered[0], unit)}" if lowest == highest else f"{lowest} to {highest} {unit}"


def list_text(items: Iterable[str], most: int = _MAX_LISTED) -> str:
    """Return the first items in order, at most so many, and how many more there are."""
    ordered = sorted(items)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(ordered[:most]) + more if ordered else "none"


def closest_name(wanted: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like the wanted one, whatever the case of its letters; None for none alike.

    >>> closest_name("valuablegood", ["nextDay", "valuableGoods"])
    'valuableGoods'
    """
    from difflib import get_close_matches  # only a mistake needs it

    in_any_case = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(wanted.casefold(), in_any_case, n=1)
    return in_any_case[close[0]] if close else None


def there_is_no(kind: str, reference: str, known: Iterable[str]) -> str:
    """Return that the catalogue lacks a reference, and the one that was probably meant or some that it has."""
    close = closest_name(reference, known)
    return f"There is no {kind} {reference!r}. " + (
        f"Did you mean {close!r}?" if close else f"The catalogue has: {list_text(known)}."
    )


def unknown_tags_text(count: int, kind: str) -> str:
    """Return how many tags of a kind the catalogue does not know.

    >>> unknown_tags_text(2, "tag")
    '2 tags that no service carries'
    """
    return f"{count} {kind}{'' if count == 1 else 's'} that no service carries"


def tags_text(tags: frozenset[str], known: frozenset[str]) -> str:
    """Return the tags that the catalogue knows, and how many others there are: those may be personal data.

    >>> tags_text(frozenset({"Alcohol", "Jane Doe"}), frozenset({"Alcohol"}))
    'Alcohol and 1 tag that no service carries'
    """
    others = len(tags) - len(known)
    if not others:
        return list_text(known)
    text = unknown_tags_text(others, "tag")
    return f"{list_text(known)} and {text}" if known else text


def places_text(keys: Iterable[str]) -> str:
    """Return a list of places as a catalogue writes them."""
    return list_text(map(_place_text, keys))


def place_texts(keys: Iterable[str]) -> list[str]:
    """Return places in order, each as a catalogue writes it."""
    return sorted(map(_place_text, keys))


def _place_text(key: str) -> str:
    """Return a place key as a catalogue writes it; the UK's and the US's parts in the older way, which many have.

    >>> _place_text("GB:IV27"), _place_text("DE:10"), _place_text("@HIGHLANDS")
    ('GB-IV27', 'DE:10', 'HIGHLANDS')
    """
    if key.startswith(ZONE_SIGN):
        return key.removeprefix(ZONE_SIGN)
    country = key.partition(":")[0]
    return key.replace(":", "-") if country in _WITH_HYPHEN else key


def area_text(keys: Sequence[str]) -> str:
    """Return the country of an address's place keys, with the postcode area, ZIP3 or region if any, and no more.

    >>> area_text(("GB:M1 5WG", "GB:M1 5", "GB:M1", "GB:M", "GB", "*"))
    'GB M'
    >>> area_text(("US:10001", "US:1000", "US:100", "US:10", "US:1", "US-NY", "US", "*"))
    'US 100'
    >>> area_text(("ES:35", "ES:3", "ES-GC", "ES-CN", "ES", "*")), area_text(("FR:7", "FR", "*"))
    ('ES-CN', 'FR')
    """
    country = keys[-2]
    parts = [key for key in keys if ":" in key]
    if country in UK_POSTCODE_COUNTRIES and parts:
        return parts[-1].replace(":", " ")
    if country == "US":
        return parts[-3].replace(":", " ")
    regions = [key for key in keys if key.startswith(f"{country}-")]
    return regions[-1] if regions else country


def outward_text(keys: Sequence[str]) -> str:
    """Return the country of an address's place keys, and of a UK postcode the outward part.

    >>> outward_text(("GB:SW1A 1AA", "GB:SW1A 1", "GB:SW1A", "GB:SW1", "GB:SW", "GB", "*"))
    'GB SW1A'
    >>> outward_text(("US:100", "US:10", "US:1", "US-NY", "US", "*")), outward_text(("FR:75", "FR:7", "FR", "*"))
    ('US', 'FR')
    """
    country = keys[-2]
    parts = [key for key in keys if ":" in key and " " not in key] if country in UK_POSTCODE_COUNTRIES else []
    return parts[0].replace(":", " ") if parts else country


def exclusions_text(excluded: frozenset[str], destination: Iterable[str]) -> str:
    """Return the entries that exclude a destination, and how many others there are.

    A UK postcode is cut to its sector, another one to three characters: the rest would tell where someone lives.
    """
    matching = [_HOUSE.sub("", key) for key in destination if key in excluded]
    others = len(excluded) - len(matching)
    more = f" (and {others} more)" if others else ""
    return f"not in {places_text(matching)}{more}"


def weekdays_text(delivers: tuple[bool, ...]) -> str:
    """Return the days by name; more than two in a row by the first and the last.

    >>> weekdays_text((True, True, True, True, True, False, False))
    'Mon-Fri'
    >>> weekdays_text((True, False, True, False, False, True, True))
    'Mon Wed Sat Sun'
    """
    days = [number for number, on in enumerate(delivers) if on]
    if len(days) > 2 and days[-1] - days[0] + 1 == len(days):
        return f"{_WEEKDAYS[days[0]]}-{_WEEKDAYS[days[-1]]}"
    return " ".join(_WEEKDAYS[day] for day in days)
