"""A record is the same whoever wrote it and whoever reads it: queue, API and stream have one serialiser."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import boto3
import pytest

from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.aws.stream_events import changes
from allocation.consignments.store import Known
from allocation.domain.outcome import Allocated
from allocation.domain.record import AllocationRecord
from allocation.events.publish_allocations import event_of
from allocation.exact_json import parsed
from tests.support.allocation_api import LIMITS, RECORDS, Api, served_api
from tests.support.samples import A, record_of, summary_of
from tests.support.tables import streamed

CONTACT: Final = {"FirstName": "Peter", "Telephone": "07700 900123"}
LEG: Final = {
    "Leg": 1,
    "TrackingReferences": ["TRK1"],
    "CarrierReference": "CARRIER_X",
    "CarrierServiceReference": None,
    "CarrierName": None,
}
NOT_DOCUMENTED: Final[dict[str, Any]] = {"ConsignmentLegs": [{**LEG, "To": CONTACT}], "Rank": 3, "Contact": CONTACT}

Write = Callable[[Api, AllocationRecord], object]


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


def by_queue(_: Api, record: AllocationRecord) -> None:
    dynamodb = boto3.client("dynamodb")
    assert DynamoDBRecords(dynamodb, RECORDS, DynamoDBLimitUsage(dynamodb, LIMITS), "cancelled-orders").add(
        [record]
    ).added == {A}


def by_api(api: Api, record: AllocationRecord) -> None:
    assert api.store.record(record, Known(A))


@pytest.mark.parametrize("write", [by_queue, by_api])
def test_what_pro_does_not_document_of_a_summary_is_neither_kept_nor_shown_nor_published(
    api: Api, write: Write
) -> None:
    write(api, replace(record_of(A), outcome=Allocated(summary_of(A, **NOT_DOCUMENTED))))
    item: Any = boto3.client("dynamodb").get_item(TableName=RECORDS, Key={"consignmentReference": {"S": A}})["Item"]

    told = api.call("GET", f"/consignments/{A}")
    assert told.data["ConsignmentLegs"] == [LEG]

    (change,) = changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": streamed(item)}}]})
    published = parsed(event_of(change).body)["data"]["allocationSummary"]
    stored = api.store.find([A])[A].record
    assert stored
    assert stored.allocation_summary
    for summary in (published, stored.allocation_summary.to_json()):
        assert summary["ConsignmentLegs"] == [LEG]
        assert not {"Rank", "Contact"} & summary.keys()
