"""Orders that come again: a new event tries again what failed, and nothing else."""

from dataclasses import replace

import pytest

from allocation.domain.outcome import AllocationFailed, Cancelled, Deallocated, DeferralCause, Deferred, Standing
from allocation.domain.record import MAX_EVENT_IDS, AllocationRecord, PastFailure
from allocation.domain.reference import ConsignmentReference
from tests.support.orders import Orders
from tests.support.samples import FAILED, NOON, A, B, message, record_of


def orders_with(record: AllocationRecord) -> Orders:
    orders = Orders()
    orders.records.kept = {record.consignment_reference: record}
    return orders


def test_a_new_event_tries_again_what_failed() -> None:
    orders = orders_with(record_of(A, FAILED))
    report = orders.process(message("m2", A, eventId="event-2", orderReference="WEB-2"))
    record = orders.records.kept[A]
    assert (record.outcome.state, record.version) == ("Allocated", 2)
    assert (record.event_id, record.order_reference) == ("event-2", "WEB-2")
    assert record.event_ids == ("event-1", "event-2")
    assert record.past_failure == PastFailure(FAILED.failure, NOON)
    assert (report.returned, set(report.outcomes)) == ({}, {A})


def test_no_event_that_has_tried_a_failure_tries_it_again() -> None:
    orders = Orders(answers={A: FAILED})
    for event_id in ("event-1", "event-2", "event-1", "event-2"):
        assert orders.process(message("m", A, eventId=event_id)).returned == {}
    assert orders.allocator.asked == [(A,), (A,)]
    assert orders.records.kept[A].version == 2


def test_two_new_events_of_one_batch_try_a_failure_once() -> None:
    orders = Orders(answers={A: FAILED})
    orders.process(message("m1", A))
    both = (message("m2", A, eventId="event-2"), message("m3", A, eventId="event-3"))
    orders.process(*both)
    orders.process(*both)
    assert orders.allocator.asked == [(A,), (A,)]
    assert orders.records.kept[A].event_ids == ("event-1", "event-2", "event-3")


def test_a_record_keeps_the_latest_events_only() -> None:
    orders = Orders(answers={A: FAILED})
    for number in range(MAX_EVENT_IDS + 5):
        orders.process(message("m", A, eventId=f"event-{number}"))
    assert orders.records.kept[A].event_ids == tuple(f"event-{number}" for number in range(5, MAX_EVENT_IDS + 5))


@pytest.mark.parametrize("standing", [None, Deallocated(), Cancelled()], ids=["allocated", "deallocated", "cancelled"])
def test_a_new_event_does_not_touch_what_did_not_fail(standing: Standing | None) -> None:
    record = record_of(A)
    orders = orders_with(replace(record, outcome=standing or record.outcome))
    before = dict(orders.records.kept)
    assert orders.process(message("m2", A, eventId="event-2")).returned == {}
    assert (orders.allocator.asked, orders.records.kept) == ([], before)


def test_a_failure_that_another_event_recorded_meanwhile_is_tried_again_later() -> None:
    orders, other = Orders(answers={A: FAILED}), Orders(answers={A: FAILED})
    other.records = orders.records
    other.__post_init__()
    orders.allocator.meanwhile = lambda: other.process(message("m2", A, eventId="event-2"))
    late = orders.process(message("m1", A), message("m3", B))
    assert late.returned == {"m1": Deferred(DeferralCause.NOT_RECORDED)}
    assert orders.process(message("m1", A)).returned == {}
    assert tried(orders, A) == (2, ("event-2", "event-1"))


def tried(orders: Orders, reference: ConsignmentReference) -> tuple[int, tuple[str, ...]]:
    record = orders.records.kept[reference]
    assert isinstance(record.outcome, AllocationFailed)
    return record.version, record.event_ids
