"""`carrier orders index`: records of version 0.2.0 come into searches and lists, and nothing else of them changes."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from allocation.aws.stream_events import changes
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step
from allocation.events.publish_allocations import PublishAllocations
from allocation.records.items import LISTED_LATER, LISTING, record_item, step_item, to_item
from cli import main
from cli.operations.listed_records import SEGMENTS, list_older_records
from cli.operations.target import Target
from tests.integration.conftest import refusal
from tests.simulation.earlier import allocated_record, failed_record
from tests.support.allocation_api import CONSIGNMENTS, RECORDS, REGION, Api, served_api
from tests.support.ports import InMemoryEventPublisher, InMemoryUnpublishable
from tests.support.quick_aws import shared_client
from tests.support.samples import NOON, A, B, C, record_of, summary_of
from tests.support.tables import streamed

FAST = 1_000_000


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api


@pytest.fixture
def table(api: Api) -> dict[str, dict[str, Any]]:  # noqa: ARG001 - makes the tables
    """Two records of version 0.2.0, of which one expires, one of today, and what is no record of this version."""
    earlier = allocated_record(A, "WEB-1", summary_of(A).to_json()) | {"expiresAt": 1_900_000_000}
    foreign = {"consignmentReference": "X", "owner": "somebody else"}
    later = failed_record("EC-NEW-SCH-EMA", "WEB-2") | {"schemaVersion": 99}
    items = [to_item(each) for each in (earlier, failed_record(B, "WEB-1"), foreign, later)]
    for item in (*items, record_item(record_of(C), by_order=True)):
        dynamodb().put_item(TableName=RECORDS, Item=item)
    return kept()


@pytest.fixture
def stack(table: Any) -> Target:  # noqa: ARG001 - has the records
    made: Any = SimpleNamespace(
        name="the stack",
        option=" --stack shop",
        dynamodb=dynamodb(),
        allocations_table=RECORDS,
        consignments_table=CONSIGNMENTS,
    )
    found: Target = made
    return found


def dynamodb() -> Any:
    return shared_client("dynamodb", REGION)


def kept() -> dict[str, dict[str, Any]]:
    return {item["consignmentReference"]["S"]: item for item in dynamodb().scan(TableName=RECORDS)["Items"]}


def searched(api: Api, state: str) -> list[str]:
    """The consignments that a search for a state finds."""
    return [
        each["Reference"] for each in api.call("GET", f"/consignments/10/0?State={state}").data["ConsignmentSummaries"]
    ]


def published(item: Mapping[str, Any]) -> list[str]:
    """The events that the publisher sends of an item's write, by their ids."""
    change = {"SequenceNumber": "1", "Keys": {}, "NewImage": streamed(item)}
    publisher = InMemoryEventPublisher()
    event = {"Records": [{"eventName": "MODIFY", "dynamodb": change}]}
    PublishAllocations(publisher, InMemoryUnpublishable()).process(changes(event))
    return [each.event_id for each in publisher.published]


def test_older_records_are_found_by_searches_and_lists(api: Api, stack: Target) -> None:
    assert (searched(api, "Allocated"), searched(api, "AllocationFailed")) == ([C], [])
    result = list_older_records(stack, FAST)
    assert (result.found, result.listed, result.unreadable, result.changing) == (5, 2, 2, 0)
    assert (searched(api, "Allocated"), searched(api, "AllocationFailed")) == ([C, A], [B])
    references = api.call("GET", "/consignments/getConsignmentReferences?State=Allocated").data
    assert sorted(references) == sorted([A, C])
    again = list_older_records(stack, FAST)
    assert (again.found, again.listed) == (5, 0)


def test_nothing_else_of_them_changes_and_what_is_no_record_stays_as_it_is(stack: Target, table: Any) -> None:
    list_older_records(stack, FAST)
    after = kept()
    for name in (A, B):
        new = {LISTING: after[name][LISTING], LISTED_LATER: table[name]["version"]}
        assert after[name] == table[name] | new
    assert {name: after[name] for name in after if name not in {A, B}} == {
        name: table[name] for name in table if name not in {A, B}
    }


