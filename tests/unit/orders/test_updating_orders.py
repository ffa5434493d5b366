"""Order-updated messages: they replace what is not allocated yet, and are refused by what is."""

from dataclasses import replace
from typing import Any

import pytest

from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import Order
from allocation.domain.outcome import Cancelled, Deallocated, DeferralCause, Deferred, Standing
from allocation.domain.record import PastFailure, RefusedUpdate
from allocation.orders.order_requests import read_request
from allocation.ports import QueueMessage
from tests.support.orders import Orders
from tests.support.samples import FAILED, NOON, A, B, C, cancellation, message, queue_message, record_of, text_of


def update(event_id: str = "update-1", *named: str, **changes: Any) -> QueueMessage:
    """An order-updated message of these consignments, or of A, whose content names the event."""
    consignments = [{"Reference": each, "ConsignmentReferenceProvidedByCustomer": event_id} for each in named or (A,)]
    return message(event_id, eventType="order-updated", eventId=event_id, consignments=consignments, **changes)


def content_of(orders: Orders, reference: Any = A) -> str | None:
    """The event whose content is kept of a consignment."""
    named = orders.contents.kept[reference].get("ConsignmentReferenceProvidedByCustomer", "event-1")
    return str(named)


def test_an_update_of_a_failed_consignment_allocates_it_from_the_new_content() -> None:
    orders = Orders(answers={A: FAILED})
    orders.process(message("m1", A))
    orders.answers.clear()
    report = orders.process(update())
    record = orders.records.kept[A]
    assert (record.outcome.state, record.version, record.event_id) == ("Allocated", 2, "update-1")
    assert (record.customer_reference, record.updated_by, content_of(orders)) == ("update-1", "update-1", "update-1")
    assert record.past_failure == PastFailure(FAILED.failure, NOON)
    assert (report.returned, set(report.outcomes)) == ({}, {A})


def test_an_update_that_comes_before_its_order_stands_as_the_orders_content() -> None:
    orders = Orders()
    orders.process(update("update-1", A))
    assert orders.process(message("m1", A, B)).returned == {}
    assert orders.allocator.asked == [(A,), (B,)]
    assert (orders.records.kept[A].customer_reference, content_of(orders)) == ("update-1", "update-1")
    assert (orders.records.kept[A].version, orders.records.kept[A].refused_update) == (1, None)


def test_an_order_created_event_does_not_try_again_what_failed_with_the_content_of_an_update() -> None:
    """Its content may be older. What a call for it may hold whose outcome was lost is taken back."""
    orders = Orders(answers={A: FAILED})
    orders.process(update("update-1", A))
    orders.answers.clear()
    assert orders.process(message("m1", A, eventId="event-2")).returned == {}
    assert (orders.allocator.asked, orders.allocator.released) == ([(A,)], [A])
    assert orders.records.kept[A].outcome == FAILED
    orders.process(update("update-2", A))
    assert orders.records.kept[A].outcome.state == "Allocated"


def test_an_order_created_event_waits_for_what_its_lost_call_may_hold() -> None:
    orders = Orders(answers={A: FAILED})
    orders.process(update("update-1", A))
    held = Deferred(DeferralCause.OUTCOME_UNKNOWN, 60)
    orders.allocator.unreleasable = {A: held}
    assert orders.process(message("m1", A, eventId="event-2")).returned == {"m1": held}


def test_an_order_created_event_that_a_failed_update_overtakes_comes_again_and_tries_nothing() -> None:
    orders, other = Orders(), Orders(answers={A: FAILED})
    orders.records.kept = {A: record_of(A, FAILED)}
    other.records = orders.records
    other.__post_init__()
    orders.allocator.meanwhile = lambda: other.process(update())
    again = message("m2", A, eventId="event-2")
    assert orders.process(again).returned == {"m2": Deferred(DeferralCause.NOT_RECORDED)}
    assert orders.process(again).returned == {}
    assert (orders.allocator.asked, orders.allocator.released) == ([(A,)], [A])
    assert (orders.records.kept[A].updated_by, orders.records.kept[A].outcome) == ("update-1", FAILED)


@pytest.mark.parametrize("standing", [None, Deallocated(), Cancelled()], ids=["allocated", "deallocated", "cancelled"])
def test_what_is_allocated_refuses_an_update_and_stays_as_it_is(standing: Standing | None) -> None:
    orders = Orders()
    orders.process(message("m1", A))
    record = replace(orders.records.kept[A], outcome=standing or orders.records.kept[A].outcome)
    orders.records.kept[A] = record
    report = orders.process(update())
    refused = RefusedUpdate("update-1", NOON)
    expected = replace(record, version=2, refused_update=refused, event_ids=("event-1", "update-1"))
    assert orders.records.kept == {A: expected}
    assert (content_of(orders), orders.allocator.asked) == ("event-1", [(A,)])
    assert (report.returned, report.outcomes) == ({}, {})


def test_an_update_is_refused_once_however_often_it_is_delivered() -> None:
    orders = Orders()
    orders.process(message("m1", A))
    for event_id in ("update-1", "update-2", "update-1", "update-2"):
        assert orders.process(update(event_id)).returned == {}
    assert orders.records.kept[A].version == 3


