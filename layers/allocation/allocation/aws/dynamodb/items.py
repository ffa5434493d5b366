"""JSON documents as DynamoDB items and back, numbers included: the table has no floats, and a summary may have some."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(document: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON document as an item; a number that DynamoDB has no room for (38 digits, 1E-130 to 1E+126) as text."""
    return {name: _serialize(storable(value)) for name, value in document.items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON document of an item; its whole numbers are integers, the others floats."""
    return {name: plain(_deserialize(value)) for name, value in item.items()}


def storable(value: Any) -> Any:
    """A JSON value with its numbers as DynamoDB takes them."""
    if isinstance(value, Mapping):
        return {name: storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        number = DYNAMODB_CONTEXT.create_decimal(str(value))
    except ArithmeticError:
        return str(value)
    return number if number.is_finite() else str(value)


def plain(value: Any) -> Any:
    """An item's value with its numbers as JSON has them."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
