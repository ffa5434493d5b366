"""The allocation rules, as `pro-api.md` has them: every package, closed ranges, exact units."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS
from allocation.domain.consignment import Address, Consignment, Dimensions, Direction, Package
from allocation.domain.currencies import Money
from allocation.domain.mode import CarrierService, ServiceGroup
from allocation.engine.question import ServiceFilters
from allocation.engine.rule import RuleCode
from allocation.engine.rules import RULES
from tests.support.engines import PARCEL, assessed, eligible, engine_of, package, rate, reasons, service, to, winner

TAGGED = engine_of(
    {
        "A": service(tags=["Alcohol"]),
        "B": service(tags=["Flammables"]),
        "C": service(tags=["Alcohol", "Flammables"]),
        "D": service(tags=["Oil"]),
        "E": service(),
    }
)


@pytest.mark.parametrize(
    ("tags", "services"),
    [
        ([], "ABCDE"),
        (["Alcohol"], "AC"),
        (["Flammables"], "BC"),
        (["Alcohol", "Flammables"], "C"),
        (["Alcohol", "Flammables", "Oil"], ""),
        (["Unheard of"], ""),
    ],
)
def test_every_tag_of_the_consignment_is_on_the_service(tags: list[str], services: str) -> None:
    assert eligible(assessed(TAGGED, replace(PARCEL, tags=frozenset(tags))), TAGGED) == set(services)


LIMITED = engine_of(
    {
        "S": service(
            weight={"from": "1 kg", "to": "30 kg"},
            length={"from": "20 cm", "to": "100 cm"},
            girth={"from": "60 cm", "to": "200 cm"},
            maximumValue="500 GBP",
        )
    }
)
FITTING = package("10", ("50", "30", "30"))


@pytest.mark.parametrize(
    ("box", "failed"),
    [
        (package("1", ("20", "15", "15")), []),
        (package("30", ("100", "50", "50")), []),
        (package("30.00001", ("100", "50", "50")), ["WeightOutOfRange"]),
        (package("0.99999", ("20", "15", "15")), ["WeightOutOfRange"]),
        (package("30", ("100.00001", "50", "50")), ["LengthOutOfRange"]),
        (package("1", ("19.99999", "15", "15.00001")), ["LengthOutOfRange"]),
        (package("30", ("100", "50.00001", "50")), ["GirthOutOfRange"]),
        (package("1", ("20", "15", "14.99999")), ["GirthOutOfRange"]),
        (package("10", ("50", "30", "30"), "500"), []),
        (package("10", ("50", "30", "30"), "500.01"), ["ValueTooHigh"]),
    ],
)
def test_ranges_are_closed(box: Package, failed: list[str]) -> None:
    assessment = assessed(LIMITED, replace(PARCEL, packages=(box,)))
    assert reasons(assessment, LIMITED).get("S", []) == failed


@pytest.mark.parametrize("others", [(FITTING,), (FITTING, FITTING)])
def test_every_package_must_fit(others: tuple[Package, ...]) -> None:
    heavy = package("31", ("50", "30", "30"))
    for packages in ((heavy, *others), (*others, heavy)):
        assessment = assessed(LIMITED, replace(PARCEL, packages=packages))
        assert reasons(assessment, LIMITED) == {"S": ["WeightOutOfRange"]}


def test_the_value_is_that_of_the_whole_consignment() -> None:
    two = (package("10", ("50", "30", "30"), "300"), package("10", ("50", "30", "30"), "300"))
    assert reasons(assessed(LIMITED, replace(PARCEL, packages=two)), LIMITED) == {"S": ["ValueTooHigh"]}


def test_all_failed_rules_are_told_with_what_was_wanted_and_what_is() -> None:
    assessment = assessed(LIMITED, replace(PARCEL, packages=(package("31", ("101", "99", "99"), "501"),)))
    (exclusion,) = assessment.excluded
    wanted = {rule.code: rule.expected(assessment.question, 0) for rule in exclusion.failed}
    found = {rule.code: rule.actual(assessment.question.inquiry) for rule in exclusion.failed}
    assert wanted == {
        "WeightOutOfRange": "1 to 30 Kg",
        "LengthOutOfRange": "20 to 100 Cm",
        "GirthOutOfRange": "60 to 200 Cm",
        "ValueTooHigh": "at most 500 GBP",
    }
    assert found == {
        "WeightOutOfRange": "31 Kg",
        "LengthOutOfRange": "101 Cm",
        "GirthOutOfRange": "396 Cm",
        "ValueTooHigh": "501 GBP",
    }


def test_pros_texts_are_kept() -> None:
    assessment = assessed(LIMITED, to("75001", "FR"))
    (exclusion,) = assessment.excluded
    texts = {rule.code.value: rule.text for rule in exclusion.failed}
    assert texts["DestinationNotServed"] == "This service is not available between the selected addresses."
    assert texts["WeightOutOfRange"] == "This service is not available for the given package dimensions/weight."


EXCLUDING = engine_of(
    {
        "AREA": service(excluded=["GB-M"]),
        "DISTRICT": service(excluded=["GB-M2"]),
        "SECTOR": service(excluded=["GB-M2 6"]),
        "UNIT": service(excluded=["GB-M2 6LW"]),
        "ULSTER": service(excluded=["GB-BT"]),
        "FORCES": service(excluded=["GB-BFPO"]),
    }
)


@pytest.mark.parametrize(
    ("postcode", "excluding"),
    [
        ("M2 6LW", {"AREA", "DISTRICT", "SECTOR", "UNIT"}),
        ("m26lw", {"AREA", "DISTRICT", "SECTOR", "UNIT"}),
        ("M2 6LX", {"AREA", "DISTRICT", "SECTOR"}),
        ("M2 5LW", {"AREA", "DISTRICT"}),
        ("M25 6LW", {"AREA"}),
        ("ME2 6LW", set()),
        ("BT1 1AA", {"ULSTER"}),
        ("BFPO 61", {"FORCES"}),
        ("BF1 2AU", {"FORCES"}),
        ("GIR 0AA", set()),
    ],
)
def test_a_shorter_postcode_excludes_all_below_it_and_nothing_beside_it(postcode: str, excluding: set[str]) -> None:
    found = reasons(assessed(EXCLUDING, to(postcode)), EXCLUDING)
    assert found == {key: ["PostcodeExcluded"] for key in excluding}


ABROAD = engine_of(
    {
        "WORLD": service(destinations=["*"], excluded=["FR"], rates=[rate("*", 20)]),
        "ISLANDS": service(destinations=["JE", "GG"], rates=[rate("JE", 8), rate("GG", 9)]),
        "EAST": service(destinations=["US-100..119"], rates=[rate("US", 15)]),
        "NOT_BRONX": service(destinations=["US"], excluded=["US-104"], rates=[rate("US", 15)]),
    }
)


@pytest.mark.parametrize(
    ("postcode", "country", "services"),
    [
        ("75001", "FR", set()),
        ("10115", "DE", {"WORLD"}),
        ("JE2 3AB", "JE", {"WORLD", "ISLANDS"}),
        ("JE2 3AB", "GB", {"WORLD", "ISLANDS"}),
        ("GY1 1AA", "GB", {"WORLD", "ISLANDS"}),
        ("M1 5WG", "GB", {"WORLD"}),
        ("10001", "US", {"WORLD", "EAST", "NOT_BRONX"}),
        ("10451-0001", "US", {"WORLD", "EAST"}),
        ("11999", "US", {"WORLD", "EAST", "NOT_BRONX"}),
        ("12000", "US", {"WORLD", "NOT_BRONX"}),
    ],
)
def test_countries_islands_and_zip_ranges(postcode: str, country: str, services: set[str]) -> None:
    assert eligible(assessed(ABROAD, to(postcode, country)), ABROAD) == services


def test_uk_is_read_as_gb() -> None:
    """Otherwise a postcode's exclusion would be ignored, and no VAT charged."""
    engine = engine_of({"S": service(destinations=["*"], excluded=["GB-BT"])})
    for country in ("GB", "UK", "uk", "XI"):
        assert reasons(assessed(engine, to("BT1 1AA", country)), engine) == {"S": ["PostcodeExcluded"]}
    for country in ("GB", "UK", "uk"):
        assert eligible(assessed(engine, to("M1 5WG", country)), engine) == {"S"}


