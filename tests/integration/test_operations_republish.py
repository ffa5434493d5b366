"""Events sent again: of an order, or of all that was recorded since a moment."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.domain.reference import OrderReference
from cli import main
from cli.operations.target import Target
from tests.integration.conftest import Topic
from tests.support.samples import FAILED, NOON, A, B, C, record_of

Republish = Callable[..., int]


@pytest.fixture
def republish(target: Target, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> Republish:
    found = replace(target, allocations_topic=topic.arn)
    monkeypatch.setattr("cli.commands.republish.target", lambda _name: found)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    records = DynamoDBRecords(
        client("dynamodb"),
        found.allocations_table,
        DynamoDBLimitUsage(client("dynamodb"), "limits"),
        "cancelled-orders",
    )
    later = replace(record_of(C), order_reference=OrderReference("WEB-2"), allocated_at=NOON + timedelta(hours=1))
    records.add([record_of(A), record_of(B, FAILED), later])
    records.add([replace(record_of(B, FAILED), version=2)])
    client("dynamodb").put_item(
        TableName=found.allocations_table, Item={"consignmentReference": {"S": "X"}, "allocatedAt": {"S": "9"}}
    )
    return lambda *arguments: main.main(["republish", *arguments])


def ids(topic: Topic) -> list[str]:
    found: list[Any] = [json.loads(message["Body"])["id"] for message in topic.queue.messages()]
    return sorted(found)


def test_an_order_s_events_are_sent_again_under_their_ids(
    republish: Republish, topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert republish("--order", "WEB-1") == 0
    assert capsys.readouterr().out == "2 records in the stack: 2 events sent again, 0 without an event.\n"
    assert ids(topic) == [f"{A}#1", f"{B}#2"]


def test_what_was_recorded_since_a_moment_is_sent_again_and_foreign_items_are_counted(
    republish: Republish, topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert republish("--since", "2026-11-23T12:30:00Z") == 0
    assert capsys.readouterr().out == "2 records in the stack: 1 event sent again, 1 without an event.\n"
    assert ids(topic) == [f"{C}#1"]


def test_a_dry_run_sends_nothing(republish: Republish, topic: Topic, capsys: pytest.CaptureFixture[str]) -> None:
    assert republish("--since", "2026-11-23T12:00:00+00:00", "--dry-run") == 0
    assert "3 events would be sent again" in capsys.readouterr().out
    assert ids(topic) == []


def test_events_that_the_topic_does_not_take_are_told(republish: Republish, topic: Topic) -> None:
    topic.client.delete_topic(TopicArn=topic.arn)
    assert republish("--order", "WEB-1") == 1


BOTH = ["--order", "WEB-1", "--since", "2026-11-23T12:00:00Z"]


@pytest.mark.parametrize("arguments", [[], BOTH, ["--since", "noon"], ["--since", "2026-11-23T12:00"]])
def test_a_call_that_names_nothing_to_send_is_told_what_to_write(
    republish: Republish, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert republish(*arguments) == 2
    assert "--since 2026-11-25T10:00:00Z" in capsys.readouterr().err
