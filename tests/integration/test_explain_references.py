"""`carrier explain` of what a stack has recorded: as it was decided, and decided again."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Cancelled
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.orders.order_created import read_order
from allocation.records.explanations import Explanations
from allocation.records.items import record_item
from cli import main
from cli.catalogue.compilation import SAMPLE, compile_text
from cli.operations.target import Target
from tests.support.ports import FakeDeadline, InMemoryCatalogues, InMemoryLimits
from tests.support.samples import json_of, record_of, text_of
from tests.support.tables import create_table

Explain = Callable[..., int]
REFERENCE = "EC-000-05B-MMA"
DECIDED = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def stack() -> Target:
    """A stack that has allocated the order of `events/`."""
    dynamodb: Any = client("dynamodb")
    create_table(dynamodb, "AllocationsTable", "records")
    create_table(dynamodb, "ConsignmentsTable", "kept")
    (consignment,) = read_order(text_of("order-created-v1.json")).order.consignments
    archive = InMemoryCatalogues()
    allocator = EngineAllocator(
        Engine(packaged_catalogue()),
        now=lambda: DECIDED,
        api_base_url="",
        usage=InMemoryLimits(),
        archive=archive,
    )
    outcome: Any = allocator.allocate([consignment], DefaultRules(), FakeDeadline())[consignment.reference]
    dynamodb.put_item(TableName="records", Item=record_item(record_of(consignment.reference, outcome), by_order=True))
    document = json.dumps(json_of("order-created-v1.json")["consignments"][0], default=float)
    key = {"consignmentReference": {"S": REFERENCE}}
    dynamodb.put_item(TableName="kept", Item=key | {"document": {"S": document}})
    found = Target(
        "the stack",
        client("sqs"),
        dynamodb,
        client("sns"),
        "",
        "",
        "",
        "records",
        "",
        client("logs"),
        "",
        Explanations(archive),
    )
    return replace(found, consignments_table="kept", option=" --stack shop")


@pytest.fixture
def explain(stack: Target, monkeypatch: pytest.MonkeyPatch) -> Explain:
    monkeypatch.setattr("cli.operations.target.target", lambda _name: stack)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return lambda *arguments: main.main(["explain", *arguments])


@pytest.mark.parametrize("name", [REFERENCE, "WEB-1"])
@pytest.mark.usefixtures("eighty_columns")
def test_what_is_recorded_is_explained_as_it_was_decided(
    name: str, explain: Explain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(name) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        f"CX_ECO Economy of Carrier X takes {REFERENCE} for 3.25 GBP net, 3.90 gross.\nCX_ECO is the cheapest of 24"
    )
    assert "As of 2026-11-23 12:00:00Z" in told
    assert max(map(len, told.splitlines())) <= 80


def test_the_json_of_a_record_has_the_keys_and_the_answer_of_the_decision(
    explain: Explain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(REFERENCE, "--json") == 0
    recorded = json.loads(capsys.readouterr().out)
    assert explain(REFERENCE, "--now", DECIDED.isoformat(), "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert recorded.keys() == again.keys()
    # Records keep neither the chargeable weights nor, of runners-up, the carrier and the hour.
    lost = ("chargeableWeightKg", "carrier", "delivered", "cutOff")
    offers = [
        [{key: each[key] for key in each if key not in lost} for each in told["offers"]] for told in (recorded, again)
    ]
    assert offers[0] == offers[1]
    assert recorded["excluded"] == again["excluded"]
    assert recorded["winner"]["delivered"] == again["winner"]["delivered"]


def test_again_decides_by_the_catalogue_that_the_stack_has_now(
    explain: Explain, stack: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dearer = SAMPLE.read_text("utf-8").replace("price: 3.05", "price: 30.05")
    text = compile_text(dearer, SAMPLE.parent)
    monkeypatch.setattr("cli.operations.target.target", lambda _name: replace(stack, catalogue=lambda: text))
    assert explain(REFERENCE, "--again") == 0
    assert capsys.readouterr().out.startswith("LK_HOME Shop to Home of ")
    assert explain(REFERENCE) == 0
    assert capsys.readouterr().out.startswith("CX_ECO ")


def test_what_has_no_explanation_says_so(explain: Explain, stack: Target, capsys: pytest.CaptureFixture[str]) -> None:
    cancelled = replace(record_of(REFERENCE), outcome=Cancelled())  # type: ignore[arg-type]
    stack.dynamodb.put_item(TableName="records", Item=record_item(cancelled, by_order=True))
    assert explain(REFERENCE) == 1
    assert "is Cancelled and kept no explanation. Decide again by the engine: --again." in " ".join(
        capsys.readouterr().err.split()
    )


def test_what_nothing_is_known_of_says_how_to_find_out_whether_it_waits(
    explain: Explain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain("WEB-9") == 1
    assert "`carrier orders trace WEB-9 --stack shop` tells whether it waits." in " ".join(
        capsys.readouterr().err.split()
    )


def test_where_no_consignment_is_kept_what_the_decision_was_asked_is_enough(
    explain: Explain, stack: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    key: Any = {"consignmentReference": {"S": REFERENCE}}
    stack.dynamodb.delete_item(TableName="kept", Key=key)
    assert explain(REFERENCE, "--now", DECIDED.isoformat()) == 0
    assert capsys.readouterr().out.startswith(f"CX_ECO Economy of Carrier X takes {REFERENCE} ")
    stack.dynamodb.update_item(TableName="records", Key=key, UpdateExpression="REMOVE asked")
    assert explain(REFERENCE, "--again") == 1
    assert f"{REFERENCE} can't be decided again" in capsys.readouterr().err
