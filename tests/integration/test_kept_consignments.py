"""Orders and the API over moto's AWS: what the queue allocated has a label, a view and links that lead to them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from allocation.composition import orders
from allocation.domain.reference import ConsignmentReference
from allocation.exact_json import parsed
from allocation.ports import QueueMessage
from tests.integration.conftest import CANCELLED_ORDERS, Queue
from tests.integration.handlers import Context, function, sqs_event
from tests.support.allocation_api import CATALOGUES, CONSIGNMENTS, LIMITS, RECORDS, Api, served_api
from tests.support.samples import json_of, queue_message
from tests.support.tables import create_table, kept_item

REFERENCE = "EC-000-05B-MMA"
ORDER = json_of("order-created-v1.json")
Process = Callable[[QueueMessage], list[Any]]


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


@pytest.fixture
def process(api: Api, monkeypatch: pytest.MonkeyPatch, dlq: Queue) -> Process:
    """Give the deployed function a message, and return what goes back to the queue."""
    assert api
    tables = {
        "ALLOCATIONS_TABLE": RECORDS,
        "LIMITS_TABLE": LIMITS,
        "CATALOGUES_TABLE": CATALOGUES,
        "CANCELLED_ORDERS_TABLE": CANCELLED_ORDERS,
    }
    queues = {"ORDER_QUEUE_URL": dlq.url.replace("dlq", "orders"), "ORDER_DLQ_URL": dlq.url}
    queues |= {"ORDER_QUEUE_VISIBILITY_SECONDS": "361", "ORDER_QUEUE_MAX_RECEIVES": "105"}
    for name, value in {**tables, **queues, "CONSIGNMENTS_TABLE": CONSIGNMENTS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("API_BASE_URL", "https://api.example/live")
    create_table(boto3.client("dynamodb"), "CancelledOrdersTable", CANCELLED_ORDERS)
    orders.allocate_orders.cache_clear()
    handler = function("allocate_orders").handler
    return lambda message: list(handler(sqs_event(message), Context())["batchItemFailures"])


def order(event_id: str = "event-1", **changes: Any) -> QueueMessage:
    consignment = ORDER["consignments"][0] | changes
    return queue_message("m1", json.dumps({**ORDER, "eventId": event_id, "consignments": [consignment]}))


def update(event_id: str, **changes: Any) -> QueueMessage:
    """An order-updated message, whose content says by which event it came."""
    sent = json.loads(order(event_id, ConsignmentReferenceProvidedByCustomer=event_id, **changes).body)
    return queue_message(event_id, json.dumps({**sent, "eventType": "order-updated"}))


def content(named: str) -> dict[str, Any]:
    """A consignment as the reader hands it on to be kept."""
    return {**parsed(json.dumps(ORDER["consignments"][0])), "ConsignmentReferenceProvidedByCustomer": named}


def item(table: str) -> dict[str, Any]:
    return kept_item(table, REFERENCE)


def test_what_the_queue_allocated_has_a_label_and_is_seen_whole(api: Api, process: Process) -> None:
    assert process(order()) == []
    label = api.call("GET", f"/labels/{REFERENCE}")
    assert (label.status, label.data["ContentType"]) == (200, "application/pdf")
    seen = api.call("GET", f"/consignments/{REFERENCE}").data
    assert (seen["ConsignmentState"], seen["Source"]) == ("Allocated", "Queue")
    assert len(seen["Packages"]) == len(ORDER["consignments"][0]["Packages"])
    assert all(package["Reference"].startswith("EP-") for package in seen["Packages"])


def test_the_links_of_a_summary_lead_to_the_stacks_own_api(api: Api, process: Process) -> None:
    assert api
    process(order())
    links = {link["Rel"]: link["Href"] for link in item(RECORDS)["allocationSummary"]["ApiLinks"]}
    assert links == {
        "detail": f"https://api.example/live/consignments/{REFERENCE}",
        "label": f"https://api.example/live/labels/{REFERENCE}",
    }


def test_a_summary_has_no_links_where_the_api_is_not_known(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_BASE_URL", "")
    orders.allocate_orders.cache_clear()
    process(order())
    assert item(RECORDS)["allocationSummary"]["ApiLinks"] == []


def test_what_is_kept_expires_and_is_in_no_record(process: Process) -> None:
    process(order())
    assert item(CONSIGNMENTS)["expiresAt"] > 0
    assert "Robin" in item(CONSIGNMENTS)["document"]
    assert "Robin" not in str(item(RECORDS))


def test_nothing_is_kept_without_the_table(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSIGNMENTS_TABLE", "")
    orders.allocate_orders.cache_clear()
    assert process(order()) == []
    assert (item(CONSIGNMENTS), item(RECORDS)["state"]) == ({}, "Allocated")


def test_nothing_is_allocated_that_could_not_be_kept(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSIGNMENTS_TABLE", "no-such-table")
    orders.allocate_orders.cache_clear()
    assert process(order()) == [{"itemIdentifier": "m1"}]
    assert item(RECORDS) == {}


def test_a_failed_consignment_of_the_queue_is_changed_and_allocated_over_the_api(api: Api, process: Process) -> None:
    heavy = [{**package, "Weight": {"Value": 4800, "Unit": "Kg"}} for package in ORDER["consignments"][0]["Packages"]]
    process(order(Packages=heavy))
    assert item(RECORDS)["state"] == "AllocationFailed"
    kept = json.loads(item(CONSIGNMENTS)["document"])
    light = {**kept, "Packages": [{**each, "Weight": {"Value": 1, "Unit": "Kg"}} for each in kept["Packages"]]}
    assert api.call("PUT", "/consignments", light).status == 200
    assert api.call("PUT", f"/allocation/{REFERENCE}/allocatewithcheapestquote").status == 200
    assert (item(RECORDS)["state"], item(RECORDS)["version"]) == ("Allocated", 2)


def test_a_new_event_replaces_what_is_kept_but_not_what_the_api_has_changed(api: Api, process: Process) -> None:
    heavy = [{**package, "Weight": {"Value": 4800, "Unit": "Kg"}} for package in ORDER["consignments"][0]["Packages"]]
    process(order(Packages=heavy))
    process(order("event-2", Packages=heavy, ConsignmentReferenceProvidedByCustomer="second"))
    assert (item(CONSIGNMENTS)["customerReference"], item(CONSIGNMENTS)["version"]) == ("second", 2)
    assert api.call("PUT", "/consignments", json.loads(item(CONSIGNMENTS)["document"])).status == 200
    process(order("event-3", Packages=heavy, ConsignmentReferenceProvidedByCustomer="third"))
    assert (item(CONSIGNMENTS)["customerReference"], item(RECORDS)["version"]) == ("second", 3)


def test_a_field_that_only_a_label_needs_and_that_is_wrong_does_not_hold_up_an_order(
    api: Api, process: Process
) -> None:
    addresses = [{**each, "Contact": "Jane"} for each in ORDER["consignments"][0]["Addresses"]]
    assert process(order(Addresses=addresses)) == []
    assert item(RECORDS)["state"] == "Allocated"
    assert "Jane" not in item(CONSIGNMENTS)["document"]
    assert api.call("GET", f"/consignments/{REFERENCE}").status == 200


def test_a_refused_update_changes_neither_allocation_nor_label(api: Api, process: Process) -> None:
    assert process(order()) == []
    before, kept = item(RECORDS), item(CONSIGNMENTS)
    for _ in range(2):
        assert process(update("update-1")) == []
    after = item(RECORDS)
    assert after.pop("refusedUpdate")["eventId"] == "update-1"
    assert (after.pop("version"), after.pop("eventIds")) == (2, ["event-1", "update-1"])
    assert after == {name: value for name, value in before.items() if name != "version"}
    assert item(CONSIGNMENTS) == kept
    assert api.call("GET", f"/labels/{REFERENCE}").status == 200


def test_what_an_update_says_is_kept_when_it_is_taken(process: Process) -> None:
    assert process(order(Packages=[])) == []
    assert item(RECORDS)["state"] == "AllocationFailed"
    for _ in range(2):
        assert process(update("update-1")) == []
    assert (item(RECORDS)["state"], item(RECORDS)["updatedBy"]) == ("Allocated", "update-1")
    assert item(CONSIGNMENTS)["customerReference"] == "update-1"


def test_content_of_an_update_stays_whatever_order_created_event_comes_late(process: Process) -> None:
    assert process(update("update-1", Packages=[])) == []
    assert process(order()) == []
    assert process(order("event-2")) == []
    assert (item(RECORDS)["state"], item(RECORDS)["version"]) == ("AllocationFailed", 1)
    assert item(CONSIGNMENTS)["customerReference"] == "update-1"
    assert process(update("update-2")) == []
    assert (item(RECORDS)["state"], item(CONSIGNMENTS)["customerReference"]) == ("Allocated", "update-2")


def test_content_that_is_written_late_does_not_take_the_place_of_an_updates(process: Process) -> None:
    """As by a function that had read the record before the update came, and only then came to write."""
    process(update("update-1"))
    waves = orders.allocate_orders().waves
    assert waves.ordered_consignments is not None
    late = content("late")
    reference = ConsignmentReference(REFERENCE)
    assert waves.ordered_consignments.keep({reference: late}) == frozenset()
    assert waves.ordered_consignments.replace({reference: ("update-0", late)}) == frozenset()
    assert item(CONSIGNMENTS)["customerReference"] == "update-1"


def test_content_of_many_updates_is_kept_though_one_record_moved_on(process: Process) -> None:
    process(update("update-1"))
    waves = orders.allocate_orders().waves
    assert waves.ordered_consignments is not None
    other = ConsignmentReference("EC-000-05B-MMZ")
    updates = {each: ("update-1", content("again")) for each in (ConsignmentReference(REFERENCE), other)}
    assert waves.ordered_consignments.replace(updates) == frozenset()
    assert item(CONSIGNMENTS)["customerReference"] == "again"


def test_the_apis_own_consignment_stays_whatever_update_is_taken(api: Api, process: Process) -> None:
    heavy = [{**package, "Weight": {"Value": 4800, "Unit": "Kg"}} for package in ORDER["consignments"][0]["Packages"]]
    process(order(Packages=heavy, ConsignmentReferenceProvidedByCustomer="first"))
    assert api.call("PUT", "/consignments", json.loads(item(CONSIGNMENTS)["document"])).status == 200
    assert process(update("update-1")) == []
    assert (item(RECORDS)["updatedBy"], item(CONSIGNMENTS)["customerReference"]) == ("update-1", "first")
