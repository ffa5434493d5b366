"""Accidents that happened to users of other rating engines, each of which must not happen here."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allocation.domain.consignment import Address, Consignment, Dimensions, Package
from allocation.domain.outcome import Failure
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text
from tests.support.engines import (
    PARCEL,
    assessed,
    eligible,
    engine_of,
    net,
    package,
    rate,
    reasons,
    service,
    to,
    winner,
)


def test_pounds_and_kilograms_are_not_sorted_as_numbers() -> None:
    """40 lb are less than 30 Kg, and 70 lb are more."""
    engine = engine_of(
        {
            "LB40": service(weight="40 lb", rates=[rate("GB", 3)]),
            "KG30": service(weight="30 kg", rates=[rate("GB", 4)]),
            "LB70": service(weight="70 lb", rates=[rate("GB", 5)]),
        }
    )
    for weight, best in (("18", "LB40"), ("20", "KG30"), ("31", "LB70")):
        assert winner(engine, replace(PARCEL, packages=(package(weight),))) == best


def test_euros_are_not_compared_with_dollars() -> None:
    """Without a rate for the day, a service in another currency is left out, and says so."""
    engine = engine_of(
        {"GBP": service(rates=[rate("GB", 30)]), "EUR": service(rates=[rate("GB", 1)], currency="EUR")},
        exchangeRates=[{"currency": "EUR", "rate": 0.86, "from": "2026-01-01", "to": "2026-12-31"}],
    )
    assert winner(engine) == "GBP"
    assert reasons(assessed(engine), engine) == {"EUR": ["CurrencyNotComparable"]}


@pytest.mark.parametrize("price", ["35,65", "35.65 GBP", "£35.65", "1e3", "-1", "", "nan", 35.65])
def test_a_price_that_is_no_number_is_refused_instead_of_being_taken_for_the_highest(price: object) -> None:
    if isinstance(price, float):
        assert net(engine_of({"S": service(rates=[rate("GB", price)])})) == "35.65"
    else:
        with pytest.raises(CatalogueProblemsError, match="price"):
            engine_of({"S": service(rates=[rate("GB", price)])})


def test_a_carrier_is_not_matched_by_a_part_of_its_name() -> None:
    engine = engine_of({"POST": service(), "POST_OFFICE": service()}, groups={"one": ["POST"]})
    assert engine.catalogue.groups["one"] == {"POST"}
    assert engine.index.groups["one"] == 1 << engine.index.positions["POST"]


@pytest.mark.parametrize("sides", [("100", "20", "30"), ("20", "100", "30"), ("30", "20", "100")])
def test_a_box_is_turned_before_it_is_compared(sides: tuple[str, str, str]) -> None:
    engine = engine_of({"S": service(length="100 cm", girth="100 cm")})
    assert eligible(assessed(engine, replace(PARCEL, packages=(package("1", sides),))), engine) == {"S"}


def test_no_service_goes_missing_without_a_reason() -> None:
    services = {"GOES": service(), "OFF": service(enabled=False), "DEAR": service(rates=[rate("GB", 99)])}
    engine = engine_of(services)
    assessment = assessed(engine, to("BT1 1AA"))
    assert eligible(assessment, engine) | reasons(assessment, engine).keys() == services.keys()


def test_money_is_exact() -> None:
    """0.10 three times is 0.30, and 1.15 with half of it is 1.73: half a penny goes up, which floats get wrong."""
    engine = engine_of({"S": service(rates=[rate("GB", "0.10")], pricePer="package")})
    assert net(engine, replace(PARCEL, packages=(package(), package(), package()))) == "0.30"
    half = engine_of(
        {"S": service(rates=[rate("GB", "1.15")], surcharges=["Half"])},
        surcharges={"Half": {"type": "Variable", "amount": 0.5}},
    )
    assert net(half) == "1.73"


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("GB", "NOWHERE"),
        ("GB", ""),
        ("GB", "M2"),
        ("GB", "QQ1 1QQ"),
        ("GB", "M1 5WG9"),
        ("US", "ABCDE"),
        ("US", "1001"),
        ("XI", "M1 5WG"),
    ],
)
def test_a_nonsense_postcode_gets_no_price(country: str, postcode: str) -> None:
    engine = engine_of({"S": service(destinations=["*"], rates=[rate("*", 5)])})
    failure = engine.inquire(to(postcode, country))
    assert isinstance(failure, Failure)
    assert failure.code == "ConsignmentIncomplete"
    assert "Destination address: postcode" in failure.message


@pytest.mark.parametrize("country", ["ZZ", "YU", "SU", "EU", ""])
def test_a_code_that_names_no_country_is_not_the_rest_of_the_world(country: str) -> None:
    engine = engine_of({"S": service(destinations=["*"], rates=[rate("*", 5)])})
    failure = engine.inquire(to("11000", country))
    assert isinstance(failure, Failure)
    assert failure.code == "ConsignmentIncomplete"
    assert "Destination address: country is not" in failure.message


def test_all_that_a_consignment_lacks_is_told_at_once() -> None:
    engine = engine_of({"S": service()})
    failure = engine.inquire(
        Consignment(
            PARCEL.reference,
            packages=(
                Package(Decimal(0), Dimensions(Decimal(1), Decimal(1), Decimal(1))),
                Package(Decimal(1)),
                Package(Decimal(1), size_reference="Huge"),
                Package(Decimal("NaN"), Dimensions(Decimal(1), Decimal(0), Decimal(1))),
            ),
            origin=Address("Elsewhere"),
        )
    )
    assert isinstance(failure, Failure)
    for told in (
        "package 1: weight 0 Kg",
        "package 2: it has neither dimensions nor a package size",
        "package 3: the catalogue has no package size 'Huge'",
        "package 4: weight NaN Kg",
        "package 4: a side is 0 or less",
        "Origin address: the catalogue has no shipping location 'Elsewhere' (it has Depot)",
        "Destination address: there is none",
    ):
        assert told in failure.message


def test_a_price_per_package_is_not_charged_once_for_all() -> None:
    engine = engine_of({"S": service(pricePer="package")})
    assert net(engine, replace(PARCEL, packages=(package(), package()))) == "10.00"


def test_a_catalogue_key_that_comes_twice_does_not_lose_the_first() -> None:
    with pytest.raises(CatalogueProblemsError, match="written twice"):
        compile_text("version: a\ncurrency: GBP\ncurrency: EUR\n")
