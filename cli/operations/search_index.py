"""Makes the entries of a stack's search index from its records: those of before the console was switched on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter
from allocation.batches import batches
from allocation.console.indexing import IndexAllocations, entry_in_item, latest
from allocation.domain.errors import RetryableError
from allocation.records.canary import is_canary
from cli.errors import CommandError
from cli.operations.target import Target

# Records that are compared and written before the pace is checked.
_BATCH: Final = 100


@dataclass(slots=True)
class Reindexed:
    """What became of the records."""

    found: int = 0
    written: int = 0
    """Entries that were missing or older than the record."""
    unreadable: int = 0
    """Items that are no allocation records of this version."""


def reindex(
    target: Target,
    per_second: int,
    told: Callable[[int], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Reindexed:
    """Bring the index up to the records, at most so many records a second. `told` is given the number done so far.

    It may run beside the stack, and again after it was stopped: an entry is written only over an older one. Raises
    `CommandError` for a stack without an index, and where DynamoDB does not take entries.
    """
    if not target.search_index_table:
        raise CommandError(f"{target.name} has no console: deploy it with Console=on first.")
    indexing = IndexAllocations(DynamoDBIndexWriter(target.dynamodb, target.search_index_table))
    result, began = Reindexed(), time.monotonic()
    for batch in batches(_items(target), _BATCH):
        entries = [entry for entry in map(entry_in_item, batch) if entry]
        try:
            written, left = indexing.bring_up(latest(entries))
        except RetryableError as error:
            raise CommandError(f"Stopped after {result.found} records: {error}. Run it again.") from error
        if left:
            raise CommandError(f"Stopped after {result.found} records: DynamoDB does not take entries. Run it again.")
        result.found += len(batch)
        result.written += written
        result.unreadable += len(batch) - len(entries)
        told(result.found)
        sleep(max(0.0, result.found / per_second - (time.monotonic() - began)))
    return result


def _items(target: Target) -> Iterator[dict[str, Any]]:
    pages = target.dynamodb.get_paginator("scan").paginate(
        TableName=target.allocations_table, PaginationConfig={"PageSize": _BATCH}
    )
    return (item for page in pages for item in page["Items"] if not is_canary(item))
