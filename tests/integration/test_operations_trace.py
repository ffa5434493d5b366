"""One order's life, put together from moto's table and queues."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.domain.outcome import Allocated
from allocation.domain.record import AllocationRecord, PastFailure, RefusedUpdate
from allocation.domain.reference import OrderReference
from allocation.events.publish_allocations import PublishReport, report_published
from allocation.records.items import record_item
from cli import main
from cli.operations import dead_letters
from cli.operations.target import Target
from tests.integration.conftest import Queue
from tests.integration.handlers import captured_log
from tests.support.samples import FAILED, NOON, A, B, C, order_event, record_of, reference, summary_of
from tests.support.tables import create_table

Trace = Callable[[str], int]
LOG = "/aws/lambda/stack-publish-allocations"
MARKER = "Robin"
"""Somebody's name, which stands in the messages."""


@pytest.fixture
def target(dlq: Queue) -> Target:
    dynamodb, sqs = client("dynamodb"), client("sqs")
    create_table(dynamodb, "AllocationsTable", "records")
    orders, failures = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("orders", "failures"))
    logs = client("logs")
    logs.create_log_group(logGroupName=LOG)
    return Target("the stack", sqs, dynamodb, client("sns"), orders, dlq.url, failures, "records", "topic", logs, LOG)


@pytest.fixture
def trace(target: Target, monkeypatch: pytest.MonkeyPatch) -> Trace:
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: target)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    return lambda order: main.main(["orders", "trace", order])


def add(target: Target, *records: AllocationRecord) -> None:
    for record in records:
        target.dynamodb.put_item(TableName="records", Item=record_item(record))


def log(target: Target, moment: datetime, failed: dict[str, str], *event_ids: str) -> None:
    """Logs a batch of events as the publisher does."""
    with captured_log() as written:
        report_published(PublishReport(failed, event_ids, {}))
    timestamp = int(moment.timestamp() * 1000)
    stream = f"invocation at {timestamp}"
    target.logs.create_log_stream(logGroupName=LOG, logStreamName=stream)
    lines = [{"timestamp": timestamp, "message": line} for line in written.getvalue().splitlines()]
    target.logs.put_log_events(logGroupName=LOG, logStreamName=stream, logEvents=lines)


def dead(target: Target, event: dict[str, Any]) -> str:
    body = json.dumps(event | {"contact": MARKER})
    return target.sqs.send_message(QueueUrl=target.order_dlq_url, MessageBody=body)["MessageId"]


def test_the_records_of_an_order_are_told_with_their_events(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A), replace(record_of(B), outcome=FAILED, version=2))
    add(target, replace(record_of(C), order_reference=OrderReference("WEB-2")))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert f"{A}  Allocated CX_NDS  2026-11-23T12:00:00.000Z" in told
    assert f"{B}  AllocationFailed NoCarrierServiceAvailable" in told
    assert f"  {FAILED.failure.message}" in told
    assert "asked for by event event-1, mode default_rules" in told
    assert [line for line in told.splitlines() if line.startswith(("  version", "  event"))] == [
        "  version 1",
        f"  event {A}#1 not in the publisher's log",
        "  version 2",
        f"  event {B}#1 not in the publisher's log",
        f"  event {B}#2 not in the publisher's log",
    ]
    assert C not in told


def test_a_refused_update_is_told_with_its_event(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = RefusedUpdate("update-2", NOON)
    add(target, replace(record_of(A), version=2, updated_by="update-1", refused_update=refused))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert "content of update update-1" in told
    assert "refused update update-2  2026-11-23T12:00:00.000Z" in told


def test_an_allocation_is_told_with_why_and_with_the_failure_before_it(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = Allocated(summary_of(A), why="CX_NDS costs 1.20 GBP less than NS_24.")
    add(target, replace(record_of(A, chosen), version=2, past_failure=PastFailure(FAILED.failure, NOON)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert "  CX_NDS costs 1.20 GBP less than NS_24.\n" in told
    assert "  failed before, 2026-11-23T12:00:00.000Z: NoCarrierServiceAvailable\n" in told


def test_the_events_of_an_order_are_told_with_when_they_were_published(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    add(target, *(replace(record_of(each), allocated_at=now) for each in (A, B, C)))
    again = now + timedelta(minutes=5)
    log(target, now, {"100": "not_published"}, f"{reference(7)}#1", f"{A}#1", f"{B}#1")
    log(target, again, {}, f"{A}#1")
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    for each in (A, B):
        assert f"event {each}#1 published {now:%Y-%m-%d %H:%M:%S}Z" in told
    assert f"event {C}#1 not in the publisher's log" in told
    assert str(reference(7)) not in told


def test_events_of_earlier_versions_are_found_however_long_they_were_published_before(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    add(target, replace(record_of(A), version=3, allocated_at=now))
    log(target, now - timedelta(days=9), {}, f"{A}#1")
    log(target, now + timedelta(seconds=2), {}, f"{A}#3")
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert f"event {A}#1 published {now - timedelta(days=9):%Y-%m-%d}" in told
    assert f"event {A}#2 not in the publisher's log" in told
    assert f"event {A}#3 published {now + timedelta(seconds=2):%Y-%m-%d %H:%M}" in told


def test_an_event_that_the_topic_did_not_take_is_not_told_as_published(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    add(target, replace(record_of(A), allocated_at=now))
    target.logs.create_log_stream(logGroupName=LOG, logStreamName="failed")
    not_taken = {"message": "event not published", "event": f"{A}#1"}
    for message in (not_taken, {"message": "not published", "event_ids": [f"{A}#1"]}, [f"{A}#1"], f"no object: {A}#1"):
        line = {"timestamp": int(now.timestamp() * 1000), "message": json.dumps(message)}
        target.logs.put_log_events(logGroupName=LOG, logStreamName="failed", logEvents=[line])
    assert trace("WEB-1") == 0
    assert f"event {A}#1 not in the publisher's log" in capsys.readouterr().out


def test_whoever_may_not_read_the_log_is_told_all_else_and_where_to_look(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    target.logs.delete_log_group(logGroupName=LOG)
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert f"{A}  Allocated CX_NDS" in told
    assert f"  event {A}#1\n" in told
    sentences = " ".join(told.split())
    assert "The publisher's log can't be read (FilterLogEvents: ResourceNotFoundException" in sentences
    assert f'Logs Insights over {LOG}: filter message = "published" and @message like "<event id>"' in sentences


def test_a_decision_of_the_engine_is_told_with_what_it_was_made_by(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    made_by = {"catalogueVersion": "v7", "catalogueDigest": "c" * 64, "inputsDigest": "i" * 64}
    explained = {"decidedAt": "2026-11-23T12:00:00+00:00", **made_by}
    add(target, record_of(A, Allocated(summary_of(A), explanation=explained)))
    assert trace("WEB-1") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"decided {explained['decidedAt']} by catalogue v7; digests: catalogue {'c' * 12}, inputs {'i' * 12}" in told


def test_more_consignments_than_one_read_takes_are_told_all(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, *(record_of(reference(number)) for number in range(120)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert [number for number in range(120) if f"{reference(number)}  Allocated" not in told] == []


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
    assert "the stack has no record of order WEB-1." in told
    assert "Order queue: 1 message waiting, 0 in work or held back" in told


def test_no_order_is_a_mistake(trace: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace("") == 2
    assert capsys.readouterr().err == "Which order? Give its reference: carrier orders trace WEB-100045.\n"
