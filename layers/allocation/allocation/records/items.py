"""Records as DynamoDB's items and back: the one way in and out of the table, for queue, API and stream alike.

Numbers are exact both ways. DynamoDB has no floats: a float is kept as the decimal number that it is written as.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer
from pydantic import ValidationError

from allocation.domain.record import AllocationRecord, RecordSeen, RefusedUpdate
from allocation.records.record_document import record_document, refusal_document
from allocation.records.stored_record import StoredRecord, is_of_later_version

# Attributes by name, each with its DynamoDB type, as `{"version": {"N": "1"}}`.
DynamoItem = Mapping[str, Any]

_EVENT_FIELDS: Final = frozenset(str(field.alias) for field in StoredRecord.model_fields.values()) - {"explanation"}
# What a reader asks for who only wants to know how a consignment stands: the rest is large.
SEEN_FIELDS: Final = tuple(sorted(_EVENT_FIELDS - {"allocationSummary", "expiresAt", "price", "why"}))
# No record of ours, or one of a later version, but something is there: it is never overwritten.
_UNREADABLE: Final = RecordSeen(state="", version=0)
_serialize: Final = TypeSerializer().serialize
_deserialize: Final = TypeDeserializer().deserialize


def record_item(record: AllocationRecord) -> dict[str, Any]:
    """Return a record as an item."""
    return to_item(record_document(record))


def refusal_item(refused: RefusedUpdate, seen: RecordSeen) -> dict[str, Any]:
    """Return the attributes that change when the record that was seen refuses an update."""
    return to_item(refusal_document(refused, seen))


def stored_record(item: DynamoItem) -> StoredRecord | None:
    """Return the record of an item, or None if a later version of this software wrote it.

    Raises `ValidationError` for an item that is no allocation record.
    """
    document = from_item(item)
    return None if is_of_later_version(document) else StoredRecord.model_validate(document)


def record_seen(item: DynamoItem) -> RecordSeen:
    """Return how the consignment of an item stands. The item has at least `SEEN_FIELDS`, where its record has them."""
    try:
        document = from_item(item)
        return _UNREADABLE if is_of_later_version(document) else StoredRecord.model_validate(document).seen()
    except ValidationError:
        return _UNREADABLE


def event_fields(item: DynamoItem) -> DynamoItem:
    """Return the attributes of a record that its event needs."""
    return {name: value for name, value in item.items() if name in _EVENT_FIELDS}


def to_item(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON document as an item.

    A number that DynamoDB has no room for (38 digits, 1E-130 to 1E+126) becomes text.
    """
    return {name: _serialize(_storable(value)) for name, value in document.items()}


def from_item(item: DynamoItem) -> dict[str, Any]:
    """Return the JSON document of an item: whole numbers are `int`, the others `Decimal`."""
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _storable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    try:
        number = DYNAMODB_CONTEXT.create_decimal(str(value))
    except ArithmeticError:
        return str(value)
    return number if number.is_finite() else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    return value
