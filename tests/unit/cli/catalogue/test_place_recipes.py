"""The guide's recipes of places and zones cost what the guide says."""

from pathlib import Path

import pytest

from tests.support.recipes import price_from_to, recipe_engine, recipes

WAREHOUSE = "Sorted1"


@pytest.mark.parametrize(
    ("heading", "prices"),
    [
        (
            "Remote areas from a carrier's list",
            [
                (WAREHOUSE, "GB IV45 8RS", "30.50"),
                (WAREHOUSE, "DE 26757", "30.50"),
                (WAREHOUSE, "ES 35001", "30.50"),
                (WAREHOUSE, "DE 10115", "12.00"),
                (WAREHOUSE, "GB IV40 8RS", "12.00"),
            ],
        ),
        (
            "Islands of other countries",
            [
                (WAREHOUSE, "ES 28001", "9.90"),
                (WAREHOUSE, "FR 20000", "24.90"),
                (WAREHOUSE, "ES 07800", "24.90"),
                (WAREHOUSE, "PT 9000-001", "24.90"),
                (WAREHOUSE, "ES 35001", "39.90"),
                (WAREHOUSE, "FR 97400", None),
            ],
        ),
        (
            "A zone chart by pairs of ZIP codes",
            [
                ("US 10001", "US 11201", "8.10"),
                ("US 10001", "US 60601", "10.40"),
                ("US 10001", "US 94103", "14.75"),
                ("US 60601", "US 10001", "10.40"),
                ("US 94103", "US 10001", None),
            ],
        ),
        (
            "Other prices from other countries",
            [
                ("FR 75001", "DE 10115", "15.00"),
                ("BE 1000", "DE 10115", "7.00"),
                ("NL 1012 AB", "DE 10115", "6.00"),
                ("NL 1012 AB", "DE 26757", "21.00"),
            ],
        ),
    ],
)
def test_a_recipe_costs_what_the_guide_says(
    heading: str, prices: list[tuple[str, str, str | None]], tmp_path: Path
) -> None:
    engine = recipe_engine(heading, tmp_path)
    assert [(origin, to, price_from_to(engine, origin, to)) for origin, to, _ in prices] == prices
    assert all(to in recipes()[heading] and (price or "") in recipes()[heading] for _, to, price in prices[:3])
