"""Allocation records in DynamoDB: conditional writes, in transactions where limits are counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    NOT_AT_FAULT,
    Action,
    CancelledError,
    NoAnswerError,
    not_written,
    pause,
    write_all,
    write_once,
)
from allocation.aws.dynamodb.insertions import DUPLICATE, INSERTED, NOT_INSERTED, insert_all
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage, any_part
from allocation.aws.dynamodb.record_reading import RecordReader
from allocation.aws.dynamodb.record_steps import written_step
from allocation.aws.dynamodb.record_writes import limit_of, put_of, refusal_update, superseding_put
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.limit import AllocationLimit
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.record import AllocationRecord, RecordSeen, RefusedUpdate
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.observability import logger
from allocation.ports import AddReceipt, Deadline
from allocation.records.items import record_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# `TransactWriteItems` takes 100 items and 4 MB. 25 records with long explanations stay below 4 MB.
_MAX_RECORDS_A_TRANSACTION: Final = 25
# Of writing a batch on limits: with other parts after conflicts, and with new places.
_MAX_ATTEMPTS: Final = 8
# Kept for answering: no attempt but the first begins with less time left.
_RESERVE_SECONDS: Final = 5.0


class Written(Enum):
    """What became of a record."""

    ADDED = auto()
    PRESENT = auto()
    OUTRUN = auto()
    NOWHERE = auto()


_Results = dict[Written, set[ConsignmentReference]]


class DynamoDBRecords(RecordReader):
    """A `RecordStore` over one table whose partition key is `consignmentReference`."""

    def __init__(
        self, client: "DynamoDBClient", table: str, limit_usage: DynamoDBLimitUsage, cancelled_orders: str
    ) -> None:
        """`client` must have timeouts of its own; `table` and `cancelled_orders` are the tables' names."""
        super().__init__(client, table, cancelled_orders)
        self._client = client
        self._table = table
        self._limit_usage = limit_usage
        # Each environment has a part of the large limits to itself, mostly.
        self._part = any_part()

    def replace(self, record: AllocationRecord, seen: RecordSeen | None) -> bool:
        """Write a record if it has not changed since it was read. Return False if it has. Raises `RetryableError`."""
        put = put_of(self._table, record)
        if not (seen and seen.counted_on):
            return self._write(self._client.put_item, put["Put"])
        try:
            write_all(self._client, [put, self._limit_usage.give_back(seen.counted_on)])
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                return False
            raise
        return True

    def refuse_update(self, reference: ConsignmentReference, refused: RefusedUpdate, seen: RecordSeen) -> bool:
        """Change only the fields of the refusal, if the record has not changed since it was read."""
        return self._write(self._client.update_item, refusal_update(self._table, reference, refused, seen))

    def take_step(self, reference: ConsignmentReference, step: Step, seen: RecordSeen) -> bool:
        """Change only the fields of the step, if the record has not changed since it was read."""
        return written_step(self._client, self._table, reference, step, seen.event_ids, seen.version)

    def add(self, records: Sequence[AllocationRecord], deadline: Deadline | None = None) -> AddReceipt:
        """Add the records, each by a write that is conditional on the version before it.

        Only an allocation overwrites what was not seen: a failure that another writer decided meanwhile. A record that
        could not be written is in no set of the receipt, and its cause is logged. If DynamoDB does not answer, the rest
        is not tried: a call without an answer takes 17 s, and the function has 60.
        """
        results: _Results = {result: set() for result in Written}
        try:
            self._add_each([record for record in records if not limit_of(record)], results)
            limited = [record for record in records if limit_of(record)]
            for batch in batches(limited, _MAX_RECORDS_A_TRANSACTION):
                self._add_limited_batch(batch, results, deadline)
        except NoAnswerError as error:
            settled = set().union(*results.values())
            left = [each.consignment_reference for each in records if each.consignment_reference not in settled]
            logger.error("records not written", extra={"cause": str(error), "consignments": left})
        return AddReceipt(*(frozenset(results[result]) for result in (Written.ADDED, Written.PRESENT, Written.OUTRUN)))

    def _add_each(self, records: Sequence[AllocationRecord], results: _Results) -> None:
        """Write records that count on no limit, each by itself: first ones of consignments many in a call.

        Raises `NoAnswerError`.
        """
        left = self._insert([record for record in records if record.version == 1], results)
        for record, code in left:
            written = self._tried(self._beaten, record) if code == DUPLICATE else self._add_one(record)
            results[written].add(record.consignment_reference)
        for record in records:
            if record.version > 1:
                results[self._add_one(record)].add(record.consignment_reference)

    def _insert(self, records: Sequence[AllocationRecord], results: _Results) -> list[tuple[AllocationRecord, str]]:
        """Insert the first records of consignments. Return what is left, each with the code of `insert_all`.

        Raises `NoAnswerError` after all calls, if one of them has no answer.
        """
        if len(records) < 2:
            return [(record, NOT_INSERTED) for record in records]
        items = [record_item(record, by_order=True) for record in records]
        inserted = insert_all(self._client, self._table, items)
        coded = list(zip(records, inserted.codes, strict=True))
        results[Written.ADDED].update(record.consignment_reference for record, code in coded if code == INSERTED)
        if inserted.no_answer:
            raise inserted.no_answer
        return [(record, code) for record, code in coded if code]

    def _add_limited_batch(
        self, records: Sequence[AllocationRecord], results: _Results, deadline: Deadline | None
    ) -> None:
        """Write all and count them, all at once or, if that fails, one by one. Raises `NoAnswerError`."""
        if self._add_all(records, deadline):
            results[Written.ADDED].update(record.consignment_reference for record in records)
            return
        for record in records:
            results[self._add_one(record, deadline)].add(record.consignment_reference)

    def _add_all(self, records: Sequence[AllocationRecord], deadline: Deadline | None) -> bool:
        """Write all records and count them on their limits, or none. Return whether that succeeded."""
        counts = Counter(limit for record in records if (limit := limit_of(record)))
        puts = [put_of(self._table, record) for record in records]
        try:
            for attempt in _attempts(deadline):
                short = self._short_of(puts, counts, attempt)
                if short is None:
                    return True
                if not all(self._limit_usage.find_places(limit, counts[limit], self._part) for limit in short):
                    return False
        except NoAnswerError:
            raise
        except RetryableError as error:
            logger.warning("records are written one by one", extra={"cause": str(error), "records": len(records)})
        return False

    def _short_of(
        self, puts: Sequence[Action], counts: Mapping[AllocationLimit, int], attempt: int
    ) -> Sequence[AllocationLimit] | None:
        """Write records and count them, once. Return the limits whose part has too few places; None if it succeeded.

        Raises `RetryableError` if places would not help.
        """
        takes = [self._limit_usage.take_from_part(limit, count, self._part) for limit, count in counts.items()]
        try:
            write_once(self._client, [*puts, *takes])
        except CancelledError as error:
            if error.is_conflict:
                pause(attempt)
                self._part = any_part()
                return ()
            of_limits = error.reasons[len(puts) :]
            if set(error.reasons[: len(puts)]) != {NOT_AT_FAULT} or CONDITION_FAILED not in of_limits:
                raise
            return [limit for limit, reason in zip(counts, of_limits, strict=True) if reason == CONDITION_FAILED]
        return None

    def _add_one(self, record: AllocationRecord, deadline: Deadline | None = None) -> Written:
        limit = limit_of(record)
        add = partial(self._add_limited, limit=limit, deadline=deadline) if limit else self._add_alone
        return self._tried(add, record)

    def _tried(self, add: Callable[[AllocationRecord], Written], record: AllocationRecord) -> Written:
        """Return what became of a record. Raises `NoAnswerError`; logs another cause why it could not be written."""
        try:
            return add(record)
        except NoAnswerError:
            raise
        except RetryableError as error:
            extra = {"consignment": record.consignment_reference, "cause": str(error)}
            logger.error("record not written", extra=extra)
            return Written.NOWHERE

    def _add_alone(self, record: AllocationRecord) -> Written:
        """Write a record that counts on no limit."""
        put = put_of(self._table, record)["Put"]
        return Written.ADDED if self._write(self._client.put_item, put) else self._beaten(record)

    def _beaten(self, record: AllocationRecord) -> Written:
        """Say what becomes of a record where another writer was first.

        An allocation replaces a failure that another writer recorded meanwhile: a failed consignment may be allocated
        again, and now the carrier service has it, whatever the other writer was told. The failure of an update stays,
        unless an update was allocated.
        """
        if not isinstance(record.outcome, Allocated):
            return Written.PRESENT
        seen = self.recorded([record.consignment_reference]).records.get(record.consignment_reference)
        if seen is None or (seen.state, seen.version) != (AllocationFailed.state, record.version):
            return Written.PRESENT
        if seen.updated_by and not record.updated_by:
            return Written.PRESENT
        superseding = superseding_put(self._table, record, seen)["Put"]
        return Written.ADDED if self._write(self._client.put_item, superseding) else Written.PRESENT

    def _write(self, write: Callable[..., Any], request: Action) -> bool:
        """Write if the condition holds, and return whether it does. Raises `RetryableError`."""
        try:
            write(**request)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error
        return True

    def _add_limited(self, record: AllocationRecord, limit: AllocationLimit, deadline: Deadline | None) -> Written:
        """Write a record and count it on its limit, or neither. Raises `RetryableError`."""
        for attempt in _attempts(deadline):
            try:
                short = self._short_of([put_of(self._table, record)], {limit: 1}, attempt)
            except CancelledError as error:
                if error.reasons[:1] != (CONDITION_FAILED,):
                    raise
                return Written.PRESENT  # our own engine's allocation: it reserves nothing with a carrier
            if short is None:
                return Written.ADDED
            if short and not self._limit_usage.find_places(limit, part=self._part):
                return Written.OUTRUN
        raise RetryableError(f"{limit.on.service} has too many writers on {limit.on.day}")


def _attempts(deadline: Deadline | None) -> Iterator[int]:
    """Yield the numbers of attempts, from 0 on, for as long as there is time for one."""
    yield 0
    for attempt in range(1, _MAX_ATTEMPTS):
        if deadline and deadline.remaining_seconds() < _RESERVE_SECONDS:
            return
        yield attempt
