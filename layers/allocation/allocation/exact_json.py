"""The one reading and writing of strict JSON. Numbers are exact both ways: those with a point are `Decimal`."""

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

from allocation.json_places import JsonPath, first_place, path_of, quoted

# A number with more digits before or after its point is written with an exponent.
MAX_DIGITS: Final = 30
# A null character as JSON escapes it: an even number of backslashes before it are escaped themselves.
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")


class TooDeepError(ValueError):
    """A JSON text is nested deeper than can be read."""


class DuplicateKeyError(ValueError):
    """An object of a JSON text has a key twice. Nothing says which of the two values counts."""

    def __init__(self, key: str, location: JsonPath) -> None:
        """`location` is the object's, empty for the outermost."""
        where = f" in {path_of(location)}" if location else ""
        super().__init__(f"the key {quoted(key)} stands twice{where}: send each key of an object once")


class NulError(ValueError):
    """A text or key of a JSON text holds a null character, which no carrier, label or table can."""

    def __init__(self, location: JsonPath) -> None:
        """`location` is the field's, empty where the whole text is one JSON string."""
        super().__init__(f"{path_of(location) or 'the text'} has a null character: remove it")


class _ConstantError(ValueError):
    """NaN or Infinity stands where JSON has a value."""


class _Repeated(dict[str, Any]):
    """An object that has a key twice."""

    key: str = ""


def parsed(text: str) -> Any:
    """Return the data of a JSON text.

    Raises `DuplicateKeyError`, `TooDeepError`, and `ValueError` for anything else that is not JSON, NaN and Infinity
    included (RFC 8259, 6).
    """
    reader = _Reader(text)
    value = reader.value(())
    reader.end()
    return value


def parsed_by_item(text: str, name: str, read: Callable[[Any], Any]) -> Any:
    """Return the data of a JSON text. If it is an object with a list `name`, `read` makes each item into another.

    The data of a large text takes eight times its room. This way, there is never more of that list than one item.
    Raises as `parsed` does, and what `read` raises.
    """
    reader = _Reader(text)
    if not reader.takes("{"):
        return parsed(text)
    found: dict[str, Any] = {}
    more = not reader.takes("}")
    while more:
        key = reader.value(())
        if type(key) is not str:
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, reader.at)
        if key in found:
            raise DuplicateKeyError(key, ())
        reader.expect(":")
        found[key] = reader.items(key, read) if key == name and reader.takes("[") else reader.value((key,))
        more = reader.takes(",")
        if not more:
            reader.expect("}")
    reader.end()
    return found


class _Reader:
    """Reads the values of a JSON text one after another."""

    def __init__(self, text: str) -> None:
        self.at = 0
        self._text = text
        self._repeated: list[_Repeated] = []
        # What reads objects knows the list and not the reader: one that held itself would keep its text, until garbage
        # is looked for.
        self._decode = json.JSONDecoder(
            parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_object_reader(self._repeated)
        ).raw_decode

    def value(self, location: JsonPath) -> Any:
        """Return the next value, which stands at `location`."""
        try:
            value, self.at = self._decode(self._text, self._next())
        except RecursionError as error:
            raise TooDeepError("nested too deeply to be read") from error
        except ArithmeticError as error:
            raise ValueError("a number has an exponent out of range") from error
        except (json.JSONDecodeError, _ConstantError):
            raise
        except ValueError as error:
            # Python converts no integer of more than 4,300 digits.
            raise ValueError("a number has too many digits") from error
        if self._repeated:
            place = first_place(value, _is_repeated)
            raise DuplicateKeyError(place.value.key, (*location, *place.location))
        return value

    def items(self, name: str, read: Callable[[Any], Any]) -> list[Any]:
        """Return what `read` makes of the items of a list, after its bracket."""
        found: list[Any] = []
        more = not self.takes("]")
        while more:
            found.append(read(self.value((name, len(found)))))
            more = self.takes(",")
            if not more:
                self.expect("]")
        return found

    def takes(self, sign: str) -> bool:
        """Pass over a sign if it comes next, and tell whether it does."""
        at = self._next()
        if not self._text.startswith(sign, at):
            return False
        self.at = at + 1
        return True

    def expect(self, sign: str) -> None:
        """Pass over a sign that has to come next."""
        if not self.takes(sign):
            raise json.JSONDecodeError(f"Expecting {sign!r}", self._text, self.at)

    def end(self) -> None:
        """Refuse anything that comes after the value."""
        if self._next() < len(self._text):
            raise json.JSONDecodeError("Extra data", self._text, self._next())

    def _next(self) -> int:
        found = _BLANKS.match(self._text, self.at)
        return found.end() if found else self.at


def refuse_nul(text: str, data: Any) -> None:
    """Raise `NulError` if a field or a key of a JSON text has a null character. `data` is what `parsed` made of it."""
    # The plain search is fast. Most texts end here.
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        raise NulError(first_place(data, _has_nul).location)


def _refuse(constant: str) -> NoReturn:
    raise _ConstantError(f"{constant} is not JSON")


def _object_reader(repeated: list[_Repeated]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """Return what makes an object of its pairs. One that has a key twice is added to the repeated ones."""

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        repeated.append(_repeated(pairs))
        return repeated[-1]

    return object_of


def _repeated(pairs: list[tuple[str, Any]]) -> _Repeated:
    """Return the object of these pairs, which have a key twice."""
    built = _Repeated(pairs)
    counts = Counter(key for key, _ in pairs)
    built.key = next(key for key, count in counts.items() if count > 1)
    return built


def _has_nul(value: Any, step: int | str | None) -> bool:
    """Tell whether a text, or the key that it stands under, has a null character."""
    return (isinstance(value, str) and "\0" in value) or (isinstance(step, str) and "\0" in step)


def _is_repeated(value: Any, step: int | str | None) -> bool:  # noqa: ARG001 - as `_has_nul`
    return isinstance(value, _Repeated)


# `json.dumps` with arguments makes one for each text.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def written(value: Any) -> str:
    """Return the JSON text of plain data, a `Decimal` with just the digits that it has.

    >>> written({"Net": Decimal("27.60"), "Tags": [], "Message": None})
    '{"Net":27.60,"Tags":[],"Message":null}'
    """
    try:
        # Most data has no `Decimal`: the standard library writes it many times as fast.
        return _ENCODER.encode(value)
    except TypeError:
        return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        # 1E+999999 stays as short as it was sent.
        return format(value, "f") if -MAX_DIGITS < value.adjusted() < MAX_DIGITS else str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{_written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return json.dumps(value, allow_nan=False)
