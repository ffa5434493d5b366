"""JSON whose numbers are exact both ways: numbers with a point are `Decimal`, never floats."""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

MAX_DIGITS: Final = 30
"""A number with more digits before or after its point is written with an exponent."""


def parsed(text: str) -> Any:
    """The data of a JSON text. Raises `ValueError` for anything else, NaN and Infinity included (RFC 8259, 6)."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=refused)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ArithmeticError as error:
        raise ValueError("a number is out of range") from error


def refused(name: str) -> NoReturn:
    """Refuses what Python's parser takes beyond JSON."""
    raise ValueError(f"{name} is not JSON")


def written(value: Any) -> str:
    """The JSON text of plain data, a `Decimal` with just the digits it has.

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
