"""What a replay needs of a stack: the consignments of its records, its catalogue, and a place for the result."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from pydantic import ValidationError

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.aws.file_stores import CATALOGUE_KEY
from allocation.batches import batches
from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.domain.errors import UnreadableExplanationError
from allocation.domain.mode import AllocationMode
from allocation.engine.asked import Asked
from allocation.engine.compact_bytes import UnreadableBytesError
from allocation.engine.kept_explanation import catalogue_digest, is_worded
from allocation.engine.loaded_catalogue import Catalogue
from allocation.records.explanations import asked_of
from allocation.records.items import stored_record
from allocation.records.stored_record import StoredRecord
from allocation.replay.decisions import DECIDED, Replayable, replayable
from allocation.replay.parts import result_key
from allocation.replay.result import MAX_KEPT, ReplayResult
from cli.errors import UsageError
from cli.operations.records import MAX_SCANNED, items_listed, items_since
from cli.operations.retry import kept_consignments
from cli.operations.target import Target
from cli.output import counted
from cli.paths import COMPILED_SAMPLE


@dataclass(slots=True)
class StackRecords:
    """The records of a stack that were decided at `since` (aware) or later, and those that can't be decided again.

    `before` is the catalogue before.
    """

    target: Target
    since: datetime
    before: Catalogue
    # When everything is decided (aware), instead of when it was.
    moment: datetime | None = None
    # Only so many of each state: the newest by the console's index or, without one, what little of the table has.
    most: int | None = None
    # Nothing is kept of their inputs, or a later version of this software keeps it.
    unknown: int = 0
    # Another catalogue has decided them.
    decided_otherwise: int = 0

    def consignments(self) -> Iterator[Replayable]:
        """Yield each consignment as its record says that it was asked; else from what is kept of its order."""
        has_table = self.before.routing is not None
        for records in batches(self._decided(), MAX_KEYS):
            for record, asked in self._asked(records):
                if asked is None:
                    self.unknown += 1
                else:
                    asked = asked._replace(decided_at=self.moment or asked.decided_at)
                    self.decided_otherwise += not self.before.digest.startswith(_digest(record))
                    yield replayable(record, asked, self.target.mode, has_table=has_table)

    def by_catalogue(self) -> dict[str, list[tuple[StoredRecord, Asked]]]:
        """Return the records with what was asked, by the beginning of the digest of the catalogue that decided.

        It is empty for records that do not say which.
        """
        found: dict[str, list[tuple[StoredRecord, Asked]]] = {}
        for records in batches(self._decided(), MAX_KEYS):
            for record, asked in self._asked(records):
                if asked is None:
                    self.unknown += 1
                else:
                    asked = asked._replace(decided_at=self.moment or asked.decided_at)
                    found.setdefault(_digest(record), []).append((record, asked))
        return found

    @property
    def is_whole(self) -> bool:
        """Whether everything could be decided again."""
        return not self.unknown

    def notes(self) -> Iterator[str]:
        """Yield what was not replayed, and why."""
        if self.unknown:
            yield (
                f"{counted(self.unknown, 'record')} of {self.target.name} left out: neither what was asked nor the "
                "order is kept."
            )
        if self.decided_otherwise:
            yield (
                f"{counted(self.decided_otherwise, 'consignment')} decided by another catalogue than the one before: "
                "to compare with what was recorded, name the catalogue of then, as --from current.yaml."
            )

    def _decided(self) -> Iterator[StoredRecord]:
        for item in self._items():
            try:
                record = stored_record(item)
            except ValidationError:
                record = None
            if record is None:
                self.unknown += 1
            elif record.state in DECIDED:
                yield record

    def _items(self) -> Iterator[dict[str, Any]]:
        to = self.target
        if self.most is None:
            return items_since(to.dynamodb, to.allocations_table, self.since)
        if not to.search_index_table:
            return items_since(to.dynamodb, to.allocations_table, self.since, MAX_SCANNED)
        where = (to.dynamodb, to.allocations_table, to.search_index_table)
        return chain.from_iterable(items_listed(*where, state, self.since, self.most) for state in DECIDED)

    def _asked(self, records: Sequence[StoredRecord]) -> Iterator[tuple[StoredRecord, Asked | None]]:
        recorded = [(record, _recorded(record)) for record in records]
        without = [record.consignment_reference for record, asked in recorded if asked is None]
        kept = kept_consignments(self.target, without) if without else {}
        for record, asked in recorded:
            yield record, asked or _from_order(record, kept.get(record.consignment_reference))


def _digest(record: StoredRecord) -> str:
    """Return the beginning of the digest of the catalogue that decided; empty where the record does not say."""
    kept = record.explanation
    if not isinstance(kept, bytes) or is_worded(kept):
        return ""
    try:
        return catalogue_digest(kept)
    except UnreadableBytesError:
        return ""


def _recorded(record: StoredRecord) -> Asked | None:
    try:
        return asked_of(record)
    except UnreadableExplanationError:
        return None


def _from_order(record: StoredRecord, document: Any) -> Asked | None:
    """Return what was asked, from the order; None where nothing is kept of it, or not how it was decided."""
    mode: AllocationMode | None = record.seen().mode
    if document is None or mode is None:
        return None
    try:
        consignment = ProConsignment.model_validate(document).to_domain()
    except ValidationError:
        return None
    return Asked(consignment, mode, datetime.fromisoformat(record.allocated_at))


def catalogue_in_use(stack: Target) -> str:
    """Return the compiled catalogue that a stack's functions use. Raises `UsageError` where SortedPRO decides."""
    if stack.reading.only_pro_references:
        raise UsageError(f"In {stack.name}, SortedPRO allocates: name the catalogue before, as --from current.yaml.")
    text = stack.catalogue() if stack.catalogue else None
    return COMPILED_SAMPLE.read_text("utf-8") if text is None else text


def keep_result(stack: Target, result: ReplayResult, now: datetime) -> str:
    """Keep a result in the stack's own bucket, named by its moment. Return where. Raises `UsageError`."""
    catalogues = stack.catalogues() if stack.catalogues else None
    if catalogues is None or catalogues.key != CATALOGUE_KEY:
        raise UsageError(f"{stack.name} has no bucket of its own for results: use --html or --json instead of --keep.")
    key = result_key(f"{now:%Y%m%dT%H%M%SZ}")
    body = json.dumps(result.document(MAX_KEPT)).encode()
    catalogues.s3.put_object(Bucket=catalogues.bucket, Key=key, Body=body, ContentType="application/json")
    return f"s3://{catalogues.bucket}/{key}"
