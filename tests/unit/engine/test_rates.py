"""Rates: chargeable weights, bands by any measure, prices per Kg, further packages, days and conditions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from allocation.domain.consignment import Package
from allocation.engine.engine import Engine
from tests.support.engines import NOW, PARCEL, assessed, engine_of, net, package, rate, reasons, service, winner

TWO = replace(PARCEL, packages=(package("1.2"), package("2.3")))


def priced(*bands: dict[str, Any], **changes: Any) -> Engine:
    """A service with one rate of these bands; what is a field of rates goes there."""
    of_rate: dict[str, Any] = {
        key: changes.pop(key) for key in ("by", "minimum", "above", "when", "from", "to") if key in changes
    }
    rates = [{"zone": "GB", "transitDays": 1, "bands": list(bands), **of_rate}]
    return engine_of({"S": service(rates=rates, **changes)})


def by_kg(**weighing: Any) -> Engine:
    """A service that costs as many pounds as its chargeable weight has Kg."""
    return priced({"perKg": 1}, chargeableWeight=weighing)


@pytest.mark.parametrize(
    ("weighing", "told"),
    [
        ({}, "3.50"),
        ({"roundUpTo": "0.5 kg"}, "3.50"),
        ({"roundUpTo": "1 kg"}, "4.00"),
        ({"roundUpTo": "1 kg", "per": "package"}, "5.00"),
        ({"roundUpTo": [{"upTo": "2 kg", "step": "0.5 kg"}, {"step": "1 kg"}], "per": "package"}, "4.50"),
        ({"minimum": "2 kg", "per": "package"}, "4.30"),
        ({"minimum": "5 kg"}, "5.00"),
        ({"divisor": 500}, "4.00"),
        ({"divisor": 500, "per": "package"}, "4.30"),
        ({"divisor": 500, "per": "package", "roundUpTo": "0.5 kg"}, "4.50"),
        ({"divisor": 500, "volumetricWhen": {"length": {"from": "11 cm"}}}, "3.50"),
        ({"divisor": 500, "volumetricWhen": {"length": {"from": "10 cm"}}}, "4.00"),
        ({"divisor": 500, "volumetricWhen": {"length": {"over": "10 cm"}}}, "3.50"),
        ({"divisor": 500, "volumetricWhen": {"length": {"over": "9.99 cm"}}}, "4.00"),
        ({"divisor": 500, "volumetricWhen": {"consignment": {"packages": {"from": 2}}}}, "4.00"),
        ({"divisor": 500, "per": "package", "volumetricWhen": {"weight": {"from": "2 kg"}}}, "3.50"),
    ],
)
def test_the_chargeable_weight_is_compared_and_rounded_by_package_or_together(
    weighing: dict[str, Any], told: str
) -> None:
    """Packages of 1.2 and 2.3 kg and of 1,000 cubic cm each."""
    assert net(by_kg(**weighing), TWO) == told


@pytest.mark.parametrize(
    ("weight", "told"),
    [("20", "2.00"), ("60", "2.40"), ("80", "3.00"), ("100", "3.00"), ("101", "3.03")],
)
def test_freight_costs_no_more_than_the_next_band_does_at_its_beginning(weight: str, told: str) -> None:
    bands = [{"upTo": "100 kg", "per100Kg": 4, "minimum": 2, "maximum": 3}, {"per100Kg": 3}]
    engine = engine_of({"S": service(rates=[{"zone": "GB", "transitDays": 1, "bands": bands}])})
    assert net(engine, replace(PARCEL, packages=(package(weight),))) == told


@pytest.mark.parametrize(
    ("box", "weight", "told"),
    [
        (("48", "10", "10"), "1", "1.00"),
        (("48.1", "10", "10"), "1", "40.00"),
        (("97", "10", "10"), "1", "90.00"),
        (("97", "10", "10"), "91", "91.00"),
        (("20", "10", "10"), "31", "50.00"),
    ],
)
def test_packages_of_some_sizes_count_a_least_weight(box: tuple[str, str, str], weight: str, told: str) -> None:
    least = [
        {"weight": "40 kg", "over": {"length": "48 cm", "width": "30 cm"}},
        {"weight": "90 kg", "over": {"length": "96 cm"}},
        {"weight": "50 kg", "when": {"weight": {"over": "30 kg"}, "length": "20 cm"}},
    ]
    assert net(by_kg(least=least), replace(PARCEL, packages=(package(weight, box),))) == told


@pytest.mark.parametrize(("side", "told"), [("20.4", "2.00"), ("20.5", "2.10"), ("21.4", "2.10")])
def test_sides_are_rounded_half_up_before_they_make_a_volume(side: str, told: str) -> None:
    engine = by_kg(divisor=1000, roundSides="1 cm")
    assert net(engine, replace(PARCEL, packages=(package("1", (side, "10.4", "9.5")),))) == told


def test_a_weight_at_a_step_is_not_rounded_up() -> None:
    assert net(by_kg(roundUpTo="0.5 kg"), replace(PARCEL, packages=(package("1.5"),))) == "1.50"


@pytest.mark.parametrize(
    ("divisor", "round_up_to", "box", "told"),
    [
        # 139 x 24 cubic inches weigh 24 lb, which is no finite number of Kg a cubic Cm: not a step more.
        ("139 in3/lb", "24 lb", ("35.306", "30.48", "50.8"), "10.89"),
        ("139 in3/lb", "24 lb", ("35.307", "30.48", "50.8"), "21.77"),
        ("300 kg/m3", "1 kg", ("100", "100", "100"), "300.00"),
        ("300 kg/m3", "1 kg", ("100", "100", "100.1"), "301.00"),
        ("5000 cm3/kg", "1 kg", ("50", "20", "10"), "2.00"),
    ],
)
def test_a_density_is_exact_in_the_units_it_is_written_in(
    divisor: str, round_up_to: str, box: tuple[str, str, str], told: str
) -> None:
    engine = by_kg(divisor=divisor, roundUpTo=round_up_to)
    assert net(engine, replace(PARCEL, packages=(package("0.1", box),))) == told


def test_a_rate_has_its_own_divisor() -> None:
    rates = [rate("GB", *range(1, 9)), {**rate("GB-IV", *range(1, 9)), "divisor": 250}]
    engine = engine_of({"S": service(divisor=500, rates=rates)})
    assert net(engine) == "2.00"
    far = replace(PARCEL, destination=replace(PARCEL.destination, postcode="IV27 4AB"))  # type: ignore[type-var]
    assert net(engine, far) == "4.00"


@pytest.mark.parametrize(
    ("by", "bands", "told"),
    [
        ("weight", [{"upTo": "3.4 kg", "price": 1}, {"upTo": "3.5 kg", "price": 2}], "2.00"),
        ("packages", [{"upTo": 1, "price": 1}, {"upTo": 2, "price": 2}], "2.00"),
        ("volume", [{"upTo": "1.9 l", "price": 1}, {"upTo": "2 l", "price": 2}], "2.00"),
        ("length", [{"upTo": "9 cm", "price": 1}, {"upTo": "100 mm", "price": 2}], "2.00"),
        ("girth", [{"upTo": "39 cm", "price": 1}, {"upTo": "40 cm", "price": 2}], "2.00"),
    ],
)
def test_bands_are_read_by_any_measure(by: str, bands: list[dict[str, Any]], told: str) -> None:
    assert net(priced(*bands, by=by), TWO) == told


def test_bands_are_read_by_the_value_in_the_currency_of_the_service() -> None:
    engine = engine_of(
        {
            "S": service(
                currency="EUR",
                rates=[
                    {
                        "zone": "GB",
                        "transitDays": 1,
                        "by": "value",
                        "bands": [{"upTo": "100 EUR", "price": 1}, {"upTo": 200, "price": 2}],
                    }
                ],
            )
        },
        exchangeRates=[{"currency": "EUR", "rate": 0.5, "from": "2026-01-01", "to": "2027-12-31"}],
    )
    assert net(engine, replace(PARCEL, packages=(package(value="50"),))) == "1.00"
    assert net(engine, replace(PARCEL, packages=(package(value="50.01"),))) == "2.00"
    later = datetime(2028, 3, 1, 10, tzinfo=UTC)
    unknown = assessed(engine, replace(PARCEL, packages=(package(value="50"),)), now=later)
    assert reasons(unknown, engine) == {"S": ["CurrencyNotComparable"]}


def test_a_gap_between_bands_has_no_price() -> None:
    engine = priced({"upTo": 2, "price": 1}, {"from": 5, "upTo": 10, "price": 3})
    prices = {"2": "1.00", "5": "3.00", "10": "3.00"}
    assert {weight: net(engine, replace(PARCEL, packages=(package(weight),))) for weight in prices} == prices
    for weight in ("2.01", "4.99", "10.01"):
        found = assessed(engine, replace(PARCEL, packages=(package(weight),)))
        assert reasons(found, engine) == {"S": ["PriceNotConfigured"]}


@pytest.mark.parametrize(
    ("band", "told"),
    [
        ({"perKg": "0.85"}, "10.63"),
        ({"per100Kg": 85}, "10.63"),
        ({"price": 3, "perKg": "0.85"}, "13.63"),
        ({"price": 3, "perKg": 0}, "3.00"),
    ],
)
def test_a_price_per_kg_is_added_and_rounded_half_up(band: dict[str, Any], told: str) -> None:
    """12.5 kg at 0.85 are 10.625."""
    assert net(priced(band), replace(PARCEL, packages=(package("12.5"),))) == told


def test_what_a_percentage_is_of_is_rounded_first() -> None:
    rates = [{"zone": "GB", "transitDays": 1, "bands": [{"perKg": "0.85"}]}]
    engine = engine_of(
        {"S": service(rates=rates, surcharges=["All"])}, surcharges={"All": {"type": "Variable", "amount": 1}}
    )
    assert net(engine, replace(PARCEL, packages=(package("12.5"),))) == "21.26"


def test_a_rate_comes_to_its_minimum_at_least() -> None:
    engine = priced({"perKg": 1}, minimum=3)
    assert net(engine) == "3.00"
    assert net(engine, TWO) == "3.50"


def test_the_dearest_package_is_the_first_and_the_others_are_further_ones() -> None:
    engine = priced(
        {"upTo": 1, "price": 5, "furtherPackage": 2}, {"upTo": 3, "price": 8, "furtherPackage": 4}, pricePer="package"
    )
    assert net(engine) == "5.00"
    assert net(engine, replace(PARCEL, packages=(package("0.5"), package("2"), package("3")))) == "14.00"
    assert net(engine, replace(PARCEL, packages=(package("2"), package("0.5"), package("0.5")))) == "12.00"


JANUARY = engine_of(
    {
        "S": service(
            rates=[
                {**rate("GB", 5), "to": "2027-06-13"},
                {**rate("GB", 6), "from": "2027-06-14", "to": "2027-06-20"},
            ]
        )
    }
)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (datetime(2027, 6, 11, 14, 59, tzinfo=UTC), "5.00"),  # Friday, before the cut-off at 16:00 in summer time
        (datetime(2027, 6, 11, 15, 1, tzinfo=UTC), "6.00"),  # Monday's van
        (datetime(2027, 6, 13, 12, tzinfo=UTC), "6.00"),  # Sunday
    ],
)
def test_prices_are_those_of_the_day_of_collection(asked: datetime, told: str) -> None:
    assert net(JANUARY, now=asked) == told


def test_a_day_without_a_rate_is_a_reason_that_names_the_day() -> None:
    found = assessed(JANUARY, now=datetime(2027, 6, 18, 20, tzinfo=UTC))
    assert reasons(found, JANUARY) == {"S": ["PriceNotConfigured"]}
    assert found.excluded[0].failed[0].expected(found.question, 0) == (
        "a rate of zone GB for such a consignment on 2027-06-21"
    )


def test_each_service_has_the_exchange_rate_of_its_own_day() -> None:
    """One is collected today, Wednesday; the other on Thursday, when the euro is dear."""
    engine = engine_of(
        {
            "EARLY": service(currency="EUR", rates=[rate("GB", 10)]),
            "LATE": service(currency="EUR", rates=[rate("GB", 9)]),
        },
        exchangeRates=[
            {"currency": "EUR", "rate": 1, "from": "2026-01-01", "to": "2027-06-09"},
            {"currency": "EUR", "rate": 2, "from": "2027-06-10"},
        ],
        calendars={
            "daily": {"collections": [{"days": ["wed"], "cutOff": "16:00", "collection": "17:00"}]},
            "thursdays": {"collections": [{"days": ["thu"], "cutOff": "16:00", "collection": "17:00"}]},
        },
        locations={
            "Depot": {
                "country": "GB",
                "postcode": "M2 6LW",
                "collections": {"default": "daily", "services": {"LATE": "thursdays"}},
            }
        },
    )
    costs = {engine.index.services[offer.position].reference: offer.cost for offer in assessed(engine).offers}
    assert costs == {"EARLY": 10, "LATE": 18}
    assert winner(engine) == "EARLY"


@pytest.mark.parametrize(
    ("days", "told"),
    [({"from": "2027-06-10"}, None), ({"to": "2027-06-08"}, None), ({"from": "2027-06-09", "to": "2027-06-09"}, "S")],
)
def test_a_service_is_used_only_for_collections_between_its_days(days: dict[str, str], told: str | None) -> None:
    engine = engine_of({"S": service(**days)})
    assert winner(engine, now=NOW) == told
    assert reasons(assessed(engine), engine) == ({} if told else {"S": ["DatesNotMet"]})


def test_the_first_rate_of_a_zone_whose_condition_holds_is_charged() -> None:
    rates = [
        {**rate("GB", 2), "when": {"size": "35.3 x 25 x 2.5 cm"}},
        {**rate("GB", 3), "when": {"length": "61 cm", "consignment": {"packages": 1}}},
        rate("GB", 9),
    ]
    engine = engine_of({"S": service(rates=rates)})
    letter = package("0.5", ("2", "30", "20"))
    assert net(engine, replace(PARCEL, packages=(letter,))) == "2.00"
    assert net(engine) == "3.00"
    assert net(engine, replace(PARCEL, packages=(letter, package()))) == "9.00"


SIZES: list[dict[str, Any]] = [
    {**rate("GB", 4), "when": {"sidesTotal": "60 cm"}},
    {**rate("GB", 7), "when": {"sidesTotal": "90 cm", "consignment": {"packages": {"from": 3, "to": 3}}}},
]
SMALL, BIG = package("1", ("20", "20", "20")), package("1", ("30", "30", "30"))


@pytest.mark.parametrize(
    ("packages", "price"),
    [
        ((SMALL, BIG), None),
        ((BIG, SMALL, SMALL), "15.00"),
        ((BIG, BIG, SMALL), "18.00"),
        ((SMALL,) * 4, "16.00"),
        ((SMALL, SMALL, SMALL, BIG), None),
        ((SMALL, SMALL, package("1", ("31", "30", "30"))), None),
    ],
)
def test_packages_with_prices_of_their_own_have_the_rates_for_their_sizes(
    packages: tuple[Package, ...], price: str | None
) -> None:
    engine = engine_of({"S": service(rates=SIZES, pricePer="package")})
    sent = replace(PARCEL, packages=packages)
    if price is None:
        assert reasons(assessed(engine, sent), engine) == {"S": ["PriceNotConfigured"]}
    else:
        assert net(engine, sent) == price


def test_rates_for_sizes_weigh_by_their_own_divisors_and_keep_the_greatest_minimum() -> None:
    rates = [
        {"zone": "GB", "transitDays": 1, "divisor": 8000, "bands": [{"perKg": 1}], "when": {"length": "20 cm"}},
        {"zone": "GB", "transitDays": 1, "divisor": 5000, "minimum": 9, "bands": [{"perKg": 2}]},
    ]
    surcharges = {"Fuel": {"type": "Additive", "amount": 1, "per": {"chargeableWeight": "1 kg"}}}
    priced = service(rates=rates, pricePer="package", surcharges=["Fuel"])
    engine = engine_of({"S": priced}, surcharges=surcharges)
    # 8,000 / 8,000 = 1 Kg at 1; 27,000 / 5,000 = 5.4 Kg at 2; 6.4 Kg of fuel.
    assert net(engine, replace(PARCEL, packages=(SMALL, BIG))) == "18.20"
    assert net(engine, replace(PARCEL, packages=(SMALL, SMALL))) == "4.00"
    flat = package("1", ("21", "10", "10"))
    assert net(engine, replace(PARCEL, packages=(SMALL, flat))) == "11.00"


@pytest.mark.parametrize(
    ("currency", "price", "told"), [("JPY", "1050.5", "1051"), ("KWD", "1.2345", "1.235"), ("GBP", "1.005", "1.01")]
)
def test_prices_have_the_decimal_places_of_their_currency(currency: str, price: str, told: str) -> None:
    engine = engine_of({"S": service(rates=[rate("GB", price)])}, currency=currency)
    assert net(engine) == told
