"""Each consignment is allocated by the mode that its delivery option leads to."""

import json
from typing import Any

import pytest

from allocation.domain.errors import RetryableError
from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import AllocationFailed, Cancelled, DeferralCause, Deferred
from allocation.domain.routing import Route, RoutingTable
from allocation.ports import QueueMessage
from tests.support.orders import Orders
from tests.support.samples import cancellation, order_event, queue_message, reference

A, B, C, D = map(reference, range(4))
NEXT_DAY, NEAR = CarrierService("CX_NDS"), ServiceGroup("near")
TABLE = RoutingTable(DefaultRules(), {"next-day": NEXT_DAY, "collect": NEAR})


def ordered(*options: str | None, order_option: str | None = None) -> QueueMessage:
    """A message with an order of consignments with these delivery options."""
    event: dict[str, Any] = order_event(*(A, B, C, D)[: len(options)])
    for consignment, option in zip(event["consignments"], options, strict=True):
        consignment["deliveryOption"] = option
    return queue_message("m1", json.dumps(event | {"deliveryOption": order_option}))


def test_the_allocator_is_asked_once_for_each_mode() -> None:
    orders = Orders(routing=TABLE)
    orders.process(ordered("next-day", None, "next-day", "collect"))
    asked = dict(zip(orders.allocator.modes, orders.allocator.asked, strict=True))
    assert asked == {NEXT_DAY: (A, C), DefaultRules(): (B,), NEAR: (D,)}
    kept = orders.records.kept
    assert {reference: record.mode for reference, record in kept.items()} == {
        A: NEXT_DAY,
        B: DefaultRules(),
        C: NEXT_DAY,
        D: NEAR,
    }
    assert (kept[A].route, kept[B].route) == (Route("next-day", "next-day"), Route("default"))


def test_a_cancelled_consignment_keeps_the_row_that_chose_its_mode() -> None:
    orders = Orders(routing=TABLE)
    orders.process(ordered("next-day"))
    orders.process(cancellation(consignments=[A]))
    record = orders.records.kept[A]
    assert (record.outcome, record.mode, record.route) == (Cancelled(), NEXT_DAY, Route("next-day", "next-day"))


def test_the_order_s_option_holds_for_consignments_without_one() -> None:
    orders = Orders(routing=TABLE)
    orders.process(ordered("next-day", None, order_option="collect"))
    assert (orders.records.kept[A].mode, orders.records.kept[B].mode) == (NEXT_DAY, NEAR)


def test_an_unknown_option_fails_and_is_not_repeated() -> None:
    orders = Orders(routing=TABLE)
    report = orders.process(ordered("Jane Doe", "next-day"))
    record = orders.records.kept[A]
    assert isinstance(record.outcome, AllocationFailed)
    assert (record.outcome.failure.code, record.mode, record.route) == ("DeliveryOptionUnknown", None, Route("unknown"))
    assert "Jane" not in repr(record)
    assert orders.allocator.asked == [(B,)]
    assert report.returned == {}


def test_an_unknown_option_takes_the_default_where_the_table_says_so() -> None:
    orders = Orders(routing=RoutingTable(NEAR, {}, fails_unknown=False))
    orders.process(ordered("by-drone"))
    assert (orders.records.kept[A].mode, orders.records.kept[A].route) == (NEAR, Route("unknown"))


def test_without_a_table_the_configured_mode_holds_whatever_the_option() -> None:
    orders = Orders(mode=NEAR)
    orders.process(ordered("next-day"))
    assert (orders.records.kept[A].mode, orders.records.kept[A].route) == (NEAR, None)


def test_a_table_that_changes_holds_for_the_next_batch() -> None:
    orders = Orders(routing=TABLE)
    orders.process(ordered("next-day"))
    orders.routing = RoutingTable(DefaultRules(), {"next-day": NEAR})
    orders.process(ordered(None, "next-day"))
    assert (orders.records.kept[A].mode, orders.records.kept[B].mode) == (NEXT_DAY, NEAR)


def test_orders_wait_while_the_table_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = Orders(routing=TABLE)

    def unread() -> RoutingTable:
        raise RetryableError("no catalogue")

    monkeypatch.setattr(orders, "routing_now", unread)
    report = orders.process(ordered("next-day"))
    assert report.returned == {"m1": Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE)}
    assert (orders.records.kept, orders.allocator.asked) == ({}, [])


def test_a_crash_in_one_mode_does_not_affect_the_other_modes() -> None:
    orders = Orders(routing=TABLE)
    orders.allocator.crashes_on = {A}
    report = orders.process(ordered("next-day", "collect"))
    assert set(orders.records.kept) == {B}
    assert report.returned == {"m1": Deferred(DeferralCause.ALLOCATOR_CRASHED)}
