"""The guide's recipes of prices cost what the guide says."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.consignment import Address
from tests.support.engines import NOW, PARCEL, assessed, package
from tests.support.recipes import recipe_engine, recipes

BEFORE = datetime(2026, 12, 31, 10, tzinfo=UTC)
SUNDAY = datetime(2027, 1, 3, 10, tzinfo=UTC)
JULY = datetime(2026, 7, 1, 10, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("heading", "prices"),
    [
        ("January prices", [({"now": BEFORE}, "4.95"), ({"now": SUNDAY}, "5.25")]),
        (
            "Fuel on the remote area surcharge",
            [
                ({"weight": "10", "to": "GB KW1 4AA"}, "61.20"),
                ({"weight": "60", "to": "GB KW1 4AA"}, "66.24"),
                ({"weight": "10"}, "36.00"),
            ],
        ),
        ("Insurance", [({"value": "50"}, "4.95"), ({"value": "150"}, "6.45"), ({"value": "150.01"}, "7.95")]),
        (
            "Volumetric weight and fuel",
            [
                ({"weight": "1", "sides": ("30", "30", "20")}, "7.00"),
                ({"weight": "1", "sides": ("10", "10", "10")}, "5.37"),
            ],
        ),
        (
            "A price per kg by zone",
            [
                ({"weight": "2.2", "to": "BE 1000"}, "9.00"),
                ({"weight": "9.8", "to": "BE 1000"}, "12.00"),
                ({"weight": "40.2", "to": "BE 1000"}, "30.75"),
                ({"weight": "20.3", "to": "IE"}, "27.30"),
            ],
        ),
        ("A discount", [({"now": JULY}, "5.65"), ({"now": SEPTEMBER}, "6.15")]),
        (
            "Only the highest of the handling surcharges",
            [
                ({"weight": "5", "sides": ("130", "20", "20")}, "12.00"),
                ({"weight": "26", "sides": ("130", "20", "20")}, "14.50"),
            ],
        ),
        (
            "Inches, pounds and least weights",
            [
                ({"weight": "1", "sides": ("26.4", "25.4", "25.4")}, "10.50"),
                ({"weight": "1", "sides": ("127", "10", "10")}, "38.50"),
                ({"weight": "1", "sides": ("254", "10", "10")}, "111.50"),
            ],
        ),
        (
            "Size classes",
            [
                ({"weight": "2", "sides": ("20", "20", "20")}, "4.00"),
                ({"weight": "3", "sides": ("20", "20", "20")}, "7.00"),
                ({"weight": "2", "beside": "3", "sides": ("20", "20", "20")}, "11.00"),
                ({"weight": "1", "sides": ("60", "40", "10")}, "9.50"),
            ],
        ),
        (
            "Freight that costs no more than heavier freight",
            [
                ({"weight": "20"}, "15.00"),
                ({"weight": "60"}, "24.00"),
                ({"weight": "90"}, "30.00"),
                ({"weight": "200"}, "60.00"),
            ],
        ),
    ],
)
def test_a_recipe_costs_what_the_guide_says(
    heading: str, prices: list[tuple[dict[str, Any], str]], tmp_path: Path
) -> None:
    engine = recipe_engine(heading, tmp_path)
    for asked, price in prices:
        country, _, postcode = asked.pop("to", "GB M1 5WG").partition(" ")
        now = asked.pop("now", NOW)
        beside = asked.pop("beside", None)
        packages = [package(**asked), *([package(**asked | {"weight": beside})] if beside else [])]
        sent = replace(
            PARCEL,
            packages=tuple(packages),
            origin=Address("Sorted1"),
            destination=Address(country=country, postcode=postcode or None),
        )
        best = assessed(engine, sent, now=now).winner
        assert best is not None
        assert str(best.net) == price
        assert price in recipes()[heading]
