"""`carrier explain`: the deployed engine's answer for one consignment, as tables and as JSON."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.console.explained_decision import ExplainedDecision, explanation_json
from allocation.console.explaining import explanation_of
from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.reference import ConsignmentReference
from allocation.domain.routing import Way
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.orders.order_created import read_order
from cli.main import main
from cli.paths import ROOT, SAMPLE_ORDERS
from tests.support.engines import document, service
from tests.support.explaining import CONSIGNMENT, EXAMPLE, NOW, consignment_file, explained, written
from tests.support.ports import FakeDeadline, InMemoryCatalogues, InMemoryLimits

consignment = pytest.fixture(consignment_file)
VALUABLE = ["--mode", "service_group", "--group", "valuableGoods"]


def own_catalogue(tmp_path: Path, services: dict[str, Any], **changes: Any) -> str:
    """A catalogue of these services that collects where the consignment is."""
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(document(services, **changes)).replace("Depot", "Sorted1"))
    return str(path)


def sample_consignments() -> Iterator[Consignment]:
    for body in SAMPLE_ORDERS.read_text("utf-8").splitlines():
        yield from read_order(body).order.consignments


MODES: list[AllocationMode] = [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_the_winner_is_what_the_deployed_allocator_records_for_every_sample_order(mode: AllocationMode) -> None:
    engine, now = Engine(packaged_catalogue()), datetime(2027, 6, 9, 10, tzinfo=UTC)
    allocator = EngineAllocator(
        engine,
        now=lambda: now,
        api_base_url="https://example.test",
        usage=InMemoryLimits(),
        archive=InMemoryCatalogues(),
    )
    for consignment in sample_consignments():
        outcome = allocator.allocate([consignment], mode, FakeDeadline())[consignment.reference]
        explanation = explanation_of(engine, consignment, Way(mode), now)
        assert isinstance(explanation, ExplainedDecision)
        told = explanation_json(explanation)
        if isinstance(outcome, Allocated):
            assert outcome.price is not None
            assert told["failure"] is None
            assert told["winner"]["service"] == outcome.summary.carrier_service_reference
            assert told["winner"]["carrier"] == outcome.summary.carrier_reference
            assert [told["winner"][field] for field in ("net", "vat", "gross", "currency")] == [
                str(outcome.price.net),
                str(outcome.price.vat),
                str(outcome.price.gross),
                outcome.price.currency,
            ]
        else:
            assert isinstance(outcome, AllocationFailed)
            assert told["winner"] is None
            assert told["failure"] == {"code": outcome.failure.code, "message": outcome.failure.message}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_service_of_the_catalogue_has_an_offer_or_is_excluded_with_reasons(mode: AllocationMode) -> None:
    engine, now = Engine(packaged_catalogue()), datetime(2027, 6, 9, 10, tzinfo=UTC)
    everything = sorted(item.reference for item in engine.catalogue.services)
    for consignment in [*sample_consignments(), Consignment(ConsignmentReference("EC-000-000-000"))]:
        explanation = explanation_of(engine, consignment, Way(mode), now)
        assert isinstance(explanation, ExplainedDecision)
        told = explanation_json(explanation)
        assert told["winner"] == (told["offers"][0] if told["offers"] else None)
        assert sorted(item["service"] for item in told["offers"] + told["excluded"]) == everything
        for excluded in told["excluded"]:
            assert excluded["reasons"]
            assert all(reason.keys() == {"code", "text", "expected", "actual"} for reason in excluded["reasons"])


def test_json_has_money_as_text_and_times_in_utc(consignment: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = explained(capsys, consignment, *VALUABLE, *NOW)
    assert code == 0
    assert list(told) == ["consignment", "mode", "preference", "winner", "failure", "offers", "excluded"]
    assert (told["consignment"], told["mode"], told["failure"]) == ("EC-000-05B-MMA", "service_group", None)
    assert told["winner"] == {
        "service": "CX_NDS",
        "carrier": "CARRIER_X",
        "net": "4.63",
        "vat": "0.93",
        "gross": "5.56",
        "currency": "GBP",
        "chargeableWeightKg": 0.5,
        "cutOff": "2027-06-09T15:00:00+00:00",
        "collected": "2027-06-09T17:00:00+00:00",
        "delivered": "2027-06-10T21:00:00+00:00",
        "lines": [{"name": "Rate UK", "amount": "4.35"}, {"name": "Fuel", "amount": "0.28"}],
    }
    prices = [Decimal(offer["net"]) for offer in told["offers"]]
    assert prices == sorted(prices)


def test_nothing_that_fits_is_a_failure_and_exit_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heavy = CONSIGNMENT | {"Packages": [CONSIGNMENT["Packages"][0] | {"Weight": {"Value": 90_000, "Unit": "Kg"}}]}
    path = written(tmp_path / "heavy.json", heavy)
    code, told = explained(capsys, path, "--mode", "carrier_service", "--service", "CX_NDS", *NOW)
    assert (code, told["winner"], told["offers"]) == (1, None, [])
    assert told["failure"]["code"] == "NoCarrierServiceAvailable"
    (asked_for,) = [item for item in told["excluded"] if item["service"] == "CX_NDS"]
    assert "WeightOutOfRange" in [reason["code"] for reason in asked_for["reasons"]]
    assert main(["explain", path, *NOW]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "the package weighs 90,000 kg and the most any service to GB M1 takes is 1,000 kg (HF_PAL, HF_PAL24)" in text


def test_an_incomplete_consignment_is_a_failure_that_says_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "empty.json", {})
    code, told = explained(capsys, path, *NOW)
    assert (code, told["failure"]["code"]) == (1, "ConsignmentIncomplete")
    assert main(["explain", path, *NOW]) == 1
    assert "no packages" in capsys.readouterr().out


def test_a_consignment_is_explained_conclusion_first(consignment: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", consignment, *VALUABLE, *NOW]) == 0
    told = capsys.readouterr().out
    lines = told.splitlines()
    empty = lines.index("")
    assert " ".join(lines[:empty]) == (
        "CX_NDS Next Day Super of Carrier X takes EC-000-05B-MMA for 4.63 GBP net, 5.56 gross. "
        "CX_NDS is the cheapest of 6 services of group valuableGoods that can take it, 0.75 GBP under CX_NDS_SIG."
    )
    assert [line.split() for line in lines[empty + 1 : empty + 4]] == [
        ["Rate", "UK", "4.35"],
        ["Fuel", "0.28"],
        ["Net", "4.63"],
    ]
    assert re.search(r"CX_NDS_SIG .*\+0\.75", told)
    assert re.search(r"CountryExcluded +GB M +1 +AE_EXP \(not in GB \(and 2 more\)\)\n", told)
    assert "The mode leaves out 59 more services." in lines


def test_runners_up_are_few_and_the_excluded_are_counted_by_reason(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cheap = {f"S{number}": service() for number in range(9)}
    light = {f"L{number}": service(weight="1 g") for number in range(5)}
    path = own_catalogue(tmp_path, cheap | light)
    assert main(["explain", consignment, "--catalogue", path, *NOW]) == 0
    told = capsys.readouterr().out
    assert "8 more services could take it. The next 5:" in told
    assert len(re.findall(r"^  S\d ", told, re.MULTILINE)) == 5
    assert "5 services can't take it:" in told
    assert re.search(r"WeightOutOfRange +0.5 Kg +5 +L0, L1, L2, L3 \(at most 0.001 Kg\) \.\.\.\n", told)


def test_all_shows_every_offer_and_every_reason(consignment: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = explained(capsys, consignment, *NOW)
    main(["explain", consignment, *NOW, "--all"])
    told = capsys.readouterr().out
    first = next(line for line in told.splitlines() if line.startswith("→"))
    assert first.split()[1] == answer["winner"]["service"]
    for item in answer["offers"] + answer["excluded"]:
        assert re.search(rf"\b{item['service']}\b", told)
    assert told.count("DestinationNotServed") == sum(
        reason["code"] == "DestinationNotServed" for item in answer["excluded"] for reason in item["reasons"]
    )


@pytest.mark.usefixtures("eighty_columns")
def test_how_the_consignment_is_is_told_in_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_catalogue(tmp_path, {"A": service(), "B": service(residential=False)}, guess={"residential": True})
    (reason,) = explained(capsys, EXAMPLE, "--catalogue", path, *NOW)[1]["excluded"][0]["reasons"]
    main(["explain", EXAMPLE, "--catalogue", path, *NOW])
    told = capsys.readouterr().out.partition("Services (what they take)")[2].partition("All offers")[0]
    assert len(reason["actual"]) > 40
    assert [word for word in reason["actual"].split() if word not in told.split()] == []


@pytest.mark.parametrize("arguments", [[], ["--all"], VALUABLE])
@pytest.mark.usefixtures("eighty_columns")
def test_lines_fit_80_columns_and_none_ends_in_blanks(
    consignment: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["explain", consignment, *arguments, *NOW])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.usefixtures("eighty_columns")
def test_a_service_with_long_names_fits_80_columns_and_is_not_cut(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, surcharge = "Very Long Name " * 6, "Surcharge for much " * 5
    services = {
        "A" * 64: service(name=name.strip(), surcharges=[surcharge.strip()]),
        "B": service(name=name.strip(), weight="1 g"),
    }
    path = own_catalogue(tmp_path, services, surcharges={surcharge.strip(): {"type": "Additive", "amount": 1}})
    assert main(["explain", consignment, "--catalogue", path, *NOW, "--all"]) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    assert told.count("A") >= 2 * 64
    assert "…" not in told


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program as a shell starts it, its output in a pipe."""
    return subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, str(ROOT / "cli"), *arguments],
        env={**os.environ, **environment},
        input=json.dumps(CONSIGNMENT),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pipe_gets_plain_text_and_the_exit_status_whatever_its_encoding() -> None:
    found = program("explain", "-", *VALUABLE, *NOW, "--all", PYTHONIOENCODING="ascii")
    assert (found.returncode, found.stderr) == (0, "")
    assert "\x1b" not in found.stdout
    assert "CX_NDS Next Day Super" in found.stdout
    wrong = program("explain", "-", "--mode", "service_group")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    "arguments", [["explain", "docs/examples/consignment.json"], ["--help"], ["generate", "--check"]]
)
def test_a_reader_that_leaves_ends_the_program_in_silence_as_sigpipe_would(arguments: list[str]) -> None:
    command = [sys.executable, str(ROOT / "cli"), *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as left:  # noqa: S603 - ours
        assert left.stdout
        assert left.stderr
        left.stdout.close()
        assert (left.stderr.read(), left.wait()) == (b"", 128 + signal.SIGPIPE)


def test_names_with_brackets_are_shown_as_they_are(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = {"A": service(name="Next [express]"), "B": service(name="[bold]Heavy[/x]", weight="1 g")}
    assert main(["explain", consignment, "--catalogue", own_catalogue(tmp_path, services), *NOW, "--all"]) == 0
    told = capsys.readouterr().out
    assert "A Next [express]" in told
    assert "B [bold]Heavy[/x]" in told


def test_a_volumetric_price_is_shown_with_the_weight_that_was_charged(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_catalogue(tmp_path, {"A": service(divisor=1000), "B": service()})
    code, told = explained(capsys, consignment, "--catalogue", path, *NOW)
    assert code == 0
    assert {offer["service"]: offer["chargeableWeightKg"] for offer in told["offers"]} == {"A": 1, "B": 0.5}
    main(["explain", consignment, "--catalogue", path, *NOW])
    assert "Charged for 1 Kg." in capsys.readouterr().out
    main(["explain", consignment, "--catalogue", path, *NOW, "--all"])
    assert re.search(r"A +Acme +1 Kg +Rate GB 5\.00", capsys.readouterr().out)
