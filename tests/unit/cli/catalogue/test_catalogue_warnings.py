"""What `carrier catalogue check` warns of: what is right by its form and hardly meant."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from tests.support.engines import rate, service, written


@pytest.mark.parametrize(
    ("zone", "places", "refused"),
    [
        ("NI", ["GB-NIR"], True),  # Nicaragua
        ("GB-NIR", ["FR"], True),
        ("FR", ["FR", "MC"], True),
        ("FR", ["FR"], False),
        ("EU", ["FR", "DE"], False),
    ],
)
def test_a_zone_that_hides_a_place_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], zone: str, places: list[str], *, refused: bool
) -> None:
    file = written(tmp_path / "catalogue.yaml", {"A": service()}, zones={zone: places})
    assert main(["catalogue", "check", file, "--json"]) == int(refused)
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [problem["path"] for problem in problems] == ([f"zones.{zone}"] if refused else [])


YEN = {"currency": "JPY", "rates": [{"zone": "JP", "transitDays": 1, "bands": [{"upTo": 1, "price": "46.5"}]}]}
NEVER = "never holds"


@pytest.mark.parametrize(
    ("changes", "path", "told"),
    [
        (YEN, "rates.0.bands.0.price", "'46.5' can't be paid in JPY, whose smallest amount is 1"),
        ({"rates": [rate("GB", "4.955")]}, "rates.0.bands.0.price", "'4.955' can't be paid in GBP"),
        ({"rates": [rate("GB", 5) | {"when": {}}]}, "rates.0.when", "is empty, so it always holds"),
        ({"length": 0}, "length", NEVER),
        ({"consignment": {"packages": 0}}, "consignment.packages", NEVER),
        ({"rates": [rate("GB", 5) | {"when": {"weight": {"over": 5, "to": 5}}}]}, "rates.0.when.weight", NEVER),
        ({"chargeableWeight": {"roundSides": 1}}, "chargeableWeight.roundSides", "does nothing without a divisor"),
        (
            {"chargeableWeight": {"volumetricWhen": {"weight": {"from": 1}}}},
            "chargeableWeight.volumetricWhen",
            "does nothing without a divisor",
        ),
        (
            {
                "delivery": {
                    "days": ["sat"],
                    "slots": [["08:00", "09:00"], {"days": ["mon"], "window": ["10:00", "11:00"]}],
                }
            },
            "delivery.slots.1.days",
            "'mon' is no day of delivery",
        ),
        (
            {"rates": [rate("GB", 5) | {"by": "packages", "bands": [{"upTo": 1.5, "price": 5}]}]},
            "rates.0.bands.0.upTo",
            "'1.5' is no number of packages",
        ),
        ({"destinations": ["GB", "DE:1000..2999"]}, "destinations.1", "write DE:01000..02999 if zeros were lost"),
        ({"destinations": ["GB", "DE-BY"]}, "destinations.1", "is known only if an address says it"),
    ],
)
def test_what_is_hardly_meant_is_warned_of_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], path: str, told: str
) -> None:
    rates = [{"currency": "JPY", "rate": "0.005", "from": "2026-01-01"}]
    file = written(tmp_path / "catalogue.yaml", {"A": service(**changes)}, exchangeRates=rates)
    assert main(["catalogue", "check", file]) == 0
    lines = " ".join(capsys.readouterr().out.split())
    assert re.search(rf"catalogue.yaml:[0-9]+: carriers.ACME.services.A.{re.escape(path)} Warning: ", lines)
    assert told in lines


@pytest.mark.parametrize(("zones", "told"), [({"NOWHERE": []}, "zones.NOWHERE Warning: is empty"), ({}, None)])
def test_an_empty_zone_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], zones: dict[str, Any], told: str | None
) -> None:
    file = written(tmp_path / "catalogue.yaml", {"A": service()}, zones=zones)
    assert main(["catalogue", "check", file]) == 0
    lines = " ".join(capsys.readouterr().out.split())
    assert told in lines if told else "Warning" not in lines


@pytest.mark.parametrize(
    ("holidays", "told"),
    [
        ({"country": "GB"}, "Easter Monday (ENG, NIR, WLS; 2026-04-06)"),
        ({"country": "DE"}, "Epiphany (Augsburg, BW, BY, ST; 2026-01-06)"),
        ({"country": "GB", "subdivision": "ENG"}, None),
        ({"country": "GB", "nationalOnly": True}, None),
        ({"country": "IE"}, None),  # its parts have the same
    ],
)
def test_days_that_a_list_of_holidays_leaves_out_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], holidays: dict[str, Any], told: str | None
) -> None:
    file = written(tmp_path / "catalogue.yaml", {"A": service()}, holidays={"Ours": holidays})
    assert main(["catalogue", "check", file, "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert [(warning["path"], told in warning["fix"]) for warning in warnings] == (
        [("holidays.Ours", True)] if told else []
    )
    assert main(["catalogue", "compile", file]) == 0
    assert ("Warning: " in capsys.readouterr().err) == bool(told)


def test_a_day_that_is_added_is_not_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = {"country": "GB", "add": [f"{year}-{day}" for year, day in EASTER_MONDAYS]}
    file = written(tmp_path / "catalogue.yaml", {"A": service()}, holidays={"Ours": added})
    assert main(["catalogue", "check", file]) == 0
    told = capsys.readouterr().out
    assert "Boyne" in told
    assert "Easter Monday" not in told


EASTER_MONDAYS = [(2026, "04-06"), (2027, "03-29"), (2028, "04-17"), (2029, "04-02")]