def test_an_embargo_holds_under_every_code_of_the_country() -> None:
    engine = engine_of({"S": service(destinations=["*"], excluded=["MM", "GR"], rates=[rate("*", 5)])})
    for country in ("MM", "BU", "GR", "EL"):
        assert reasons(assessed(engine, to("", country)), engine) == {"S": ["CountryExcluded"]}


def test_units_are_exact() -> None:
    """66 lb are 29.93709642 Kg: neither a hair more nor less."""
    engine = engine_of({"S": service(weight="66 lb", length="48 in")})
    pounds, inches = KILOGRAMS["lb"], CENTIMETRES["in"]
    edge = Package(66 * pounds, Dimensions(48 * inches, Decimal(10), Decimal(10)))
    assert eligible(assessed(engine, replace(PARCEL, packages=(edge,))), engine) == {"S"}
    for above in (
        replace(edge, weight_kg=edge.weight_kg + Decimal("0.00000001")),
        replace(edge, dimensions=Dimensions(Decimal("121.92001"), Decimal(10), Decimal(10))),
    ):
        assert eligible(assessed(engine, replace(PARCEL, packages=(above,))), engine) == set()


WAYS = engine_of(
    {
        "OUT": service(features=["pickUp"]),
        "BACK": service(direction="Inbound", features=["dropOff"]),
        "SHOP": service(features=["pickUp", "dropOff"]),
        "OFF": service(enabled=False),
    },
    groups={"some": ["OUT", "BACK"]},
)


