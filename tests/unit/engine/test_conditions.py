"""Conditions: what holds of a consignment, of which packages, and what can't be told."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from allocation.domain.consignment import Dimensions
from allocation.domain.currencies import Money
from allocation.engine.conditions import Range, counted, holds, packages_holding, packages_over
from allocation.engine.measures import Measure, Measured, PackageMeasures, measure_package


def box(sides: str, weight: str = "1", value: str | None = None) -> PackageMeasures:
    """A package of sides such as `30x20x10` in Cm and a value such as `5 GBP`."""
    money = None if value is None else Money(Decimal(value.split()[0]), value.split()[1])
    return measure_package(Decimal(weight), Dimensions(*map(Decimal, sides.split("x"))), money)


def values_of(measure: Measure, measured: Measured, currency: str | None = None) -> list[int] | None:
    found = measure.values(measured, currency)
    return None if found is None else [int(value) for value in found]


def to(most: int, least: int | None = None, currency: str | None = None) -> Range:
    return Range(None if least is None else Decimal(least), Decimal(most), currency)


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        (Measure.WEIGHT, [2, 3]),
        (Measure.LENGTH, [30, 5]),
        (Measure.WIDTH, [20, 4]),
        (Measure.HEIGHT, [10, 3]),
        (Measure.GIRTH, [60, 14]),
        (Measure.LENGTH_PLUS_GIRTH, [90, 19]),
        (Measure.LENGTH_PLUS_HEIGHT, [40, 8]),
        (Measure.SIDES_TOTAL, [60, 12]),
        (Measure.VOLUME, [6000, 60]),
        (Measure.CHARGEABLE_WEIGHT, [2, 4]),
        (Measure.PACKAGES, [2]),
        (Measure.TOTAL_WEIGHT, [5]),
        (Measure.TOTAL_VOLUME, [6060]),
        (Measure.TOTAL_CHARGEABLE_WEIGHT, [6]),
    ],
)
def test_each_measure_is_what_the_documentation_says(measure: Measure, values: list[int]) -> None:
    measured = Measured([box("10x30x20", "2"), box("3x4x5", "3")], [Decimal(2), Decimal(4)])
    assert values_of(measure, measured) == values


def test_all_ranges_must_hold_for_every_package() -> None:
    condition = {Measure.LENGTH: to(30), Measure.PACKAGES: to(2)}
    assert holds(condition, Measured([box("30x1x1"), box("1x1x30")]))
    assert not holds(condition, Measured([box("30x1x1"), box("31x1x1")]))
    assert not holds(condition, Measured([box("1x1x1")] * 3))


def test_a_value_without_an_exchange_rate_can_not_be_told_unless_it_is_zero_or_another_range_is_broken() -> None:
    condition = {Measure.VALUE: to(100, currency="GBP"), Measure.LENGTH: to(30)}
    assert holds(condition, Measured([box("1x1x1", value="5 JPY")])) is None
    assert holds(condition, Measured([box("31x1x1", value="5 JPY")])) is False
    assert holds(condition, Measured([box("1x1x1", value="0 JPY"), box("1x1x1")])) is True


def test_values_are_compared_in_the_currency_of_the_range() -> None:
    def in_pence(amounts: Mapping[str, Decimal], currency: str) -> Decimal | None:
        return sum(amounts.values(), Decimal(0)) * 2 if currency == "GBP" else None

    measured = Measured([box("1x1x1", value="5 USD"), box("1x1x1", value="6 USD")], worth=in_pence)
    assert values_of(Measure.VALUE, measured, "GBP") == [10, 12]
    assert values_of(Measure.TOTAL_VALUE, measured, "GBP") == [22]
    assert values_of(Measure.TOTAL_VALUE, measured, "EUR") is None


def test_a_condition_picks_the_packages_for_which_all_its_ranges_hold() -> None:
    measured = Measured([box("30x1x1", "2"), box("30x1x1", "9"), box("90x1x1", "2")])
    assert counted(packages_holding({Measure.LENGTH: to(50), Measure.WEIGHT: to(5)}, measured)) == 1
    assert counted(packages_holding({Measure.LENGTH: to(50), Measure.PACKAGES: to(2)}, measured)) == 0
    assert counted(packages_holding({Measure.PACKAGES: to(3)}, measured)) == 3


def test_a_package_over_several_thresholds_counts_once() -> None:
    measured = Measured([box("130x80x1"), box("100x80x1"), box("122x76x1"), box("123x1x1")])
    assert counted(packages_over({Measure.LENGTH: to(122), Measure.WIDTH: to(76)}, measured)) == 3


def test_chargeable_weights_belong_to_their_packages() -> None:
    measured = Measured([box("1x1x1"), box("2x2x2")], [Decimal(9), Decimal(3)])
    assert counted(packages_over({Measure.CHARGEABLE_WEIGHT: to(5), Measure.LENGTH: to(1)}, measured)) == 2
    assert counted(packages_holding({Measure.CHARGEABLE_WEIGHT: to(5), Measure.LENGTH: to(2)}, measured)) == 1
