"""Failed consignments, tried again for many at once: from what is kept, by a new event, at a bounded rate."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allocation.domain.outcome import AllocationFailed, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.orders.order_created import ReadingRules, read_order
from cli import main
from cli.operations import retry as retrying
from cli.operations.target import Target
from tests.integration.stack_target import add
from tests.support.samples import FAILED, NOON, A, B, C, D, record_of
from tests.support.tables import create_table

Retry = Callable[..., dict[str, Any]]
UNKNOWN_GROUP = AllocationFailed(Failure("ServiceGroupNotFoundException", "There is no group 'gold'."))
NO_ROW = AllocationFailed(Failure("DeliveryOptionNotRouted", "No row has the option."))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retrying, "_SLEEP", made.append)
    return made


@pytest.fixture
def target(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack where A and B failed at noon, C failed an hour before, and D is allocated. B is not kept."""
    found = replace(target, consignments_table="consignments")
    create_table(found.dynamodb, "ConsignmentsTable", "consignments")
    earlier = replace(record_of(C, FAILED), allocated_at=NOON - timedelta(hours=1))
    add(found, record_of(A, FAILED), record_of(B, UNKNOWN_GROUP), earlier, record_of(D))
    for reference in (A, C, D):
        document = json.dumps({"Reference": reference, "Tags": ["fragile"]})
        item: Any = {"consignmentReference": {"S": reference}, "document": {"S": document}}
        found.dynamodb.put_item(TableName="consignments", Item=item)
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: found)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return found


def messages(target: Target) -> list[str]:
    answer = target.sqs.receive_message(QueueUrl=target.order_queue_url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def run(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    status = main.main(["orders", "retry", "--failed", "--since", "2026-11-23T12:00:00Z", "--json", *options])
    return status, json.loads(capsys.readouterr().out)


def test_what_failed_is_sent_again_under_new_event_ids(
    target: Target, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "--rate", "5") == (1, {"dryRun": False, "sent": [A], "notKept": [B]})
    assert run(capsys, "--code", FAILED.failure.code) == (0, {"dryRun": False, "sent": [A], "notKept": []})
    first, second = (read_order(body).order for body in messages(target))
    assert first.event_id != second.event_id
    (consignment,) = first.consignments
    assert (str(first.reference), consignment.reference, set(consignment.tags)) == ("WEB-1", A, {"fragile"})
    assert pauses == [0.2, 0.1]


def test_what_an_update_failed_with_is_sent_again_as_an_update(
    target: Target, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, replace(record_of(A, FAILED), updated_by="update-1", version=2))
    assert run(capsys, "--code", FAILED.failure.code)[1]["sent"] == [A]
    (body,) = messages(target)
    assert (read_order(body).order.is_update, len(pauses)) == (True, 1)


@pytest.mark.usefixtures("pauses")
def test_what_sortedpro_is_to_create_is_sent_again_whole(
    target: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = ReadingRules(only_pro_references=True, creates_in_pro=True)
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: replace(target, reading=rules))
    created, kept, unkept = (ConsignmentReference(f"WEB-1-{which}") for which in "ABC")
    add(
        target, replace(record_of(created, NO_ROW), pro_reference=A), record_of(kept, NO_ROW), record_of(unkept, NO_ROW)
    )
    document = json.dumps({"Reference": kept, "Tags": ["fragile"]})
    item: Any = {"consignmentReference": {"S": kept}, "document": {"S": document}}
    target.dynamodb.put_item(TableName="consignments", Item=item)
    assert run(capsys, "--code", NO_ROW.failure.code)[1]["notKept"] == [unkept]
    (sent,) = zip(*(read_order(body, rules).order.consignments for body in messages(target)), strict=True)
    contents = {each.reference: each.to_create for each in sent}
    assert contents == {created: {"Reference": created}, kept: {"Reference": kept, "Tags": ["fragile"]}}


@pytest.mark.usefixtures("pauses")
def test_what_sortedpro_created_and_an_update_changed_is_sent_again_whole(
    target: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update replaces the whole content: by its references alone SortedPRO would lose packages and addresses."""
    rules = ReadingRules(only_pro_references=True, creates_in_pro=True)
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: replace(target, reading=rules))
    kept, unkept = ConsignmentReference("WEB-2-A"), ConsignmentReference("WEB-2-B")
    add(target, *(replace(record_of(each, NO_ROW), pro_reference=A, updated_by="u-1") for each in (kept, unkept)))
    content = {"Reference": kept, "Tags": ["fragile"]}
    item: Any = {"consignmentReference": {"S": kept}, "document": {"S": json.dumps(content)}}
    target.dynamodb.put_item(TableName="consignments", Item=item)
    assert run(capsys, "--code", NO_ROW.failure.code)[1]["notKept"] == [unkept]
    (body,) = messages(target)
    read = read_order(body, rules).order
    assert (read.is_update, [each.to_create for each in read.consignments]) == (True, [content])


def test_a_dry_run_sends_nothing(target: Target, pauses: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--dry-run") == (1, {"dryRun": True, "sent": [A], "notKept": [B]})
    assert (messages(target), pauses) == ([], [])


@pytest.mark.usefixtures("target")
def test_what_can_not_be_sent_again_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["orders", "retry", "--failed", "--since", "2026-11-23T12:00:00Z", "--dry-run"]) == 1
    assert f"{B}: send its order again" in capsys.readouterr().out
