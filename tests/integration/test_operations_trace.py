"""One order's life, put together from moto's table and queues."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from allocation.adapters.aws import client
from allocation.adapters.dynamodb_limits import DynamoDBLimits
from allocation.adapters.dynamodb_records import DynamoDBRecords
from allocation.domain.outcomes import Allocated
from allocation.domain.references import OrderReference
from operations import cli, dead_letters
from operations.target import Target
from tests.integration.conftest import Queue
from tests.samples import FAILED, A, B, C, order_event, record_of, reference, summary_of

Trace = Callable[[str], int]
MARKER = "Robin"
"""Somebody's name, which stands in the messages."""


@pytest.fixture
def target(dlq: Queue) -> Target:
    dynamodb, sqs = client("dynamodb"), client("sqs")
    string = {"AttributeType": "S"}
    dynamodb.create_table(
        TableName="records",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "consignmentReference", **string},
            {"AttributeName": "orderReference", **string},
        ],
        KeySchema=[{"AttributeName": "consignmentReference", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "consignments-by-order",
                "KeySchema": [
                    {"AttributeName": "orderReference", "KeyType": "HASH"},
                    {"AttributeName": "consignmentReference", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    orders, failures = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("orders", "failures"))
    return Target("the stack", sqs, dynamodb, client("sns"), orders, dlq.url, failures, "records", "topic")


@pytest.fixture
def trace(target: Target, monkeypatch: pytest.MonkeyPatch) -> Trace:
    monkeypatch.setattr(cli, "target", lambda _name: target)
    monkeypatch.setattr(cli, "stop_on", lambda _signal: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    return lambda order: cli.main(["trace", "--order", order])


def add(target: Target, *records: Any) -> None:
    DynamoDBRecords(target.dynamodb, "records", DynamoDBLimits(target.dynamodb, "limits")).add(records)


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
    assert "asked for by event event-1, mode default_rules" in told
    assert f"version 2, event ids {B}#1 {B}#2" in told
    assert C not in told


def test_a_decision_of_the_engine_is_told_with_what_it_was_made_by(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    made_by = {"catalogueVersion": "v7", "catalogueDigest": "c" * 64, "inputsDigest": "i" * 64}
    explained = {"decidedAt": "2026-11-23T12:00:00+00:00", **made_by}
    add(target, record_of(A, Allocated(summary_of(A), explanation=explained)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
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
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert [message for message in mine if f"message {message}, NoSuccess" not in told] == []
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
    assert capsys.readouterr().err == "Which order? Give its reference, as ORDER=WEB-100045.\n"
