"""Reads a stack's allocation records: those of an order, or the newest ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.batches import batches
from allocation.domain.outcome import STATES as ALL_STATES
from allocation.records.record_document import moment_text
from cli.stack.observer import read_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]

# The attribute that is the table's key.
KEY: Final = "consignmentReference"
# Every state of a record.
STATES: Final[tuple[str, ...]] = ALL_STATES
# Records that `newest` looks at. The table has no index by time, so it reads all of them.
MAX_SCANNED: Final = 20_000

_INDEX: Final = "consignments-by-order"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest records, and whether the table has more than were looked at."""

    records: list[Record]
    is_cut: bool


def records_of(dynamodb: "DynamoDBClient", table: str, order: str) -> list[Record]:
    """Return the records of an order's consignments, in the order of their references."""
    return sorted(map(read_record, items_of(dynamodb, table, order)), key=lambda record: str(record[KEY]))


def items_of(dynamodb: "DynamoDBClient", table: str, order: str) -> Iterator[dict[str, Any]]:
    """Yield the table's items of an order's consignments."""
    for keys in batches(_keys_of(dynamodb, table, order), MAX_KEYS):
        wanted: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}}
        while wanted:
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, [])
            wanted = answer.get("UnprocessedKeys", {})


def items_since(dynamodb: "DynamoDBClient", table: str, moment: datetime) -> Iterator[dict[str, Any]]:
    """Yield the table's items that were written at the aware `moment` or later."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ConsistentRead=True,
        FilterExpression="allocatedAt >= :since",
        ExpressionAttributeValues={":since": {"S": moment_text(moment)}},
    )
    return (item for page in pages for item in page["Items"])


def newest(dynamodb: "DynamoDBClient", table: str, most: int, state: str = "") -> Newest:
    """Return the newest records, at most `most`, of a state or of all."""
    scanned, found = 0, list[Record]()
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        scanned += page["ScannedCount"]
        records = map(read_record, page["Items"])
        found = newest_of([*found, *(record for record in records if state in {"", record.get("state")})], most)
        if scanned >= MAX_SCANNED:
            return Newest(found, is_cut="LastEvaluatedKey" in page)
    return Newest(found, is_cut=False)


def newest_of(records: list[Record], most: int) -> list[Record]:
    """Return the newest of some records, at most `most`, the newest first."""
    return nlargest(most, records, key=lambda record: str(record.get("allocatedAt", "")))


def _keys_of(dynamodb: "DynamoDBClient", table: str, order: str) -> Iterator[dict[str, Any]]:
    """Yield the keys of an order's records, page by page."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=_INDEX,
        KeyConditionExpression="orderReference = :order",
        ExpressionAttributeValues={":order": {"S": order}},
    )
    return ({KEY: item[KEY]} for page in pages for item in page["Items"])
