"""The compiled form of a catalogue's parts: reading and writing of plain fields by their names and types.

A field `daily_limit` has the key `dailyLimit`. Each part refuses keys that it does not know: a rule that this version
cannot apply must not be ignored.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from allocation.domain.consignment import Direction
from allocation.domain.contents import Content
from allocation.domain.currencies import Money
from allocation.domain.errors import InvalidFileError
from allocation.engine.loaded_catalogue import Feature, Residential
from allocation.engine.loaded_prices import Divisor

_Part = TypeVar("_Part")
# Seconds since 1970 are the greatest whole numbers, cubic Cm the greatest others.
_MAX_WHOLE: Final = 10**11
_MAX_DIGITS: Final = 60
_MAX_EXPONENT: Final = 20


class InvalidCatalogueError(InvalidFileError):
    """A compiled catalogue can't be used: it is cut off, changed by hand, or of a format or with keys unknown here."""


def write_part(kind: type, source: object, **given: Any) -> dict[str, Any]:
    """Return the compiled form of a part of type `kind`.

    Its fields are the attributes of `source` with the same names, or `given` in their compiled form. A field that has
    its default is left out, so that versions which do not know the field can read the catalogue. Raises `TypeError` for
    a field that is neither plain nor given: a rule must not get lost.
    """
    part = {}
    for name, key, read, default in _plain_fields(kind):
        if name not in given and read is None:
            raise TypeError(f"{kind.__name__}.{name} is not plain: give its compiled form")
        value = given[name] if name in given else _compiled(getattr(source, name))
        if value != _compiled(default):
            part[key] = value
    return part


