"""Surcharges: by units, by value, of each other, by group, by day and address, and discounts."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from allocation.domain.consignment import Consignment
from allocation.engine.engine import Engine
from tests.support.engines import EVERY_DAY, PARCEL, assessed, engine_of, package, rate, reasons, service

TWO = replace(PARCEL, packages=(package("1.2", value="120"), package("40", ("130", "80", "20"), value="30")))


def charged(*names: str, surcharges: dict[str, Any], **changes: Any) -> Engine:
    changes = {"rates": [rate("GB", 10)], **changes}
    return engine_of({"S": service(surcharges=list(names), **changes)}, surcharges=surcharges)


def lines(engine: Engine, consignment: Consignment = PARCEL, now: datetime | None = None) -> dict[str, str]:
    """The surcharges that the only service charges."""
    assessment = assessed(engine, consignment, **({"now": now} if now else {}))  # type: ignore[arg-type]
    assert assessment.winner is not None, reasons(assessment, engine)
    found = engine.breakdown(assessment.question, 0)
    assert found is not None
    assert found.price.net == assessment.winner.net
    return {line.name: str(line.amount) for line in found.lines[1:]}


def alone(consignment: Consignment = PARCEL, **surcharge: Any) -> str | None:
    engine = charged("X", surcharges={"X": {"type": "Additive", "amount": 1, **surcharge}})
    return lines(engine, consignment).get("X")


@pytest.mark.parametrize(
    ("surcharge", "told"),
    [
        ({"per": {"weight": "1 kg"}}, "41.20"),
        ({"perStarted": {"weight": "1 kg"}}, "42.00"),
        ({"perStarted": {"weight": "10 kg", "above": "30 kg"}}, "2.00"),
        ({"perStarted": {"weight": "10 kg", "above": "30 kg"}, "perPackage": True}, "1.00"),
        ({"per": {"weight": "1 kg", "above": "50 kg"}, "minimum": 5}, None),
        ({"per": {"chargeableWeight": "1 kg"}, "amount": "0.42", "minimum": 20}, "20.00"),
        ({"per": {"chargeableWeight": "1 kg"}, "amount": "0.5", "maximum": 20}, "20.00"),
        ({"per": {"packages": 1, "above": 1}}, "1.00"),
        ({"perStarted": {"value": "100 GBP"}}, "2.00"),
        ({"perStarted": {"value": "100 GBP", "above": "50 GBP"}}, "1.00"),
        ({"perStarted": {"length": "10 cm", "above": "120 cm"}}, "1.00"),
        ({"type": "Variable", "amount": "0.01", "of": ["value"]}, "1.50"),
        ({"type": "Variable", "amount": "0.01", "of": ["value"], "minimum": 4}, "4.00"),
        ({"type": "Variable", "amount": "0.01", "of": ["rate", "value"]}, "1.60"),
        ({"perPackage": True, "amount": 7, "maximum": 10}, "10.00"),
        ({"over": {"length": "122 cm", "width": "76 cm", "weight": "25 kg"}, "perPackage": True}, "1.00"),
        ({"over": {"width": "76 cm"}, "when": {"weight": {"from": "41 kg"}}}, None),
        ({"when": {"weight": {"from": "40 kg"}, "consignment": {"packages": {"from": 2}}}}, "1.00"),
        ({"when": {"consignment": {"value": {"from": "150.01 GBP"}}}}, None),
        ({"tags": ["Fragile"]}, None),
        ({"origins": ["GB-M"]}, "1.00"),
        ({"origins": ["FR"]}, None),
    ],
)
def test_a_surcharge_is_charged_as_often_as_its_units_say(surcharge: dict[str, Any], told: str | None) -> None:
    """Two packages: 1.2 kg worth 120 GBP, and 40 kg of 130 x 80 x 20 cm worth 30 GBP."""
    assert alone(TWO, **surcharge) == told


def test_nothing_declared_is_not_insured() -> None:
    assert alone(type="Variable", amount="0.01", of=["value"], minimum=4) is None
    assert alone(perStarted={"value": "100 GBP"}, minimum=4) is None


def test_a_surcharge_by_tag_is_for_consignments_with_one_of_them() -> None:
    surcharges = {"X": {"type": "Additive", "amount": 1, "tags": ["Fragile", "Alcohol"]}}
    engine = charged("X", surcharges=surcharges, tags=["Fragile", "Jewellery"])
    assert lines(engine, replace(PARCEL, tags=frozenset({"Fragile"}))) == {"X": "1.00"}
    assert lines(engine, replace(PARCEL, tags=frozenset({"Jewellery"}))) == {}


def test_fuel_is_a_part_of_the_rate_and_of_the_surcharges_that_it_names() -> None:
    surcharges = {
        "Fuel": {"type": "Variable", "amount": "0.2", "of": ["rate", "Remote", "Bulky"]},
        "Remote": {"type": "Additive", "amount": 5, "destinations": ["GB-M"]},
        "Bulky": {"type": "Additive", "amount": 50, "over": {"length": "100 cm"}},
        "Signed": {"type": "Additive", "amount": 3},
    }
    engine = charged("Fuel", "Remote", "Signed", "Bulky", surcharges=surcharges)
    assert lines(engine) == {"Fuel": "3.00", "Remote": "5.00", "Signed": "3.00"}


def test_a_part_that_no_service_lists_counts_nothing() -> None:
    both = {
        "Fuel": {"type": "Variable", "amount": 0.1, "of": ["rate", "Remote"]},
        "Remote": {"type": "Additive", "amount": 20},
    }
    assert lines(charged("Fuel", surcharges=both))["Fuel"] == "1.00"


def test_a_percentage_of_surcharges_that_do_not_apply_is_not_charged_its_minimum() -> None:
    surcharges = {
        "Remote": {"type": "Additive", "amount": 4, "destinations": ["FR"]},
        "Fuel": {"type": "Variable", "amount": 0.1, "of": ["Remote", "value"], "minimum": 5},
        "Toll": {"type": "Variable", "amount": 0.1, "of": ["Fuel"], "minimum": 1},
    }
    assert lines(charged("Remote", "Fuel", "Toll", surcharges=surcharges)) == {}
    assert lines(charged("Remote", "Fuel", "Toll", surcharges=surcharges), TWO) == {"Fuel": "15.00", "Toll": "1.50"}


def test_of_a_group_only_the_highest_counts_and_percentages_are_of_that() -> None:
    surcharges = {
        "Long": {"type": "Additive", "amount": 4, "group": "SIZE", "over": {"length": "100 cm"}},
        "Heavy": {"type": "Additive", "amount": 6, "group": "SIZE", "over": {"weight": "25 kg"}},
        "Wide": {"type": "Additive", "amount": 6, "group": "SIZE", "over": {"width": "70 cm"}},
        "Fuel": {"type": "Variable", "amount": "0.5", "of": ["Long", "Heavy", "Wide"]},
    }
    engine = charged("Fuel", "Long", "Heavy", "Wide", surcharges=surcharges)
    assert lines(engine, TWO) == {"Fuel": "3.00", "Heavy": "6.00"}
    assert lines(engine, replace(PARCEL, packages=(package("1", ("110", "10", "10")),))) == {
        "Fuel": "2.00",
        "Long": "4.00",
    }


def test_of_a_group_of_amounts_for_each_package_the_highest_counts_for_each() -> None:
    surcharges = {
        "Long": {"type": "Additive", "amount": 31, "group": "SIZE", "perPackage": True, "over": {"length": "100 cm"}},
        "Heavy": {"type": "Additive", "amount": 47, "group": "SIZE", "perPackage": True, "over": {"weight": "25 kg"}},
    }
    engine = charged("Long", "Heavy", surcharges=surcharges)
    long, heavy = package("1", ("110", "10", "10")), package("26")
    both = package("26", ("110", "10", "10"))
    assert lines(engine, replace(PARCEL, packages=(long, heavy))) == {"Long": "31.00", "Heavy": "47.00"}
    assert lines(engine, replace(PARCEL, packages=(long, both, long))) == {"Long": "62.00", "Heavy": "47.00"}
    assert lines(engine, replace(PARCEL, packages=(both,))) == {"Heavy": "47.00"}


def test_a_discount_never_makes_a_price_less_than_nothing() -> None:
    surcharges = {
        "Fuel": {"type": "Variable", "amount": "0.1"},
        "Contract": {"type": "Variable", "amount": "-0.25"},
        "Voucher": {"type": "Additive", "amount": -20},
    }
    assert lines(charged("Contract", surcharges=surcharges)) == {"Contract": "-2.50"}
    assert lines(charged("Fuel", "Contract", "Voucher", surcharges=surcharges)) == {
        "Fuel": "1.00",
        "Contract": "-2.50",
        "Voucher": "-8.50",
    }


def test_a_surcharge_on_a_day_of_delivery_is_charged_for_deliveries_on_it() -> None:
    """Collected on Friday, 2027-06-11, and delivered the next day; collected on Monday, on Tuesday."""
    surcharges = {"Saturday": {"type": "Additive", "amount": 8, "deliveryDays": ["sat", "sun"]}}
    engine = charged("Saturday", surcharges=surcharges, delivery={"days": EVERY_DAY})
    assert lines(engine, now=datetime(2027, 6, 11, 10, tzinfo=UTC)) == {"Saturday": "8.00"}
    assert lines(engine, now=datetime(2027, 6, 14, 10, tzinfo=UTC)) == {}


def test_a_surcharge_holds_on_days_of_collection() -> None:
    surcharges = {"Peak": {"type": "Additive", "amount": 1, "from": "2027-06-14", "to": "2027-06-14"}}
    engine = charged("Peak", surcharges=surcharges)
    assert lines(engine, now=datetime(2027, 6, 12, 10, tzinfo=UTC)) == {"Peak": "1.00"}
    assert lines(engine, now=datetime(2027, 6, 14, 16, tzinfo=UTC)) == {}


def test_a_value_without_an_exchange_rate_can_not_be_insured() -> None:
    engine = charged("X", surcharges={"X": {"type": "Variable", "amount": "0.01", "of": ["value"]}})
    box = package(value="10")
    assert box.value is not None
    yen = replace(PARCEL, packages=(replace(box, value=replace(box.value, currency="JPY")),))
    assert reasons(assessed(engine, yen), engine) == {"S": ["CurrencyNotComparable"]}
    nothing = replace(box.value, currency="JPY", amount=box.value.amount * 0)
    assert lines(engine, replace(PARCEL, packages=(replace(box, value=nothing),))) == {}


@pytest.mark.parametrize(("price", "left"), [(10, "9.00"), (20, "12.00"), (9, None), (5, None)])
def test_a_discount_leaves_at_least_what_it_must(price: int, left: str | None) -> None:
    """FedEx's and UPS's contracts: 40% off, and never below the least list price."""
    found = {"Discount": {"type": "Variable", "amount": "-0.4", "leaves": 9}}
    engine = charged("Discount", surcharges=found, rates=[rate("GB", price)])
    taken = lines(engine).get("Discount")
    assert taken in {"0.00", "-0.00"} if left is None else taken is not None and f"{price + float(taken):.2f}" == left


def test_a_percentage_of_what_loses_in_its_group_is_no_line() -> None:
    """Its least amount would be charged for nothing."""
    found = {
        "Small": {"type": "Additive", "amount": 1, "group": "ONE"},
        "Large": {"type": "Additive", "amount": 2, "group": "ONE"},
        "Fuel": {"type": "Variable", "amount": "0.1", "of": ["Small"], "minimum": 5},
    }
    assert lines(charged("Small", "Large", "Fuel", surcharges=found)) == {"Large": "2.00"}
    assert lines(charged("Small", "Fuel", surcharges=found)) == {"Small": "1.00", "Fuel": "5.00"}


@pytest.mark.parametrize(
    ("value", "charge"),
    [("100", None), ("100.01", "4.65"), ("300", "4.65"), ("400", "4.65"), ("400.01", "6.20"), ("1000", "13.95")],
)
def test_a_table_of_declared_values_is_steps_with_a_least_amount(value: str, charge: str | None) -> None:
    """UPS's: nothing up to 100, 1.55 for each started 100 above, at least 4.65."""
    consignment = replace(PARCEL, packages=(package(value=value),))
    assert (
        alone(consignment, amount="1.55", perStarted={"value": "100 GBP", "above": "100 GBP"}, minimum="4.65") == charge
    )
