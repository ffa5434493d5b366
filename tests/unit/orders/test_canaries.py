"""A canary on the order queue is kept once, counts nowhere, and never comes back."""

import json
from datetime import datetime, timedelta

import pytest

from allocation.domain.errors import RetryableError
from allocation.records.canary import MAX_CANARY_AGE
from tests.support.orders import Orders
from tests.support.samples import NOON, A, message, queue_message


def canary(sent_at: datetime = NOON) -> str:
    return json.dumps({"eventType": "stack.canary", "occurredAt": sent_at.isoformat()})


def test_a_canary_is_kept_beside_orders_and_is_in_no_report() -> None:
    orders = Orders()
    report = orders.process(queue_message("canary", canary()), message("order", A))
    assert orders.canaries.kept == [NOON]
    assert (report.returned, report.refused, set(report.outcomes)) == ({}, {}, {A})
    assert set(report.seconds_since_sent) <= {"order"}


def test_of_several_canaries_the_last_is_kept_and_an_old_one_is_not() -> None:
    orders = Orders()
    orders.process(*(queue_message(str(late), canary(NOON - timedelta(minutes=late))) for late in (5, 0, 10)))
    orders.process(queue_message("old", canary(NOON - MAX_CANARY_AGE - timedelta(seconds=1))))
    assert orders.canaries.kept == [NOON]


@pytest.mark.parametrize("sent_at", ["9999-12-31T23:59:59Z", (NOON + timedelta(hours=1)).isoformat()])
def test_a_canary_of_the_future_is_dropped_and_hides_none_beside_it(sent_at: str) -> None:
    orders = Orders()
    ahead = queue_message("ahead", f'{{"eventType": "stack.canary", "occurredAt": "{sent_at}"}}')
    report = orders.process(ahead, queue_message("canary", canary()), message("order", A))
    assert orders.canaries.kept == [NOON]
    assert (report.refused, set(report.outcomes)) == ({}, {A})


@pytest.mark.parametrize("what", ["table", "catalogue", "time"])
def test_a_canary_that_orders_would_wait_beside_is_dropped(what: str) -> None:
    orders = Orders()
    match what:
        case "table":
            orders.canaries.error = RetryableError("no answer")
        case "catalogue":
            orders.routing_now = _unavailable  # type: ignore[method-assign]
        case _:
            orders.deadline.seconds = 1.0
    report = orders.process(queue_message("canary", canary()))
    assert (orders.canaries.kept, report.returned, report.refused) == ([], {}, {})


def _unavailable() -> None:
    raise RetryableError("no catalogue")


@pytest.mark.parametrize(
    "body",
    [
        '{"eventType": "stack.canary"}',
        '{"eventType": "stack.canary", "occurredAt": "yesterday"}',
        '{"eventType": "stack.canary", "occurredAt": "2026-11-23T12:00:00"}',
        '{"eventType": "stack.canary", "occurredAt": "0001-01-01T00:00:00+14:00"}',
        '["stack.canary"]',
        '{"eventType": "order-created", "occurredAt": "2026-11-23T12:00:00Z", "eventId": "stack.canary"}',
    ],
)
def test_what_only_looks_like_a_canary_is_refused_as_any_other_message(body: str) -> None:
    orders = Orders()
    report = orders.process(queue_message("1", body))
    assert orders.canaries.kept == []
    assert set(report.refused) == {"1"}
