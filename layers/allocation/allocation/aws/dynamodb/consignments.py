"""Consignments and their allocation records in DynamoDB: two tables, written together if both are as read."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    CONFLICT,
    NOT_AT_FAULT,
    Action,
    CancelledError,
    not_written,
    read_items,
    write_all,
)
from allocation.aws.dynamodb.consignment_items import consignment_item, known_in, labels_document
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.listings import BY_CUSTOMER_REFERENCE, DynamoDBListings
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.record_steps import written_step
from allocation.aws.dynamodb.record_writes import NOT_THERE_YET, limit_of
from allocation.aws.dynamodb.tracked_events import tracking_item_key
from allocation.batches import batches
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.store import Known, StoredConsignment
from allocation.domain.errors import RetryableError
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.records.items import DynamoItem, record_item, to_item
from allocation.records.stored_record import StoredRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An index of the records' table, for programs: it leaves out what orders allocated, and what took a step.
BY_STATE: Final = "consignments-by-state"
# `BatchGetItem` takes 100 keys, and each reference has one in either table.
_MAX_REFERENCES_A_READ: Final = 50
# What a transaction takes.
_MAX_ACTIONS: Final = 100
# Consignments that have one reference of their senders'.
_MAX_NAMESAKES: Final = 5_000
# Steps that are written at a time. A client keeps ten connections.
_WRITERS: Final = 8
# The reasons of a transaction that was cancelled because another writer was faster.
_LOST_RACES: Final = frozenset({NOT_AT_FAULT, CONDITION_FAILED, CONFLICT})
_FIRST: Final = {"ConditionExpression": NOT_THERE_YET}


class DynamoDBConsignments:
    """A `ConsignmentStore` over the table of the consignments and that of the allocation records.

    A consignment without a record has the attribute `neverAllocated`, by which an index finds it. The attribute stays
    when the order queue writes a record, so what the index finds is checked against the records.
    """

    def __init__(
        self, client: "DynamoDBClient", *, consignments: str, records: str, limit_usage: DynamoDBLimitUsage
    ) -> None:
        """`client` must have timeouts of its own. `consignments` and `records` are the tables' names."""
        self._client = client
        self._consignments = consignments
        self._records = records
        self._limit_usage = limit_usage
        self.listings = DynamoDBListings(client, consignments=consignments, records=records)

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        """Return what is known of each reference, read consistently; an unknown reference is left out."""
        found: dict[ConsignmentReference, Known] = {}
        for batch in batches(dict.fromkeys(references), _MAX_REFERENCES_A_READ):
            items = self._items(batch)
            for reference in batch:
                stored, record = items[self._consignments].get(reference), items[self._records].get(reference)
                if stored or record:
                    found[reference] = known_in(reference, stored, record)
        return found

    def _items(self, references: Sequence[ConsignmentReference]) -> dict[str, dict[str, DynamoItem]]:
        """Return the items of both tables by reference, under their table's name."""
        keys: Any = {"Keys": [{KEY: {"S": reference}} for reference in references], "ConsistentRead": True}
        found = read_items(self._client, {self._consignments: keys, self._records: keys})
        return {table: {item[KEY]["S"]: item for item in items} for table, items in found.items()}

    def add(self, stored: StoredConsignment) -> bool:
        """Add a consignment. Return False if its reference is taken, even if only by a record."""
        put = {
            "Put": {"TableName": self._consignments, "Item": consignment_item(stored, never_allocated=True), **_FIRST}
        }
        return self._write_found(stored, frozenset(), put, self._check_record(Known(stored.reference)))

    def replace(self, stored: StoredConsignment, seen: Known) -> bool:
        """Replace a consignment. Return False if it or its record is no longer as `seen`."""
        item = consignment_item(stored, never_allocated=seen.record is None)
        put = {"Put": {"TableName": self._consignments, "Item": item, **_unchanged(seen.stored)}}
        known = seen.stored.package_references if seen.stored else frozenset()
        return self._write_found(stored, known, put, self._check_record(seen))

    def note_labels(self, reference: ConsignmentReference, given: LabelsGiven) -> None:
        """Keep when labels were given out, unless labels of the same allocation were before."""
        values = {
            ":given": labels_document(given),
            ":tracking": given.tracking_reference,
            ":one": 1,
        }
        try:
            self._client.update_item(
                TableName=self._consignments,
                Key={KEY: {"S": reference}},
                UpdateExpression="SET labelsGiven = :given ADD version :one",
                ConditionExpression=f"attribute_exists({KEY}) AND NOT labelsGiven.trackingReference = :tracking",
                ExpressionAttributeValues=to_item(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error

    def record(self, record: AllocationRecord, seen: Known) -> bool:
        """Write an allocation record, count it on its limit, and take the one before off.

        Return False if it or the consignment is no longer as `seen`, or the limit is used up.
        """
        put = {
            "Put": {"TableName": self._records, "Item": record_item(record, by_order=False), **_unchanged(seen.record)}
        }
        actions = [put, *self._counted(record, seen)]
        if seen.stored:
            mark = {"TableName": self._consignments, "Key": {KEY: {"S": seen.reference}}, **_unchanged(seen.stored)}
            actions.append({"Update": {**mark, "UpdateExpression": "REMOVE neverAllocated"}})
        if self._write(*actions):
            return True
        limit = limit_of(record)
        return limit is not None and self._limit_usage.find_places(limit) and self._write(*actions)

    def take_steps(self, steps: Sequence[tuple[Step, Known]]) -> Sequence[bool | RetryableError]:
        """Change what the steps change of the records, several at a time. Return False for one no longer as seen.

        Each is one write, in no transaction: whoever cancels or deallocates a consignment looks at its version, too.
        """
        with ThreadPoolExecutor(_WRITERS) as pool:
            return list(pool.map(self._take_step, *zip(*steps, strict=True))) if steps else []

    def _take_step(self, step: Step, seen: Known) -> bool | RetryableError:
        if seen.record is None:
            return False
        reference, record = seen.reference, seen.record
        try:
            return written_step(self._client, self._records, reference, step, record.tried_event_ids, record.version)
        except RetryableError as error:
            return error

    def _counted(self, record: AllocationRecord, seen: Known) -> list[Action]:
        limit, before = limit_of(record), seen.record.counted_on if seen.record else None
        taken = [self._limit_usage.take(limit)] if limit else []
        return [*taken, self._limit_usage.give_back(before)] if before else taken

    def with_package(self, package: str) -> Sequence[ConsignmentReference]:
        """Return the consignments of the API that have, or had, a package of this reference."""
        keys: Any = {"Keys": [_look_up_key(package)], "ConsistentRead": True}
        found = read_items(self._client, {self._consignments: keys})[self._consignments]
        return [ConsignmentReference(each) for item in found for each in item["consignments"]["SS"]]

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """Return the consignments whose sender calls them by this reference, at most `_MAX_NAMESAKES`."""
        found = self.listings.with_value(BY_CUSTOMER_REFERENCE, "customerReference", reference)
        return list(islice(found, _MAX_NAMESAKES))

    def erase(self, reference: ConsignmentReference) -> bool:
        """Remove the consignment with its personal data, never the record. Return False if there was none."""
        # First what hangs on it: an erasure that fails half-way is repeated.
        self._call("delete_item", TableName=self._consignments, Key=tracking_item_key(reference))
        key = {KEY: {"S": reference}}
        answer = self._call("delete_item", TableName=self._consignments, Key=key, ReturnValues="ALL_OLD")
        return bool(answer.get("Attributes"))

    def _write_found(self, stored: StoredConsignment, known: frozenset[str], *actions: Action) -> bool:
        """Carry out the actions, and let the consignment be found by its packages other than the `known` ones.

        Look-ups for which a transaction has no room are written before, as a look-up alone says nothing. They are never
        taken back, except by their TTL: whoever reads one looks whether the consignment has the package.
        """
        look_ups = [self._look_up(stored, package) for package in sorted(stored.package_references - known)]
        room = _MAX_ACTIONS - len(actions)
        for batch in batches(look_ups[room:], _MAX_ACTIONS):
            write_all(self._client, batch)
        return self._write(*actions, *look_ups[:room])

    def _look_up(self, stored: StoredConsignment, package: str) -> Action:
        expires_at = int(stored.expires_at.timestamp()) if stored.expires_at else None
        return {
            "Update": {
                "TableName": self._consignments,
                "Key": _look_up_key(package),
                "UpdateExpression": ("SET expiresAt = :expires " if expires_at else "") + "ADD consignments :these",
                "ExpressionAttributeValues": {
                    ":these": {"SS": [stored.reference]},
                    **({":expires": {"N": str(expires_at)}} if expires_at else {}),
                },
            }
        }

    def _check_record(self, seen: Known) -> dict[str, Any]:
        key = {"TableName": self._records, "Key": {KEY: {"S": seen.reference}}}
        return {"ConditionCheck": {**key, **_unchanged(seen.record)}}

    def _write(self, *actions: Action) -> bool:
        """Carry out all actions or none. Return False if a condition does not hold or another write is under way."""
        try:
            write_all(self._client, actions)
        except CancelledError as error:
            if _LOST_RACES.issuperset(error.reasons):
                return False
            raise
        return True

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return getattr(self._client, operation)(**request)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"DynamoDB did not answer {operation}: {cause_of(error)}") from error


def _look_up_key(package: str) -> Any:
    """Return the key of what leads from a package to its consignments. No consignment's reference has a `#`."""
    return {KEY: {"S": f"package#{package}"}}


def _unchanged(seen: StoredConsignment | StoredRecord | None) -> dict[str, Any]:
    """Return the condition that an item is still the version that was seen, or still does not exist."""
    if seen is None:
        return _FIRST
    return {
        "ConditionExpression": "version = :seen",
        "ExpressionAttributeValues": {":seen": {"N": str(seen.version)}},
    }
