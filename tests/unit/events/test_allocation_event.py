"""The event of a record: its documented form, its attributes, its id, and what each kind of change has."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allocation.aws.stream_events import changes
from allocation.domain.outcome import Allocated, AllocatedBy, Cancelled, Deallocated, Price, Standing
from allocation.domain.record import PastFailure
from allocation.domain.reference import ConsignmentReference
from allocation.domain.routing import Route
from allocation.domain.state import CarriedState, Step
from allocation.domain.summary import AllocationSummary
from allocation.events.publish_allocations import Change
from allocation.records.items import from_item, step_item, stored_record, to_item
from allocation.records.record_document import record_document
from tests.support.published_events import change, published
from tests.support.samples import FAILED, NOON, A, json_of, record_of, summary_of


def nested(levels: int) -> Any:
    """A value inside so many lists."""
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("stream", "event"),
    [
        ("stream-insert-allocated.json", "consignment-allocated-v1.json"),
        ("stream-insert-failed.json", "consignment-allocation-failed-v1.json"),
        ("stream-modify-update-refused.json", "consignment-update-refused-v1.json"),
    ],
)
def test_a_stream_record_is_published_as_its_documented_event(stream: str, event: str) -> None:
    (sent,) = published(*changes(json_of(stream)))
    assert json.loads(sent.body) == json_of(event)
    assert sent.event_id == json_of(event)["id"]


def earlier(**fields: Any) -> dict[str, Any]:
    """A stream event with a record that has nothing but the fields which it was read by from the beginning."""
    document = {
        "consignmentReference": A,
        "orderReference": "WEB-1",
        "version": 1,
        "allocatedAt": "2025-01-01T00:00:00.000Z",
        **fields,
    }
    return {"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": to_item(document)}}]}


def test_an_event_carries_the_senders_own_reference() -> None:
    record = replace(record_of(A), customer_reference="WEB-1/1")
    image = to_item(record_document(record))
    (sent,) = published(*changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]}))
    assert json.loads(sent.body)["data"]["customerReference"] == "WEB-1/1"


def test_an_allocation_as_an_earlier_version_recorded_it_is_published() -> None:
    summary = summary_of(A).to_json()
    (sent,) = published(*changes(earlier(state="Allocated", allocationSummary=summary)))
    assert json.loads(sent.body) == {
        "specversion": "1.0",
        "id": f"{A}#1",
        "source": "/carrier-allocation",
        "type": "consignment.allocated",
        "subject": A,
        "time": "2025-01-01T00:00:00.000Z",
        "datacontenttype": "application/json",
        "data": {
            "orderReference": "WEB-1",
            "consignmentReference": A,
            "state": "Allocated",
            "allocationSummary": summary,
        },
    }
    assert (sent.event_id, sent.attributes) == (f"{A}#1", {"type": "consignment.allocated"})


def test_a_failure_as_an_earlier_version_recorded_it_is_published() -> None:
    failure = {"code": "NoCarrierServiceAvailable", "message": "nothing fits"}
    (sent,) = published(*changes(earlier(state="AllocationFailed", failure=failure)))
    event = json.loads(sent.body)
    assert (event["id"], event["type"]) == (f"{A}#1", "consignment.allocation_failed")
    assert event["data"] == {
        "orderReference": "WEB-1",
        "consignmentReference": A,
        "state": "AllocationFailed",
        "failure": failure,
    }
    assert sent.attributes == {"type": "consignment.allocation_failed"}


def test_subscribers_can_filter_by_type_mode_carrier_and_service() -> None:
    (sent,) = published(*changes(json_of("stream-insert-allocated.json")))
    assert sent.attributes == {
        "type": "consignment.allocated",
        "mode": "default_rules",
        "carrierReference": "CARRIER_X",
        "carrierServiceReference": "CX_NDS",
    }


def test_a_refused_update_can_be_filtered_as_its_consignment_stands() -> None:
    (sent,) = published(*changes(json_of("stream-insert-allocated.json")))
    (refused,) = published(*changes(json_of("stream-modify-update-refused.json")))
    assert refused.attributes == {**sent.attributes, "type": "consignment.update_refused"}


def test_an_attribute_without_a_value_is_left_out() -> None:
    (sent,) = published(*changes(json_of("stream-insert-failed.json")))
    assert sent.attributes == {"type": "consignment.allocation_failed", "mode": "service_group"}


def test_the_documented_summary_round_trips_exactly() -> None:
    (documented,) = json_of("allocation-summary.json")
    assert json.dumps(AllocationSummary.model_validate(documented).to_json()) == json.dumps(documented)


def test_the_documented_summary_reaches_subscribers_exactly() -> None:
    (documented,) = json_of("allocation-summary.json")
    reference = ConsignmentReference("EC-000-05B-MMA")
    outcome = Allocated(AllocationSummary.model_validate(documented))
    (sent,) = published(change("1", record_of(reference, outcome)))
    assert json.loads(sent.body)["data"]["allocationSummary"] == documented


def test_fields_that_pro_does_not_document_reach_nobody_because_they_may_hold_contacts() -> None:
    contact = {"Contact": {"FirstName": "Peter", "Email": "peter@example.com"}}
    plain = summary_of(A).to_json()
    legs = [{**leg, **contact} for leg in plain["ConsignmentLegs"]]
    links = [{**link, **contact} for link in plain["ApiLinks"]]
    told = AllocationSummary.model_validate({**plain, **contact, "ConsignmentLegs": legs, "ApiLinks": links})
    # A record that an earlier version wrote has them.
    earlier = {**record_document(record_of(A)), "allocationSummary": {**plain, **contact, "ConsignmentLegs": legs}}
    for document in (record_document(record_of(A, Allocated(told))), earlier):
        (sent,) = published(Change("1", document))
        assert json.loads(sent.body)["data"]["allocationSummary"] == plain
    assert record_document(record_of(A, Allocated(told)))["allocationSummary"] == plain


def test_an_adopted_allocation_says_so_and_where_it_was_made() -> None:
    adopted = AllocatedBy("pro", "https://api.electioapp.com", is_adopted=True)
    document = record_document(record_of(A, Allocated(summary_of(A), why="It had one already", by=adopted)))
    said = {"allocatedBy": "pro", "proBaseUrl": "https://api.electioapp.com", "adopted": True}
    assert {name: document[name] for name in said} == said
    (sent,) = published(Change("1", from_item(to_item(document))))
    assert {name: json.loads(sent.body)["data"][name] for name in said} == said


def test_an_event_that_is_repeated_has_the_same_id_and_body() -> None:
    first, second = published(change("1", record_of(A)), change("2", record_of(A)))
    assert first == second
    assert first.event_id == f"{A}#1"


def test_a_later_version_of_a_record_has_an_id_of_its_own() -> None:
    first, second = published(change("1", record_of(A, FAILED)), change("2", replace(record_of(A), version=2)))
    assert (first.event_id, second.event_id) == (f"{A}#1", f"{A}#2")


@pytest.mark.parametrize(
    ("standing", "kind"), [(Deallocated(), "consignment.deallocated"), (Cancelled(), "consignment.cancelled")]
)
def test_what_undoes_an_allocation_is_published_without_the_past_failure(standing: Standing, kind: str) -> None:
    past = PastFailure(FAILED.failure, NOON)
    (sent,) = published(change("1", replace(record_of(A), outcome=standing, version=3, past_failure=past)))
    event = json.loads(sent.body)
    assert (event["id"], event["type"]) == (f"{A}#3", kind)
    assert event["data"].keys() == {"orderReference", "consignmentReference", "mode", "state"}


@pytest.mark.parametrize(
    "extra",
    [
        {"Surprise": "x" * 150_000},
        {"Description": "\U0001f600" * 60_000},
        {"": 1},
        {"Deep": nested(40)},
        {"Deep": nested(3_000)},
        {"Score": float("nan")},
    ],
    ids=["large", "large in ASCII", "nameless", "deep", "deeper", "not a number"],
)
def test_a_summary_is_kept_in_its_documented_fields_whatever_else_it_has(extra: dict[str, Any]) -> None:
    outcome = Allocated(summary_of(A, **extra))
    document = record_document(record_of(A, outcome))
    (sent,) = published(Change("1", from_item(to_item(document))))
    summary = json.loads(sent.body)["data"]["allocationSummary"]
    whole = summary_of(A).to_json()
    assert {**summary, "Description": None} == {**whole, "Description": None}
    assert len(sent.body) < 5_000
    assert document["carrierServiceReference"] == "CX_NDS"


def test_a_reference_that_sqs_would_refuse_is_in_the_event_and_not_in_its_attributes() -> None:
    outcome = Allocated(summary_of(A, CarrierReference="C\u0001", CarrierServiceReference="S" * 300))
    (sent,) = published(change("1", record_of(A, outcome)))
    assert sent.attributes == {"type": "consignment.allocated", "mode": "default_rules"}
    assert json.loads(sent.body)["data"]["allocationSummary"]["CarrierReference"] == "C\u0001"


@pytest.mark.parametrize("version", [{}, {"schemaVersion": 0}, {"schemaVersion": 1}, {"schemaVersion": 2}])
def test_a_record_of_this_version_or_before_is_published_whatever_else_it_has(version: dict[str, int]) -> None:
    failure = {"code": "NoCarrierServiceAvailable", "message": "nothing fits"}
    (sent,) = published(
        *changes(earlier(state="AllocationFailed", failure=failure, news={"of": "tomorrow"}, **version))
    )
    assert json.loads(sent.body)["data"]["failure"] == failure


def test_the_event_has_what_a_warehouse_needs() -> None:
    outcome = Allocated(
        summary_of(
            A,
            Description="Allocated with Carrier X for shipping on 23/11/2026 17:00:00 +00:00",
            ApiLinks=[{"Rel": "label", "Href": "https://example.test/labels/A"}],
        ),
        Price(Decimal("4.95"), Decimal("0.99"), Decimal("5.94"), "GBP"),
        delivered_by=datetime(2026, 11, 24, 21, tzinfo=UTC),
        why="CX_NDS is the only service that can take it.",
    )
    (sent,) = published(change("1", replace(record_of(A, outcome), route=Route("next-day", "next-day", "fastest"))))
    data = json.loads(sent.body)["data"]
    assert (data["collectedAt"], data["deliveredBy"]) == ("2026-11-23T17:00:00.000Z", "2026-11-24T21:00:00.000Z")
    assert (data["labelLink"], data["why"]) == ("https://example.test/labels/A", outcome.why)
    assert (data["price"]["gross"], data["route"]) == (
        "5.94",
        {"row": "next-day", "option": "next-day", "preference": "fastest"},
    )


@pytest.mark.parametrize("description", [None, "", "for shipping on", "x for shipping on 31/02/2026 17:00:00 +00:00"])
def test_a_collection_that_no_text_tells_is_left_out(description: str | None) -> None:
    (sent,) = published(change("1", record_of(A, Allocated(summary_of(A, Description=description)))))
    assert "collectedAt" not in json.loads(sent.body)["data"]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("ReadyToShip", "ready_to_ship"),
        ("Allocated", "not_ready_to_ship"),
        ("Manifesting", "manifesting"),
        ("Manifested", "manifested"),
        ("ManifestFailed", "manifest_failed"),
        ("Dispatched", "dispatched"),
    ],
)
def test_a_step_is_an_event_of_its_own_with_its_time_and_the_allocation(state: CarriedState, kind: str) -> None:
    before = stored_record(to_item(record_document(record_of(A))))
    assert before
    step = Step(state, "request", NOON + timedelta(hours=1), manifest="0123" if state == "Manifested" else None)
    item = to_item(record_document(record_of(A))) | step_item(step, A, before.tried_event_ids, before.version)
    (sent,) = published(Change("1", from_item(item)))
    event = json.loads(sent.body)
    assert (event["id"], event["type"]) == (f"{A}#2", f"consignment.{kind}")
    assert event["time"] == "2026-11-23T13:00:00.000Z"
    assert event["data"]["state"] == state
    assert event["data"]["allocationSummary"] == record_document(record_of(A))["allocationSummary"]
    assert event["data"].get("manifestReference") == ("0123" if state == "Manifested" else None)
