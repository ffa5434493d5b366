"""Finds the records that a reference names: an order's, a consignment's, the sender's own, an event's or a parcel's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allocation.aws.dynamodb.listings import BY_CUSTOMER_REFERENCE
from cli.operations.records import KEY, MAX_SCANNED, Record, records_of
from cli.operations.target import Target
from cli.stack.observer import read_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Bytes of a key of DynamoDB's. Nothing longer is a reference of ours.
_MAX_NAME: Final = 1024


class NamedBy(StrEnum):
    """What a reference is of the records that were found by it."""

    ORDER = "order"
    CONSIGNMENT = "consignment"
    # The sender's own reference of a consignment, an event's id or a tracking reference.
    OTHER = "other"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """The records that a reference names, by consignment reference."""

    named_by: NamedBy
    records: Sequence[Record] = ()
    others: int = 0
    """How many more consignments their orders have."""
    is_cut: bool = False
    """Whether the table has more records than were looked at."""


def find_records(target: Target, name: str) -> FoundRecords:
    """Return the records that a reference names.

    Orders and consignments are found by their keys, also where they share a reference, and a consignment by the id of
    its event, as `EC-000-05B-MMA#1`. Only if there is none, the table is read: no index has the other references.
    """
    if len(name.encode(errors="replace")) > _MAX_NAME or any("\ud800" <= letter <= "\udfff" for letter in name):
        return FoundRecords(NamedBy.NOTHING)
    dynamodb, table = target.dynamodb, target.allocations_table
    ordered = records_of(dynamodb, table, name)
    consignment, _, version = name.rpartition("#")
    named = _of_consignments(dynamodb, table, [name, *([consignment] if consignment and version.isdecimal() else [])])
    if ordered or named:
        kind = NamedBy.ORDER if ordered else NamedBy.CONSIGNMENT
        return _found(target, kind, [*ordered, *named], is_cut=False)
    own = _of_consignments(dynamodb, table, _by_customer_reference(target, name))
    scanned, is_cut = ([], False) if own else _scanned(dynamodb, table, name)
    return _found(target, NamedBy.OTHER if own or scanned else NamedBy.NOTHING, [*own, *scanned], is_cut=is_cut)


def _found(target: Target, kind: NamedBy, records: Iterable[Record], *, is_cut: bool) -> FoundRecords:
    found = {str(record[KEY]): record for record in records}
    orders = {str(record["orderReference"]) for record in found.values()}
    of_orders = () if kind is NamedBy.ORDER else (each for order in orders for each in _records(target, order))
    others = sum(record[KEY] not in found for record in of_orders)
    return FoundRecords(kind, [found[reference] for reference in sorted(found)], others, is_cut)


def _records(target: Target, order: str) -> list[Record]:
    return records_of(target.dynamodb, target.allocations_table, order)


def _of_consignments(dynamodb: "DynamoDBClient", table: str, references: Iterable[str]) -> list[Record]:
    """Return the records of consignments, of those that have one."""
    keys: Iterator[Any] = ({KEY: {"S": reference}} for reference in references)
    answers = (dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True) for key in keys)
    return [read_record(answer["Item"]) for answer in answers if "Item" in answer]


def _by_customer_reference(target: Target, name: str) -> list[str]:
    """Return the kept consignments with the sender's own reference; none where none are kept or may be read."""
    if not target.consignments_table:
        return []
    try:
        pages = target.dynamodb.get_paginator("query").paginate(
            TableName=target.consignments_table,
            IndexName=BY_CUSTOMER_REFERENCE,
            KeyConditionExpression="customerReference = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )
        return [item[KEY]["S"] for page in pages for item in page["Items"]]
    except ClientError:
        return []


def _scanned(dynamodb: "DynamoDBClient", table: str, name: str) -> tuple[list[Record], bool]:
    """Return the records that have a reference anywhere else, and whether the table goes on unread."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    found: list[Record] = []
    scanned = 0
    for page in pages:
        scanned += page["ScannedCount"]
        found += (record for record in map(read_record, page["Items"]) if _is_named(record, name))
        if scanned >= MAX_SCANNED:
            return found, "LastEvaluatedKey" in page
    return found, False


def _is_named(record: Record, name: str) -> bool:
    """Return whether a record has a reference as the sender's own, an event's id or a tracking reference."""
    legs = (record.get("allocationSummary") or {}).get("ConsignmentLegs") or ()
    several = [*record.get("eventIds", ()), *(each for leg in legs for each in leg.get("TrackingReferences") or ())]
    refused = (record.get("refusedUpdate") or {}).get("eventId")
    return name in {*several, refused, *(record.get(field) for field in ("customerReference", "eventId", "updatedBy"))}
