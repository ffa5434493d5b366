"""No order is lost, handled twice at once, or given up during an outage of a carrier."""

import pytest

from allocation.domain.outcome import DeferralCause, Deferred
from allocation.orders.allocate_orders import MAX_RECEIVES
from allocation.orders.backoff import wait_seconds
from tests.infrastructure.stack import Stack

FOURTEEN_DAYS = 14 * 24 * 3600
QUEUES = ["OrderQueue", "OrderDlq", "StreamFailureQueue"]


def test_message_stays_invisible_for_six_times_the_time_that_its_function_has(stack: Stack) -> None:
    timeout = stack.properties("AllocateOrdersFunction")["Timeout"]
    window = stack.mapping("AllocateOrdersFunction")["MaximumBatchingWindowInSeconds"]

    assert stack.properties("OrderQueue")["VisibilityTimeout"] >= 6 * timeout + window


def test_message_reaches_the_dlq_after_an_outage_of_six_hours_at_the_earliest(stack: Stack) -> None:
    queue = stack.properties("OrderQueue")
    redrive = queue["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == MAX_RECEIVES + 5, "room to say why, where the function was killed each time"
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["OrderDlq", "Arn"]}

    # Whatever each delivery came to: returned for one cause or another, or ended by the visibility timeout.
    waits = [
        [
            wait_seconds(Deferred(cause), received, jitter=0)
            for cause in (DeferralCause.OUTAGE, DeferralCause.OUT_OF_TIME)
        ]
        for received in range(1, MAX_RECEIVES)
    ]
    assert sum(min(*each, queue["VisibilityTimeout"]) for each in waits) >= 6 * 3600


@pytest.mark.parametrize("queue", QUEUES)
def test_message_is_kept_for_fourteen_days(stack: Stack, queue: str) -> None:
    assert stack.properties(queue)["MessageRetentionPeriod"] == FOURTEEN_DAYS


def test_function_takes_batches_of_orders_and_returns_the_failed_ones_alone(stack: Stack) -> None:
    mapping = stack.mapping("AllocateOrdersFunction")

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["OrderQueue", "Arn"]}
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_orders_in_flight_are_bounded(stack: Stack) -> None:
    assert 2 <= stack.mapping("AllocateOrdersFunction")["ScalingConfig"]["MaximumConcurrency"] <= 100


def test_every_queue_is_under_test(stack: Stack) -> None:
    assert sorted(stack.of_type("AWS::SQS::Queue")) == sorted(QUEUES)
