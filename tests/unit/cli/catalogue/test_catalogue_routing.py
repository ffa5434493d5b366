"""The routing table of a catalogue: checked as it is written, compiled, read strictly, and asked by explain."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.currencies import Money
from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.preference import Preference, PreferenceName
from allocation.domain.routing import Route, RoutingTable
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from cli.catalogue.compilation import compile_text
from cli.main import main
from tests.support.engines import document, problems, rate, service

SERVICES = {"NEXT": service(rates=[rate("GB", 9)]), "SLOW": service(rates=[rate("GB", 2)])}
ROUTING: dict[str, Any] = {
    "default": {"mode": "default_rules"},
    "unknown": "fail",
    "options": {
        "next-day": {"mode": "carrier_service", "reference": "NEXT"},
        "Click & Collect": {"mode": "service_group", "reference": "near"},
    },
}


def written(routing: Any = ROUTING) -> str:
    return json.dumps(document(SERVICES, groups={"near": ["SLOW"]}, routing=routing))


def problems_of(routing: Any) -> list[str]:
    return problems(written(routing))


def test_a_routing_table_is_compiled_and_read() -> None:
    assert read_compiled(compile_text(written())).routing == RoutingTable(
        default=DefaultRules(),
        options={"next-day": CarrierService("NEXT"), "Click & Collect": ServiceGroup("near")},
        fails_unknown=True,
    )
    assert read_compiled(compile_text(written({**ROUTING, "unknown": "default"}))).routing == RoutingTable(
        DefaultRules(), {"next-day": CarrierService("NEXT"), "Click & Collect": ServiceGroup("near")}, False
    )
    assert read_compiled(compile_text(json.dumps(document(SERVICES)))).routing is None


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"mode": "service_group", "reference": "neer"},
            "routing.options.o.reference: 'neer' is not a service group of this catalogue: did you mean near?",
        ),
        (
            {"mode": "carrier_service", "reference": "next"},
            "routing.options.o.reference: 'next' is not a carrier service of this catalogue: did you mean NEXT?",
        ),
        ({"mode": "service_group"}, "routing.options.o: is of the mode service_group: add the reference"),
        ({"mode": "default_rules", "reference": "NEXT"}, "'NEXT' does not go with the mode default_rules: remove it"),
        ({"mode": "cheapest"}, "routing.options.o.mode: 'cheapest': write 'default_rules'"),
        ({"modus": "default_rules"}, "routing.options.o.modus: is unknown here: remove it; did you mean mode?"),
    ],
)
def test_a_row_that_leads_nowhere_is_told_with_what_was_meant(row: dict[str, str], told: str) -> None:
    assert any(told in problem for problem in problems_of({**ROUTING, "options": {"o": row}}))


@pytest.mark.parametrize("name", ["default", "unknown"])
def test_an_option_has_not_the_name_of_a_row_of_every_table(name: str) -> None:
    (problem,) = problems_of({**ROUTING, "options": {name: {"mode": "default_rules"}}})
    assert f"routing.options.{name}" in problem


def test_the_references_are_sortedpros_where_sortedpro_allocates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(written({**ROUTING, "options": {"o": {"mode": "carrier_service", "reference": "THEIRS"}}}), "utf-8")
    assert main(["catalogue", "check", str(file)]) == 1
    assert "THEIRS" in capsys.readouterr().out
    assert main(["catalogue", "check", str(file), "--allocator", "pro"]) == 0
    assert main(["catalogue", "compile", str(file), "--allocator", "pro", "--output", str(tmp_path / "new.json")]) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"else": "fail"},
        {"unknown": "maybe"},
        {"default": ["cheapest", None]},
        {"default": ["service_group", None]},
        {"default": ["default_rules", "NEXT"]},
        {"default": ["default_rules", None, "slowest"]},
        {"default": ["default_rules", None, "fastestWithin"]},
        {"default": ["default_rules", None, ["fastest", "2", "GBP"]]},
        {"default": ["default_rules", None, "fastest", "cheapest"]},
        {"default": ["carrier_service", "NEXT", "fastest"]},
        {"options": {"o": ["carrier_service"]}},
        {"options": {"o": ["carrier_service", "no service"]}},
    ],
)
def test_a_compiled_table_that_this_version_can_not_apply_is_refused(change: dict[str, Any]) -> None:
    content = json.loads(compile_text(written()).partition("\n")[2])
    content["routing"] |= change
    with pytest.raises(InvalidCatalogueError):
        read_compiled(write_compiled(content))


@pytest.mark.parametrize(
    ("option", "arguments", "winner", "row"),
    [
        ("next-day", [], "NEXT", "next-day"),
        (None, [], "SLOW", "default"),
        ("next-day", ["--mode", "default_rules"], "SLOW", None),
    ],
)
def test_explain_takes_the_way_of_the_delivery_option(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str | None,
    arguments: list[str],
    winner: str,
    row: str | None,
) -> None:
    code, out = explained(tmp_path, capsys, option, *arguments, "--json")
    told = json.loads(out)
    assert (code, told["winner"]["service"], told.get("route")) == (0, winner, row and {"row": row})
    code, out = explained(tmp_path, capsys, option, *arguments)
    assert (f"Row {row} of the routing table" in out) == (row is not None)


def test_explain_says_that_an_option_has_no_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = explained(tmp_path, capsys, "by-drone")
    assert code == 1
    assert "The delivery option has no row in the routing table" in out


def explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str | None, *arguments: str, routing: Any = ROUTING
) -> tuple[int, str]:
    parcel = {
        "Packages": [
            {
                "Weight": {"Value": 1, "Unit": "Kg"},
                "Dimensions": {"Unit": "Cm", "Width": 10, "Length": 10, "Height": 10},
            }
        ],
        "Addresses": [
            {"AddressType": "Origin", "ShippingLocationReference": "Depot"},
            {"AddressType": "Destination", "Postcode": "M1 5WG", "Country": {"IsoCode": {"TwoLetterCode": "GB"}}},
        ],
        "deliveryOption": option,
    }
    catalogue, consignment = tmp_path / "catalogue.json", tmp_path / "consignment.json"
    catalogue.write_text(written(routing), "utf-8")
    consignment.write_text(json.dumps(parcel), "utf-8")
    moment = ["--now", "2027-06-09T10:00:00Z"]
    code = main(["explain", str(consignment), "--catalogue", str(catalogue), *moment, *arguments])
    told = capsys.readouterr()
    return code, told.out + told.err


PREFERRED: dict[str, Any] = {
    "default": {"mode": "default_rules", "preference": "fastest"},
    "options": {"soon": {"mode": "service_group", "reference": "near", "preference": {"fastestWithin": "2.50 GBP"}}},
}


def test_a_row_may_say_what_it_prefers() -> None:
    routing = read_compiled(compile_text(written(PREFERRED))).routing
    within = Preference(PreferenceName.FASTEST_WITHIN, Money(Decimal("2.50"), "GBP"))
    assert routing == RoutingTable(
        DefaultRules(Preference(PreferenceName.FASTEST)), {"soon": ServiceGroup("near", within)}, fails_unknown=True
    )
    assert routing.way("soon").route == Route("soon", "soon", "fastestWithin 2.50 GBP")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"mode": "default_rules", "preference": "slowest"},
            "'slowest': write one of cheapest, fastest, earliestDelivery, prioritised, or {fastestWithin: 2 GBP}",
        ),
        (
            {"mode": "default_rules", "preference": {"fastestWithin": "2 EUR"}},
            "'fastestWithin 2 EUR' is not in GBP, in which services are compared: write the amount in it",
        ),
        (
            {"mode": "default_rules", "preference": "prioritised"},
            "'prioritised' needs services with a priority: add priority to some",
        ),
        (
            {"mode": "carrier_service", "reference": "NEXT", "preference": "fastest"},
            "does not go with one carrier service: remove it",
        ),
    ],
)
def test_a_preference_that_means_nothing_is_told(row: dict[str, Any], told: str) -> None:
    assert problems_of({**ROUTING, "options": {"o": row}}) == [f"routing.options.o.preference: {told}"]


def test_sortedpro_takes_no_preference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two versions with one can be compared all the same."""
    file = tmp_path / "catalogue.json"
    file.write_text(written(PREFERRED), "utf-8")
    assert main(["catalogue", "check", str(file), "--allocator", "pro"]) == 1
    assert "which chooses by its own rules" in capsys.readouterr().out
    assert main(["catalogue", "diff", str(file), str(file)]) == 0


def test_explain_names_the_preference_of_the_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = explained(tmp_path, capsys, None, "--json", routing=PREFERRED)
    told = json.loads(out)
    assert (code, told["preference"], told["route"]) == (0, "fastest", {"row": "default", "preference": "fastest"})
    code, out = explained(tmp_path, capsys, None, routing=PREFERRED)
    assert "preference fastest" in out
