"""An order that is under way, told: what it waits for, what is in the DLQ, and what to do about it."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation.domain.outcome import Cancelled, DeferralCause, Deferred
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import OrderReference
from allocation.orders.batch_report import BatchReport, report_batch
from cli.operations.target import Target
from tests.integration.handlers import captured_log
from tests.integration.stack_target import ALLOCATOR_LOG, Trace, add, trace_command
from tests.support.samples import FAILED, NOON, A, B, C, order_event, record_of

trace = pytest.fixture(trace_command)
MARKER = "Robin"
"""Somebody's name, which stands in the messages."""


def log_return(target: Target, cause: DeferralCause, why: str = "") -> None:
    """Logs that a message of WEB-1 came back, and one of WEB-10, as the queue function does."""
    target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody="an order")
    returned = {"m1": Deferred(cause, why=why)}
    with captured_log() as written:
        for order in ("WEB-1", "WEB-10"):
            report_batch(BatchReport(returned, {}, {}, {}, {"m1": OrderReference(order)}))
    lines = [{"timestamp": int(time.time() * 1000), "message": line} for line in written.getvalue().splitlines()]
    target.logs.create_log_stream(logGroupName=ALLOCATOR_LOG, logStreamName=cause)
    target.logs.put_log_events(logGroupName=ALLOCATOR_LOG, logStreamName=cause, logEvents=lines)


def dead(target: Target, event: dict[str, Any]) -> str:
    body = json.dumps(event | {"contact": MARKER})
    return target.sqs.send_message(QueueUrl=target.order_dlq_url, MessageBody=body)["MessageId"]


def test_a_waiting_order_is_told_with_the_consignment_that_pro_is_at_and_since_when(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    log_return(target, DeferralCause.ALLOCATING, f"PRO has {A} in state Allocating since 2026-11-27T12:00:00Z")
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert f"WEB-1 waits: SortedPRO has accepted it and is allocating: PRO has {A} in state Allocating since" in told


def test_a_cancellation_that_waits_is_told_with_what_it_waits_for(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    why = f"{A} was allocated at https://api.electioapp.com: set ProBaseUrl back to cancel it"
    add(target, record_of(A))
    log_return(target, DeferralCause.MISCONFIGURED, why)
    trace("WEB-1")
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith(f"{A} goes with CX_NDS")
    assert why in told
    trace("WEB-1", "--json")
    assert [each["why"] for each in json.loads(capsys.readouterr().out)["returns"]] == [why]


def test_a_waiting_order_is_told_with_why_it_came_back(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    log_return(target, DeferralCause.OUTAGE)
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("WEB-1 waits: SortedPRO does not answer. Its message comes again by itself.\n")
    assert "Came back 1 time in the last hour" in told


def test_a_cancellation_that_looks_for_more_consignments_is_nothing_to_wait_for(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, replace(record_of(A), outcome=Cancelled(), version=2))
    log_return(target, DeferralCause.CANCELLING)
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{A} is cancelled.\n")
    assert "Came back" not in told
    log_return(target, DeferralCause.RECORDS_NOT_READ)
    assert trace("WEB-1") == 1
    assert "Came back" in capsys.readouterr().out


def test_a_consignment_that_is_kept_or_that_sortedpro_was_asked_for_is_told_before_it_has_a_record(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    key: Any = {"consignmentReference": {"S": A}}
    kept = {"createdAt": {"S": NOON.isoformat()}, "keptFrom": {"S": "queue"}}
    target.dynamodb.put_item(TableName="kept", Item=key | kept)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=2)
    held = int(until.timestamp() * 1000)
    target.dynamodb.put_item(TableName="claims", Item=key | {"heldUntil": {"N": str(held)}})
    assert trace(A) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{A} has no outcome yet.\n")
    assert f"{A} came with an order, 2026-11-23 12:00:00Z." in told
    asked = f"SortedPRO was asked for {A}. The function"
    assert f"{asked} waits for its answer until {until:%Y-%m-%d %H:%M:%S}Z." in " ".join(told.split())
    ended: Any = key | {"heldUntil": {"N": str(int(NOON.timestamp() * 1000))}}
    target.dynamodb.put_item(TableName="claims", Item=ended)
    trace(A)
    told = " ".join(capsys.readouterr().out.split())
    assert f"{asked} asks again; the last call ended at 2026-11-23 12:00:00Z." in told


def test_messages_in_the_dlq_that_mention_the_order_or_its_consignments_are_told_by_reference(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    mine = {dead(target, order_event(B)), dead(target, order_event(A, orderReference="WEB-7"))}
    other = dead(target, order_event(C, orderReference="WEB-10"))
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert [message for message in mine if message not in told] == []
    assert told.count("NoSuccess") == 2
    assert other not in told
    assert MARKER not in told


def test_looking_at_the_dlq_takes_nothing_off_it(trace: Trace, target: Target) -> None:
    dead(target, order_event(A))
    trace("WEB-1")
    assert target.sqs.receive_message(QueueUrl=target.order_dlq_url)["Messages"]


def test_an_order_that_nobody_has_heard_of_is_told_with_what_may_still_come(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody="an order")
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("the stack has no record of an order, consignment or event WEB-1.\n")
    assert "Order queue: 1 message waiting, 0 in work or held back" in told


def test_an_order_in_the_dlq_is_told_with_the_command_that_goes_on(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    message = dead(target, order_event(A))
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("WEB-1 has no outcome: its message is in the dead letter queue.\n")
    assert f"./carrier dlq show {message} --stack shop\n" in told


def test_a_dead_message_of_an_order_that_is_allocated_since_is_to_be_discarded(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A), record_of(B))
    discarded = dead(target, order_event(A, B))
    capsys.readouterr()
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert "The order is allocated; discard the message" in told
    assert f"./carrier dlq discard {discarded} --stack shop\n" in told
    assert "dlq show" not in told


@pytest.mark.parametrize(
    ("event", "record"),
    [
        (order_event(A, C), record_of(A)),
        (order_event(A, eventType="order-cancelled"), record_of(A)),
        (order_event(A, eventType="order-updated"), record_of(A)),
        (order_event(A), replace(record_of(A), outcome=FAILED)),
    ],
    ids=["another consignment", "cancellation", "update", "failed"],
)
def test_a_dead_message_that_still_asks_for_something_is_not_to_be_discarded(
    trace: Trace,
    target: Target,
    capsys: pytest.CaptureFixture[str],
    event: dict[str, Any],
    record: AllocationRecord,
) -> None:
    add(target, record)
    dead(target, event)
    assert trace("WEB-1") == 1
    assert "dlq discard" not in capsys.readouterr().out
