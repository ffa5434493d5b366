"""Flags of the address and of the contents, from PRO's JSON to the services that are left."""

from typing import Any

import pytest

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.domain.mode import DefaultRules
from allocation.engine.engine import Engine
from allocation.engine.nearest_miss import nothing_fits
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from tests.support.engines import assessed, eligible, engine_of, net, reasons, service

PLACES = {
    "ANY": service(),
    "NO_BOX": service(poBoxes=False),
    "BUSINESS": service(residential=False),
    "HOMES": service(residential="only"),
}
STATED, GUESSED = engine_of(PLACES), engine_of(PLACES, guess={"poBoxes": True, "residential": True})
GOODS = engine_of(
    {
        "PLAIN": service(),
        "ADR": service(contents=["Dangerous"]),
        "CELLS": service(contents=["Batteries", "Electronics"]),
        "DRY": service(contents=["Restricted"], excludedContents=["Liquid", "Alcohol"]),
    }
)


def sent(*items: dict[str, Any], **address: Any) -> Any:
    """A consignment in PRO's JSON, read as orders and the API read it."""
    return ProConsignment.model_validate(
        {
            "Reference": "EC-000-05B-MMA",
            "Packages": [
                {
                    "Weight": {"Value": 1, "Unit": "Kg"},
                    "Dimensions": {"Unit": "Cm", "Width": 10, "Length": 10, "Height": 10},
                    "Items": list(items),
                }
            ],
            "Addresses": [
                {"AddressType": "Origin", "ShippingLocationReference": "Depot"},
                {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG", **address},
            ],
        }
    ).to_domain()


def takers(engine: Engine, *items: dict[str, Any], **address: Any) -> set[str]:
    return eligible(assessed(engine, sent(*items, **address)), engine)


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({}, {"ANY", "NO_BOX", "BUSINESS", "HOMES"}),
        ({"IsPoBox": None, "IsResidential": None}, {"ANY", "NO_BOX", "BUSINESS", "HOMES"}),
        ({"IsPoBox": True}, {"ANY", "BUSINESS", "HOMES"}),
        ({"IsPoBox": False}, {"ANY", "NO_BOX", "BUSINESS", "HOMES"}),
        ({"IsResidential": True}, {"ANY", "NO_BOX", "HOMES"}),
        ({"IsResidential": False}, {"ANY", "NO_BOX", "BUSINESS"}),
        ({"AddressLine1": "PO Box 12"}, {"ANY", "NO_BOX", "BUSINESS", "HOMES"}),
    ],
)
def test_services_serve_the_kinds_of_address_that_they_say(address: dict[str, Any], left: set[str]) -> None:
    assert takers(STATED, **address) == left


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ({}, {"ANY", "NO_BOX", "BUSINESS", "HOMES"}),
        ({"AddressLine1": "1 High Street"}, {"ANY", "NO_BOX", "HOMES"}),
        ({"AddressLine1": "1 High Street", "CompanyName": " "}, {"ANY", "NO_BOX", "HOMES"}),
        ({"AddressLine1": "1 High Street", "CompanyName": "Acme Ltd"}, {"ANY", "NO_BOX", "BUSINESS"}),
        ({"AddressLine2": "P.O. Box 12"}, {"ANY", "BUSINESS", "HOMES"}),
        ({"AddressLine1": "PO Box 12", "IsPoBox": False, "IsResidential": False}, {"ANY", "NO_BOX", "BUSINESS"}),
    ],
)
def test_a_catalogue_may_guess_what_the_sender_does_not_say(address: dict[str, Any], left: set[str]) -> None:
    assert takers(GUESSED, **address) == left


@pytest.mark.parametrize(
    "line",
    [
        "PO Box 12",
        "P.O.Box 12",
        "p o box no. 7",
        "Post Office Box 3",
        "GPO Box 99",
        "Postfach 10 01 23",
        "BP 204",
        "Boîte postale 5",
        "Apartado de Correos 4",
        "Casella Postale 17",
        "Postbus 1",
        "C.P. 331",
        "Flat 2, POB 77",
    ],
)
def test_a_post_box_is_recognised_in_the_usual_languages(line: str) -> None:
    assert "NO_BOX" not in takers(GUESSED, AddressLine1=line)


@pytest.mark.parametrize("word", ["Postfach", "PO Box no.", "apartado", "p", "p.o.", "private", "POB", "boite"])
def test_a_line_with_a_gap_of_a_million_blanks_is_read(word: str) -> None:
    """It must not be tried in all divisions of the gap: that takes hours, and the message is all the sender needs."""
    assert "NO_BOX" in takers(GUESSED, AddressLine1=f"{word}{' ' * 1_000_000}!")


