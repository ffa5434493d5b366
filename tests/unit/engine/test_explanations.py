"""The explanation that is kept with an allocation: complete, replayable, without personal data, bounded."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from allocation.domain.modes import DefaultRules, ServiceGroup
from allocation.engine import checks
from allocation.engine.checks import Check
from allocation.engine.engine import Engine
from allocation.engine.explanation import MAXIMUM_BYTES, explain
from tests.engines import NOW, PARCEL, assessed, engine_of, package, rate, service

CATALOGUE_PAGE = Path(__file__).parents[3] / "docs" / "catalogue.md"


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
            "lines": [["GB", "4.00"], ["Fuel", "0.26"]],
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
                "lines": [["GB", "6.00"]],
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


def test_it_is_cut_to_its_bound_and_says_how_much_is_missing() -> None:
    """The winner and the counts stay."""
    many = {f"SERVICE_{number:04d}_{'X' * 40}": service(weight="1 kg") for number in range(1200)}
    dear = {f"DEAR_{number:04d}_{'X' * 40}": service(rates=[rate("GB", number + 1)]) for number in range(1200)}
    engine = engine_of(many | dear)
    for weight in ("0.5", "2"):
        told = explained(engine, packages=(package(weight),))
        assert len(json.dumps(told).encode()) <= MAXIMUM_BYTES
        winner, runners_up, excluded = told["winner"], told["runnersUp"], told["excluded"]
        omitted = told["omitted"]
        assert isinstance(runners_up, list)
        assert isinstance(excluded, dict)
        assert isinstance(omitted, dict)
        assert winner is not None
        assert 1 + len(runners_up) + omitted["runnersUp"] + len(excluded) + omitted["excluded"] == 2400
        assert omitted["runnersUp"] > 0


def test_every_service_is_told_in_a_group_too() -> None:
    engine = engine_of({"IN": service(), "OUT": service()}, groups={"some": ["IN"]})
    told = explain(engine, assessed(engine, mode=ServiceGroup("some")), ServiceGroup("some"), NOW)
    assert told["winner"]["service"] == "IN"
    assert told["excluded"] == {"OUT": {"NotInServiceGroup": "in the group"}}


def test_the_documentation_lists_every_code() -> None:
    page = CATALOGUE_PAGE.read_text("utf-8")
    for check in vars(checks).values():
        if isinstance(check, Check):
            assert f"| `{check.code}` | `{check.exclusion}` | {check.text} |" in page


def test_differences_are_in_the_catalogues_currency() -> None:
    engine = engine_of(
        {"HERE": service(rates=[rate("GB", 1)]), "THERE": service(rates=[rate("GB", 4)], currency="EUR")},
        exchangeRates=[{"currency": "EUR", "rate": 0.5, "from": "2027-01-01"}],
    )
    runners_up = explained(engine)["runnersUp"]
    assert isinstance(runners_up, list)
    assert Decimal(runners_up[0]["difference"]) == 1
    assert (runners_up[0]["net"], runners_up[0]["currency"]) == ("4.00", "EUR")
