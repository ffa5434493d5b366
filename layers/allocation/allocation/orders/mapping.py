"""A shop's own order format, turned into ours before it is read: one JMESPath expression (`docs/mapping.md`).

Imported only where a mapping is configured: most stacks have none.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import jmespath
from aws_lambda_powertools.utilities.jmespath_utils import PowertoolsFunctions
from jmespath.exceptions import JMESPathError
from jmespath.functions import signature
from jmespath.parser import ParsedResult

from allocation.domain.errors import InvalidFileError, RefusalCode
from allocation.domain.frozen import frozen
from allocation.exact_json import parsed
from allocation.orders.refusals import refused

_FORMAT: Final = 1
_KEYS: Final = ("format", "name", "when", "order")
PACKAGED: Final = Path(__file__).with_name("mappings")
# An expression that a person writes has a few thousand characters.
_MAX_EXPRESSION: Final = 50_000


class InvalidMappingError(InvalidFileError):
    """A mapping can't be used. The message says which part, and what to write."""


class _Functions(PowertoolsFunctions):
    """JMESPath's functions, those of Powertools (`powertools_json`, `powertools_base64`), and `product`."""

    @signature({"types": ["array-number"]})
    def _func_product(self, numbers: list[float]) -> float:
        """Multiply: JMESPath itself has no arithmetic, and a line of an order has a quantity and a weight."""
        product: float = 1
        for number in numbers:
            product *= number
        return product


@frozen
class OrderMapping:
    """A mapping, ready to use. `when` chooses the messages that it is for; all others stay as they are."""

    name: str
    when: ParsedResult
    order: ParsedResult

    def applied(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the order-created event that a shop's order stands for, or `event` itself if it is not one.

        Raises `InvalidMessageError` `NotMappable` if the expression fails on it or makes no object of it.
        """
        try:
            given = _with_floats(event)
            if not self.when.search(given, _OPTIONS):
                return event
            order = self.order.search(given, _OPTIONS)
        except (JMESPathError, ArithmeticError, ValueError, TypeError, RecursionError) as error:
            # JMESPath's messages may quote the order: only the kind of error is told.
            kind = type(error).__name__
            raise refused(
                RefusalCode.NOT_MAPPABLE,
                f"the mapping {self.name!r} fails on this message ({kind}): "
                "try it with ./carrier orders check --mapping",
            ) from None
        if not isinstance(order, dict):
            told = f"the mapping {self.name!r} makes no object of this message: see its `order`"
            raise refused(RefusalCode.NOT_MAPPABLE, told)
        mapped: dict[str, Any] = _with_decimals(order)
        return mapped


_OPTIONS: Final = jmespath.Options(custom_functions=_Functions())


def read_mapping(text: str) -> OrderMapping:
    """Return the mapping of a JSON document. Raises `InvalidMappingError`."""
    try:
        document = parsed(text)
    except ValueError as error:
        raise InvalidMappingError(f"the mapping is not JSON: {error}") from error
    return mapping_of(document)


def mapping_of(document: Any) -> OrderMapping:
    """Return the mapping that a document describes. Raises `InvalidMappingError`, which names the key."""
    if not isinstance(document, dict):
        raise InvalidMappingError(f"a mapping is an object with the keys {', '.join(_KEYS)}")
    unknown = sorted(map(str, document.keys() - set(_KEYS)))
    if unknown:
        raise InvalidMappingError(f"unknown key {unknown[0]!r}: a mapping has {', '.join(_KEYS)}")
    if document.get("format") != _FORMAT or isinstance(document.get("format"), bool):
        raise InvalidMappingError(f"format must be {_FORMAT}")
    name = document.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 64 or not name.isprintable():
        raise InvalidMappingError("name must be a text of 1 to 64 characters")
    return OrderMapping(name, _expression(document, "when"), _expression(document, "order"))


def packaged_mapping(name: str) -> OrderMapping:
    """Return one of the mappings that come with the package. Raises `InvalidMappingError` for an unknown name."""
    names = sorted(path.stem for path in PACKAGED.glob("*.json"))
    if name not in names:
        raise InvalidMappingError(f"there is no packaged mapping {name!r}: there are {', '.join(names)}")
    return read_mapping((PACKAGED / f"{name}.json").read_text("utf-8"))


def _expression(document: dict[str, Any], key: str) -> ParsedResult:
    text = document.get(key)
    if not isinstance(text, str) or not text.strip() or len(text) > _MAX_EXPRESSION:
        raise InvalidMappingError(f"{key} must be a JMESPath expression of at most {_MAX_EXPRESSION} characters")
    try:
        return jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        raise InvalidMappingError(f"{key} is not a JMESPath expression: {str(error)[:500]}") from error


def _with_floats(value: Any) -> Any:
    """Return the same data with floats: JMESPath knows no `Decimal`. The reader rounds what they are off by."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    return [_with_floats(item) for item in value] if isinstance(value, list) else value


def _with_decimals(value: Any) -> Any:
    """Return the same data with the shortest `Decimal` of each float, as if it had been read from JSON."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _with_decimals(item) for key, item in value.items()}
    return [_with_decimals(item) for item in value] if isinstance(value, list) else value
