"""The guide's recipes of measures and flags cost what the guide says."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.engine.engine import Engine
from tests.support.engines import assessed, reasons
from tests.support.recipes import recipe_engine, recipes


def parcel(sides: str = "10 x 10 x 10", kg: str = "0.5", **more: Any) -> dict[str, Any]:
    """A package in PRO's JSON, with sides such as `10 x 20 x 20` in cm."""
    one, two, three = map(Decimal, sides.split(" x "))
    dimensions = {"Unit": "Cm", "Width": one, "Length": two, "Height": three}
    return {"Weight": {"Value": Decimal(kg), "Unit": "Kg"}, "Dimensions": dimensions, **more}


def answer(engine: Engine, *packages: dict[str, Any], **address: Any) -> str:
    """The net price of the winner, else the reasons of all services."""
    destination = {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG", **address}
    origin = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}
    content = {"Reference": "EC-000-05B-MMA", "Packages": list(packages), "Addresses": [origin, destination]}
    assessment = assessed(engine, ProConsignment.model_validate(content).to_domain())
    if assessment.winner:
        return str(assessment.winner.net)
    return " ".join(code for codes in reasons(assessment, engine).values() for code in codes)


def worth(amount: int) -> dict[str, Any]:
    return {"Value": {"Amount": amount, "Currency": "GBP"}}


def holding(*flags: str) -> dict[str, Any]:
    return {"Items": [{"ContentClassification": flags[0], "ContentClassificationDetails": ", ".join(flags[1:])}]}


CARD = parcel("0.4 x 12 x 20", "0.02")
LETTERS, LOCKER = "Letters by their three sides", "Parcel lockers"
LONG, HOMES = "Length plus girth", "Homes, PO boxes and dangerous goods"
OFFICE = {"CompanyName": "Acme Ltd", "AddressLine1": "1 High Street"}


@pytest.mark.parametrize(
    ("heading", "packages", "address", "told"),
    [
        (LETTERS, [CARD], {}, "0.90"),
        (LETTERS, [parcel("2.4 x 30 x 22", "0.4")], {}, "2.60"),
        (LETTERS, [parcel("10 x 20 x 20", "0.4")], {}, "4.95"),
        (LETTERS, [CARD, CARD], {}, "4.95"),
        (LOCKER, [parcel("40 x 60 x 30", "2")], {}, "3.20"),
        (LOCKER, [parcel("40 x 60 x 30", "2", **worth(600))], {}, "4.95"),
        (LOCKER, [parcel("40 x 60 x 30", "2", **holding("Liquid"))], {}, "4.95"),
        (LOCKER, [parcel("65 x 20 x 20", "2")], {}, "4.95"),
        (LOCKER, [parcel("14 x 9 x 2", "2")], {}, "4.95"),
        (LONG, [parcel("250 x 30 x 30", "20")], {}, "4.95"),
        (LONG, [parcel("250 x 40 x 40", "20")], {}, "LengthPlusGirthOutOfRange"),
        (LONG, [parcel(kg="65")] * 8, {}, "ConsignmentWeightOutOfRange"),
        (HOMES, [parcel()], OFFICE, "4.95"),
        (HOMES, [parcel()], {"AddressLine1": "1 High Street"}, "7.50"),
        (HOMES, [parcel()], {"AddressLine1": "PO Box 12"}, "7.50"),
        (HOMES, [parcel(**holding("Dangerous", "Batteries"))], OFFICE, "7.50"),
        (HOMES, [parcel(**holding("Dangerous", "Toxic"))], OFFICE, "ContentNotCarried ContentNotCarried"),
    ],
)
def test_a_recipe_answers_as_the_guide_says(
    heading: str, packages: list[dict[str, Any]], address: dict[str, Any], told: str, tmp_path: Path
) -> None:
    assert answer(recipe_engine(heading, tmp_path), *packages, **address) == told
    assert told.split()[0] in recipes()[heading]


def test_pallets_by_loading_metres(tmp_path: Path) -> None:
    engine = recipe_engine("Pallets by loading metres", tmp_path)
    assert answer(engine, parcel("120 x 80 x 100", "200")) == "88.80"
    assert answer(engine, parcel("120 x 80 x 100", "900")) == "108.00"
    assert answer(engine, parcel("20 x 30 x 20", "5")) == "30.00"
    # Two pallets are weighed together: 1,480 kg of room, 1,100 kg of weight.
    assert answer(engine, parcel("120 x 80 x 100", "200"), parcel("120 x 80 x 100", "900")) == "177.60"
    # Upright, it takes the room of its own base.
    assert answer(engine, parcel("120 x 80 x 180", "200")) == "88.80"


def test_a_price_by_loading_metres(tmp_path: Path) -> None:
    engine = recipe_engine("A price by loading metres", tmp_path)
    pallet = parcel("120 x 80 x 150", "300")
    for count, price in ((2, "90.00"), (3, "128.00"), (12, "470.00"), (13, "940.00")):
        assert answer(engine, *[pallet] * count) == price
    assert answer(engine, parcel("700 x 120 x 100", "900")) == "401.00"
    assert answer(engine, *[pallet] * 35).startswith("ConsignmentLoadingMetresOutOfRange")
