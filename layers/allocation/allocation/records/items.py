"""Records as DynamoDB's items and back: the one way in and out of the table, for queue, API and stream alike.

Numbers are exact both ways. DynamoDB has no floats: a float is kept as the decimal number that it is written as.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any, Final
from zlib import crc32

from pydantic import ValidationError

from allocation.domain.outcome import Allocated
from allocation.domain.record import AllocationRecord, RecordSeen, RefusedUpdate
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.domain.tracking import DELIVERY_STATES
from allocation.records.canary import SENT_AT
from allocation.records.packed_summary import packed_summary, unpacked_summary
from allocation.records.record_document import record_document, refusal_document, step_document
from allocation.records.stored_record import StoredRecord, is_of_later_version

# Attributes by name, each with its DynamoDB type, as `{"version": {"N": "1"}}`.
DynamoItem = Mapping[str, Any]

_STATE: Final = "state"
# Where the state of a record stands that the index by state leaves out.
_QUEUE_STATE: Final = "queueState"
_SUMMARY: Final = "allocationSummary"
_FIELDS: Final = frozenset(str(field.alias) for field in StoredRecord.model_fields.values()) | {_QUEUE_STATE}
_EVENT_FIELDS: Final = _FIELDS - {"explanation", "asked"}
# The attribute by which an index lists the consignments of a state, and in how many parts.
LISTING: Final = "listing"
_LISTINGS: Final = 4
# The version of a record that got its `listing` later, by nothing but `./carrier orders index`.
LISTED_LATER: Final = "listedLater"
_DELIVERY: Final = "Delivery"
# What a reader asks for who only wants to know how a consignment stands: the rest is large.
SEEN_FIELDS: Final = tuple(sorted(_EVENT_FIELDS - {_SUMMARY, "expiresAt", "price", "why"}))
# No record of ours, or one of a later version, but something is there: it is never overwritten.
_UNREADABLE: Final = RecordSeen(state="", version=0)
# Whole numbers below it need no look at their digits.
_MAX_PLAIN: Final = 10**30
# What DynamoDB's numbers hold: 38 digits, 1E-130 to 1E+126, nothing rounded.
_NUMBERS: Final = Context(prec=38, Emin=-128, Emax=126, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])


def record_item(record: AllocationRecord, *, by_order: bool) -> dict[str, Any]:
    """Return a record as an item.

    What an order allocated (`by_order`) is found by its order only. The index by state has all other records, so that
    the many that nobody looks for by state don't pay for it.
    """
    document = record_document(record)
    if by_order and isinstance(record.outcome, Allocated):
        document[_QUEUE_STATE] = document.pop(_STATE)
    if _SUMMARY in document:
        document[_SUMMARY] = packed_summary(document[_SUMMARY])
    document[LISTING] = listing_of(record.consignment_reference, record.outcome.state)
    return to_item(document)


def list_name(state: str) -> str:
    """Return the name of the list of a state: all on the way to their recipient share one, as a search reads each."""
    return _DELIVERY if state in DELIVERY_STATES else state


def listings_of(name: str) -> list[str]:
    """Return the keys under which the index has a list: several, so that none takes all the writes."""
    return [f"{name}#{part}" for part in range(_LISTINGS)]


def listing_of(reference: str, state: str) -> str:
    """Return the key under which the index lists a consignment in a state."""
    return listings_of(list_name(state))[crc32(reference.encode()) % _LISTINGS]


def refusal_item(refused: RefusedUpdate, seen: RecordSeen) -> dict[str, Any]:
    """Return the attributes that change when the record that was seen refuses an update."""
    return to_item(refusal_document(refused, seen))


def step_item(step: Step, reference: ConsignmentReference, event_ids: Sequence[str], version: int) -> dict[str, Any]:
    """Return the attributes that change when the consignment of a record takes a step.

    The record has had these events, and this version. The index by state leaves a consignment out from its first step
    on: what lists it then is the index by time.
    """
    document = step_document(step, event_ids, version)
    document[_QUEUE_STATE] = document.pop(_STATE)
    document[LISTING] = listing_of(reference, step.state)
    return to_item(document)


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
    """Return the attributes of a record, or of the canary, that its event needs."""
    return {name: value for name, value in item.items() if name in _EVENT_FIELDS or name == SENT_AT}


def is_listed_later(item: DynamoItem) -> bool:
    """Return whether an item was written last to be listed, and nothing else of its record changed.

    Every other write gives the record another version, or leaves the attribute out.
    """
    return LISTED_LATER in item and item[LISTED_LATER] == item.get("version")


def to_item(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON document, which may have bytes, as an item.

    A number that DynamoDB has no room for (38 digits, 1E-130 to 1E+126) becomes text.
    """
    return {name: {"S": value} if type(value) is str else _written(value) for name, value in document.items()}


