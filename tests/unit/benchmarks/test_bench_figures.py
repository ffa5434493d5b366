"""Figures are summed up, compared and drawn as a reader takes them."""

from xml.etree import ElementTree

import pytest

from tests.benchmarks.figures import Row, exactly, ratios, spread
from tests.benchmarks.plots import Bar, bars, curves
from tests.benchmarks.printed import table_lines


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    found = spread([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (found.middle, found.low, found.high) == (3.0, 2.0, 4.0)
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_a_ratio_is_taken_within_its_round() -> None:
    assert ratios([10.0, 40.0], [20.0, 80.0]).middle == 0.5


@pytest.mark.parametrize(("better", "reached"), [("less", False), ("more", True)])
def test_a_goal_is_reached_from_its_own_side(better: str, reached: bool) -> None:
    row = Row("a wait", exactly(12.0), "ms", 10, "less" if better == "less" else "more")
    assert row.is_reached is reached


def test_the_table_fits_eighty_columns_and_says_what_is_reached() -> None:
    long = "a row with a name that is much longer than the column that it stands in"
    rows = [Row(long, spread([1e3, 2e3, 3e3, 4e3]), "ms", 1.0), Row("cost", exactly(3.3), "$")]
    lines = table_lines(rows)
    assert max(map(len, lines)) <= 80
    assert "--" in lines[2]
    assert "$3.30" in lines[-1]


def test_plots_are_xml_with_every_value_in_words() -> None:
    drawn = bars("Cost <now>", "$", [Bar("ours", {"writes": 1.5, "logs": 0.5}), Bar("theirs", {"writes": 3.0})])
    curve = curves("Run", "orders", {"wall": [(1.0, 2.0), (2.0, 2.5)]})
    for text, told in ((drawn, "ours: $2.00; theirs: $3.00"), (curve, "wall: 2.00 first, 2.50 last")):
        picture = ElementTree.fromstring(text)  # noqa: S314 - ours
        assert told in [each.text for each in picture.iter() if each.tag.endswith("desc")]
