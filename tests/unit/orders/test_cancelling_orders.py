"""Order-cancelled messages: what they name is cancelled for good, whatever arrives first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from allocation.domain.errors import InvalidMessageError
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.outcome import Allocated, Cancelled, DeferralCause, Deferred
from allocation.domain.record import PastFailure
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.orders.order_requests import read_request
from allocation.ports import Deadline
from tests.support.orders import Orders
from tests.support.samples import FAILED, NOON, A, B, C, cancellation, message, record_of, summary_of

DAY = LimitedDay("CX_NDS", date(2026, 11, 24))


def states(orders: Orders) -> dict[str, str]:
    return {reference: record.outcome.state for reference, record in orders.records.kept.items()}


def test_a_whole_order_is_cancelled() -> None:
    orders = Orders(answers={B: FAILED})
    orders.process(message("m1", A, B), message("m2", C, orderReference="WEB-2"))
    report = orders.process(cancellation(eventId="cancel-1"))
    assert states(orders) == {A: "Cancelled", B: "Cancelled", C: "Allocated"}
    assert (report.returned, report.outcomes) == ({}, {A: Cancelled(), B: Cancelled()})
    record = orders.records.kept[B]
    assert (record.version, record.event_id, record.order_reference) == (2, "cancel-1", "WEB-1")
    assert record.past_failure == PastFailure(FAILED.failure, NOON)


def test_only_the_named_consignments_are_cancelled() -> None:
    orders = Orders()
    orders.process(message("m1", A, B))
    orders.process(cancellation(consignments=[A]))
    assert states(orders) == {A: "Cancelled", B: "Allocated"}


@pytest.mark.parametrize("named", [None, [A, {"Reference": B}]], ids=["the whole order", "its consignments"])
def test_a_cancellation_that_comes_before_its_order_wins(named: Any) -> None:
    orders = Orders()
    orders.process(cancellation(consignments=named))
    for event_id in ("event-1", "event-2"):
        assert orders.process(message("m1", A, B, eventId=event_id)).returned == {}
    assert orders.allocator.asked == []
    assert states(orders) == {A: "Cancelled", B: "Cancelled"}


def test_an_order_and_its_cancellation_may_stand_in_one_batch() -> None:
    orders = Orders()
    assert orders.process(message("m1", A), cancellation()).returned == {}
    assert states(orders) == {A: "Cancelled"}


def test_an_order_that_is_cancelled_while_it_is_allocated_is_cancelled() -> None:
    orders, other = Orders(), Orders()
    other.records = orders.records
    other.__post_init__()
    orders.allocator.meanwhile = lambda: other.process(cancellation())
    assert orders.process(message("m1", A)).returned == {}
    assert states(orders) == {A: "Cancelled"}
    assert orders.records.kept[A].version == 2


def test_an_order_that_has_just_been_cancelled_is_looked_at_once_more() -> None:
    orders = Orders()
    orders.records.marked_for = timedelta(seconds=59)
    assert orders.process(cancellation()).returned == {"m9": Deferred(DeferralCause.CANCELLING, 60)}


def test_a_consignment_of_another_order_stays() -> None:
    orders = Orders()
    orders.process(message("m1", A, orderReference="WEB-2"))
    orders.process(cancellation(), message("m2", A, B))
    assert states(orders) == {A: "Allocated", B: "Cancelled"}


def test_an_order_can_not_cancel_a_consignment_of_another_order_by_naming_it() -> None:
    orders = Orders()
    orders.process(message("m1", A))
    assert orders.process(cancellation(orderReference="WEB-2", consignments=[A])).returned == {}
    assert (states(orders), orders.allocator.released) == ({A: "Allocated"}, [])


@pytest.mark.parametrize("event_type", ["order-created", "order-updated"])
def test_what_another_order_had_when_it_was_cancelled_stays_cancelled_for_its_own_order(event_type: str) -> None:
    orders = Orders()
    orders.records.kept = {A: replace(record_of(A), order_reference=OrderReference("WEB-2"))}
    orders.process(cancellation(consignments=[A]))
    orders.records.kept = {A: replace(record_of(A, FAILED), order_reference=OrderReference("WEB-2"))}

    later = message("m1", A, B, eventType=event_type, eventId="event-2", occurredAt="2026-11-24T09:15:00Z")
    assert orders.process(later).returned == {}
    assert (states(orders), orders.allocator.asked) == ({A: "AllocationFailed", B: "Allocated"}, [(B,)])

    orders.process(message("m2", A, eventId="event-3", orderReference="WEB-2"))
    assert states(orders) == {A: "Allocated", B: "Allocated"}


@pytest.mark.parametrize("first", ["order", "cancellation"])
def test_a_reference_of_sortedpros_form_is_cancelled_however_it_is_spelled(first: str) -> None:
    orders = Orders()
    sent = [message("m1", A), cancellation(consignments=[A.lower()])]
    for each in sent if first == "order" else reversed(sent):
        assert orders.process(each).returned == {}
    assert states(orders)[A] == "Cancelled"


def test_what_is_cancelled_by_name_is_cancelled_by_the_event_that_named_it() -> None:
    orders = Orders()
    orders.process(message("m1", A, B))
    orders.records.unwritable = {A}
    orders.process(cancellation(eventId="cancel-1", consignments=[A]))
    orders.records.unwritable = set()
    orders.process(message("m2", A, B, eventId="event-2"))
    assert (states(orders), orders.records.kept[A].event_id) == ({A: "Cancelled", B: "Allocated"}, "cancel-1")


def test_what_was_given_back_is_cancelled_where_another_order_has_recorded_it_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = Orders()
    release = orders.allocator.release

    def overtaken(
        references: Sequence[ConsignmentReference], deadline: Deadline, *_: Any, **__: Any
    ) -> Mapping[Any, Deferred]:
        orders.records.kept.setdefault(A, record_of(A))
        return release(references, deadline)

    monkeypatch.setattr(orders.allocator, "release", overtaken)
    orders.process(cancellation(orderReference="WEB-2", consignments=[A]))
    assert states(orders) == {A: "Cancelled"}


def test_a_cancelled_consignment_stays_as_it_is() -> None:
    orders = Orders()
    orders.process(message("m1", A))
    orders.process(cancellation())
    before = dict(orders.records.kept)
    assert orders.process(cancellation(eventId="again")).outcomes == {}
    assert orders.records.kept == before


def test_the_carrier_service_is_given_back_before_that_is_recorded() -> None:
    orders = Orders()
    orders.process(message("m1", A, B))
    orders.allocator.unreleasable = {A: Deferred(DeferralCause.OUTAGE)}
    report = orders.process(cancellation())
    assert (report.returned, states(orders)) == (
        {"m9": Deferred(DeferralCause.OUTAGE)},
        {A: "Allocated", B: "Cancelled"},
    )
    orders.allocator.unreleasable.clear()
    assert orders.process(cancellation()).returned == {}
    assert states(orders)[A] == "Cancelled"
    assert orders.allocator.released == [A, B, A]


def test_a_cancellation_that_is_not_written_comes_again() -> None:
    orders = Orders()
    orders.process(message("m1", A))
    orders.records.unwritable = {A}
    assert orders.process(cancellation()).returned == {"m9": Deferred(DeferralCause.NOT_RECORDED)}
    orders.records.unwritable, orders.records.unreadable = set(), True
    assert orders.process(cancellation()).returned == {"m9": Deferred(DeferralCause.RECORDS_NOT_READ)}


def test_what_a_record_counts_on_is_told_to_whoever_cancels_it() -> None:
    outcome = Allocated(summary_of(A), limit=AllocationLimit(DAY, 5))
    orders = Orders()
    orders.records.kept = {A: replace(record_of(A), outcome=outcome)}
    assert orders.records.recorded([A]).records[A].counted_on == DAY


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"consignments": []}, "consignments: must have 1 or more entries"),
        ({"consignments": ["EC/1"]}, "consignments[0].Reference"),
        ({"orderReference": ""}, "orderReference: must have 1 or more characters"),
        ({"eventId": None}, "eventId: must be text"),
        ({"eventVersion": 2}, "eventVersion"),
    ],
)
def test_a_cancellation_that_can_not_be_read_is_refused_whole(changes: dict[str, Any], told: str) -> None:
    orders = Orders()
    orders.process(message("m1", A))
    orders.process(cancellation(**changes))
    (kept,) = orders.dlq.kept
    assert told in str(kept.error)
    assert states(orders) == {A: "Allocated"}


@pytest.mark.parametrize(
    "event_type", ["order-cancelled", "OrderCancelled", "order.canceled", "com.example.shop.order.cancelled.v1"]
)
def test_a_cancellation_is_known_by_the_last_words_of_its_type(event_type: str) -> None:
    assert read_request(cancellation(eventType=event_type).body).request.event_id == "9d3b7c52-order-cancelled"


@pytest.mark.parametrize("event_type", ["reorder-cancelled", "payment-cancelled", "order-cancelled-by-mistake"])
def test_another_event_is_no_cancellation(event_type: str) -> None:
    with pytest.raises(InvalidMessageError, match="eventType"):
        read_request(cancellation(eventType=event_type).body)
