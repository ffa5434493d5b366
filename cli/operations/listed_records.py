"""Lists records that are older than the index of the API's lists, so that searches find them.

The table is read in segments, of which each can be begun again. A record gets the attribute of the index, if it still
has the version that was read. Nothing else of it changes, so it has no new event and expires when it did.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.record_writes import UNCHANGED
from allocation.domain.state import STATES
from allocation.records.canary import is_canary
from allocation.records.items import LISTED_LATER, LISTING, SEEN_FIELDS, DynamoItem, listing_of, record_seen
from cli.errors import CommandError, aws_complaint
from cli.operations.records import KEY
from cli.operations.target import Target

# Parts of the table. The work begins again with the one in which it stopped.
SEGMENTS: Final = 16
# Records that are read before the pace is checked.
_PAGE: Final = 100
# Records that are written at a time. A client keeps ten connections.
_WRITERS: Final = 8
# How often a record is read and written again because another writer was faster.
_MAX_ATTEMPTS: Final = 3
_READ: Final[Mapping[str, Any]] = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in (*SEEN_FIELDS, LISTING)),
    "ExpressionAttributeNames": {f"#{name}": name for name in (*SEEN_FIELDS, LISTING)},
}


@dataclass(slots=True)
class ListedRecords:
    """What became of the records."""

    found: int = 0
    listed: int = 0
    """Those that were in no list."""
    unreadable: int = 0
    """Items in no list that are no allocation records of this version."""
    changing: int = 0
    """Those that other writers kept changing."""


class _Became(Enum):
    """What became of a record that was in no list when it was read."""

    LISTED = auto()
    LISTED_BY_OTHERS = auto()
    UNREADABLE = auto()
    CHANGING = auto()


def list_older_records(
    target: Target,
    per_second: int,
    first_segment: int = 1,
    told: Callable[[int, int], None] = lambda _, __: None,
    sleep: Callable[[float], None] = time.sleep,
) -> ListedRecords:
    """List the records of the segments from `first_segment` on, at most so many records a second.

    `told` is given the segment, from 1, and the number of records done so far. It may run beside the stack, and again.
    Raises `CommandError` for a stack without the API, and where DynamoDB does not answer.
    """
    if not target.consignments_table:
        raise CommandError(f"{target.name} has no API that could search: deploy it with DeployApi=true first.")
    result, began, segment = ListedRecords(), time.monotonic(), first_segment
    try:
        for segment in range(first_segment, SEGMENTS + 1):
            told(segment, result.found)
            for page in _pages(target, segment - 1, min(_PAGE, per_second)):
                _list_page(target, page["Items"], result)
                result.found += page["ScannedCount"]
                told(segment, result.found)
                sleep(max(0.0, result.found / per_second - (time.monotonic() - began)))
    except (ClientError, BotoCoreError) as error:
        raise CommandError(f"{aws_complaint(error)} {go_on(target, segment)}") from error
    return result


def go_on(target: Target, segment: int) -> str:
    """Return what goes on with the work where it stopped, as a sentence."""
    command = f"carrier orders index --from-segment {segment}{target.option}"
    return f"Stopped in segment {segment} of {SEGMENTS}: `{command}` goes on."


def _pages(target: Target, segment: int, most: int) -> Iterator[Mapping[str, Any]]:
    """Yield what a segment, from 0, has of items that are in no list, page by page."""
    yield from target.dynamodb.get_paginator("scan").paginate(
        TableName=target.allocations_table,
        Segment=segment,
        TotalSegments=SEGMENTS,
        FilterExpression=f"attribute_not_exists(#{LISTING})",
        PaginationConfig={"PageSize": most},
        **_READ,
    )


def _list_page(target: Target, items: Sequence[DynamoItem], result: ListedRecords) -> None:
    with ThreadPoolExecutor(_WRITERS) as pool:
        became = list(pool.map(lambda item: _listed(target, item), (item for item in items if not is_canary(item))))
    result.listed += became.count(_Became.LISTED)
    result.unreadable += became.count(_Became.UNREADABLE)
    result.changing += became.count(_Became.CHANGING)


def _listed(target: Target, item: DynamoItem) -> _Became:
    """List a record as it was read, or as it is now if another writer was faster. Raises botocore's errors."""
    for _ in range(_MAX_ATTEMPTS):
        seen = record_seen(item)
        if seen.state not in STATES:
            return _Became.UNREADABLE
        if _write(target, item, seen.state):
            return _Became.LISTED
        key = {KEY: item[KEY]}
        found = target.dynamodb.get_item(TableName=target.allocations_table, Key=key, ConsistentRead=True, **_READ)
        item = found.get("Item", {})
        if not item or LISTING in item:
            return _Became.LISTED_BY_OTHERS
    return _Became.CHANGING


def _write(target: Target, item: DynamoItem, state: str) -> bool:
    """Give a record its place in the lists. Return False if it has changed since it was read."""
    try:
        target.dynamodb.update_item(
            TableName=target.allocations_table,
            Key={KEY: item[KEY]},
            UpdateExpression=f"SET {LISTING} = :listing, {LISTED_LATER} = :seen",
            ConditionExpression=f"{UNCHANGED} AND attribute_not_exists({LISTING})",
            ExpressionAttributeValues={
                ":listing": {"S": listing_of(item[KEY]["S"], state)},
                ":seen": item["version"],
            },
        )
    except target.dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True
