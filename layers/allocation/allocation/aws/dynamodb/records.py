"""Allocation records in DynamoDB: consistent batch reads, conditional writes in transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.limits import DynamoDBLimits
from allocation.aws.dynamodb.reads import MAX_KEYS, read_items
from allocation.aws.dynamodb.transactions import (
    CONDITION_FAILED,
    Action,
    CancelledError,
    NoAnswerError,
    Transactions,
    not_written,
)
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.limit import AllocationLimit
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import AddReceipt
from allocation.records.items import record_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = "consignmentReference"
MAX_RECORDS_A_TRANSACTION: Final = 25
"""`TransactWriteItems` takes 100 and 4 MB; records with long explanations stay below the latter with 25."""
NOT_THERE_YET: Final = f"attribute_not_exists({KEY})"
FIRST_FAILURE: Final = {
    "ConditionExpression": "#state = :failed AND version = :first",
    "ExpressionAttributeNames": {"#state": "state"},
    "ExpressionAttributeValues": {":failed": {"S": AllocationFailed.state}, ":first": {"N": "1"}},
}
"""The condition that a record is as the order queue wrote it, and a failure."""


class DynamoDBRecords:
    """A `RecordStore` over one table whose partition key is `consignmentReference`."""

    def __init__(self, client: "DynamoDBClient", table: str, limits: DynamoDBLimits) -> None:
        """`client` must have timeouts of its own; `table` is the table's name; `limits` counts allocations."""
        self._client = client
        self._table = table
        self._limits = limits
        self._transactions = Transactions(client)

    def recorded(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Which of the references have a record. Raises `RetryableError` where DynamoDB does not tell."""
        found: set[ConsignmentReference] = set()
        for batch in batches(references, MAX_KEYS):
            keys = [{KEY: {"S": reference}} for reference in batch]
            request = {self._table: {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": KEY}}
            found.update(
                ConsignmentReference(item[KEY]["S"]) for item in read_items(self._client, request)[self._table]
            )
        return frozenset(found)

    def add(self, records: Sequence[AllocationRecord]) -> AddReceipt:
        """Adds the records that are not there yet, each by a conditional write.

        None is overwritten but a failure by an allocation, where two have decided at once. A record that could not be
        written is in no set of the receipt, and the cause is logged. Where DynamoDB does not answer, the rest is not
        tried: a call that gets no answer takes 17 s, and the function has 60.
        """
        places: dict[Place, set[ConsignmentReference]] = {place: set() for place in Place}
        try:
            for batch in batches(records, MAX_RECORDS_A_TRANSACTION):
                self._add_batch(batch, places)
        except NoAnswerError as error:
            left = [each.consignment_reference for each in records if each.consignment_reference not in told(places)]
            logger.error("records not written", extra={"cause": str(error), "consignments": left})
        return AddReceipt(*(frozenset(places[place]) for place in (Place.ADDED, Place.PRESENT, Place.OUTRUN)))

    def _add_batch(self, records: Sequence[AllocationRecord], places: dict["Place", set[ConsignmentReference]]) -> None:
        """Writes all at once or, where one of it fails, one by one. Raises `NoAnswerError`."""
        if len(records) > 1 and self._add_all(records):
            places[Place.ADDED].update(record.consignment_reference for record in records)
            return
        for record in records:
            places[self._add_one(record)].add(record.consignment_reference)

    def _add_all(self, records: Sequence[AllocationRecord]) -> bool:
        """Writes all records and counts them on their limits, or none; False where one of it failed."""
        limits = [limit for record in records if (limit := limit_of(record))]
        try:
            self._transactions.write([*map(self._put, records), *self._limits.take(limits)])
        except NoAnswerError:
            raise
        except RetryableError as error:
            logger.warning("records are written one by one", extra={"cause": str(error), "records": len(records)})
            return False
        return True

    def _add_one(self, record: AllocationRecord) -> "Place":
        limit = limit_of(record)
        try:
            return self._add_limited(record, limit) if limit else self._add_alone(record)
        except NoAnswerError:
            raise
        except RetryableError as error:
            extra = {"consignment": record.consignment_reference, "cause": str(error)}
            logger.error("record not written", extra=extra)
            return Place.NOWHERE

    def _add_alone(self, record: AllocationRecord) -> "Place":
        """Writes a record; where a repeated call finds its own earlier write, the record is there all the same.

        An allocation takes the place of a failure that somebody else recorded meanwhile: the carrier service has the
        consignment, whatever the other one was told, for a failed one may be allocated again.
        """
        if self._write(self._put(record)):
            return Place.ADDED
        if not isinstance(record.outcome, Allocated):
            return Place.PRESENT
        superseding = {"Put": self._put(replace(record, version=2))["Put"] | FIRST_FAILURE}
        return Place.ADDED if self._write(superseding) else Place.PRESENT

    def _write(self, put: Action) -> bool:
        """Writes where the condition holds, and tells whether it does. Raises `RetryableError`."""
        try:
            self._client.put_item(**put["Put"])
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error
        return True

    def _add_limited(self, record: AllocationRecord, limit: AllocationLimit) -> "Place":
        """Writes a record and counts it on its limit, or neither. Raises `RetryableError`."""
        try:
            self._transactions.write([self._put(record), *self._limits.take([limit])])
        except CancelledError as error:
            if error.reasons[:1] == (CONDITION_FAILED,):
                return Place.PRESENT  # our own engine's: it reserves nothing with anybody
            if CONDITION_FAILED in error.reasons:
                return Place.OUTRUN
            raise
        return Place.ADDED

    def _put(self, record: AllocationRecord) -> Action:
        return {"Put": {"TableName": self._table, "Item": record_item(record), "ConditionExpression": NOT_THERE_YET}}


class Place(Enum):
    """What became of a record."""

    ADDED = auto()
    PRESENT = auto()
    OUTRUN = auto()
    NOWHERE = auto()


def told(places: Mapping[Place, set[ConsignmentReference]]) -> set[ConsignmentReference]:
    """The references of which it is known what became of their records."""
    return set().union(*places.values())


def limit_of(record: AllocationRecord) -> AllocationLimit | None:
    """The limit that a record counts on."""
    return record.outcome.limit if isinstance(record.outcome, Allocated) else None
