"""`carrier explain` of a consignment in a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from cli.paths import ROOT

EXAMPLE = str(ROOT / "docs" / "examples" / "consignment.json")
NOW = ["--now", "2027-06-09T10:00:00Z"]
CONSIGNMENT: dict[str, Any] = {
    "Reference": "EC-000-05B-MMA",
    "Packages": [
        {
            "Weight": {"Value": 0.5, "Unit": "Kg"},
            "Dimensions": {"Unit": "Cm", "Width": 10.0, "Length": 10.0, "Height": 10.0},
        }
    ],
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"},
        {"AddressType": "Destination", "Postcode": "M1 5WG", "Country": {"IsoCode": {"TwoLetterCode": "GB"}}},
    ],
}


def consignment_file(tmp_path: Path) -> str:
    return written(tmp_path / "consignment.json", CONSIGNMENT)


def written(path: Path, content: Any) -> str:
    path.write_text(json.dumps(content))
    return str(path)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["explain", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)
