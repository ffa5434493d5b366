"""What is the same whenever it is worked out is worked out once in a history: messages read, items and changes decoded.

These functions are pure, and nobody changes what they take. A message that comes ten times is read once.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Final, Generic, TypeVar

from allocation.aws.dynamodb import (
    bulk_calls,
    catalogue_archive,
    limit_usage,
    ordered_consignments,
    record_reading,
    search_index,
)
from allocation.aws.stream_events import changes
from allocation.console import indexing
from allocation.console.entries import Entry
from allocation.console.indexing import entry_in_item
from allocation.events import publish_allocations
from allocation.events.publish_allocations import Change
from allocation.records.items import from_item
from allocation.records.stored_record import StoredRecord
from tests.simulation.replacing import replaced
from tests.simulation.world import World

Result = TypeVar("Result")

_PURE: Final = (
    (record_reading, "record_seen"),
    (ordered_consignments, "kept_from_order"),
    (ordered_consignments, "written"),
    (publish_allocations, "event_of"),
    (search_index, "entry_in"),
    (indexing, "past_version"),
)
_http_date: Final = lru_cache(1 << 16)(partial(format_datetime, usegmt=True))
_CALCULATED: Final = (
    (bulk_calls, "parsedate_to_datetime", lru_cache(1 << 16)(parsedate_to_datetime)),
    (
        catalogue_archive,
        "zlib",
        SimpleNamespace(compress=lru_cache(16)(zlib.compress), decompressobj=zlib.decompressobj),
    ),
)
"""What depends on values alone: histories share it."""


def http_date(moment: datetime) -> str:
    """A moment as an HTTP header has it."""
    return _http_date(moment.replace(microsecond=0))


class Once(Generic[Result]):
    """A function whose result depends on its first argument, an object that nobody changes."""

    def __init__(self, function: Callable[..., Result]) -> None:
        self._function = function
        self._results: dict[int, tuple[Any, Result]] = {}

    def __call__(self, argument: Any, *others: Any) -> Result:
        """The result for this very object. What the function raises is raised each time."""
        known = self._results.get(id(argument))
        if known is None:
            # The object is kept, so that no other one gets its identity.
            known = self._results[id(argument)] = argument, self._function(argument, *others)
        return known[1]


class Decoded:
    """The items and changes of a history, as the code under test reads them."""

    def __init__(self) -> None:
        self.document: Once[dict[str, Any]] = Once(from_item)
        self.entry: Once[Entry | None] = Once(entry_in_item)
        self.change: Once[list[Change]] = Once(lambda record: changes({"Records": [record]}))
        self.entry_of_document: Once[Entry | None] = Once(indexing._entry)
        self.records = SimpleNamespace(model_validate=Once(StoredRecord.model_validate))

    def changes(self, records: Sequence[Mapping[str, Any]]) -> list[Change]:
        """What `lambda_events.changes` reads in these records of a stream."""
        return [change for record in records for change in self.change(record)]


@contextmanager
def in_history(world: World, decoded: Decoded) -> Iterator[None]:
    """Contents and items are read once, and pauses between the attempts at a transaction pass in simulated time."""
    pauses = SimpleNamespace(sleep=world.sleep)
    once = ((module, name, Once(getattr(module, name))) for module, name in _PURE)
    random = ((module, "random", world.random) for module in (bulk_calls, limit_usage))
    records = ((module, "StoredRecord", decoded.records) for module in (publish_allocations, indexing))
    with replaced(*once, *_CALCULATED, (bulk_calls, "time", pauses), *random, *records):
        yield
