"""The one reading and writing of strict JSON. Numbers are exact both ways: those with a point are `Decimal`."""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

# A number with more digits before or after its point is written with an exponent.
MAX_DIGITS: Final = 30


class TooDeepError(ValueError):
    """A JSON text is nested deeper than can be read."""


def parsed(text: str) -> Any:
    """Return the data of a JSON text; of a name that stands twice in an object, the last value counts.

    Raises `TooDeepError`, and `ValueError` for anything else that is not JSON, NaN and Infinity included (RFC 8259, 6).
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError as error:
        raise TooDeepError("nested too deeply to be read") from error
    except ArithmeticError as error:
        raise ValueError("a number has an exponent out of range") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def written(value: Any) -> str:
    """Return the JSON text of plain data, a `Decimal` with just the digits that it has.

    >>> written({"Net": Decimal("27.60"), "Tags": [], "Message": None})
    '{"Net":27.60,"Tags":[],"Message":null}'
    """
    if isinstance(value, Decimal):
        # 1E+999999 stays as short as it was sent.
        return format(value, "f") if -MAX_DIGITS < value.adjusted() < MAX_DIGITS else str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(written(item) for item in value) + "]"
    return json.dumps(value, allow_nan=False)
