"""Rates, surcharges, tax and currencies."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from allocation.engine.engine import Engine
from allocation.engine.pricing import Breakdown
from tests.support.engines import PARCEL, assessed, engine_of, net, package, rate, reasons, service, to, winner


def breakdown(engine: Engine, **changes: Any) -> Breakdown:
    assessment = assessed(engine, replace(PARCEL, **changes))
    assert assessment.winner is not None
    found = engine.breakdown(assessment.question, assessment.winner.position)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("amount", "vat", "gross"),
    [("27.69", "5.54", "33.23"), ("5.49", "1.10", "6.59"), ("0.02", "0.00", "0.02"), ("0.03", "0.01", "0.04")],
)
def test_vat_is_rounded_half_up_and_gross_is_the_sum(amount: str, vat: str, gross: str) -> None:
    price = breakdown(engine_of({"S": service(rates=[rate("GB", amount)])})).price
    assert (str(price.net), str(price.vat), str(price.gross)) == (amount, vat, gross)


def test_half_a_penny_of_vat_goes_up() -> None:
    price = breakdown(
        engine_of({"S": service(rates=[rate("GB", "0.05")])}, taxes={"T": {"rate": 0.1, "destinations": ["*"]}})
    ).price
    assert str(price.vat) == "0.01"


BANDS = engine_of(
    {
        "S": service(
            rates=[
                {
                    "zone": "GB",
                    "transitDays": 1,
                    "bands": [{"upTo": 1, "price": "1.00"}, {"upTo": 2, "price": "2.00"}],
                    "above": {"step": "0.5 kg", "price": "0.25"},
                }
            ],
            weight="5 kg",
        )
    }
)


@pytest.mark.parametrize(
    ("weight", "price"),
    [
        ("0.001", "1.00"),
        ("1", "1.00"),
        ("1.00001", "2.00"),
        ("2", "2.00"),
        ("2.00001", "2.25"),
        ("2.5", "2.25"),
        ("2.50001", "2.50"),
        ("5", "3.50"),
    ],
)
def test_bands_include_their_end_and_each_started_step_costs(weight: str, price: str) -> None:
    assert net(BANDS, replace(PARCEL, packages=(package(weight),))) == price


def test_a_band_end_is_met_however_the_weights_come() -> None:
    """Prices are remembered by bracket: the order in which weights are asked changes none."""
    engine = engine_of({"S": service(rates=[rate("GB", 1, 2, 3)])})
    asked = (("3", "3.00"), ("1", "1.00"), ("1.5", "2.00"), ("0.2", "1.00"), ("2", "2.00"), ("900", "3.00"))
    for weight, price in asked:
        assert net(engine, replace(PARCEL, packages=(package(weight),))) == price


def test_volumetric_weight_is_charged_where_it_is_more() -> None:
    """60 x 50 x 40 Cm by 5,000 are 24 Kg."""
    engine = engine_of({"S": service(divisor=5000, rates=[rate("GB", *range(1, 31))])})
    box = package("3", ("60", "50", "40"))
    assert net(engine, replace(PARCEL, packages=(box,))) == "24.00"
    assert net(engine, replace(PARCEL, packages=(replace(box, weight_kg=Decimal("24.5")),))) == "25.00"


def test_a_price_is_per_consignment_or_per_package() -> None:
    rates = [rate("GB", 3, 4, 10)]
    engine = engine_of({"WHOLE": service(rates=rates), "EACH": service(rates=rates, pricePer="package")})
    two = assessed(engine, replace(PARCEL, packages=(package("0.9"), package("1.5"))))
    nets = {engine.index.services[offer.position].reference: str(offer.net) for offer in two.offers}
    assert nets == {"WHOLE": "10.00", "EACH": "7.00"}


ZONED = engine_of(
    {
        "S": service(
            destinations=["*"],
            rates=[
                rate("*", 50),
                rate("GB", 5),
                rate("GB-IV", 9),
                rate("GB-IV27", 11),
                rate("GB-IV27 4", 12),
                rate("GB-IV27 4AB", 13),
            ],
        )
    }
)


@pytest.mark.parametrize(
    ("postcode", "country", "price"),
    [
        ("M1 5WG", "GB", "5.00"),
        ("IV1 1AA", "GB", "9.00"),
        ("IV27 3AA", "GB", "11.00"),
        ("IV27 4AA", "GB", "12.00"),
        ("iv274ab", "GB", "13.00"),
        ("75001", "FR", "50.00"),
    ],
)
def test_the_most_specific_zone_wins(postcode: str, country: str, price: str) -> None:
    assert net(ZONED, to(postcode, country)) == price


def test_a_missing_price_is_a_reason_and_not_zero() -> None:
    engine = engine_of({"S": service(destinations=["*"]), "LIGHT": service(rates=[rate("GB", 1, limit=2)])})
    assert reasons(assessed(engine, to("75001", "FR")), engine)["S"] == ["PriceNotConfigured"]
    heavy = replace(PARCEL, packages=(package("2.1"),))
    assert reasons(assessed(engine, heavy), engine) == {"LIGHT": ["PriceNotConfigured"]}


def surcharged(**surcharge: Any) -> Engine:
    return engine_of({"S": service(rates=[rate("GB", 10)], surcharges=["X"])}, surcharges={"X": surcharge})


@pytest.mark.parametrize(
    ("surcharge", "price"),
    [
        ({"type": "Additive", "amount": 0.4}, "10.40"),
        ({"type": "Variable", "amount": 0.4}, "14.00"),
        ({"type": "Variable", "amount": 0.4, "maximum": 2.5}, "12.50"),
        ({"type": "Variable", "amount": 0.001, "minimum": 1}, "11.00"),
        ({"type": "Variable", "amount": 0.0025}, "10.03"),
        ({"type": "Additive", "amount": 1, "from": "2027-06-10"}, "10.00"),
        ({"type": "Additive", "amount": 1, "from": "2027-06-09", "to": "2027-06-09"}, "11.00"),
        ({"type": "Additive", "amount": 1, "to": "2027-06-08"}, "10.00"),
        ({"type": "Additive", "amount": 1, "destinations": ["GB-M"]}, "11.00"),
        ({"type": "Additive", "amount": 1, "destinations": ["GB-IV"]}, "10.00"),
        ({"type": "Additive", "amount": 1, "over": {"length": "10 cm"}}, "10.00"),
        ({"type": "Additive", "amount": 1, "over": {"length": "9.9 cm"}}, "11.00"),
        ({"type": "Additive", "amount": 1, "over": {"girth": "39 cm"}}, "11.00"),
        ({"type": "Additive", "amount": 1, "over": {"weight": "0.5 kg"}}, "10.00"),
    ],
)
def test_surcharges(surcharge: dict[str, Any], price: str) -> None:
    assert net(surcharged(**surcharge)) == price


def test_a_surcharge_for_each_package_that_is_over() -> None:
    engine = surcharged(type="Additive", amount=2, perPackage=True, over={"length": "50 cm"})
    long, short = package("1", ("60", "5", "5")), package("1")
    assert net(engine, replace(PARCEL, packages=(short, long, long))) == "14.00"
    assert net(engine, replace(PARCEL, packages=(short, short, short))) == "10.00"
    assert net(engine, replace(PARCEL, packages=(long, short, short))) == "12.00"


def test_prices_are_those_of_the_shipping_date() -> None:
    engine = surcharged(type="Additive", amount=1, **{"from": "2027-06-11"})
    assert net(engine) == "10.00"
    assert net(engine, replace(PARCEL, shipping_date=date(2027, 6, 11))) == "11.00"


def test_tax_follows_the_destination_and_a_service_can_be_exempt() -> None:
    services = {"S": service(destinations=["*"], rates=[rate("*", 10)])}
    engine = engine_of(services)
    assert str(breakdown(engine).price.gross) == "12.00"
    assert str(breakdown(engine, destination=to("75001", "FR").destination).price.gross) == "10.00"
    exempt = breakdown(engine_of({"S": service(taxExempt=True)}))
    assert (exempt.tax_reference, str(exempt.price.vat)) == ("EXEMPT", "0.00")


def test_currencies_are_compared_by_value_and_never_by_number() -> None:
    """9 USD are cheaper than 8 GBP at 0.79, though 9 is more than 8; and 11 USD are dearer."""
    for dollars, best in ((9, "USD"), (11, "GBP")):
        engine = engine_of(
            {"GBP": service(rates=[rate("GB", 8)]), "USD": service(rates=[rate("GB", dollars)], currency="USD")},
            exchangeRates=[{"currency": "USD", "rate": 0.79, "from": "2027-01-01", "to": "2027-12-31"}],
        )
        assert winner(engine) == best
        later = assessed(engine, now=datetime(2028, 1, 5, 10, tzinfo=UTC))
        assert reasons(later, engine) == {"USD": ["CurrencyNotComparable"]}


def test_ties_are_broken_by_collection_then_delivery_then_reference() -> None:
    calendars = {
        "daily": {"collections": [{"days": ["wed", "thu"], "cutOff": "16:00", "collection": "17:00"}]},
        "early": {"collections": [{"days": ["wed", "thu"], "cutOff": "11:30", "collection": "12:00"}]},
    }
    location = {
        "country": "GB",
        "postcode": "M2 6LW",
        "collections": {"default": "daily", "services": {"Z_EARLY": "early"}},
    }
    services = {
        "Z_EARLY": service(rates=[rate("GB", 5, days=3)]),
        "Y_NOON": service(delivery={"window": ["08:00", "12:00"]}),
        "B_SAME": service(),
        "A_SAME": service(),
    }
    engine = engine_of(services, calendars=calendars, locations={"Depot": location})
    order = [engine.index.services[offer.position].reference for offer in assessed(engine).offers]
    assert order == ["Z_EARLY", "Y_NOON", "A_SAME", "B_SAME"]


def test_sizes_that_concern_different_surcharges_are_not_taken_for_each_other() -> None:
    """Prices are remembered by what surcharges ask about."""
    surcharges = {
        "Long": {"type": "Additive", "amount": 2, "over": {"length": "50 cm"}},
        "Heavy": {"type": "Additive", "amount": 3, "over": {"weight": "5 kg"}},
    }
    engine = engine_of({"S": service(rates=[rate("GB", 10)], surcharges=["Long", "Heavy"])}, surcharges=surcharges)
    long, heavy = package("1", ("60", "5", "5")), package("6")
    for box, price in (
        (long, "12.00"),
        (heavy, "13.00"),
        (package("6", ("60", "5", "5")), "15.00"),
        (package(), "10.00"),
    ):
        assert net(engine, replace(PARCEL, packages=(box,))) == price


def test_the_cheapest_is_found_behind_many_that_do_not_take_it() -> None:
    many = {f"NO_{number:03d}": service(rates=[rate("GB", 1)], excluded=["GB-M1"]) for number in range(200)}
    engine = engine_of(many | {"YES": service(rates=[rate("GB", 9)])})
    assert winner(engine) == "YES"


@pytest.mark.parametrize(
    ("printed", "net_amount", "vat"),
    [("16.99", "14.16", "2.83"), ("0.03", "0.03", "0.00"), ("12.00", "10.00", "2.00")],
)
def test_a_price_that_includes_tax_is_paid_to_the_penny(printed: str, net_amount: str, vat: str) -> None:
    priced = breakdown(engine_of({"S": service(rates=[rate("GB", printed)], pricesIncludeTax=True)}))
    assert (str(priced.price.gross), str(priced.price.net), str(priced.price.vat)) == (printed, net_amount, vat)
    assert sum(line.amount for line in priced.lines) == priced.price.net


def test_prices_with_and_without_tax_are_compared_by_what_they_are_without() -> None:
    with_tax = service(rates=[rate("GB", "11.99")], pricesIncludeTax=True)
    engine = engine_of({"NET": service(rates=[rate("GB", "10")]), "GROSS": with_tax})
    assert (winner(engine), net(engine)) == ("GROSS", "9.99")
    abroad = engine_of({"S": with_tax | {"destinations": ["*"], "rates": [rate("*", "11.99")]}})
    assert net(abroad, to("", "HK")) == "11.99"


def test_surcharges_of_a_price_that_includes_tax_include_it_too() -> None:
    engine = engine_of(
        {"S": service(rates=[rate("GB", "10.00")], surcharges=["Fuel"], pricesIncludeTax=True)},
        surcharges={"Fuel": {"type": "Variable", "amount": "0.1"}},
    )
    priced = breakdown(engine)
    assert (str(priced.price.gross), str(priced.price.net)) == ("11.00", "9.17")
    assert [str(line.amount) for line in priced.lines] == ["8.34", "0.83"]


@pytest.mark.parametrize(
    ("price", "fuel", "total"), [("8.35", "0.125", "9.40"), ("8.30", "0.1", "9.15"), ("8", "0", "8.00")]
)
def test_a_total_is_rounded_to_a_multiple_half_up(price: str, fuel: str, total: str) -> None:
    engine = engine_of(
        {"S": service(rates=[rate("GB", price)], surcharges=["Fuel"], roundTo="0.05")},
        surcharges={"Fuel": {"type": "Variable", "amount": fuel}},
    )
    assert net(engine) == total
    assert sum(line.amount for line in breakdown(engine).lines) == Decimal(total)