def test_no_event_is_published_again_and_none_of_a_later_change_is_missing(stack: Target, table: Any) -> None:
    list_older_records(stack, FAST)
    listed = kept()[A]
    assert (published(table[A]), published(listed)) == ([f"{A}#1"], [])
    step = step_item(Step("ReadyToShip", "request-1", NOON), ConsignmentReference(A), ("earlier-1",), 1)
    assert published(listed | step) == [f"{A}#2"]


def meanwhile(stack: Target, monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> None:
    """Has another writer act right before each write of the command."""
    real = stack.dynamodb.update_item

    def update(**request: Any) -> Any:
        act(request["Key"]["consignmentReference"]["S"])
        return real(**request)

    monkeypatch.setattr(stack.dynamodb, "update_item", update)


def test_a_change_that_was_faster_stays_and_is_listed_as_it_is(
    api: Api, stack: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed: set[str] = set()

    def fail_again(reference: str) -> None:
        """As a function of version 0.2.0 does."""
        if reference == A and reference not in changed:
            changed.add(reference)
            dynamodb().put_item(TableName=RECORDS, Item=to_item(failed_record(A, "WEB-1") | {"version": 2}))

    meanwhile(stack, monkeypatch, fail_again)
    result = list_older_records(stack, FAST)
    assert (result.listed, result.changing) == (2, 0)
    assert (kept()[A]["version"], kept()[A][LISTED_LATER]) == ({"N": "2"}, {"N": "2"})
    assert (searched(api, "Allocated"), sorted(searched(api, "AllocationFailed"))) == ([C], sorted([A, B]))


def test_a_record_that_expired_meanwhile_does_not_come_back(stack: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(
        stack,
        monkeypatch,
        lambda name: dynamodb().delete_item(TableName=RECORDS, Key={"consignmentReference": {"S": name}}),
    )
    assert list_older_records(stack, FAST).listed == 0
    assert {A, B}.isdisjoint(kept())


def test_a_record_that_keeps_changing_is_told(
    stack: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = iter(range(2, 99))

    def change(reference: str) -> None:
        item = to_item(failed_record(reference, "WEB-1") | {"version": next(versions)})
        dynamodb().put_item(TableName=RECORDS, Item=item)

    meanwhile(stack, monkeypatch, change)
    assert run(stack, monkeypatch) == 1
    assert "2 records kept changing: run it again." in capsys.readouterr().out


def test_the_records_are_read_no_faster_than_is_asked(stack: Target) -> None:
    waited: list[float] = []
    list_older_records(stack, 2, sleep=waited.append)
    assert sum(waited) > 1


def run(stack: Target, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("cli.commands.listed_records.target", lambda _name: stack)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return main.main(["orders", "index", "--per-second", "10000", *arguments])


def test_the_command_says_what_it_did(
    stack: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stack, monkeypatch) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told == "5 records in the stack: 2 listed, 1 up to date already, 2 unreadable."
    assert run(stack, monkeypatch, "--json") == 0
    assert '"listed": 0' in capsys.readouterr().out


def test_what_stopped_goes_on_with_the_segment_in_which_it_stopped(
    stack: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_reference: str) -> None:
        raise refusal("ProvisionedThroughputExceededException")

    with monkeypatch.context() as refusing:
        meanwhile(stack, refusing, refuse)
        assert run(stack, refusing) == 1
    told = " ".join(capsys.readouterr().err.split())
    segment = told.partition("--from-segment ")[2].partition(" ")[0]
    assert f"Stopped in segment {segment} of {SEGMENTS}" in told
    assert "--stack shop" in told
    assert run(stack, monkeypatch, "--from-segment", segment) == 0
    assert {LISTING in kept()[name] for name in (A, B)} == {True}


def test_a_stack_without_the_api_has_nothing_to_search(
    stack: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without: Any = SimpleNamespace(**{**vars(stack), "consignments_table": ""})
    assert run(without, monkeypatch) == 1
    assert "DeployApi=true" in capsys.readouterr().err