def test_direction_enabled_and_filters() -> None:
    assert eligible(assessed(WAYS), WAYS) == {"OUT", "SHOP"}
    assert eligible(assessed(WAYS, filters=ServiceFilters(drop_off=True)), WAYS) == {"SHOP"}
    assert eligible(assessed(WAYS, filters=ServiceFilters(Direction.INBOUND)), WAYS) == set()
    back = Consignment(
        PARCEL.reference,
        PARCEL.packages,
        origin=Address(country="GB", postcode="M1 5WG"),
        destination=Address(shipping_location_reference="Depot"),
        direction=Direction.INBOUND,
    )
    assert eligible(assessed(WAYS, back), WAYS) == {"BACK"}
    assert reasons(assessed(WAYS), WAYS)["OFF"] == ["ServiceDisabled"]


def test_a_mode_never_bypasses_the_rules() -> None:
    assert eligible(assessed(WAYS, mode=ServiceGroup("some")), WAYS) == {"OUT"}
    assert eligible(assessed(WAYS, mode=CarrierService("OFF")), WAYS) == set()
    assert reasons(assessed(WAYS, mode=CarrierService("OUT")), WAYS) == {
        "BACK": ["NotTheRequestedService", "DirectionNotServed"],
        "OFF": ["NotTheRequestedService", "ServiceDisabled"],
        "SHOP": ["NotTheRequestedService"],
    }


def test_values_in_another_currency_are_converted_by_the_dated_rate_or_refused() -> None:
    rates = [{"currency": "EUR", "rate": 0.5, "from": "2027-01-01", "to": "2027-12-31"}]
    engine = engine_of({"S": service(maximumValue="100 GBP")}, exchangeRates=rates)
    euros = replace(PARCEL.packages[0], value=Money(Decimal(200), "EUR"))
    assert eligible(assessed(engine, replace(PARCEL, packages=(euros,))), engine) == {"S"}
    more = replace(euros, value=Money(Decimal("200.01"), "EUR"))
    dollars = replace(euros, value=Money(Decimal(1), "USD"))
    for box, code in ((more, "ValueTooHigh"), (dollars, "CurrencyNotComparable")):
        assessment = assessed(engine, replace(PARCEL, packages=(box,)))
        assert reasons(assessment, engine) == {"S": [code]}


def test_nothing_is_worth_nothing_in_any_currency() -> None:
    engine = engine_of({"S": service(maximumValue="100 GBP")})
    free = replace(PARCEL.packages[0], value=Money(Decimal(0), "JPY"))
    assert winner(engine, replace(PARCEL, packages=(free,))) == "S"


def test_a_value_that_can_not_be_compared_is_told_with_the_currency_that_has_no_rate() -> None:
    engine = engine_of({"S": service(value="100 GBP")})
    yen = replace(PARCEL.packages[0], value=Money(Decimal(5), "JPY"))
    assessment = assessed(engine, replace(PARCEL, packages=(yen,)))
    ((_, (rule,)),) = assessment.excluded
    assert rule.code is RuleCode.CURRENCY
    assert rule.expected(assessment.question, 0) == "an exchange rate for JPY"
    assert rule.miss(assessment.question, 1)[0] == "the catalogue has no exchange rate for JPY on 2027-06-09"


def test_every_code_has_one_rule_with_words_for_both_sides() -> None:
    assert sorted(rule.code for rule in RULES) == sorted(RuleCode)
    question = assessed(WAYS).question
    for rule in RULES:
        assert rule.expected(question, 0)
        assert rule.actual(question.inquiry) or rule.code is RuleCode.VALUE
