"""Writes of an allocation record as DynamoDB takes them, each upon the version that it follows."""

from dataclasses import replace
from typing import Any, Final

from allocation.aws.dynamodb.bulk_calls import Action
from allocation.aws.dynamodb.record_reading import KEY
from allocation.domain.limit import AllocationLimit
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.record import AllocationRecord, RecordSeen, RefusedUpdate, latest_event_ids
from allocation.domain.reference import ConsignmentReference
from allocation.records.items import record_item, refusal_item

NOT_THERE_YET: Final = f"attribute_not_exists({KEY})"
UNCHANGED: Final = "version = :seen"


def put_of(table: str, record: AllocationRecord) -> Action:
    """Return the write of a record whose condition is the version before it."""
    return {"Put": {"TableName": table, "Item": record_item(record, by_order=True), **_upon(record.version - 1)}}


def superseding_put(table: str, record: AllocationRecord, seen: RecordSeen) -> Action:
    """Return the write of a record in the place of the failure that was seen, whose events it remembers."""
    return {"Put": put_of(table, _superseding(record, seen))["Put"] | _failed_at(seen.version)}


def refusal_update(table: str, reference: ConsignmentReference, refused: RefusedUpdate, seen: RecordSeen) -> Action:
    """Return the update of only the fields of a refusal."""
    fields = refusal_item(refused, seen)
    return {
        "TableName": table,
        "Key": {KEY: {"S": reference}},
        "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in fields),
        "ConditionExpression": UNCHANGED,
        "ExpressionAttributeValues": {
            ":seen": {"N": str(seen.version)},
            **{f":{name}": value for name, value in fields.items()},
        },
    }


def _superseding(record: AllocationRecord, seen: RecordSeen) -> AllocationRecord:
    """Return a record that follows the one seen, and remembers its failure and its events."""
    tried = latest_event_ids(*seen.event_ids, *(record.event_ids or (record.event_id,)))
    return replace(record, version=seen.version + 1, past_failure=seen.latest_failure, event_ids=tried)


def _upon(version: int) -> dict[str, Any]:
    """Return the condition that a record has this version; 0 is no record at all."""
    if not version:
        return {"ConditionExpression": NOT_THERE_YET}
    return {"ConditionExpression": UNCHANGED, "ExpressionAttributeValues": {":seen": {"N": str(version)}}}


def _failed_at(version: int) -> dict[str, Any]:
    """Return the condition that a record is a failure and has this version."""
    return {
        "ConditionExpression": f"#state = :failed AND {UNCHANGED}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":failed": {"S": AllocationFailed.state}, ":seen": {"N": str(version)}},
    }


def limit_of(record: AllocationRecord) -> AllocationLimit | None:
    """Return the limit that a record counts on, or None."""
    return record.outcome.limit if isinstance(record.outcome, Allocated) else None
