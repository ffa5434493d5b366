"""The first look at an order's records may miss what was written in the last seconds, and nothing is done twice."""

from dataclasses import replace

import pytest

from allocation.domain.reference import OrderReference
from allocation.ports import QueueMessage
from tests.support.orders import Orders
from tests.support.samples import FAILED, A, B, cancellation, message, record_of


def lagging() -> Orders:
    """Orders whose look at half the price misses everything."""
    orders = Orders()
    orders.records.lags = True
    return orders


def states(orders: Orders) -> dict[str, str]:
    return {reference: record.outcome.state for reference, record in orders.records.kept.items()}


def test_a_record_that_the_look_missed_stands() -> None:
    orders = lagging()
    orders.records.kept = {A: record_of(A)}
    report = orders.process(message("m2", A, B, eventId="event-2"))
    assert (report.returned, set(report.outcomes)) == ({}, {B})
    assert orders.records.kept[A] == record_of(A)


def test_a_failure_that_the_look_missed_is_tried_by_a_new_event_when_it_comes_again() -> None:
    orders = lagging()
    orders.answers = {A: FAILED}
    orders.records.kept = {A: record_of(A, FAILED)}
    assert set(orders.process(message("m2", A, eventId="event-2")).returned) == {"m2"}
    assert orders.process(replace(message("m2", A, eventId="event-2"), receive_count=2)).returned == {}
    assert orders.records.kept[A].event_ids == ("event-1", "event-2")


def test_an_order_whose_cancellation_the_look_missed_is_cancelled() -> None:
    orders = lagging()
    orders.process(cancellation())
    assert orders.process(message("m1", A)).returned == {}
    assert states(orders) == {A: "Cancelled"}
    assert orders.allocator.released == [A]


def test_so_is_what_another_delivery_recorded_that_was_killed_before_it_looked_again() -> None:
    orders = lagging()
    orders.records.mark(OrderReference("WEB-1"), "cancel-1")
    orders.records.kept = {A: record_of(A)}
    assert orders.process(message("m1", A)).returned == {}
    assert states(orders) == {A: "Cancelled"}


@pytest.mark.parametrize(
    "batch",
    [
        [replace(message("m1", A), receive_count=2)],
        [message("m1", A), replace(message("m2", B), receive_count=2)],
        [message("m1", A, eventType="order-updated", eventId="update-1")],
        [message("m1", A), cancellation(orderReference="WEB-2")],
    ],
    ids=["comes again", "beside one that comes again", "an update", "beside a cancellation"],
)
def test_what_follows_on_something_done_a_moment_ago_does_not_miss_it(batch: list[QueueMessage]) -> None:
    orders = lagging()
    orders.records.kept = {A: record_of(A)}
    orders.process(*batch)
    assert A not in {reference for asked in orders.allocator.asked for reference in asked}


def test_where_a_record_may_be_all_that_keeps_a_consignment_from_being_allocated_twice_nothing_is_missed() -> None:
    orders = lagging()
    orders.may_lag = False
    orders.records.kept = {A: record_of(A)}
    orders.process(message("m2", A))
    assert orders.allocator.asked == []
