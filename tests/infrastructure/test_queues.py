"""No order is lost, handled twice at once, or given up during an outage of a carrier."""

from allocation.domain.outcome import DeferralCause, Deferred
from allocation.orders.redelivery import MAX_RECEIVES, require_patience, wait_seconds
from tests.infrastructure.stack import Stack

FOURTEEN_DAYS = 14 * 24 * 3600  # the longest that SQS keeps a message


def test_message_stays_invisible_for_six_times_the_time_that_its_function_has(stack: Stack) -> None:
    timeout = stack.properties("AllocateOrdersFunction")["Timeout"]
    window = stack.mapping("AllocateOrdersFunction")["MaximumBatchingWindowInSeconds"]

    assert stack.properties("OrderQueue")["VisibilityTimeout"] >= 6 * timeout + window


def test_an_outage_of_six_hours_gives_up_no_order_though_a_fifth_of_the_receives_are_none(stack: Stack) -> None:
    queue = stack.properties("OrderQueue")
    redrive, told = queue["RedrivePolicy"], stack.properties("AllocateOrdersFunction")["Environment"]["Variables"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["OrderDlq", "Arn"]}
    assert redrive["maxReceiveCount"] == MAX_RECEIVES + 5, "room to say why, where the function was killed each time"
    assert int(told["ORDER_QUEUE_VISIBILITY_SECONDS"]) == queue["VisibilityTimeout"]
    assert int(told["ORDER_QUEUE_MAX_RECEIVES"]) == redrive["maxReceiveCount"]
    require_patience(queue["VisibilityTimeout"], redrive["maxReceiveCount"])

    # Whatever each delivery came to: returned for one cause or another, or ended by the visibility timeout. A fifth of
    # the receives, those that would have taken longest, were spurious.
    waits = sorted(
        min(queue["VisibilityTimeout"], *(wait_seconds(Deferred(cause), at, jitter=0) for cause in DeferralCause))
        for at in range(1, MAX_RECEIVES)
    )
    assert sum(waits[: len(waits) * 4 // 5]) >= 6 * 3600


def test_every_queue_keeps_its_messages_for_as_long_as_sqs_can(stack: Stack) -> None:
    queues = stack.of_type("AWS::SQS::Queue")

    assert {queue["MessageRetentionPeriod"] for queue in queues.values()} == {FOURTEEN_DAYS}


def test_only_what_failed_of_a_batch_comes_again(stack: Stack) -> None:
    """Every handler answers with the items that failed; without this, AWS ignores the answer and drops them."""
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
