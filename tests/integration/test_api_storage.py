"""Consignments beside allocation records, and what is written when two want to write at once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.consignments.store import StoredConsignment
from allocation.domain.outcome import Allocated
from allocation.domain.reference import ConsignmentReference
from allocation.events.allocation_event import allocation_event
from allocation.records.stored_record import StoredRecord
from tests.support.allocation_api import CONSIGNMENTS, HOST, LIMITS, RECORDS, Api, served_api
from tests.support.consignments import MONDAY_MORNING, consignment, package
from tests.support.samples import record_of, summary_of
from tests.support.tables import kept_item

Meanwhile = Callable[[], object]


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


def item(table: str, reference: str) -> dict[str, Any]:
    return kept_item(table, reference)


def allocate(api: Api, reference: str) -> int:
    return api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").status


def queue_records() -> DynamoDBRecords:
    dynamodb = boto3.client("dynamodb")
    return DynamoDBRecords(dynamodb, RECORDS, DynamoDBLimitUsage(dynamodb, LIMITS), "cancelled-orders")


def queue_allocates(reference: str) -> None:
    """What the order queue does with a consignment that it allocates."""
    known = ConsignmentReference(reference)
    receipt = queue_records().add([record_of(known, Allocated(summary_of(reference)))])
    assert receipt.added == {known}


def before_the_next_write(api: Api, monkeypatch: pytest.MonkeyPatch, happens: Meanwhile, method: str) -> None:
    """Has something happen between the next reading and writing."""
    write = getattr(api.store, method)

    def late(*arguments: object) -> Any:
        monkeypatch.setattr(api.store, method, write)
        happens()
        return write(*arguments)

    monkeypatch.setattr(api.store, method, late)


def test_the_version_counts_every_change_of_the_record_and_each_is_an_event(api: Api) -> None:
    reference = api.create()
    events = []
    for action, body in (
        ("allocation/{}/allocatewithcheapestquote", None),
        ("consignments/{}/deallocate", None),
        ("allocation/{}/allocatewithservicegroup/valuableGoods", None),
        ("consignments/{}/cancel", None),
    ):
        assert api.call("PUT", "/" + action.format(reference), body).status == 200
        event = allocation_event(StoredRecord.model_validate(item(RECORDS, reference)))
        events.append((event.event_id, event.attributes["type"]))
    assert events == [
        (f"{reference}#1", "consignment.allocated"),
        (f"{reference}#2", "consignment.deallocated"),
        (f"{reference}#3", "consignment.allocated"),
        (f"{reference}#4", "consignment.cancelled"),
    ]


def test_a_record_names_the_request_that_caused_it_and_the_order_that_the_sender_calls_it_by(api: Api) -> None:
    reference = api.create()
    allocate(api, reference)
    record = item(RECORDS, reference)
    assert (record["eventId"], record["orderReference"], record["mode"]) == (
        "request-2",
        "WEB-100045-1",
        "default_rules",
    )
    assert record["allocationSummary"]["ApiLinks"][0]["Href"] == f"https://{HOST}/consignments/{reference}"


def test_no_personal_data_is_in_a_record(api: Api) -> None:
    reference = api.create()
    allocate(api, reference)
    text = str(item(RECORDS, reference))
    for personal in ("McPetersson", "Porter Street", "07702123456", "test.com"):
        assert personal not in text


def test_personal_data_expires_after_its_retention_counted_from_the_last_change(api: Api) -> None:
    reference = api.create()
    assert int(item(CONSIGNMENTS, reference)["expiresAt"]) == (MONDAY_MORNING + timedelta(days=90)).timestamp()
    api.clock.now += timedelta(days=10)
    assert api.call("PUT", "/consignments", consignment(Reference=reference)).status == 200
    assert int(item(CONSIGNMENTS, reference)["expiresAt"]) == (MONDAY_MORNING + timedelta(days=100)).timestamp()


def test_what_the_queue_allocates_the_api_sees_and_the_other_way_round(api: Api) -> None:
    reference = api.create()
    queue_allocates(reference)
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["Allocation"]["MpdCarrierServiceReference"]) == ("Allocated", "CX_NDS")
    assert allocate(api, reference) == 400
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data == []
    other = api.create()
    allocate(api, other)
    recorded = queue_records().recorded([ConsignmentReference(other)])
    assert recorded.records.keys() == {ConsignmentReference(other)}


def test_a_cancelled_consignment_is_never_allocated_by_the_queue(api: Api) -> None:
    reference = api.create()
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 200
    known = ConsignmentReference(reference)
    receipt = queue_records().add([record_of(known)])
    assert not receipt.added
    assert receipt.present == {known}


def test_a_consignment_that_only_the_queue_knows_is_told_by_its_record_and_can_be_given_back(api: Api) -> None:
    queue_allocates("EC-QQQ-QQQ-QQQ")
    told = api.call("GET", "/consignments/EC-QQQ-QQQ-QQQ").data
    assert (told["ConsignmentState"], told["Addresses"], told["Packages"]) == ("Allocated", [], [])
    assert api.call("GET", "/consignments/EC-QQQ-QQQ-QQQ/status").data["Status"] == "Allocated"
    assert api.call("GET", "/labels/EC-QQQ-QQQ-QQQ").status == 404
    assert api.call("PUT", "/consignments/EC-QQQ-QQQ-QQQ/deallocate").status == 200
    assert api.call("PUT", "/allocation/EC-QQQ-QQQ-QQQ/allocatewithcheapestquote").status == 400
    assert api.call("GET", "/consignments/EC-QQQ-QQQ-QQQ/status").data["Status"] == "Unallocated"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/allocation/{}/allocatewithcheapestquote"),
        ("PUT", "/consignments/{}/deallocate"),
        ("PUT", "/consignments/{}/cancel"),
        ("PUT", "/consignments"),
        ("GET", "/consignments/{}"),
        ("GET", "/labels/{}"),
    ],
)
def test_a_record_of_a_later_version_is_kept_as_it_is_and_the_answer_says_why(api: Api, method: str, path: str) -> None:
    reference = api.create()
    queue_allocates(reference)
    later = {**item(RECORDS, reference), "schemaVersion": 3, "state": "Allocated", "carrierService": {"of": "later"}}
    boto3.resource("dynamodb").Table(RECORDS).put_item(Item=later)
    kept = item(CONSIGNMENTS, reference)

    answer = api.call(method, path.format(reference), consignment(Reference=reference) if path.endswith("s") else None)

    assert (answer.status, answer.data["Code"]) == (503, "LaterRecordVersionException")
    assert reference in answer.data["Message"]
    assert (item(RECORDS, reference), item(CONSIGNMENTS, reference)) == (later, kept)


def test_a_consignment_with_a_record_of_a_later_version_is_not_found_as_unallocated(api: Api) -> None:
    reference = api.create()
    queue_allocates(reference)
    boto3.resource("dynamodb").Table(RECORDS).put_item(Item={**item(RECORDS, reference), "schemaVersion": 3})
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data == []


def test_a_reference_that_a_consignment_or_only_a_record_has_is_not_issued_again(api: Api) -> None:
    queue_allocates("EC-AAA-AAA-AAA")
    texts = iter(["AAAAAAAAA", "000000001", "BBBBBBBBB", "000000002"])
    api.characters = lambda _: next(texts)
    assert api.create() == "EC-BBB-BBB-BBB"


def test_of_two_allocations_at_once_one_wins_and_the_other_is_told_the_state(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = api.create()
    before_the_next_write(api, monkeypatch, lambda: allocate(api, reference), "record")
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithservicegroup/valuableGoods")
    assert answer.status == 400
    assert "in the state Allocated" in answer.data["Message"]
    assert item(RECORDS, reference)["version"] == 1


def test_a_consignment_that_is_changed_while_it_is_allocated_is_allocated_as_changed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = api.create()
    heavy = consignment(Reference=reference, Packages=[package(Weight={"Value": 5000, "Unit": "Kg"})])
    before_the_next_write(api, monkeypatch, lambda: api.call("PUT", "/consignments", heavy), "record")
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]["StatusCode"] == 400
    assert api.call("GET", f"/consignments/{reference}/status").data["Status"] == "AllocationFailed"


def test_a_consignment_that_is_allocated_while_it_is_changed_keeps_what_it_was_allocated_with(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = api.create()
    heavy = consignment(Reference=reference, Packages=[package(Weight={"Value": 20, "Unit": "Kg"})])
    before_the_next_write(api, monkeypatch, lambda: allocate(api, reference), "replace")
    assert api.call("PUT", "/consignments", heavy).status == 400
    assert "20" not in str(api.call("GET", f"/consignments/{reference}").data["Packages"][0]["Weight"])


def test_the_queue_and_the_api_never_both_allocate(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = api.create()
    before_the_next_write(api, monkeypatch, lambda: queue_allocates(reference), "record")
    assert allocate(api, reference) == 400
    assert item(RECORDS, reference)["eventId"] == "event-1"


def test_a_change_that_always_comes_too_late_is_given_up_with_a_409(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = api.create()
    monkeypatch.setattr(api.store, "record", lambda *_: False)
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    assert (answer.status, answer.data["Code"]) == (409, "ConsignmentConflictException")


def test_more_consignments_than_one_read_takes_are_found(api: Api) -> None:
    references = [api.create() for _ in range(120)]
    known = api.store.find([ConsignmentReference(each) for each in references])
    assert sorted(known) == sorted(references)
    assert len(api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data) == 120


def test_a_store_that_does_not_answer_is_an_outage(api: Api) -> None:
    dynamodb = boto3.client("dynamodb")
    gone = DynamoDBConsignments(
        dynamodb, consignments="gone", records=RECORDS, limit_usage=DynamoDBLimitUsage(dynamodb, LIMITS)
    )
    stored = StoredConsignment(ConsignmentReference("EC-000-000-001"), {}, datetime(2026, 1, 1, tzinfo=UTC))
    api.store = gone
    assert api.call("GET", "/consignments/EC-000-000-001").status == 503
    assert api.call("POST", "/consignments", consignment()).status == 503
    with pytest.raises(Exception, match="DynamoDB did not write: ResourceNotFoundException"):
        gone.add(stored)
