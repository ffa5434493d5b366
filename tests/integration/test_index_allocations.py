"""The index's function as Lambda calls it, and the program's command that makes entries of older records."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from allocation.aws.clients import client
from allocation.composition import background
from allocation.domain.errors import ConfigurationError
from allocation.records.items import record_item
from cli import main
from cli.operations.search_index import reindex
from cli.operations.target import Target
from tests.integration.conftest import refusal
from tests.integration.handlers import Context, function
from tests.support.samples import A, B, C
from tests.support.search_index import CANCELLED, INDEX, contents, failed_of, later, recount, stream_event, version
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def index(dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
    create_table(dynamodb, "SearchIndexTable", INDEX)
    monkeypatch.setenv("SEARCH_INDEX_TABLE", INDEX)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "test")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "index-allocations")
    background.index_allocations.cache_clear()
    yield dynamodb
    background.index_allocations.cache_clear()


def kept(index: "DynamoDBClient") -> Any:
    return contents(index.scan(TableName=INDEX)["Items"])


def test_a_batch_of_the_stream_is_indexed(index: "DynamoDBClient") -> None:
    handler = function("index_allocations").handler
    assert handler(stream_event(version(A), version(B, failed_of(B))), Context()) == {"batchItemFailures": []}
    entries, tallies = kept(index)
    assert set(entries) == {A, B}
    assert tallies == recount(entries.values())


def test_without_its_table_the_function_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEARCH_INDEX_TABLE", raising=False)
    background.index_allocations.cache_clear()
    with pytest.raises(ConfigurationError, match="SEARCH_INDEX_TABLE"):
        background.index_allocations()


@pytest.fixture
def target(target: Target, index: "DynamoDBClient") -> Target:
    found = replace(target, search_index_table=INDEX)
    for record in (version(A, CANCELLED, 3), version(B, failed_of(B)), version(C, at=later(1))):
        index.put_item(TableName=found.allocations_table, Item=record_item(record, by_order=True))
    foreign = {"consignmentReference": {"S": "X"}, "state": {"S": "?"}}
    index.put_item(TableName=found.allocations_table, Item=foreign)
    return found


def test_older_records_are_indexed_beside_the_stream_and_none_is_counted_twice(
    target: Target, index: "DynamoDBClient"
) -> None:
    handler = function("index_allocations").handler
    handler(stream_event(version(A, number=2), version(C, at=later(1))), Context())
    result = reindex(target, per_second=1_000_000)
    assert (result.found, result.written, result.unreadable) == (4, 2, 1)
    handler(stream_event(version(A, number=1), version(A, CANCELLED, 3)), Context())
    again = reindex(target, per_second=1_000_000)
    assert (again.found, again.written) == (4, 0)
    entries, tallies = kept(index)
    assert {name: entry.version for name, entry in entries.items()} == {A: 3, B: 1, C: 1}
    assert tallies == recount(entries.values())


def test_the_records_are_read_no_faster_than_is_asked(target: Target) -> None:
    waited: list[float] = []
    reindex(target, per_second=2, sleep=waited.append)
    assert sum(waited) > 1


def run(target: Target, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("cli.commands.console.target", lambda _name: target)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return main.main(["console", "index", "--per-second", "10000", *arguments])


def test_the_command_says_what_it_did(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(target, monkeypatch) == 0
    assert "4 records in the stack: 3 indexed, 0 up to date already, 1 unreadable." in capsys.readouterr().out
    assert run(target, monkeypatch, "--json") == 0
    assert '"written": 0' in capsys.readouterr().out


def test_a_stack_without_a_console_has_nothing_to_index(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(replace(target, search_index_table=""), monkeypatch) == 1
    assert "Console=on" in capsys.readouterr().err


def test_where_dynamodb_takes_nothing_the_command_says_how_far_it_came(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb = client("dynamodb")

    def refuse(**_: Any) -> Any:
        raise refusal("ThrottlingException")

    monkeypatch.setattr(dynamodb, "transact_write_items", refuse)
    assert run(replace(target, dynamodb=dynamodb), monkeypatch) == 1
    assert "Stopped after 0 records" in capsys.readouterr().err
