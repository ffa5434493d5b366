"""Zones and lanes: named places with prices of their own, from where to where, and in files."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.consignment import Address
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text
from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from tests.support.engines import (
    PARCEL,
    assessed,
    document,
    engine_of,
    net,
    problems,
    rate,
    reasons,
    service,
    to,
    winner,
)


def problems_of(**changes: Any) -> list[str]:
    return problems(json.dumps(document({"S": service()} | changes.pop("services", {}), **changes)))


def test_a_zone_keeps_its_name_and_its_places_their_rank() -> None:
    """The closest of district, zone and country wins; a zone is as close as the place in it."""
    engine = engine_of(
        {"S": service(destinations=["GB"], rates=[rate("GB", 5), rate("FAR", 9), rate("GB:IV27", 12)])},
        zones={"FAR": ["GB:IV", "GB:KW15..KW17"]},
    )
    prices = {code: net(engine, to(code)) for code in ("M1 5WG", "IV1 1AA", "IV27 4AB", "KW15 1AA", "KW14 7AA")}
    assert prices == {
        "M1 5WG": "5.00",
        "IV1 1AA": "9.00",
        "IV27 4AB": "12.00",
        "KW15 1AA": "9.00",
        "KW14 7AA": "5.00",
    }


def test_a_zone_is_told_by_its_name_and_the_part_it_excludes_by() -> None:
    zones = {"FAR": ["GB-IV", "GB-KW", "ES-CN"], "EMBARGO": ["RU", "BY"]}
    engine = engine_of(
        {"S": service(destinations=["*"], excluded=["FAR", "EMBARGO"], rates=[rate("*", 5)])}, zones=zones
    )
    assert reasons(assessed(engine, to("IV1 1AA")), engine) == {"S": ["PostcodeExcluded"]}
    assert reasons(assessed(engine, to("35001", "ES")), engine) == {"S": ["PostcodeExcluded"]}
    assert reasons(assessed(engine, to("101000", "RU")), engine) == {"S": ["CountryExcluded"]}
    (exclusion,) = assessed(engine, to("IV1 1AA")).excluded
    (rule,) = exclusion.failed
    assert rule.expected(assessed(engine, to("IV1 1AA")).question, 0) == "not in FAR (and 1 more)"


CHART = {
    "ZONE2": [{"origins": ["US:100..102"], "destinations": ["US:100..119"]}],
    "ZONE8": [
        {"origins": ["US:100..102"], "destinations": ["US-CA", "US-WA"]},
        {"origins": ["US:9"], "destinations": ["US:1"]},
    ],
}


@pytest.mark.parametrize(
    ("origin", "destination", "price"),
    [
        ("10001", "11201", "8.00"),
        ("10001", "94103", "15.00"),
        ("94103", "10001", "15.00"),
        ("94103", "94103", None),
        ("60601", "10001", None),
    ],
)
def test_a_zone_of_lanes_prices_pairs_of_places(origin: str, destination: str, price: str | None) -> None:
    engine = engine_of(
        {"S": service(origins=["US"], destinations=["US"], rates=[rate("ZONE2", 8), rate("ZONE8", 15)])}, zones=CHART
    )
    consignment = replace(
        PARCEL, origin=Address(country="US", postcode=origin), destination=Address(country="US", postcode=destination)
    )
    assert (winner(engine, consignment) and net(engine, consignment)) == price


def test_a_lane_is_more_specific_than_its_destination_from_anywhere() -> None:
    zones = {"SHORT": [{"origins": ["GB:M"], "destinations": ["FR"]}]}
    services = {"S": service(origins=["*"], destinations=["*"], rates=[rate("FR", 9), rate("SHORT", 4)])}
    engine = engine_of(services, zones=zones)
    assert net(engine, to("75001", "FR")) == "4.00"
    assert net(engine, replace(to("75001", "FR"), origin=Address(country="DE", postcode="10115"))) == "9.00"


def test_a_zone_of_lanes_can_be_excluded_and_served() -> None:
    zones = {"BACK": [{"origins": ["GB:M"], "destinations": ["GB:L", "FR"]}]}
    engine = engine_of(
        {
            "NOT": service(destinations=["GB"], excluded=["BACK"]),
            "ONLY": service(destinations=["BACK"], rates=[rate("*", 1)]),
        },
        zones=zones,
    )
    assert winner(engine, to("M1 5WG")) == "NOT"
    assert winner(engine, to("L1 1AA")) == "ONLY"


ORIGINS = engine_of(
    {
        "S": service(
            origins=["*"],
            destinations=["*"],
            rates=[
                rate("*", 50),
                {**rate("FR", 20), "origin": "GB"},
                {**rate("FR", 18), "origin": "GB:M"},
                {**rate("FR", 16), "origin": "NORTH"},
                {**rate("FR:75", 25), "origin": "DE"},
            ],
        )
    },
    zones={"NORTH": ["GB:NE", "GB:M2 6"]},
)


@pytest.mark.parametrize(
    ("origin", "destination", "price"),
    [
        (("GB", "EH1 1AA"), ("FR", "69001"), "20.00"),
        (("GB", "M1 5WG"), ("FR", "69001"), "18.00"),
        (("GB", "M2 6LW"), ("FR", "69001"), "16.00"),
        (("GB", "NE1 1AA"), ("FR", "75001"), "16.00"),
        (("DE", "10115"), ("FR", "75001"), "25.00"),
        (("DE", "10115"), ("FR", "69001"), "50.00"),
        (("IE", None), ("FR", "75001"), "50.00"),
    ],
)
def test_a_rate_holds_from_the_most_specific_origin(
    origin: tuple[str, str], destination: tuple[str, str], price: str
) -> None:
    consignment = replace(
        PARCEL,
        origin=Address(country=origin[0], postcode=origin[1]),
        destination=Address(country=destination[0], postcode=destination[1]),
    )
    assert net(ORIGINS, consignment) == price


def test_two_rates_may_share_a_destination_but_no_pair() -> None:
    zones = {"HOME": ["GB:M"], "A": [{"origins": ["GB:M"], "destinations": ["FR"]}], "B": [], "C": []}
    zones["B"] = [{"origins": ["GB:M", "GB:L"], "destinations": ["FR", "DE"]}]
    zones["C"] = [{"origins": ["GB:L"], "destinations": ["DE"]}]
    fine = [{**rate("FR", 1), "origin": "GB"}, {**rate("FR", 2), "origin": "GB:M"}, rate("FR", 3), rate("A", 1)]
    compile_text(json.dumps(document({"S": service(rates=fine)}, zones=zones)))
    path = "carriers.ACME.services.S.rates.1.zone"
    for rates, told in (
        ([{**rate("FR", 1), "origin": "GB:M"}, {**rate("FR", 2), "origin": "HOME"}], "'FR' shares FR with rate 0"),
        ([rate("A", 1), rate("B", 2)], "'B' shares GB:M to FR with rate 0"),
        ([rate("C", 1), rate("B", 2)], "'B' shares GB:L to DE with rate 0"),
    ):
        found = problems_of(services={"S": service(rates=rates)}, zones=zones)
        assert found == [f"{path}: {told}: a place has one rate"]


def test_lanes_are_no_origins() -> None:
    zones = {"Z": [{"origins": ["GB"], "destinations": ["FR"]}], "Y": [{"origins": ["Z"], "destinations": ["XX"]}]}
    fix = "is a zone with lanes, which say origin and destination: name it as a destination, or list places here"
    told = problems_of(zones=zones, services={"S": service(origins=["Z"], rates=[{**rate("GB", 1), "origin": "Z"}])})
    assert f"zones.Y.0.origins.0: 'Z' {fix}" in told
    assert any(line.startswith("zones.Y.0.destinations.0: 'XX' is not a country") for line in told)
    assert f"carriers.ACME.services.S.origins.0: 'Z' {fix}" in told
    assert f"carriers.ACME.services.S.rates.0.origin: 'Z' {fix}" in told


def compiled_with(tmp_path: Path, csv: str, **changes: Any) -> Engine:
    (tmp_path / "remote.csv").write_text(csv, "utf-8")
    services = {"S": service(destinations=["*"], rates=[rate("*", 5), rate("REMOTE", 25)])}
    text = json.dumps(document(services, zones={"REMOTE": {"file": "remote.csv"}}, **changes))
    return Engine(read_compiled(compile_text(text, tmp_path)))


@pytest.mark.parametrize(
    "csv",
    [
        "country,postcode,region\nGB,IV27 4AB,\nGB,iv27 4,\nES,35000..35999,\nES,,CN\nIE,,\n",
        "\ufeffCountry;Postcode;Region\r\nGB;IV274AB;\r\nGB;IV274;\r\nES;35;\r\nES;;ES-CN\r\nie;;\r\n",
        "postcode\tcountry\nIV27 4\tGB\n35\tES\n38\tES\n\tIE\n",
    ],
)
def test_a_zone_can_have_a_file_of_its_own(tmp_path: Path, csv: str) -> None:
    engine = compiled_with(tmp_path, csv)
    far = {("GB", "IV27 4AB"), ("ES", "35001"), ("ES", "38001"), ("IE", "D02 AF30")}
    for country, postcode in far | {("GB", "IV27 5AB"), ("GB", "M1 5WG"), ("ES", "28001"), ("FR", "75001")}:
        assert net(engine, to(postcode, country)) == ("25.00" if (country, postcode) in far else "5.00")


@pytest.mark.parametrize(
    ("csv", "told"),
    [
        ("GB,IV27\n", "remote.csv has the columns gb, iv27: name country in its first line"),
        ("country,zip\nGB,1\n", "remote.csv has the columns country, zip: name country in its first line"),
        ("country,postcode\n", "remote.csv has no rows: write at least one"),
        ("country,postcode\nGB,IV27\n\nUK,M1\n", "line 4 of remote.csv: is not a country of ISO 3166: write GB"),
        ("country,postcode\nDE,ABC\n", "line 2 of remote.csv: has letters, and postcodes of DE have none"),
        ("country,postcode,region\nES,35,CN\n", "line 2 of remote.csv: has a postcode and a region: write one"),
        ("country,postcode\n,35\n", "line 2 of remote.csv: has no country: write its two-letter code"),
    ],
)
def test_a_mistake_in_a_zones_file_names_its_line(tmp_path: Path, csv: str, told: str) -> None:
    with pytest.raises(CatalogueProblemsError) as caught:
        compiled_with(tmp_path, csv)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"zones.REMOTE.file: {told}")


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "link.csv", ".", "pipe"])
def test_a_zone_is_read_from_a_file_below_the_catalogue_and_from_nothing_else(tmp_path: Path, name: str) -> None:
    """Where somebody else's catalogue is checked, a problem would tell what is in other files."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("TOKEN\n", "utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(folder / "pipe")
    text = json.dumps(document({"S": service()}, zones={"R": {"file": name}}))
    with pytest.raises(CatalogueProblemsError) as caught:
        compile_text(text, folder)
    (problem,) = caught.value.problems
    assert str(problem).startswith("zones.R.file: ")
    assert any(told in str(problem) for told in ("is not in the folder of the catalogue", "is no file"))


