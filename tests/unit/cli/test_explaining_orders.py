"""`carrier explain` of orders: in every wrapping, with several consignments, in a shop's own format."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from cli.paths import ROOT
from tests.support.samples import EVENTS, json_of, order_event

NOW = ["--now", "2026-11-23T12:00:00Z"]
WRAPPED = sorted(path.name for path in EVENTS.glob("order-*-v1.*json") if "cancelled" not in path.name)


@pytest.fixture(autouse=True)
def _no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.main._stop_on", lambda _: None)


def written(path: Path, content: Any) -> str:
    path.write_text(json.dumps(content), "utf-8")
    return str(path)


@pytest.mark.parametrize("name", WRAPPED)
def test_an_order_is_explained_in_whatever_wrapping_it_comes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(WRAPPED) > 10
    assert main(["explain", str(EVENTS / name), *NOW, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["consignment"], told["winner"]["service"]) == ("EC-000-05B-MMA", "CX_ECO")


def test_the_consignments_of_an_order_are_explained_in_short_and_as_json_one_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    order = str(EVENTS / "order-created-v1-many-consignments.json")
    references = [each["Reference"] for each in json_of("order-created-v1-many-consignments.json")["consignments"]]
    status = main(["explain", order, *NOW])
    told = capsys.readouterr().out
    assert [reference for reference in references if reference not in told] == []
    assert len(told.splitlines()) < 10 * len(references)
    assert main(["explain", order, *NOW, "--json"]) == status
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["consignment"] for line in lines] == references


def test_a_file_may_have_an_order_or_a_consignment_on_each_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = json_of("order-created-v1.json")
    bare = order["consignments"][0] | {"Reference": "MINE-1"}
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(order)}\n\n{json.dumps(bare)}\n")
    assert main(["explain", str(tmp_path / "lines.jsonl"), *NOW, "--json"]) == 0
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert [line["consignment"] for line in lines] == ["EC-000-05B-MMA", "MINE-1"]


def test_an_order_need_not_be_a_whole_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = {"consignments": json_of("order-created-v1.json")["consignments"]}
    assert main(["explain", written(tmp_path / "order", content), *NOW]) == 0
    assert capsys.readouterr().out.startswith("CX_ECO Economy of Carrier X takes EC-000-05B-MMA ")


def test_what_can_not_be_read_of_an_order_is_told_beside_what_can(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(EVENTS / "malformed" / "one-bad-consignment-among-good.json"), *NOW]) == 1
    told = capsys.readouterr()
    assert "takes EC-000-07A-AAA" in told.out
    assert "consignments[1]" in told.err


def test_a_shop_s_own_order_is_explained_by_its_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    order, mapping = (
        str(EVENTS / "shops" / "shopify-orders-create.json"),
        str(ROOT / "cli" / "mappings" / "shopify.yaml"),
    )
    assert main(["explain", order, "--mapping", mapping, *NOW]) == 0
    assert " takes CN-" in capsys.readouterr().out
    assert main(["explain", order, *NOW]) == 2
    assert "add --mapping FILE" in capsys.readouterr().err


def test_an_order_of_a_type_of_one_s_own_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = order_event(eventType="shop.sale", consignments=json_of("order-created-v1.json")["consignments"])
    assert main(["explain", written(tmp_path / "order", event), *NOW]) == 0
    assert "takes EC-000-05B-MMA" in capsys.readouterr().out


def test_a_word_that_is_neither_a_file_nor_of_a_stack_says_both(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.operations.target.stack_port", lambda: None)
    assert main(["explain", "WEB-100045"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("There is no file WEB-100045. No stack is up on this machine")
    assert main(["explain", "missing.json"]) == 2
    assert "Can't read missing.json: No such file or directory." in " ".join(capsys.readouterr().err.split())


def test_a_file_is_not_decided_again_and_a_reference_has_no_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(EVENTS / "order-created-v1.json"), "--again"]) == 2
    assert "leave --again out" in " ".join(capsys.readouterr().err.split())
    assert main(["explain", "WEB-1", "--mapping", "shop.yaml", "--stack", "shop"]) == 2
    assert "--mapping is for a file" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "event",
    [
        "consignment-allocated-v1.json",
        "consignment-allocation-failed-v1.json",
        "consignment-delivered-v1.json",
        "consignment-update-refused-v1.json",
    ],
)
def test_an_event_that_was_published_is_not_taken_for_an_order(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(EVENTS / event), *NOW]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "is an event of this service's own, without the consignment: name the order" in told