def test_an_update_that_was_taken_is_not_refused_when_it_is_delivered_again() -> None:
    orders = Orders()
    for _ in range(3):
        assert orders.process(update()).returned == {}
    assert (orders.records.kept[A].version, orders.allocator.asked) == (1, [(A,)])


def test_an_update_takes_precedence_over_its_order_in_one_batch() -> None:
    orders = Orders()
    assert orders.process(message("m1", A, B), update("update-1", A)).returned == {}
    assert (orders.records.kept[A].customer_reference, content_of(orders)) == ("update-1", "update-1")
    assert (orders.records.kept[A].version, orders.records.kept[B].event_id) == (1, "event-1")


def test_of_two_updates_in_one_batch_the_second_finds_what_became_of_the_first() -> None:
    orders = Orders()
    assert orders.process(update("update-1", A), update("update-2", A, B)).returned == {}
    first = orders.records.kept[A]
    assert (first.customer_reference, first.refused_update) == ("update-1", RefusedUpdate("update-2", NOON))
    assert (content_of(orders), content_of(orders, B)) == ("update-1", "update-2")


def test_consignments_that_an_update_does_not_name_stay_as_they_are() -> None:
    orders = Orders(answers={A: FAILED, B: FAILED})
    orders.process(message("m1", A, B, C))
    before = dict(orders.records.kept)
    orders.process(update("update-1", A))
    assert {key: record for key, record in orders.records.kept.items() if key != A} == {B: before[B], C: before[C]}


def test_a_cancelled_order_stays_cancelled_and_refuses_the_update() -> None:
    orders = Orders()
    orders.process(cancellation())
    assert orders.process(update()).returned == {}
    record = orders.records.kept[A]
    assert (record.outcome, record.version) == (Cancelled(), 2)
    assert (record.refused_update, orders.allocator.asked) == (RefusedUpdate("update-1", NOON), [])


def test_an_update_whose_consignment_another_event_allocated_meanwhile_is_refused() -> None:
    orders, other = Orders(), Orders()
    other.records, other.contents = orders.records, orders.contents
    other.__post_init__()
    orders.allocator.meanwhile = lambda: other.process(message("m1", A))
    assert orders.process(update()).returned == {}
    record = orders.records.kept[A]
    assert (record.event_id, record.refused_update) == ("event-1", RefusedUpdate("update-1", NOON))
    assert content_of(orders) == "event-1"


def test_an_update_that_is_deferred_is_neither_refused_nor_kept() -> None:
    throttled = Deferred(DeferralCause.THROTTLED)
    orders = Orders(answers={A: throttled})
    assert orders.process(update()).returned == {"update-1": throttled}
    assert (orders.records.kept, orders.contents.kept) == ({}, {})


def test_content_that_could_not_be_kept_is_kept_by_the_next_delivery() -> None:
    orders = Orders()
    orders.contents.unwritable = {A}
    assert orders.process(update()).returned == {"update-1": Deferred(DeferralCause.NOT_RECORDED)}
    assert orders.records.kept[A].outcome.state == "Allocated"
    orders.contents.unwritable = set()
    assert orders.process(update()).returned == {}
    assert content_of(orders) == "update-1"


def test_a_refusal_that_is_not_written_comes_again() -> None:
    orders = Orders()
    orders.process(message("m1", A))
    orders.records.unwritable = {A}
    assert orders.process(update()).returned == {"update-1": Deferred(DeferralCause.NOT_RECORDED)}
    orders.records.unwritable = set()
    orders.deadline.seconds = 4.0
    assert orders.process(update()).returned == {"update-1": Deferred(DeferralCause.OUT_OF_TIME)}


@pytest.mark.parametrize(
    "event_type", ["order-updated", "OrderUpdated", "order.updated", "com.example.order.updated.v2"]
)
def test_an_update_is_known_by_the_last_words_of_its_type(event_type: str) -> None:
    request = read_request(message("m1", A, eventType=event_type).body).request
    assert isinstance(request, Order)
    assert request.is_update


def test_the_documented_update_is_read() -> None:
    read = read_request(text_of("order-updated-v1.json"))
    assert (read.invalid, read.request.reference) == (None, "WEB-100045")


def test_an_update_without_content_is_refused_whole() -> None:
    with pytest.raises(InvalidMessageError, match="consignments: must have 1 or more entries"):
        read_request(message("m1", eventType="order-updated").body)


def test_an_update_with_a_bad_consignment_is_taken_as_far_as_it_can_be_read() -> None:
    orders = Orders()
    orders.process(update("update-1", A, "EC/1"))
    assert orders.records.kept.keys() == {A}
    assert [str(each.error)[:28] for each in orders.dlq.kept] == ["consignments[1].Reference: m"]


def test_a_message_that_is_no_order_names_what_to_send() -> None:
    with pytest.raises(InvalidMessageError, match="send 'order-created', 'order-updated' or 'order-cancelled'"):
        read_request(queue_message("m1", '{"eventType": "order-lost", "orderReference": "WEB-1"}').body)


def test_an_update_of_a_record_of_another_order_is_refused_too() -> None:
    orders = Orders()
    orders.records.kept = {A: record_of(A)}
    orders.process(update(orderReference="WEB-2"))
    assert orders.records.kept[A].order_reference == "WEB-1"
    assert orders.records.kept[A].refused_update == RefusedUpdate("update-1", NOON)