def test_a_file_can_have_the_lanes_of_a_whole_zone_chart(tmp_path: Path) -> None:
    rows = ["US,100,US,100..119,2", "US,100,US,606,5", "US,606,US,100..119,5"]
    chart = "originCountry,originPostcode,country,postcode,zone\n" + "\n".join(rows)
    (tmp_path / "chart.csv").write_text(chart, "utf-8")
    zones = {f"ZONE_{label}": {"file": "chart.csv", "zone": label} for label in "25"}
    services = {"S": service(origins=["US"], destinations=["US"], rates=[rate("ZONE_2", 8), rate("ZONE_5", 10)])}
    engine = Engine(read_compiled(compile_text(json.dumps(document(services, zones=zones)), tmp_path)))
    for begin, end, price in (("10001", "11201", "8.00"), ("10001", "60601", "10.00"), ("60601", "11201", "10.00")):
        assert net(engine, replace(to(end, "US"), origin=Address(country="US", postcode=begin))) == price
    zones["ZONE_2"]["zone"] = "9"
    with pytest.raises(CatalogueProblemsError, match=r"no rows of the zone '9': its column zone has 2, 5"):
        compile_text(json.dumps(document(services, zones=zones)), tmp_path)


def test_a_zones_file_that_is_not_there_is_told() -> None:
    assert problems_of(zones={"R": {"file": "x.csv"}}) == [
        "zones.R.file: 'x.csv' is a file, and the catalogue is none: name the catalogue's file"
    ]
    with pytest.raises(CatalogueProblemsError, match=r"can't read gone\.csv \(No such file or directory\)"):
        compile_text(json.dumps(document({"S": service()}, zones={"R": {"file": "gone.csv"}})), Path("/nowhere"))
    assert problems_of(zones={"R": {"path": "x"}}) == [
        'zones.R: write a list of places, {file: remote.csv}, or {file: zones.csv, zone: "8"} for some of its rows'
    ]


def test_a_long_list_differs_by_its_rows_not_by_their_numbers() -> None:
    old, new = (
        read_catalogue(json.dumps(document({"S": service()}, zones={"FAR": places})))
        for places in (["GB:IV", "GB:KW", "DE:10"], ["DE:10", "FR:20", "GB:IV"])
    )
    assert list(map(str, differences(old, new))) == ["zone FAR: FR:20 added", "zone FAR: GB:KW removed"]
