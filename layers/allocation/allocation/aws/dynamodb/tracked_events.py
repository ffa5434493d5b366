"""Tracking events in DynamoDB: in the table of the consignments, written together with the record that follows."""

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    CONFLICT,
    NOT_AT_FAULT,
    Action,
    CancelledError,
    read_items,
    write_all,
)
from allocation.aws.dynamodb.listings import unanswered
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.record_steps import step_update
from allocation.aws.dynamodb.record_writes import NOT_THERE_YET, UNCHANGED
from allocation.consignments.store import Known
from allocation.consignments.tracking import KeptTracking, TooManyEventsError
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.domain.tracking import TrackingEvent
from allocation.records.items import DynamoItem, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_TRACKING_KEY: Final = "consignments-by-tracking-key"
TRACKING_KEY: Final = "trackingKey"
# An item has 400 KB.
_MAX_BYTES: Final = 350_000
# What 350 KB of events may be unpacked: events repeat themselves, and whoever packs more means harm.
_MAX_UNPACKED: Final = 20_000_000
_LOST_RACES: Final = frozenset({NOT_AT_FAULT, CONDITION_FAILED, CONFLICT})


def tracking_item_key(reference: ConsignmentReference) -> Any:
    """Return the key of a consignment's tracking events. No consignment's reference has a `#`."""
    return {KEY: {"S": f"tracking#{reference}"}}


class DynamoDBTracking:
    """A `TrackingStore` over the table of the consignments and that of the allocation records."""

    def __init__(self, client: "DynamoDBClient", *, consignments: str, records: str) -> None:
        """`client` must have timeouts of its own. `consignments` and `records` are the tables' names."""
        self._client = client
        self._consignments = consignments
        self._records = records

    def with_tracking_key(self, key: str) -> Sequence[ConsignmentReference]:
        """Return the consignments that are kept and whose tracking references have this key."""
        try:
            answer = self._client.query(
                TableName=self._consignments,
                IndexName=BY_TRACKING_KEY,
                KeyConditionExpression="#key = :key",
                ExpressionAttributeNames={"#key": TRACKING_KEY},
                ExpressionAttributeValues={":key": {"S": key}},
            )
        except (ClientError, BotoCoreError) as error:
            raise unanswered(error, self._consignments, BY_TRACKING_KEY) from error
        return [ConsignmentReference(item[KEY]["S"]) for item in answer["Items"]]

    def tracking(self, reference: ConsignmentReference) -> KeptTracking | None:
        """Return the events that are kept of a consignment, read consistently, or None."""
        keys: Any = {"Keys": [tracking_item_key(reference)], "ConsistentRead": True}
        found = read_items(self._client, {self._consignments: keys})[self._consignments]
        return _kept(reference, found[0]) if found else None

    def track(self, kept: KeptTracking, seen: Known, step: Step | None) -> bool:
        """Keep events and change the record, or neither. Return False if either is no longer as it was read."""
        before = kept.version - 1
        condition: dict[str, Any] = {"ConditionExpression": NOT_THERE_YET}
        if before:
            condition = {"ConditionExpression": UNCHANGED, "ExpressionAttributeValues": {":seen": {"N": str(before)}}}
        put = {"Put": {"TableName": self._consignments, "Item": _item(kept), **condition}}
        try:
            write_all(self._client, [put, self._record(seen, step)])
        except CancelledError as error:
            if _LOST_RACES.issuperset(error.reasons):
                return False
            raise
        return True

    def _record(self, seen: Known, step: Step | None) -> Action:
        """Return what changes the record or, without anything to change, looks that it is still as it was seen."""
        record = seen.record
        if record is None:
            raise ValueError("only an allocated consignment is tracked")
        if step:
            return {"Update": step_update(self._records, seen.reference, step, record.tried_event_ids, record.version)}
        return {
            "ConditionCheck": {
                "TableName": self._records,
                "Key": {KEY: {"S": seen.reference}},
                "ConditionExpression": UNCHANGED,
                "ExpressionAttributeValues": {":seen": {"N": str(record.version)}},
            }
        }


def _item(kept: KeptTracking) -> DynamoItem:
    """Return events as an item. Raises `TooManyEventsError`."""
    rows = [
        [each.time_stamp, each.code, each.package, each.leg, each.description, each.signed_by, each.location]
        for each in kept.events
    ]
    packed = zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 9)
    if len(packed) > _MAX_BYTES:
        raise TooManyEventsError(f"{len(rows)} events of one consignment")
    attributes = {
        KEY: f"tracking#{kept.reference}",
        "allocation": kept.allocation,
        "events": packed,
        "version": kept.version,
        "expiresAt": int(kept.expires_at.timestamp()) if kept.expires_at else None,
    }
    return to_item({name: value for name, value in attributes.items() if value is not None})


def _kept(reference: ConsignmentReference, item: DynamoItem) -> KeptTracking:
    """Return the events of an item."""
    rows = json.loads(zlib.decompressobj().decompress(item["events"]["B"], _MAX_UNPACKED))
    expires_at = item.get("expiresAt")
    return KeptTracking(
        reference,
        item["allocation"]["S"],
        [TrackingEvent(*row) for row in rows],
        int(item["version"]["N"]),
        datetime.fromtimestamp(int(expires_at["N"]), UTC) if expires_at else None,
    )
