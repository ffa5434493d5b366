"""What is said of a consignment that no carrier service takes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.consignment import Address, Consignment, Dimensions, Direction, RequestedDelivery
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.engine.nearest_miss import MAX_TEXT, nothing_fits
from allocation.engine.question import NO_FILTERS, ServiceFilters
from tests.support.engines import PARCEL, assessed, engine_of, package, rate, service, to
from tests.support.ports import InMemoryLimits

LONDON = to("SW1A 1AA")
GIANT = (Decimal(900_000),) * 3


def told(
    services: dict[str, Any],
    consignment: Consignment = LONDON,
    mode: AllocationMode | None = None,
    filters: ServiceFilters = NO_FILTERS,
    limits: InMemoryLimits | None = None,
    **changes: Any,
) -> str:
    engine = engine_of(services, **changes)
    assessment = assessed(engine, consignment, mode, filters=filters, limits=limits)
    assert assessment.winner is None
    return nothing_fits(assessment, mode or DefaultRules()).message


def test_the_nearest_miss_comes_first_with_its_numbers() -> None:
    services = {
        "PALLET": service(weight="1000 kg"),
        "PALLET24": service(weight="1000 kg"),
        "PARCEL": service(weight="30 kg"),
        "FRANCE": service(weight="2000 kg", destinations=["FR"], rates=[rate("FR", 5)]),
    }
    anvil = replace(LONDON, packages=(package("4800"),))
    assert told(services, anvil) == (
        "No carrier service can take EC-000-05B-MMA: the package weighs 4,800 kg and the most any service to GB SW1A "
        "takes is 1,000 kg (PALLET, PALLET24). As close: the service does not go to GB SW1A, and the package weighs "
        "4,800 kg and the most the service takes is 2,000 kg (FRANCE). "
        "Checks failed by 4 services: WeightOutOfRange 4, PriceNotConfigured 3, DestinationNotServed 1."
    )


def test_a_limit_that_another_service_does_not_have_is_not_said_to_be_everyones() -> None:
    services = {"A": service(weight="1 kg"), "B": service(weight="40 kg", tags=[])}
    heavy = replace(LONDON, packages=(package("2"), package("1")), tags=frozenset({"Alcohol"}))
    text = told({**services, "A": service(weight="1 kg", tags=["Alcohol"])}, heavy)
    assert "a package weighs 2 kg and the most the service takes is 1 kg (A)" in text
    assert "As close: the service does not carry the allocation tag Alcohol (B)." in text


def test_a_check_that_every_service_fails_is_told_with_the_service_that_comes_closest_to_it() -> None:
    services = {
        "BICYCLE": service(weight="20 kg", destinations=["FR"], rates=[rate("FR", 5)]),
        "PALLET": service(weight="1000 kg", length="9 cm", girth="9 cm", tags=[]),
        "PARCEL": service(weight="30 kg", length="9 cm", girth="9 cm", tags=[]),
    }
    text = told(services, replace(LONDON, packages=(package("4800"),)))
    assert text.index("does not go to GB SW1A") < text.index("Whatever else they take:")
    assert (
        "Whatever else they take: the package weighs 4,800 kg and the most any service to GB SW1A takes is 1,000 kg "
        "(PALLET)." in text
    )


@pytest.mark.parametrize(
    ("changes", "consignment", "sentence"),
    [
        ({"weight": {"from": "2 kg"}}, {}, "the package weighs 0.5 kg and the least the service takes is 2 kg"),
        ({"length": "9 cm"}, {}, "the package is 10 cm long and the most the service takes is 9 cm"),
        ({"girth": "39 cm"}, {}, "the package has a girth of 40 cm and the most the service takes is 39 cm"),
        ({"enabled": False}, {}, "the service is disabled"),
        ({}, {"direction": Direction.INBOUND}, "the consignment is Inbound and the service is Outbound"),
        ({"destinations": ["FR"]}, {}, "the service does not go to GB SW1A"),
        ({"origins": ["FR"]}, {}, "the service does not leave from Depot"),
        ({"excluded": ["GB-SW1A 1AA"]}, {}, "the service excludes the destination, in GB SW1A"),
        ({"excluded": ["GB"]}, {}, "the service excludes the destination, in GB SW1A"),
        ({"maximumValue": "500 GBP"}, {"packages": (package(value="1200"),)}, "it is worth 1,200 GBP and the service"),
        ({"rates": [rate("FR", 5)]}, {}, "the service has no rate for GB SW1A"),
        ({"rates": [rate("GB", 5, limit=2)]}, {"packages": (package("3"),)}, "3 kg and the service's prices end at 2"),
        ({"currency": "EUR"}, {}, "the catalogue has no exchange rate for EUR on 2027-06-09"),
        (
            {"rates": [rate("GB", 5, days=3)]},
            {"requested_delivery": RequestedDelivery(date(2027, 6, 10))},
            "it is to deliver by 2027-06-10, and the service collects on 2027-06-09 and delivers on 2027-06-14 at the",
        ),
    ],
)
def test_each_rule_has_its_sentence(changes: dict[str, Any], consignment: dict[str, Any], sentence: str) -> None:
    dear = {"currency": "EUR", "rate": 0.5, "from": "2026-01-01", "to": "2026-12-31"}
    text = told({"S": service(**changes)}, replace(LONDON, **consignment), exchangeRates=[dear])
    assert sentence in text.partition(": ")[2]


def test_what_a_caller_asks_beyond_the_mode_has_its_sentences_too() -> None:
    text = told({"S": service()}, filters=ServiceFilters(pick_up=True, drop_off=True))
    assert "the service does not pick up, and the service does not take drop-offs (S)." in text
    text = told({"S": service()}, filters=ServiceFilters(Direction.INBOUND))
    assert "a service that is Inbound was asked for and this one is Outbound (S)." in text


def test_a_daily_limit_is_told_with_its_number_and_day() -> None:
    limits = InMemoryLimits()
    limits.counts[LimitedDay("S", date(2027, 6, 9))] = 3
    assert "the service has reached its limit of 3 on 2027-06-09 (S)." in told(
        {"S": service(dailyLimit=3)}, limits=limits
    )


def test_a_group_and_a_service_that_were_asked_for_are_named() -> None:
    services = {"A": service(weight="0.1 kg"), "B": service(weight="0.2 kg"), "OUT": service()}
    groups = {"some": ["A", "B"]}
    assert told(services, mode=ServiceGroup("some"), groups=groups) == (
        "No carrier service of group some can take EC-000-05B-MMA: the package weighs 0.5 kg and the most any service "
        "of the group to GB SW1A takes is 0.2 kg (B). Checks failed by 2 services: WeightOutOfRange 2."
    )
    assert told(services, mode=CarrierService("A")) == (
        "Carrier service A can't take EC-000-05B-MMA: the package weighs 0.5 kg and the most the service takes is "
        "0.1 kg (A)."
    )


@pytest.mark.parametrize(
    ("destination", "area"),
    [
        (Address(country="GB", postcode="sw1a1aa"), "GB SW1A"),
        (Address(country="GB", postcode="BFPO 61"), "GB BFPO"),
        (Address(country="GB", postcode="JE2 3AB"), "JE JE2"),
        (Address(country="US", postcode="10001-1234"), "US"),
        (Address(country="FR", postcode="75001"), "FR"),
    ],
)
def test_of_the_destination_only_the_outward_part_is_told(destination: Address, area: str) -> None:
    text = told({"S": service(destinations=["DE"])}, replace(PARCEL, destination=destination))
    assert f"does not go to {area} (S)" in text or f"does not go to {area}, and" in text
    for secret in ("1AA", "61", "3AB", "1234", "100", "75001"):
        assert secret not in text


def test_a_tag_that_no_service_knows_is_counted_and_not_repeated() -> None:
    tagged = replace(LONDON, tags=frozenset({"Alcohol", "Jane Doe"}))
    text = told({"A": service(), "B": service(tags=["Alcohol"])}, tagged)
    assert "the consignment has 1 allocation tag that no service carries (B)" in text
    assert "Jane" not in text


@pytest.mark.parametrize("count", [1, 60])
def test_the_text_is_bounded(count: int) -> None:
    services = {
        f"S{number:02d}{'X' * 60}": service(
            length="1 cm", girth="1 cm", weight={"from": f"{number + 1} kg"}, destinations=["FR"], enabled=False
        )
        for number in range(count)
    }
    giant = replace(PARCEL, packages=(replace(package(), dimensions=Dimensions(*GIANT)),))
    assert len(told(services, giant)) <= MAX_TEXT
