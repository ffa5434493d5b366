"""The deployed stack takes 200 orders as they come, some twice and some unreadable, and the counts add up."""

import json
import time
from collections import Counter
from collections.abc import Callable

import pytest

from cli.stack.account import Account, Event
from cli.stack.deploy import Deployment
from cli.stack.observer import Observer, follow
from cli.stack.orders import send_orders
from tests.end_to_end.conftest import PATIENCE_SECONDS, Traffic, order_message, table
from tests.end_to_end.traffic import MALFORMED, ORDERS, REPEATED, consignment, malformed_bodies, order

LOOK_SECONDS = 0.2


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Waits until the condition holds; fails after the tests' patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(LOOK_SECONDS)


def depth(deployment: Deployment, queue_url: str) -> int:
    """The messages of a queue, those in flight and those delayed included."""
    attributes = deployment.clients.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    return sum(int(value) for name, value in attributes.items() if name.startswith("ApproximateNumberOfMessages"))


def test_every_order_is_accounted_for(traffic: Traffic) -> None:
    account = traffic.account
    assert len(account.sent) == ORDERS + REPEATED
    assert account.without_outcome == []
    assert account.done == [*traffic.readable, *traffic.repeated]
    assert account.refused == traffic.malformed


def test_every_consignment_has_one_record_of_the_order_that_named_it(traffic: Traffic) -> None:
    wanted = {
        (reference, sent.message.order_reference)
        for sent in traffic.readable
        for reference in sent.message.consignments
    }
    assert Counter((item["consignmentReference"], item["orderReference"]) for item in traffic.records) == Counter(
        wanted
    )


def test_records_are_allocated_but_for_consignments_that_no_service_takes(traffic: Traffic) -> None:
    heavy = {f"EC-{number:03d}-E2E-000" for number in range(0, ORDERS - MALFORMED, 7)}
    failed = {reference for reference, record in traffic.account.records.items() if record["state"] != "Allocated"}
    assert failed == heavy


def test_every_record_is_published_under_its_own_event_id_and_type(traffic: Traffic) -> None:
    kinds = {"Allocated": "consignment.allocated", "AllocationFailed": "consignment.allocation_failed"}
    wanted = {
        (f"{reference}#1", reference, kinds[record["state"]]) for reference, record in traffic.account.records.items()
    }
    assert {(event.event_id, event.consignment_reference, event.kind) for event in traffic.account.events} == wanted


def test_every_malformed_message_is_in_the_dlq_with_its_reason(traffic: Traffic) -> None:
    codes = malformed_bodies()
    refusals = traffic.account.refusals
    assert {sent.message_id: codes[sent.message.body] for sent in traffic.malformed} == {
        refusal.message_id: refusal.code for refusal in refusals.values()
    }
    assert all(refusal.reason for refusal in refusals.values())


@pytest.mark.usefixtures("traffic")
def test_the_order_queue_is_empty_in_the_end(deployment: Deployment) -> None:
    queue_url = deployment.stack.order_queue_url
    wait_until(lambda: depth(deployment, queue_url) == 0, "the order queue is empty")


@pytest.mark.usefixtures("traffic")
def test_an_order_that_is_partly_invalid_loses_nothing(deployment: Deployment, observer: Observer) -> None:
    event = {**order(ORDERS), "consignments": [consignment("EC-000-PRT-001"), consignment("EC-000-PRT-002")]}
    event["consignments"][1]["Packages"] = "one"
    message = order_message(json.dumps(event))
    sent = list(send_orders(deployment.clients.sqs, deployment.stack.order_queue_url, [message]))

    account = follow(lambda: observer.look(sent), lambda _: None, PATIENCE_SECONDS)
    wait_until(lambda: "EC-000-PRT-001" in observer.look(sent).records, "the valid consignment has a record")

    assert account.refused == sent
    assert "EC-000-PRT-002" not in observer.look(sent).records


def test_an_order_that_comes_again_under_a_new_message_id_changes_nothing(
    traffic: Traffic, deployment: Deployment, observer: Observer
) -> None:
    before = sorted(table(deployment), key=lambda item: str(item["consignmentReference"]))
    arrived = of_orders(observer.look(traffic.account.sent), traffic)
    clients, queue_url = deployment.clients, deployment.stack.order_queue_url

    again = list(send_orders(clients.sqs, queue_url, [sent.message for sent in traffic.readable[:8]]))

    wait_until(lambda: depth(deployment, queue_url) == 0, "the order queue is empty again")
    assert {sent.message_id for sent in again}.isdisjoint(sent.message_id for sent in traffic.account.sent)
    assert sorted(table(deployment), key=lambda item: str(item["consignmentReference"])) == before
    assert of_orders(observer.look(traffic.account.sent), traffic) == arrived


def of_orders(account: Account, traffic: Traffic) -> tuple[list[Event], int]:
    """The events of the traffic's consignments, and how many messages are in the DLQ."""
    events = [event for event in account.events if event.consignment_reference in traffic.account.records]
    return events, len(account.refusals)
