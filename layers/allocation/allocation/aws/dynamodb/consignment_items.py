"""Consignments as DynamoDB's items and back. Their content is one text, since nothing queries inside it."""

from datetime import UTC, datetime
from typing import Any

from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.tracked_events import TRACKING_KEY
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.store import Known, StoredConsignment
from allocation.domain.reference import ConsignmentReference
from allocation.domain.tracking_reference import tracking_key
from allocation.exact_json import parsed, written
from allocation.records.items import DynamoItem, stored_record, to_item


def known_in(reference: ConsignmentReference, stored: DynamoItem | None, record: DynamoItem | None) -> Known:
    """Return what the items of both tables say of a consignment."""
    read = stored_record(record) if record else None
    return Known(reference, _stored_consignment(stored), read, has_later_record=read is None and record is not None)


def consignment_item(stored: StoredConsignment, *, never_allocated: bool) -> DynamoItem:
    """Return a consignment as an item. Its content is one text, since nothing queries inside it."""
    attributes = {
        KEY: stored.reference,
        "document": written(stored.content),
        "createdAt": stored.created_at.isoformat(),
        "version": stored.version,
        "customerReference": stored.customer_reference,
        "expiresAt": int(stored.expires_at.timestamp()) if stored.expires_at else None,
        TRACKING_KEY: tracking_key(stored.reference),
        "neverAllocated": "true" if never_allocated else None,
        "labelsGiven": labels_document(stored.labels_given) if stored.labels_given else None,
    }
    return to_item({name: value for name, value in attributes.items() if value is not None})


def _stored_consignment(item: DynamoItem | None) -> StoredConsignment | None:
    """Return the consignment of an item, or None."""
    if item is None:
        return None
    expires_at = item.get("expiresAt")
    return StoredConsignment(
        reference=ConsignmentReference(item[KEY]["S"]),
        content=parsed(item["document"]["S"]),
        created_at=datetime.fromisoformat(item["createdAt"]["S"]),
        version=int(item["version"]["N"]),
        expires_at=datetime.fromtimestamp(int(expires_at["N"]), UTC) if expires_at else None,
        labels_given=_labels_given(item),
    )


def labels_document(given: LabelsGiven) -> dict[str, Any]:
    """Return when labels were given out, as an item has it."""
    return {"trackingReference": given.tracking_reference, "at": given.at.isoformat(), "count": given.count}


def _labels_given(item: DynamoItem) -> LabelsGiven | None:
    """Return when labels of the consignment were given out, or None."""
    if "labelsGiven" not in item:
        return None
    given = item["labelsGiven"]["M"]
    at = datetime.fromisoformat(given["at"]["S"])
    return LabelsGiven(given["trackingReference"]["S"], at, int(given["count"]["N"]))