def _compiled(value: Any) -> Any:
    """Return a plain value as JSON has it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return [_compiled(item) for item in value] if isinstance(value, list | tuple) else value


class _PlainField(NamedTuple):
    """A field of a part: its key in the compiled form, and how to read its value; None where it is not plain."""

    name: str
    key: str
    read: Callable[[Any], Any] | None
    default: Any


def read_part(kind: type[_Part], item: dict[str, Any], **given: Any) -> _Part:
    """Return a part of type `kind` from what is left of its compiled form; the fields in `given` are read already.

    Raises `InvalidCatalogueError` for a key that is none of the part's, `KeyError` for one that is missing.
    """
    for name, key, read, default in _plain_fields(kind):
        if name in given or read is None:
            continue
        if key in item:
            given[name] = read(item.pop(key))
        elif default is MISSING:
            raise KeyError(key)
    refuse_unknown(kind.__name__.lower(), item)
    return kind(**given)


def refuse_unknown(part: str, item: Iterable[str]) -> None:
    """Raise `InvalidCatalogueError` for keys that nothing has read."""
    if unknown := ", ".join(sorted(item)):
        raise InvalidCatalogueError(
            f"the compiled catalogue has keys that are unknown here ({part}: {unknown}): "
            "deploy the version that compiled it, or compile it with the deployed one"
        )


def _plain_fields(kind: Any) -> tuple[_PlainField, ...]:
    known = _FIELDS.get(kind)
    if known is None:
        known = _FIELDS[kind] = tuple(
            _PlainField(item.name, _key(item.name), _READERS.get(item.type), item.default) for item in fields(kind)
        )
    return known


def _key(name: str) -> str:
    return re.sub("_([a-z])", lambda match: match[1].upper(), name)


def _of_type(kind: type[_Part]) -> Callable[[Any], _Part]:
    def read(value: Any) -> _Part:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not a {kind.__name__}")
        return value

    return read


def _optional(read: Callable[[Any], _Part]) -> Callable[[Any], _Part | None]:
    return lambda value: None if value is None else read(value)


# A large catalogue has the same prices, weights and places again and again: they are read and kept once.
@lru_cache(65_536)
def decimal(digits: Any) -> Decimal:
    """Return the number of a text. Raises `TypeError` and `ValueError` for anything else, NaN and infinity included."""
    if len(text(digits)) > _MAX_DIGITS:
        raise ValueError("a number has too many digits")
    number = Decimal(digits)
    if not number.is_finite() or not -_MAX_EXPONENT < number.adjusted() < _MAX_EXPONENT:
        raise ValueError(f"{digits!r} is not a number that can be worked with")
    return number


def at(items: Sequence[_Part], number: Any) -> _Part:
    """Return the item at a position. Raises `TypeError` and `IndexError` for anything that is none."""
    position = whole(number)
    if position < 0:
        raise IndexError(f"there is no item {position}")
    return items[position]


def listed(items: Any, read: Callable[[Any], _Part]) -> list[_Part]:
    """Return the items of a list, each as `read` reads it. Raises `TypeError` for anything that is not a list."""
    return list(map(read, a_list(items)))


def a_list(value: Any) -> list[Any]:
    """Return a list. Raises `TypeError` for anything else."""
    if type(value) is not list:
        raise TypeError(f"{value!r} is not a list")
    return value


def text_set(items: Any) -> frozenset[str]:
    """Return the texts of a list. Raises `TypeError` for anything else."""
    return _texts(tuple(a_list(items)))


@lru_cache(65_536)
def _texts(items: tuple[Any, ...]) -> frozenset[str]:
    return frozenset(map(text, items))


def money(pair: Sequence[str]) -> Money:
    """Return the money of an amount and a currency. Raises `TypeError` and `ValueError` for anything else."""
    amount, currency = pair
    return Money(decimal(amount), text(currency))


def week(days: Sequence[_Part]) -> tuple[_Part, ...]:
    """Return the days of a week; raise `ValueError` for another number of days."""
    if len(days) != 7:
        raise ValueError("a week has 7 days")
    return tuple(days)


def whole_pair(items: Any) -> tuple[int, int]:
    """Return two whole numbers. Raises `TypeError` and `ValueError` for anything else."""
    first, last = listed(items, whole)
    return first, last


def _divisor(digits: Any) -> Divisor:
    """Return a divisor as it is written: cubic Cm, and after a stroke the Kg that they count as, if not one."""
    space, _, mass = text(digits).partition("/")
    divisor = Divisor(decimal(space), decimal(mass or "1"))
    if divisor.space <= 0 or divisor.mass <= 0:
        raise ValueError(f"{digits!r} is no divisor")
    return divisor


def text(value: Any) -> str:
    """Return a text. Raises `TypeError` for anything else, `ValueError` for one that no file or message can have."""
    if type(value) is not str:
        raise TypeError(f"{value!r} is not a str")
    if not value.isascii():
        value.encode()
    return value


def whole(value: Any) -> int:
    """Return a whole number. Raises `TypeError` for anything else, `ValueError` for one that no field can mean."""
    if type(value) is not int:
        raise TypeError(f"{value!r} is not an int")
    if abs(value) > _MAX_WHOLE:
        raise ValueError("a whole number is out of bounds")
    return value


flag = _of_type(bool)
text_or_none, decimal_or_none, money_or_none = _optional(text), _optional(decimal), _optional(money)
# How a plain field is read, by its type.
_READERS: Final[Mapping[Any, Callable[[Any], Any]]] = {
    str: text,
    str | None: text_or_none,
    int: whole,
    int | None: _optional(whole),
    bool: flag,
    bool | None: _optional(flag),
    Decimal: decimal,
    Decimal | None: decimal_or_none,
    Divisor | None: _optional(_divisor),
    Money | None: money_or_none,
    Direction: Direction,
    frozenset[str]: text_set,
    frozenset[str] | None: _optional(text_set),
    Residential: Residential,
    frozenset[Content]: lambda items: frozenset(listed(items, Content)),
    frozenset[Feature]: lambda items: frozenset(listed(items, Feature)),
    tuple[bool, ...]: lambda days: week(listed(days, flag)),
    tuple[int, int]: whole_pair,
}
_FIELDS: Final[dict[type, tuple[_PlainField, ...]]] = {}
