"""The commands that check a catalogue and explain a consignment."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from allocation.engine.compiled import read_compiled
from cli import catalogue_check, explain
from cli.catalogue import compilation
from tests.support.engines import document, service

DOCS = Path(__file__).parents[4] / "docs"
GUIDE = (DOCS / "catalogue.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
SAMPLE = Path(compilation.__file__).with_name("sample.yaml")
CONSIGNMENT = {
    "Reference": "EC-000-05B-MMA",
    "Packages": [
        {
            "Weight": {"Value": 0.5, "Unit": "Kg"},
            "Dimensions": {"Unit": "Cm", "Width": 10.0, "Length": 10.0, "Height": 10.0},
        }
    ],
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"},
        {
            "AddressType": "Destination",
            "Postcode": "M1 5WG",
            "Country": {"IsoCode": {"TwoLetterCode": "GB"}},
        },
    ],
}


@pytest.fixture
def consignment(tmp_path: Path) -> str:
    path = tmp_path / "consignment.json"
    path.write_text(json.dumps(CONSIGNMENT))
    return str(path)


def test_a_right_catalogue_is_compared_and_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, out = tmp_path / "old.yaml", tmp_path / "new.yaml", tmp_path / "out.json"
    old.write_text(json.dumps(document({"A": service()})))
    new.write_text(json.dumps(document({"A": service(), "B": service(name="Brand New")})))
    assert catalogue_check.main([str(new), "--against", str(old), "--compile", str(out)]) == 0
    told = capsys.readouterr().out
    assert "2 services" in told
    assert "+ carriers.ACME.services.B (Brand New)" in told
    assert [item.reference for item in read_compiled(out.read_text()).services] == ["A", "B"]


def test_a_wrong_catalogue_is_told_all_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(json.dumps(document({"A": service(weight="heavy", tags=7)})))
    assert catalogue_check.main([str(path), "--against", "", "--compile", ""]) == 1
    told = capsys.readouterr().out
    assert "carriers.ACME.services.A.weight.to: 'heavy'" in told
    assert "2 problems found." in told


def test_a_file_that_is_not_there_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogue_check.main([str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().out


def test_a_consignment_is_explained_winner_first(consignment: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--mode", "service_group", "--group", "valuableGoods", "--now", "2027-06-09T10:00:00Z"]
    assert explain.main([consignment, *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].startswith("→")
    assert "CX_NDS Next Day Super" in lines[3]
    assert any("+0.75 GBP" in line for line in lines)
    assert any("AE_EXP" in line and "CountryExcluded" in line for line in lines)
    assert lines[-1] == "59 more services were not asked for."


def test_a_catalogue_of_ones_own_is_explained_from(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SAMPLE.read_text("utf-8").replace("name: Next Day Super\n", "name: My Own Service\n"))
    asked = ["--mode", "carrier_service", "--service", "CX_NDS", "--catalogue", str(path)]
    assert explain.main([consignment, *asked, "--now", "2027-06-09T10:00:00Z"]) == 0
    assert "My Own Service" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mode", "service_group", "--group", "jewels"], "no carrier service group 'jewels'"),
        (["--now", "tomorrow"], "'tomorrow' is no moment"),
        (["--mode", "cheapest"], "There is no allocation mode 'cheapest'"),
        (["--catalogue", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_line(
    consignment: str, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain.main([consignment, *arguments]) == 2
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("text", ["[]", "{", '{"Reference": "X"}'])
def test_a_file_that_is_no_consignment_is_told_in_a_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "not.json"
    path.write_text(text)
    assert explain.main([str(path)]) == 2
    assert "not.json" in capsys.readouterr().out


def test_a_consignment_that_pro_has_not_created_yet_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(DOCS / "examples" / "consignment.json")
    assert explain.main([path, "--now", "2027-06-09T10:00:00Z"]) == 0
    assert capsys.readouterr().out.startswith("EC-000-000-000: 1 package(s) of 0.5 Kg")


def test_the_guide_has_a_smallest_and_a_bigger_catalogue() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_catalogue_of_the_guide_is_right_and_takes_its_consignment(example: str, tmp_path: Path) -> None:
    catalogue, consignment = tmp_path / "catalogue.yaml", tmp_path / "consignment.json"
    catalogue.write_text(example)
    consignment.write_text("".join(re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)))
    assert catalogue_check.main([str(catalogue)]) == 0
    assert explain.main([str(consignment), "--catalogue", str(catalogue), "--now", "2027-06-09T10:00:00Z"]) == 0


def test_the_mistakes_of_the_guide_are_told_as_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(json.dumps(document({"NEXT": service(weight="30 stone", enabled="perhaps")})))
    assert catalogue_check.main([str(path)]) == 1
    answer = capsys.readouterr().out
    assert "services.NEXT.enabled: 'perhaps' " in answer
    assert answer in GUIDE


@pytest.mark.parametrize(("width", "shown"), [(80, False), (109, False), (110, True)])
def test_a_narrow_terminal_leaves_out_the_carrier_and_vat_and_keeps_references_whole(
    consignment: str, width: int, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, no_color=True, highlight=False, width=width)
    monkeypatch.setattr(explain, "Console", lambda **_: console)
    explain.main([consignment, "--mode", "service_group", "--group", "valuableGoods", "--now", "2027-06-09T10:00:00Z"])
    told = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    heading = next(line for line in told.splitlines() if line.startswith("   Service")).split()
    assert ("Carrier" in heading, "VAT" in heading) == (shown, shown)
    assert "CX_NDS Next Day Super" in told


def explained(catalogue: dict[str, object], consignment: str, tmp_path: Path) -> int:
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(catalogue).replace("Depot", "Sorted1"))
    return explain.main([consignment, "--catalogue", str(path), "--now", "2027-06-09T10:00:00Z"])


def test_names_with_brackets_are_shown_as_they_are(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = {"A": service(name="Next [express]"), "B": service(name="[bold]Heavy[/x]", weight="1 g")}
    assert explained(document(services), consignment, tmp_path) == 0
    told = capsys.readouterr().out
    assert "A Next [express]" in told
    assert "B [bold]Heavy[/x]" in told


def test_a_volumetric_price_is_told_with_the_weight_that_was_charged(
    consignment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explained(document({"A": service(divisor=1000), "B": service()}), consignment, tmp_path) == 0
    told = capsys.readouterr().out
    assert "GB 5.00 (1 Kg)" in told
    assert told.count("Kg)") == 1


def test_a_version_to_compare_with_that_is_wrong_or_compiled_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong, compiled = (tmp_path / name for name in ("right.json", "wrong.json", "compiled.json"))
    right.write_text(json.dumps(document({"A": service()})))
    wrong.write_text(json.dumps(document({"A": service(weight="heavy")})))
    assert catalogue_check.main([str(right), "--compile", str(compiled)]) == 0
    assert catalogue_check.main([str(right), "--against", str(wrong)]) == 2
    assert catalogue_check.main([str(compiled)]) == 2
    told = capsys.readouterr().out
    assert f"{wrong}, to compare with, has mistakes itself (1)" in told
    assert f"{compiled} is a compiled catalogue" in told