def from_item(item: DynamoItem) -> dict[str, Any]:
    """Return the document of a record's item as `record_document` writes it, whichever form the item has.

    Whole numbers are `int`, the others `Decimal`. What a later version wrote stays as it is. Raises `ValueError` or
    `TypeError` for what nobody could have kept.
    """
    document = _read_all(item)
    if is_of_later_version(document):
        return document
    if _QUEUE_STATE in document:
        document[_STATE] = document.pop(_QUEUE_STATE)
    if isinstance(packed := document.get(_SUMMARY), bytes):
        document[_SUMMARY] = unpacked_summary(packed)
    return document


def _written(value: Any) -> dict[str, Any]:
    """Return a value with its DynamoDB type."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, str):
        return {"S": str(value)}
    raise TypeError(f"a {type(value).__name__} can't be kept")


def _written_number(value: float | Decimal) -> dict[str, Any]:
    try:
        number = _NUMBERS.create_decimal(str(value))
    except ArithmeticError:
        return {"S": str(value)}
    return {"N": str(number)} if number.is_finite() else {"S": str(value)}


# By type, the most frequent first. Texts of other types, such as those of enums, are found by `isinstance`.
_WRITERS: Final[Mapping[type, Callable[[Any], dict[str, Any]]]] = {
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)} if -_MAX_PLAIN < value < _MAX_PLAIN else _written_number(value),
    bytes: lambda value: {"B": value},
    dict: lambda value: {"M": {name: _written(item) for name, item in value.items()}},
    list: lambda value: {"L": [_written(item) for item in value]},
    bool: lambda value: {"BOOL": value},
    type(None): lambda _: {"NULL": True},
    Decimal: _written_number,
    float: _written_number,
}


def _read_all(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return named values without their DynamoDB types. Raises as `_read` does."""
    read = {}
    for name, value in attributes.items():
        ((kind, content),) = value.items()
        # Most are texts.
        read[name] = content if kind == "S" and type(content) is str else _read_content(kind, content)
    return read


def _read(value: Any) -> Any:
    """Return a value without its DynamoDB type. Raises `TypeError` and `ValueError` for what has none."""
    ((kind, content),) = value.items()
    return _read_content(kind, content)


def _read_content(kind: str, content: Any) -> Any:
    read = _READERS.get(kind)
    if read is None:
        raise TypeError(f"{kind[:9]!r} is no type of DynamoDB's")
    return read(content)


def _read_number(text: str) -> int | Decimal:
    number = _NUMBERS.create_decimal(text)
    return int(number) if number == number.to_integral_value() else number


def _read_bytes(content: Any) -> bytes:
    """Return bytes, which a stream's event has as base64."""
    if isinstance(content, int):
        # `bytes` would make so many zeros of it.
        raise TypeError("a number stands where DynamoDB has bytes")
    return b64decode(content, validate=True) if isinstance(content, str) else bytes(content)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "S": str,
    "N": _read_number,
    "B": _read_bytes,
    "M": _read_all,
    "L": lambda content: [_read(item) for item in content],
    "BOOL": bool,
    "NULL": lambda _: None,
    "SS": set,
    "NS": lambda content: set(map(_read_number, content)),
    "BS": lambda content: set(map(_read_bytes, content)),
}
