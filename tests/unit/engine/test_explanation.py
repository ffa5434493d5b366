"""The explanation that is kept with an allocation: complete, replayable, without personal data."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocation.domain.consignment import RequestedDelivery
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.engine.engine import Engine
from allocation.engine.explanation import explain, why_chosen
from allocation.engine.rules import RULES
from tests.support.engines import NOW, PARCEL, assessed, engine_of, package, rate, service

REFERENCE = Path(__file__).parents[3] / "docs" / "catalogue" / "reference.md"


def explained(engine: Engine, **changes: object) -> dict[str, object]:
    return explain(engine, assessed(engine, replace(PARCEL, **changes)), DefaultRules(), NOW)  # type: ignore[arg-type]


SMALL = engine_of(
    {
        "CHEAP": service(rates=[rate("GB", 4)], surcharges=["Fuel"]),
        "DEAR": service(rates=[rate("GB", 6)]),
        "LIGHT": service(weight="100 g", tags=["Alcohol"]),
    },
    surcharges={"Fuel": {"type": "Variable", "amount": 0.065}},
)


def test_the_whole_explanation() -> None:
    told = explained(SMALL)
    assert len(str(told.pop("inputsDigest"))) == 64
    assert told.pop("catalogueDigest") == SMALL.catalogue.digest
    assert told == {
        "catalogueVersion": "test",
        "mode": {"name": "default_rules", "reference": None},
        "preference": "cheapest",
        "decidedAt": "2027-06-09T10:00:00+00:00",
        "pricesOf": "2027-06-09",
        "currency": "GBP",
        "services": {"all": 3, "eligible": 2, "excluded": 1},
        "winner": {
            "service": "CHEAP",
            "carrier": "ACME",
            "net": "4.26",
            "vat": "0.85",
            "gross": "5.11",
            "currency": "GBP",
            "tax": {"reference": "VAT", "rate": "0.2"},
            "lines": [["Rate GB", "4.00"], ["Fuel", "0.26"]],
            "difference": "0",
            "collectedAt": "2027-06-09T16:00:00+00:00",
            "cutOff": "2027-06-09T15:00:00+00:00",
            "deliveredOn": "2027-06-10",
            "deliveryWindow": ["08:00", "18:00"],
        },
        "runnersUp": [
            {
                "service": "DEAR",
                "net": "6.00",
                "gross": "7.20",
                "currency": "GBP",
                "difference": "1.74",
                "collectedAt": "2027-06-09T16:00:00+00:00",
                "deliveredOn": "2027-06-10",
                "lines": [["Rate GB", "6.00"]],
            }
        ],
        "checks": {
            "WeightOutOfRange": {
                "text": "This service is not available for the given package dimensions/weight.",
                "exclusion": "ex_weight",
                "actual": "0.5 Kg",
                "services": 1,
            }
        },
        "excluded": {"LIGHT": {"WeightOutOfRange": "at most 0.1 Kg"}},
        "omitted": {"runnersUp": 0, "excluded": 0},
    }


def test_the_inputs_digest_tells_inputs_apart() -> None:
    same, other = explained(SMALL), explained(SMALL, packages=(package("0.51"),))
    assert explained(SMALL)["inputsDigest"] == same["inputsDigest"]
    assert same["inputsDigest"] != other["inputsDigest"]


def test_the_postcode_is_not_kept() -> None:
    engine = engine_of({"S": service(excluded=["GB-M1 5WG"])})
    assert "5WG" not in json.dumps(explained(engine)["checks"])
    assert "5WG" not in json.dumps(explained(SMALL))


def test_every_service_is_told_however_many_there_are() -> None:
    many = {f"S{number:04d}": service(weight="1 kg") for number in range(600)}
    dear = {f"T{number:04d}": service(rates=[rate("GB", number + 1)]) for number in range(600)}
    told = explained(engine_of(many | dear), packages=(package("2"),))
    runners_up, excluded = told["runnersUp"], told["excluded"]
    assert isinstance(runners_up, list)
    assert isinstance(excluded, dict)
    assert (len(runners_up), excluded.keys()) == (599, many.keys())


def test_every_service_is_told_in_a_group_too() -> None:
    engine = engine_of({"IN": service(), "OUT": service()}, groups={"some": ["IN"]})
    told = explain(engine, assessed(engine, mode=ServiceGroup("some")), ServiceGroup("some"), NOW)
    assert told["winner"]["service"] == "IN"
    assert told["excluded"] == {"OUT": {"NotInServiceGroup": "in the group"}}


def test_the_documentation_lists_every_code() -> None:
    page = REFERENCE.read_text("utf-8")
    for rule in RULES:
        assert f"| `{rule.code}` | `{rule.exclusion}` | {rule.text} |" in page


def test_differences_are_in_the_catalogues_currency() -> None:
    engine = engine_of(
        {"HERE": service(rates=[rate("GB", 1)]), "THERE": service(rates=[rate("GB", 4)], currency="EUR")},
        exchangeRates=[{"currency": "EUR", "rate": 0.5, "from": "2027-01-01"}],
    )
    runners_up = explained(engine)["runnersUp"]
    assert isinstance(runners_up, list)
    assert Decimal(runners_up[0]["difference"]) == 1
    assert (runners_up[0]["net"], runners_up[0]["currency"]) == ("4.00", "EUR")


def test_every_offer_says_by_which_priority_and_handicap_its_service_is_preferred() -> None:
    told = explained(
        engine_of(
            {"A": service(priority=1), "B": service(priority=2, handicap="0.50"), "C": service(rates=[rate("GB", 9)])}
        )
    )
    winner, runners_up = told["winner"], told["runnersUp"]
    assert isinstance(winner, dict)
    assert isinstance(runners_up, list)
    offers = {offer["service"]: (offer.get("priority"), offer.get("handicap")) for offer in [winner, *runners_up]}
    assert offers == {"A": (1, None), "B": (2, "0.5"), "C": (None, None)}


def expectation(engine: Engine, **changes: object) -> object:
    """What the only service of a catalogue is told to have expected."""
    excluded = explained(engine, **changes)["excluded"]
    assert isinstance(excluded, dict)
    return excluded["S"]


def test_a_missing_price_is_told_with_the_weight_that_was_charged() -> None:
    """0.5 Kg of a big box: it is the volumetric weight that no band is there for."""
    engine = engine_of({"S": service(divisor=5000, rates=[rate("GB", 5, limit=2)])})
    big = package("0.5", ("40", "30", "10"))
    assert expectation(engine, packages=(big,)) == {
        "PriceNotConfigured": "zone GB up to 2 Kg; chargeable weight 2.4 Kg"
    }
    nowhere = engine_of({"S": service(destinations=["*"], rates=[rate("FR", 5)])})
    assert expectation(nowhere) == {"PriceNotConfigured": "a rate among FR"}


def test_an_excluded_postcode_is_told_by_the_entry_that_excludes_it() -> None:
    others = [f"GB-{area}" for area in ("AB", "BT", "HS", "IV", "KA", "KW", "PA", "PH", "ZE")]
    engine = engine_of({"S": service(excluded=[*others, "GB-M1"])})
    assert expectation(engine) == {"PostcodeExcluded": "not in GB-M1 (and 9 more)"}


def test_dates_that_are_not_met_are_told_with_the_earliest_there_are() -> None:
    engine = engine_of({"S": service(rates=[rate("GB", 5, days=3)])})
    tomorrow = RequestedDelivery(date(2027, 6, 10))
    assert expectation(engine, requested_delivery=tomorrow) == {
        "DatesNotMet": "collected 2027-06-09, delivered 2027-06-14 at the earliest (Mon-Fri)"
    }


def test_a_service_that_is_not_collected_soon_is_told_the_horizon() -> None:
    mondays = [date(2027, 6, 7) + timedelta(weeks=week) for week in range(11)]
    rare = {
        "collections": [{"days": ["mon"], "cutOff": "16:00", "collection": "17:00"}],
        "exceptions": {monday.isoformat(): "closed" for monday in mondays},
    }
    assert expectation(engine_of({"S": service()}, calendars={"daily": rare})) == {
        "DatesNotMet": "a collection within 60 days and a delivery up to 2029-12-31, the catalogue's last day"
    }


def test_the_inputs_digest_is_of_what_was_asked_and_not_of_how_it_was_written() -> None:
    light, heavy = package("0.5"), package("2.00", ("10.0", "20", "30"))
    turned = package("2", ("30", "10", "20"))
    one, other = explained(SMALL, packages=(light, heavy)), explained(SMALL, packages=(turned, light))
    assert one["inputsDigest"] == other["inputsDigest"]


def why(services: dict[str, Any], mode: AllocationMode | None = None, **changes: Any) -> str:
    engine, mode = engine_of(services, **changes), mode or DefaultRules()
    return why_chosen(engine, assessed(engine, mode=mode), mode)


@pytest.mark.parametrize(
    ("services", "mode", "text"),
    [
        (
            {"A": service(rates=[rate("GB", 5)]), "B": service(rates=[rate("GB", "5.35")]), "C": service()},
            None,
            "A is the first of 3 services that can take it: it costs as little as C, and its reference comes first.",
        ),
        (
            {"A": service(rates=[rate("GB", 5)]), "B": service(rates=[rate("GB", "5.35")])},
            None,
            "A is the cheapest of 2 services that can take it, 0.35 GBP under B.",
        ),
        (
            {"A": service(rates=[rate("GB", 5, days=2)]), "B": service(rates=[rate("GB", 5)])},
            None,
            "B is the first of 2 services that can take it: it costs as little as A, and is delivered earlier.",
        ),
        ({"A": service(), "B": service(weight="0.1 kg")}, None, "A is the only service that can take it."),
        ({"A": service(), "B": service()}, CarrierService("B"), "B was asked for and can take it."),
        (
            {"A": service(), "B": service(), "C": service(rates=[rate("GB", 7)])},
            ServiceGroup("some"),
            "B is the cheapest of 2 services of group some that can take it, 2.00 GBP under C.",
        ),
    ],
)
def test_why_a_service_was_chosen_is_told_in_a_sentence(
    services: dict[str, Any], mode: AllocationMode | None, text: str
) -> None:
    groups = {"some": ["B", "C"]} if "C" in services else {}
    assert why(services, mode, groups=groups) == text


def test_a_difference_below_a_penny_is_not_told_as_none() -> None:
    services = {"A": service(currency="EUR", rates=[rate("GB", 1)]), "B": service(rates=[rate("GB", 1)])}
    exchange = [{"currency": "EUR", "rate": "0.999", "from": "2026-01-01"}]
    assert "less than 0.01 GBP under B." in why(services, exchangeRates=exchange)
