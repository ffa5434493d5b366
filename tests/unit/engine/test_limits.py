"""Limits on every measure, as catalogues write them: of each package, and of the whole consignment."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.consignment import Package
from allocation.domain.currencies import Money
from allocation.domain.mode import DefaultRules
from allocation.engine.nearest_miss import nothing_fits
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from tests.support.engines import PARCEL, assessed, engine_of, package, reasons, service

SMALL, LETTER = package("1", ("30", "20", "10")), package("0.7", ("2.5", "35.3", "25"))


def failed(limits: dict[str, Any], *packages: Package, **changes: Any) -> list[str]:
    """The codes of the rules that packages fail at a service with these limits."""
    engine = engine_of({"S": service(**limits, **changes)})
    return reasons(assessed(engine, replace(PARCEL, packages=packages)), engine).get("S", [])


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"length": "30 cm"}, "LengthOutOfRange"),
        ({"width": "20 cm"}, "WidthOutOfRange"),
        ({"height": "10 cm"}, "HeightOutOfRange"),
        ({"girth": "60 cm"}, "GirthOutOfRange"),
        ({"lengthPlusGirth": "90 cm"}, "LengthPlusGirthOutOfRange"),
        ({"lengthPlusHeight": "40 cm"}, "LengthPlusHeightOutOfRange"),
        ({"sidesTotal": "60 cm"}, "SidesTotalOutOfRange"),
        ({"volume": "6 l"}, "VolumeOutOfRange"),
        ({"weight": "1 kg"}, "WeightOutOfRange"),
        ({"chargeableWeight": "1.2 kg", "divisor": 5000}, "ChargeableWeightOutOfRange"),
    ],
)
def test_a_limit_of_packages_includes_its_end(limit: dict[str, Any], code: str) -> None:
    assert failed(limit, SMALL, SMALL) == []
    assert failed(limit, SMALL, package("1.0001", ("10.001", "20.001", "30.001"))) == [code]


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"packages": 2}, "PackageCountOutOfRange"),
        ({"weight": "2 kg"}, "ConsignmentWeightOutOfRange"),
        ({"volume": "12 l"}, "ConsignmentVolumeOutOfRange"),
        # Each takes 30 x 20 cm of a bed that is 240 cm wide: 0.025 m.
        ({"loadingMetres": "0.05 ldm"}, "ConsignmentLoadingMetresOutOfRange"),
        ({"chargeableWeight": "2 kg"}, "ConsignmentChargeableWeightOutOfRange"),
    ],
)
def test_a_limit_of_the_consignment_is_of_all_packages_together(limit: dict[str, Any], code: str) -> None:
    assert failed({"consignment": limit}, SMALL, SMALL) == []
    assert failed({"consignment": limit}, SMALL, SMALL, SMALL) == [code]


@pytest.mark.parametrize(
    ("sides", "codes"),
    [
        (("14", "10", "1"), []),
        (("1", "10", "14"), []),
        (("13.9", "10", "1"), ["LengthToWidthOutOfRange"]),
        (("10", "10", "1"), ["LengthToWidthOutOfRange"]),
        (("25.1", "10", "1"), ["LengthToWidthOutOfRange"]),
    ],
)
def test_a_letter_may_have_to_be_longer_than_wide(sides: tuple[str, str, str], codes: list[str]) -> None:
    assert failed({"lengthToWidth": {"from": 1.4, "to": 2.5}}, package("0.1", sides)) == codes


def test_loading_metres_are_added_up_before_they_are_divided() -> None:
    pallet = package("200", ("100", "100", "150"))
    limits = {"weight": "1000 kg", "loadingMetres": 0.42, "consignment": {"loadingMetres": {"from": 0.5, "to": 1.25}}}
    # Three squares of 1 m take 3/2.4 m, exactly the limit.
    assert failed(limits, pallet, pallet, pallet) == []
    assert failed(limits, pallet) == ["ConsignmentLoadingMetresOutOfRange"]
    assert failed(limits, package("200", ("101", "100", "150")), pallet) == ["LoadingMetresOutOfRange"]


def test_a_service_may_want_a_least_number_of_packages() -> None:
    limits = {"consignment": {"packages": {"from": 2, "to": 3}}}
    assert failed(limits, SMALL) == ["PackageCountOutOfRange"]
    assert failed(limits, SMALL, SMALL) == []


@pytest.mark.parametrize("size", ["35.3 x 25 x 2.5 cm", "25x35.3x2.5", "353 x 25 x 250 mm", "0.353 x 0.25 x 0.025 m"])
def test_a_large_letter_is_limited_on_its_three_sides(size: str) -> None:
    assert failed({"size": size}, LETTER) == []
    assert failed({"size": size}, package("0.7", ("35.3", "25", "2.51"))) == ["HeightOutOfRange"]
    assert failed({"size": size}, package("0.7", ("35.3", "26", "2"))) == ["WidthOutOfRange"]


def test_a_size_may_have_a_least_box() -> None:
    limits = {"size": {"from": "14 x 9 x 0 cm", "to": "60 x 40 x 40 cm"}}
    assert failed(limits, package("1", ("9", "14", "0.1"))) == []
    assert failed(limits, package("1", ("13.9", "12", "12"))) == ["LengthOutOfRange"]
    assert failed(limits, package("1", ("14", "8.9", "8.9"))) == ["WidthOutOfRange"]


def test_values_are_limited_by_package_and_by_consignment() -> None:
    cheap, dear = package(value="50"), package(value="150")
    limits = {
        "value": {"from": "10 GBP", "to": "100 GBP"},
        "consignment": {"value": {"from": "40 GBP", "to": "180 GBP"}},
    }
    assert failed(limits, cheap) == []
    assert failed(limits, dear) == ["PackageValueOutOfRange"]
    assert failed(limits, cheap, cheap, cheap, cheap) == ["ValueTooHigh"]
    assert failed(limits, package(value="20")) == ["ValueTooLow"]
    assert failed(limits, package()) == ["PackageValueOutOfRange", "ValueTooLow"]


def test_a_limit_may_be_in_a_currency_without_decimal_places() -> None:
    rates = [{"currency": "EUR", "rate": 0.8, "from": "2020-01-01"}]
    engine = engine_of({"S": service(maximumValue="1000 EUR")}, exchangeRates=rates)
    pounds = replace(SMALL, value=Money(Decimal(800), "GBP"))
    assert reasons(assessed(engine, replace(PARCEL, packages=(pounds,))), engine) == {}
    more = replace(SMALL, value=Money(Decimal("800.01"), "GBP"))
    assert reasons(assessed(engine, replace(PARCEL, packages=(more,))), engine) == {"S": ["ValueTooHigh"]}


def test_a_value_is_converted_on_the_day_of_collection() -> None:
    # The order comes on a Wednesday. One service collects that day, the other on Friday, at another rate.
    rates = [
        {"currency": "EUR", "rate": 1, "from": "2020-01-01", "to": "2027-06-10"},
        {"currency": "EUR", "rate": 2, "from": "2027-06-11"},
    ]
    calendars = {
        "daily": {
            "collections": [{"days": ["mon", "tue", "wed", "thu", "fri"], "cutOff": "16:00", "collection": "17:00"}]
        },
        "friday": {"collections": [{"days": ["fri"], "cutOff": "16:00", "collection": "17:00"}]},
    }
    depot = {"country": "GB", "postcode": "M2 6LW"}
    locations = {"Depot": depot | {"collections": {"default": "daily", "services": {"FRI": "friday"}}}}
    services = {"NOW": service(maximumValue="100 GBP"), "FRI": service(maximumValue="100 GBP")}
    engine = engine_of(services, exchangeRates=rates, calendars=calendars, locations=locations)
    euros = replace(SMALL, value=Money(Decimal(80), "EUR"))
    assessment = assessed(engine, replace(PARCEL, packages=(euros,)))
    assert reasons(assessment, engine) == {"FRI": ["ValueTooHigh"]}


@pytest.mark.parametrize(
    ("limits", "packages", "told"),
    [
        ({"height": "2.5 cm"}, 1, "the package is 10 cm high and the most the service takes is 2.5 cm"),
        ({"volume": "5 l"}, 2, "a package has a volume of 6,000 cm3 and the most the service takes is 5,000 cm3"),
        (
            {"consignment": {"packages": 1}},
            2,
            "the consignment has 2 packages and the most the service takes is 1 package",
        ),
        ({"value": {"from": "9 GBP"}}, 1, "the package is worth 0 GBP and the least the service takes is 9 GBP"),
        (
            {"chargeableWeight": "1.1 kg", "divisor": 5000},
            1,
            "the package has a chargeable weight of 1.2 kg and the most the service takes is 1.1 kg",
        ),
    ],
)
def test_the_failure_names_the_measure_with_its_numbers(limits: dict[str, Any], packages: int, told: str) -> None:
    engine = engine_of({"S": service(**limits)})
    assessment = assessed(engine, replace(PARCEL, packages=(SMALL,) * packages))
    assert told in nothing_fits(assessment, DefaultRules()).message


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"width": {"from": 3, "to": 2}}, "width: goes from 3 to 2: write the smaller one first"),
        ({"size": "30 x 20 cm"}, "size.to: '30 x 20 cm': write three sides and a unit, such as 35.3 x 25 x 2.5 cm"),
        ({"size": {"from": "3 x 2 x 2 cm", "to": "9 x 9 x 1 cm"}}, "size: goes from 2 to 1: write the smaller one"),
        ({"size": "3 x 2 x 2 cm", "height": 1}, "height: is given by size, too: keep one of them"),
        ({"volume": "3 kg"}, "volume.to: '3 kg': write a number and one of cm3, l, m3, in3, ft3"),
        ({"value": "5 JPY"}, "value: 'JPY' can't be compared: add it to exchangeRates"),
        ({"value": {"from": "5 GBP", "to": "9 EUR"}}, "value: is in EUR and GBP: write both ends in one currency"),
        ({"consignment": {"packages": "2.5"}}, "consignment.packages.to: '2.5': write a whole number"),
        (
            {"maximumValue": "5 GBP", "consignment": {"value": "5 GBP"}},
            "maximumValue: is given by consignment.value, too: keep one of them",
        ),
    ],
)
def test_limits_that_contradict_each_other_are_refused(limits: dict[str, Any], told: str) -> None:
    rates = [{"currency": "EUR", "rate": 0.8, "from": "2020-01-01"}]
    with pytest.raises(CatalogueProblemsError) as error:
        engine_of({"S": service(**limits)}, exchangeRates=rates)
    assert told in str(error.value)
