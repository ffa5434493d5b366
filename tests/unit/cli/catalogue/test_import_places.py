"""`carrier catalogue places`: a carrier's list of postcodes becomes a zone's file."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.catalogue.zone_files import with_zone_files
from cli.main import main

LIST = """Country Name;City;Postcode From;Postcode To;Surcharge
Germany;Borkum;26757;26757;12.50
DE;Baltrum;1067;1099;12.50
United Kingdom;Isle of Skye;IV41;IV49;20
UK;Shetland;ZE1 0AA;ZE1 0ZZ;20
France;Saint-Denis;97400;97499;30
DE;Borkum;26757;26757;12.50
Spain;Somewhere;;;9
Atlantis;A;1;2;9
NO;Backwards;9000;8000;9
"""


def test_a_carriers_list_becomes_a_zones_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "remote.csv"
    source.write_text(LIST, "utf-8-sig")
    assert main(["catalogue", "places", str(source), "--output", str(target)]) == 1
    catalogue: dict[str, Any] = {"zones": {"REMOTE": {"file": target.name}}}
    assert with_zone_files(catalogue, target.parent) == []
    assert catalogue["zones"]["REMOTE"] == [
        "DE:01067..01099",
        "DE:26757",
        "GB:IV41..IV49",
        "GB:ZE1 0",
        "RE:97400..97499",
    ]
    told = " ".join(capsys.readouterr().err.split())
    assert "Columns that are not used: City, Surcharge." in told
    assert "Left out: line 8 has no postcode: a row without one would be the whole country." in told
    assert "Left out: line 9 has no country that is known: write its two-letter code, such as GB." in told
    assert "Left out: line 10 ends before it begins: write the smaller end first." in told
    assert "5 places of 9 rows." in told


def test_a_list_of_one_country_needs_no_column_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "zips.csv"
    source.write_text("ZIP\n00901\n96701-1234\n", "utf-8")
    assert main(["catalogue", "places", str(source), "--country", "US"]) == 0
    assert capsys.readouterr().out == "country,postcode,region\nUS,00901,\nUS,96701,\n"


def test_json_says_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "remote.csv"
    source.write_text("zip,city\n00901,San Juan\nX,Y\n", "utf-8")
    words = ["catalogue", "places", str(source), "--country", "US", "--json"]
    assert main(words) == 2
    assert main([*words, "--output", str(target)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["places"], told["unusedColumns"]) == (2, 1, ["city"])
    assert told["leftOut"] == ["line 3 has letters, and postcodes of US have none: write its digits"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("city,price\nX,1\n", "list.csv has the columns city, price: its first line must name country and postcode"),
        ("", "list.csv has the columns none"),
        ("postcode\n1000\n", "say the country with --country"),
    ],
)
def test_a_list_without_the_columns_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    source = tmp_path / "list.csv"
    source.write_text(text, "utf-8")
    assert main(["catalogue", "places", str(source)]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
