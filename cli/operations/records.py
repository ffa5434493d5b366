"""Reads a stack's allocation records: those of an order, or the newest ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.aws.dynamodb.consignments import BY_STATE
from allocation.aws.dynamodb.record_reading import BY_ORDER
from allocation.aws.dynamodb.search_queries import DynamoDBIndexReader
from allocation.batches import batches
from allocation.console.searching import AFTER_ALL, EntryList
from allocation.domain.state import CARRIED, State
from allocation.domain.state import STATES as ALL_STATES
from allocation.records.canary import is_canary
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
# What AWS, and what emulators, answer to a query of an index that is not there.
_NO_INDEX: Final = frozenset({"ValidationException", "ResourceNotFoundException"})
# The states that the index by state has whole.
_INDEXED: Final = frozenset(ALL_STATES) - set(CARRIED)


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
    return _items(dynamodb, table, _keys_of(dynamodb, table, BY_ORDER, "orderReference", order))


def items_in_state(dynamodb: "DynamoDBClient", table: str, state: State) -> Iterator[dict[str, Any]]:
    """Yield the table's items in a state, by the index. Of those that orders allocated it knows none.

    A stack without the API has no such index: there the table is read.
    """
    keys = _keys_of(dynamodb, table, BY_STATE, "state", state)
    try:
        first = next(keys, None)
    except ClientError as error:
        if cause_of(error) not in _NO_INDEX:
            raise
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        yield from (item for page in pages for item in page["Items"] if read_record(item).get("state") == state)
        return
    yield from _items(dynamodb, table, keys if first is None else chain([first], keys))


def _items(dynamodb: "DynamoDBClient", table: str, keys_of_items: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for keys in batches(keys_of_items, MAX_KEYS):
        wanted: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}}
        while wanted:
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, [])
            wanted = answer.get("UnprocessedKeys", {})


def items_since(
    dynamodb: "DynamoDBClient", table: str, moment: datetime, most_read: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the table's items that were written at the aware `moment` or later.

    There is no index by time: the table is read, all of it or about as many items as `most_read`.
    """
    read, pages = (
        0,
        dynamodb.get_paginator("scan").paginate(
            TableName=table,
            ConsistentRead=True,
            FilterExpression="allocatedAt >= :since",
            ExpressionAttributeValues={":since": {"S": moment_text(moment)}},
        ),
    )
    for page in pages:
        yield from page["Items"]
        read += page["ScannedCount"]
        if most_read is not None and read >= most_read:
            return


def items_listed(
    dynamodb: "DynamoDBClient", table: str, index: str, state: str, moment: datetime, most: int
) -> Iterator[dict[str, Any]]:
    """Yield the newest items that came into a state at the aware `moment` or later, by the console's index."""
    entries = DynamoDBIndexReader(dynamodb, table=index, records=table).listed(
        EntryList(state=state), moment_text(moment), AFTER_ALL
    )
    return _items(dynamodb, table, ({KEY: {"S": entry.consignment}} for entry in islice(entries, most)))


def newest(dynamodb: "DynamoDBClient", table: str, most: int, state: str = "") -> Newest:
    """Return the newest records, at most `most`, of a state or of all."""
    if state in _INDEXED:
        items = islice(items_in_state(dynamodb, table, state), MAX_SCANNED + 1)
        known = [read_record(item) for item in items]
        return Newest(newest_of(known[:MAX_SCANNED], most), is_cut=len(known) > MAX_SCANNED)
    scanned, found = 0, list[Record]()
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        scanned += page["ScannedCount"]
        records = (read_record(item) for item in page["Items"] if not is_canary(item))
        found = newest_of([*found, *(record for record in records if state in {"", record.get("state")})], most)
        if scanned >= MAX_SCANNED:
            return Newest(found, is_cut="LastEvaluatedKey" in page)
    return Newest(found, is_cut=False)


def newest_of(records: list[Record], most: int) -> list[Record]:
    """Return the newest of some records, at most `most`, the newest first."""
    return nlargest(most, records, key=lambda record: str(record.get("allocatedAt", "")))


def _keys_of(
    dynamodb: "DynamoDBClient", table: str, index: str, attribute: str, value: str
) -> Iterator[dict[str, Any]]:
    """Yield the keys of the records that an index has under a value, page by page."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="#attribute = :value",
        ExpressionAttributeNames={"#attribute": attribute},
        ExpressionAttributeValues={":value": {"S": value}},
    )
    return ({KEY: item[KEY]} for page in pages for item in page["Items"])
