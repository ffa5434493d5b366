"""The use case that keeps the search index: changed records in, entries, counts and past versions out.

Changes may come again, and in any order. An entry is written only over an older version of itself, with the counts in
the same transaction: so nothing is counted twice, and the last version wins. Every other version that was seen is kept
beside the entry, before it is overwritten.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from allocation.batches import batches
from allocation.console.entries import Entry, PastVersion, entry_of, past_version
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.events.publish_allocations import Change
from allocation.observability import logger
from allocation.records.canary import CANARY_KEY
from allocation.records.items import DynamoItem, event_fields, from_item
from allocation.records.stored_record import StoredRecord, is_of_later_version

# `TransactWriteItems` takes 100 actions. An entry has at most one of its own and four of its tallies, before and after.
_MAX_ENTRIES: Final = 20
# How often an entry is compared and written again because another writer was faster.
_MAX_ATTEMPTS: Final = 5


class IndexWriter(Protocol):
    """Writes the search index. Every method raises `RetryableError` if that is not possible now."""

    def entries(self, consignments: Sequence[str]) -> Mapping[str, Entry]:
        """Return the entries of consignments, read consistently; those without one are left out."""

    def write(self, changes: Sequence[tuple[Entry | None, Entry]]) -> bool:
        """Write entries over those that were read, with their counts; all or none.

        Return False if an entry is no longer as it was read.
        """

    def keep(self, versions: Sequence[PastVersion]) -> None:
        """Keep versions of consignments that have later ones. One that is there is the same, and written again."""


@frozen
class IndexReport:
    """What became of a batch of changes."""

    # By sequence number: the changes that must be delivered again, and why.
    failed: Mapping[str, str]
    # The sequence numbers of changes that are no record this version can read. The table keeps them.
    passed_over: Sequence[str]
    # The number of entries that were written.
    written: int


class NothingIndexedError(RetryableError):
    """A batch of which nothing could be indexed: the invocation fails, so that alarms see it."""


@frozen
class IndexAllocations:
    """Brings the index up to the records."""

    index: IndexWriter

    def process(self, changes: Sequence[Change]) -> IndexReport:
        """Index a batch of the stream, and report the changes that must be delivered again.

        Raises `NothingIndexedError` if that is all of them.
        """
        records = [change for change in changes if change.consignment_reference != CANARY_KEY]
        read = {change.sequence_number: _entry(change.document) for change in records}
        entries = {number: entry for number, entry in read.items() if entry}
        written, left = self.bring_up(list(entries.values()))
        failed = {number: "not_indexed" for number, entry in entries.items() if entry.consignment in left}
        if entries and len(failed) == len(entries):
            raise NothingIndexedError(f"none of {len(entries)} changes could be indexed")
        return IndexReport(failed, [number for number, entry in read.items() if entry is None], written)

    def bring_up(self, entries: Sequence[Entry]) -> tuple[int, frozenset[str]]:
        """Write the entries that are newer than those of the index, and keep all other versions.

        Return how many were written, and the consignments for which that is not sure.
        """
        written, left = 0, set()
        newest = latest(entries)
        last = {entry.consignment: entry.version for entry in newest}
        older = [entry for entry in entries if entry.version < last[entry.consignment]]
        for batch in batches(newest, _MAX_ENTRIES):
            try:
                written += self._write(batch, older)
            except RetryableError as error:
                logger.warning("entries are written one by one", extra={"cause": str(error), "entries": len(batch)})
                for entry in batch:
                    done = self._write_alone(entry, older)
                    written += done or 0
                    left |= {entry.consignment} if done is None else set()
        return written, frozenset(left)

    def _write(self, entries: Sequence[Entry], older: Sequence[Entry]) -> int:
        """Write entries together and return how many were newer. Keep the versions before. Raises `RetryableError`."""
        mine = {entry.consignment for entry in entries}
        for _ in range(_MAX_ATTEMPTS):
            known = self.index.entries([entry.consignment for entry in entries])
            pairs = [(known.get(entry.consignment), entry) for entry in entries]
            newer = [(before, after) for before, after in pairs if before is None or before.version < after.version]
            late = [after for before, after in pairs if before and before.version > after.version]
            past = [
                *(before for before, _ in newer if before),
                *late,
                *(each for each in older if each.consignment in mine),
            ]
            if past:
                self.index.keep(list(map(past_version, past)))
            if not newer or self.index.write(newer):
                return len(newer)
        raise RetryableError(f"other writers were faster {_MAX_ATTEMPTS} times")

    def _write_alone(self, entry: Entry, older: Sequence[Entry]) -> int | None:
        """Return how many entries were written, or None where that is not sure."""
        try:
            return self._write([entry], older)
        except RetryableError as error:
            logger.error("entry not written", extra={"consignment": entry.consignment, "cause": str(error)})
            return None


def latest(entries: Sequence[Entry]) -> list[Entry]:
    """Return the last version of each consignment."""
    newest: dict[str, Entry] = {}
    for entry in entries:
        if entry.consignment not in newest or newest[entry.consignment].version < entry.version:
            newest[entry.consignment] = entry
    return list(newest.values())


def _entry(document: Mapping[str, Any] | None) -> Entry | None:
    """Return the entry of a record's document, or None for what is no record that this version can read."""
    if document is None or is_of_later_version(document):
        return None
    try:
        return entry_of(StoredRecord.model_validate(document))
    except (ValueError, RecursionError):  # Pydantic's errors are ValueErrors
        return None


def entry_in_item(item: DynamoItem) -> Entry | None:
    """Return the entry of an item of the records' table, or None for what is no record that this version can read."""
    try:
        return _entry(from_item(event_fields(item)))
    except (ValueError, TypeError):
        return None


def report_indexed(report: IndexReport) -> None:
    """Log what was not indexed of a batch, and why."""
    for sequence_number, cause in report.failed.items():
        logger.error("change not indexed", extra={"sequence_number": sequence_number, "cause": cause})
    if report.passed_over:
        logger.warning("no allocation records", extra={"sequence_numbers": report.passed_over})