@pytest.mark.parametrize(
    "line",
    ["1 Box Lane", "The Post Box Cottage", "12 Boxgrove Road", "Postbusweg", "BP Garage", "Cpl House"],
)
def test_a_street_that_only_sounds_like_a_post_box_is_none(line: str) -> None:
    assert "NO_BOX" in takers(GUESSED, AddressLine1=line)


def test_reasons_say_that_a_flag_is_a_guess_and_never_the_line() -> None:
    assessment = assessed(GUESSED, sent(AddressLine1="PO Box 4711"))
    (exclusion,) = assessment.excluded
    (rule,) = exclusion.failed
    assert (rule.code, rule.actual(assessment.question.inquiry)) == (
        "PoBoxNotServed",
        "a PO box (a guess from its lines)",
    )
    assert "4711" not in repr(assessment.question.inquiry)
    stated = assessed(STATED, sent(IsPoBox=True))
    assert stated.excluded[0].failed[0].actual(stated.question.inquiry) == "a PO box"


def item(classification: object = None, details: object = None) -> dict[str, Any]:
    return {"ContentClassification": classification, "ContentClassificationDetails": details, "Sku": "X"}


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        ((None, None), {"PLAIN", "ADR", "CELLS", "DRY"}),
        (("Unrestricted", "NotSpecified"), {"PLAIN", "ADR", "CELLS", "DRY"}),
        (("Dangerous", None), {"ADR"}),
        (("dangerous", "NotSpecified"), {"ADR"}),
        (("Dangerous", "Batteries"), {"ADR", "CELLS"}),
        (("Dangerous", "Batteries, Flammable"), {"ADR"}),
        (("Restricted", "Guns"), {"DRY"}),
        (("Dangerous, Restricted", None), set()),
        (("Liquid", "Alcohol"), {"PLAIN", "ADR", "CELLS"}),
        (("Unrestricted", "Electronics"), {"PLAIN", "ADR", "CELLS", "DRY"}),
        ((4, 64), {"ADR", "CELLS"}),
        ((6, 1), {"ADR"}),
        (("Dangerous Liquid", "Batteries"), {"ADR", "CELLS"}),
        (("Hazmat", "Batteries"), set()),
        ((4.5, None), set()),
        (({"x": 1}, None), set()),
    ],
)
def test_controlled_contents_go_only_where_a_service_carries_them(flags: tuple[Any, Any], left: set[str]) -> None:
    assert takers(GOODS, item(), item(*flags)) == left


def test_every_item_has_to_be_carried() -> None:
    assert takers(GOODS, item("Dangerous", "Batteries"), item("Dangerous", "Toxic")) == {"ADR"}
    assert takers(GOODS, item("Dangerous", "Batteries"), item("Restricted", "Medicine")) == set()


def test_surcharges_follow_the_flags_of_each_consignment() -> None:
    surcharges = {
        "Home": {"type": "Additive", "amount": 2, "residential": True},
        "Box": {"type": "Additive", "amount": 1, "poBox": True},
    }
    engine = engine_of({"S": service(surcharges=["Home", "Box"])}, surcharges=surcharges)
    asked = [{}, {"IsResidential": True}, {"IsResidential": False}, {"IsPoBox": True, "IsResidential": True}, {}]
    assert [net(engine, sent(**address)) for address in asked] == ["5.00", "7.00", "5.00", "8.00", "5.00"]


def test_a_catalogue_that_never_speaks_of_contents_carries_what_it_did() -> None:
    assert takers(STATED, item("Dangerous", "Explosive")) == {"ANY", "NO_BOX", "BUSINESS", "HOMES"}


def test_the_failure_says_what_the_contents_are_and_what_is_carried() -> None:
    engine = engine_of({"CELLS": service(contents=["Batteries"])})
    assessment = assessed(engine, sent(item("Dangerous", "Toxic")))
    assert reasons(assessment, engine) == {"CELLS": ["ContentNotCarried"]}
    text = "the contents are Dangerous, Toxic and the service carries Batteries"
    assert text in nothing_fits(assessment, DefaultRules()).message


@pytest.mark.parametrize("items", [None, "x", 5, [None, 5, "x"], {}])
def test_items_that_are_none_say_nothing(items: object) -> None:
    read = ProConsignment.model_validate(
        {"Reference": "A1", "Packages": [{"Weight": {"Value": 1, "Unit": "Kg"}, "Items": items}]}
    )
    assert read.to_domain().packages[0].contents == frozenset()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"residential": "maybe"}, "residential: 'maybe': write true, false or only"),
        ({"contents": ["Cats"]}, "contents.0: 'Cats': write 'Dangerous', 'Restricted'"),
        (
            {"contents": ["Guns"], "excludedContents": ["Guns"]},
            "excludedContents: 'Guns' is carried and excluded: keep it in one of the lists",
        ),
    ],
)
def test_wrong_flags_of_services_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueProblemsError) as error:
        engine_of({"S": service(**changes)})
    assert told in str(error.value)
