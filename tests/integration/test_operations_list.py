"""The records of a stack, listed: newest first, by state, by order, and no more than asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allocation.domain.reference import OrderReference
from cli import main
from cli.operations import records
from cli.operations.retry import failed_since
from cli.operations.target import Target
from tests.integration.stack_target import add
from tests.support.samples import FAILED, NOON, A, B, C, record_of

Listed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def listed(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Listed:
    """What `carrier orders list --json` prints of three records, of which B is the newest and failed."""
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: target)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    add(
        target,
        record_of(A),
        replace(record_of(B, FAILED), allocated_at=NOON + timedelta(hours=2)),
        replace(record_of(C), order_reference=OrderReference("WEB-2"), allocated_at=NOON + timedelta(hours=1)),
    )

    def run(*options: str) -> list[dict[str, Any]]:
        assert main.main(["orders", "list", "--json", *options]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def references(found: list[dict[str, Any]]) -> list[str]:
    return [record["consignmentReference"] for record in found]


def test_the_newest_come_first(listed: Listed) -> None:
    assert references(listed()) == [B, C, A]


def test_no_more_than_asked_for_are_listed(listed: Listed) -> None:
    assert references(listed("--limit", "2")) == [B, C]


@pytest.mark.usefixtures("listed")
def test_another_state_is_answered_with_the_states_as_they_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["orders", "list", "--state", "allocatd"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("--state 'allocatd' is not one of Allocated, AllocationFailed, ")


def test_only_records_in_the_state_are_listed(listed: Listed) -> None:
    (failed,) = listed("--state", "allocationfailed")
    assert (failed["consignmentReference"], failed["state"]) == (B, "AllocationFailed")
    assert failed["failure"]["code"] == "NoCarrierServiceAvailable"


def test_failures_are_found_without_reading_the_table(
    listed: Listed, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target.dynamodb, "scan", lambda **_: pytest.fail("the table is read"))
    assert references(listed("--state", "AllocationFailed")) == [B]
    assert [record["consignmentReference"] for record in failed_since(target, NOON, "")] == [B]
    assert list(failed_since(target, NOON + timedelta(hours=3), "")) == []


def test_failures_of_a_stack_without_the_index_by_state_are_found(
    listed: Listed, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BY_STATE", "no-such-index")
    assert references(listed("--state", "AllocationFailed")) == [B]
    assert [record["consignmentReference"] for record in failed_since(target, NOON, "")] == [B]


def test_only_records_of_the_order_are_listed(listed: Listed) -> None:
    assert references(listed("--order", "WEB-1")) == [B, A]
    assert references(listed("--order", "WEB-1", "--state", "Allocated")) == [A]


@pytest.mark.usefixtures("listed")
@pytest.mark.usefixtures("eighty_columns")
def test_the_table_fits_eighty_columns_and_names_each_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["orders", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["14:00", "13:00", "12:00"]
    assert max(map(len, lines)) <= 80


def test_a_table_too_large_to_be_read_is_said_to_be(
    listed: Listed, monkeypatch: pytest.MonkeyPatch, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(records, "MAX_SCANNED", 1)
    scan = target.dynamodb.get_paginator

    class OneAPage:
        def paginate(self, **request: Any) -> Any:
            return scan("scan").paginate(**request, PaginationConfig={"PageSize": 1})

    monkeypatch.setattr(target.dynamodb, "get_paginator", lambda _: OneAPage())
    assert main.main(["orders", "list", "--json"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert "name an --order" in told.err
    assert listed("--limit", "1000") != []
