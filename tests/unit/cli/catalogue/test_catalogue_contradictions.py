"""Catalogues that contradict themselves, or name places no address is in, are refused: their order decides no money."""

import json
from typing import Any

import pytest

from allocation.domain.postcodes import POSTCODE_AREAS
from allocation.engine.compiled_catalogue import read_compiled
from cli.catalogue import compilation
from tests.support.engines import DOCUMENT, document, problems, service


def problems_with(**changes: Any) -> list[str]:
    return problems(json.dumps(document({"S": service()}, **changes)))


def exchange(*periods: tuple[str, str | None], currency: str = "EUR") -> list[dict[str, Any]]:
    return [{"currency": currency, "rate": "0.8", "from": begin, "to": end} for begin, end in periods]


def test_a_place_has_one_tax() -> None:
    taxes = {
        "VAT": {"rate": 0.2, "destinations": ["HOME"]},
        "OTHER": {"rate": 0.1, "destinations": ["GB", "FR"]},
        "NONE": {"rate": 0, "destinations": ["*"]},
    }
    told = problems_with(taxes=taxes, zones={"HOME": ["GB", "IM"]})
    assert told == ["taxes.OTHER.destinations: 'GB, FR' shares GB with tax VAT: a place has one tax"]


def test_a_place_has_the_delivery_holidays_of_one_item() -> None:
    items = [{"destinations": ["GB"], "holidays": "H"}, {"destinations": ["IE", "GB"], "holidays": "H"}]
    assert problems_with(holidays={"H": {"country": "GB"}}, deliveryHolidays=items) == [
        "deliveryHolidays.1.destinations: 'IE, GB' shares GB with item 0: a place has the holidays of one item"
    ]


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        (
            exchange(("2026-06-01", None), ("2026-01-01", "2026-06-01")),
            "exchangeRates.0.from: '2026-06-01' is before rate 1 of EUR ends: end that rate the day before",
        ),
        (
            exchange(("2026-01-01", None), ("2027-01-01", None)),
            "exchangeRates.1.from: '2027-01-01' is before rate 0 of EUR ends: end that rate the day before",
        ),
        (
            exchange(("2026-06-01", "2026-05-31")),
            "exchangeRates.0.to: '2026-05-31' is before 2026-06-01, the rate's first day: change one of them",
        ),
        (
            exchange(("2026-06-01", None), currency="GBP"),
            "exchangeRates.0.currency: 'GBP' is the catalogue's own currency: remove the rate",
        ),
    ],
)
def test_a_day_has_one_exchange_rate_of_a_currency(rates: list[dict[str, Any]], told: str) -> None:
    assert problems_with(exchangeRates=rates) == [told]


def test_exchange_rates_may_follow_one_another_and_last_a_day() -> None:
    rates = exchange(("2026-01-02", None), ("2026-01-01", "2026-01-01"))
    rates += exchange(("2026-01-01", None), currency="USD")
    assert read_compiled(compilation.compile_text(json.dumps(document({"S": service()}, exchangeRates=rates))))


def test_a_surcharge_is_named_once() -> None:
    surcharges = {"Fuel": {"type": "Additive", "amount": 1}}
    text = json.dumps(document({"S": service(surcharges=["Fuel", "Fuel"])}, surcharges=surcharges))
    assert problems(text) == [
        "carriers.ACME.services.S.surcharges.1: 'Fuel' is listed twice and would be charged twice: keep one"
    ]


@pytest.mark.parametrize(
    ("parts", "number", "told"),
    [
        (["rate", "Handling", "Handling"], 2, "'Handling' is listed twice and would count twice: keep one"),
        (["rate", "rate"], 1, "'rate' is listed twice and would count twice: keep one"),
    ],
)
def test_a_part_of_a_surcharge_counts_once(parts: list[str], number: int, told: str) -> None:
    surcharges = {
        "Fuel": {"type": "Variable", "amount": 0.1, "of": parts},
        "Handling": {"type": "Additive", "amount": 1},
    }
    assert problems_with(surcharges=surcharges) == [f"surcharges.Fuel.of.{number}: {told}"]


@pytest.mark.parametrize("name", ["rate", "value"])
def test_a_surcharge_has_no_name_that_means_something_else(name: str) -> None:
    assert problems_with(surcharges={name: {"type": "Additive", "amount": 1}}) == [
        f"surcharges.{name}: is a name that of: [{name}] gives to something else: choose another one"
    ]


def test_a_tax_of_more_than_all_is_refused() -> None:
    taxes = {"VAT": {"rate": 20, "destinations": ["*"]}}
    assert problems_with(taxes=taxes) == ["taxes.VAT.rate: '20' is more than 100%: write 0.2 for 20%"]


@pytest.mark.parametrize("currency", ["IDR", "VND"])
def test_values_and_prices_in_small_units_can_be_written(currency: str) -> None:
    rates = [{"zone": "GB", "transitDays": 1, "bands": [{"upTo": 1, "price": 12000000}]}]
    services = {"S": service(value=f"500000000 {currency}", rates=rates)}
    compilation.compile_text(json.dumps(document(services, currency=currency)))


def test_a_number_says_how_many_digits_it_may_have() -> None:
    told = "has too many digits: write at most 9 before the point and 8 after it"
    assert problems_with(surcharges={"Fuel": {"type": "Additive", "amount": 1234567890}}) == [
        f"surcharges.Fuel.amount: '1234567890' {told}"
    ]


def test_an_amount_that_may_be_negative_says_so() -> None:
    told = "write a plain number such as 4.95, or -0.50 to take something off"
    assert problems_with(surcharges={"Off": {"type": "Variable", "amount": "-20%"}}) == [
        f"surcharges.Off.amount: '-20%': {told}"
    ]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("UK", "is not a country of ISO 3166: write GB"),
        ("EU", "is not a country of ISO 3166: list its countries in a zone, and name that zone"),
        ("ZZ", "is not a country of ISO 3166: write its two-letter code, such as GB or FR"),
        ("GB-KEN", "has the unknown postcode area KEN: write GB, or an area such as GB-BT for Northern Ireland"),
        ("GB-QX1", "has the unknown postcode area QX: write GB, or an area such as GB-BT for Northern Ireland"),
        ("GB-JE", "belongs to JE, not to GB: write JE"),
        ("GB-GY", "belongs to GG, not to GB: write GG"),
        ("GB-IM", "belongs to IM, not to GB: write IM"),
        ("GB-GY9", "belongs to GG, not to GB: write GG-GY9"),
        ("JE-M2", "belongs to GB, not to JE: write GB-M2"),
    ],
)
def test_a_place_no_address_is_in_is_refused(place: str, told: str) -> None:
    services = {"S": service(excluded=[place])}
    assert problems(json.dumps(document(services, zones={"FAR": ["FR"]}))) == [
        f"carriers.ACME.services.S.excluded.0: {place!r} {told}; zones: FAR"
    ]
    assert problems_with(zones={"FAR": ["FR", place]}) == [f"zones.FAR.1: {place!r} {told}"]


@pytest.mark.parametrize(
    "place", ["GB-NIR", "GB-BF", "GB-BFPO 61", "GB-GIR 0AA", "JE-JE2", "GG-GY9 3", "IM-IM1 1AA", "NO"]
)
def test_a_place_of_an_address_is_taken(place: str) -> None:
    assert read_compiled(compilation.compile_text(json.dumps(document({"S": service(excluded=[place])}))))


def test_a_zone_may_have_the_name_of_no_country() -> None:
    zones = {"EU": ["FR", "DE"], "UK": ["GB"]}
    assert read_compiled(
        compilation.compile_text(json.dumps(document({"S": service(excluded=["EU", "UK"])}, zones=zones)))
    )


def test_a_zone_with_a_wrong_place_is_told_where_it_is_used_for_rates_too() -> None:
    rates = [{"zone": "HOME", "transitDays": 1, "bands": [{"upTo": 1, "price": 1}]}]
    assert problems(json.dumps(document({"S": service(rates=rates)}, zones={"HOME": ["UK"]}))) == [
        "zones.HOME.0: 'UK' is not a country of ISO 3166: write GB"
    ]


def test_a_location_lies_in_a_country() -> None:
    content = document({"S": service()})
    content["locations"]["Depot"]["country"] = "ZZ"
    fix = "is not a country of ISO 3166: write its two-letter code, such as GB or FR"
    assert problems(json.dumps(content)) == [f"locations.Depot.country: 'ZZ' {fix}"]


def test_the_postcode_areas_are_all_there() -> None:
    assert len(POSTCODE_AREAS) == 124


@pytest.mark.parametrize("text", ["version: {{ version }}", "version: {[a]: b}"])
def test_a_key_that_is_no_text_is_told_in_a_line(text: str) -> None:
    assert problems(text) == ["line 1, column 11: a key must be text: put braces and brackets in quotes"]


def test_a_day_has_one_collection_at_a_time() -> None:
    noon = {"cutOff": "11:00", "collection": "12:00"}
    hours = {
        "collections": [{"days": ["mon", "tue"], **noon}, {"days": ["tue"], "cutOff": "09:00", "collection": "12:00"}],
        "exceptions": {"2026-12-24": [noon, noon]},
    }
    assert problems_with(calendars=DOCUMENT["calendars"] | {"twice": hours}) == [
        "calendars.twice.collections: 'tue' has 2 collections at 12:00: keep one, or change a time",
        "calendars.twice.exceptions.2026-12-24: has 2 collections at 12:00: keep one, or change a time",
    ]


def test_a_cut_off_after_its_collection_is_of_an_earlier_day() -> None:
    hours = {"days": ["mon"], "cutOff": "20:00", "collection": "08:00"}
    calendars = DOCUMENT["calendars"]
    (problem,) = problems_with(calendars=calendars | {"late": {"collections": [hours]}})
    assert problem.startswith("calendars.late.collections.0: the collection leaves before its cut-off")
    early = {"early": {"collections": [hours | {"cutOffDaysBefore": 1}]}}
    assert compilation.compile_text(json.dumps(document({"S": service()}, calendars=calendars | early)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"delivery": {"window": ["08:00", "18:00"], "slots": [["08:00", "12:00"]]}},
            "delivery: has a window and slots: keep one of them",
        ),
        (
            {"delivery": {"slots": [["12:00", "08:00"]]}},
            "delivery.slots.0: ends before it begins: change one of the times",
        ),
        (
            {"delivery": {"days": ["mon", "sat"], "slots": [{"days": ["mon"], "window": ["08:00", "12:00"]}]}},
            "delivery: 'sat' is a day of delivery without a slot: add one, or take it out of days",
        ),
        (
            {"delivery": {"exceptions": [{"destinations": ["GB"]}, {"destinations": ["IE", "GB"]}]}},
            "delivery.exceptions.1.destinations: 'IE, GB' shares GB with exception 0: a place has one exception",
        ),
        (
            {"transit": [{"zone": "GB", "days": 1}, {"zone": "GB", "days": 2}]},
            "transit.1.zone: 'GB' shares GB with transit 0: a place has one number of days from an origin",
        ),
        (
            {"transit": [{"zone": "GB", "origin": "GB:M", "days": 1}, {"zone": "GB", "origin": "NORTH", "days": 2}]},
            "transit.1.zone: 'GB' shares GB with transit 0: a place has one number of days from an origin",
        ),
        (
            {"rates": [{"zone": "GB", "bands": [{"upTo": 1, "price": 1}]}]},
            "rates.0: has no transitDays: add them, or the service's transit",
        ),
    ],
)
def test_deliveries_that_can_not_be_kept_are_told(changes: dict[str, Any], told: str) -> None:
    written = document({"S": service(**changes)}, zones={"NORTH": ["GB:M", "GB:L"]})
    assert problems(json.dumps(written)) == [f"carriers.ACME.services.S.{told}"]


def test_transit_from_different_origins_is_no_contradiction() -> None:
    transit = [{"zone": "GB", "origin": origin, "days": 1} for origin in ("GB-M", "GB-L")]
    assert compilation.compile_text(json.dumps(document({"S": service(transit=transit)})))


@pytest.mark.parametrize(
    ("limits", "upto", "kept"),
    [
        ({"weight": 30}, 1, "30"),
        ({"weight": 30, "consignment": {"weight": 300}}, 1, "300"),
        ({"weight": 30, "consignment": {"weight": 300}, "pricePer": "package"}, 1, "30"),
        ({"weight": 30, "consignment": {"weight": 300, "chargeableWeight": 400}}, 1, "400"),
        ({"value": "90 GBP", "consignment": {"value": "500 GBP"}}, "1 GBP", "500"),
        ({"maximumValue": "500 GBP"}, "1 GBP", "500"),
    ],
)
def test_steps_end_at_the_limit_of_what_has_the_price(limits: dict[str, Any], upto: object, kept: str) -> None:
    bands = {"bands": [{"upTo": upto, "price": 1}], "above": {"step": upto, "price": 1}}
    by = "value" if isinstance(upto, str) else "chargeableWeight"
    rates = [{"zone": "GB", "transitDays": 1, "by": by, **bands}]
    compiled = compilation.compile_text(json.dumps(document({"S": service(**{"weight": 99} | limits, rates=rates)})))
    above = read_compiled(compiled).services[0].rates[0].above
    assert above is not None
    assert str(above.last_weight) == kept


def test_surcharges_are_parts_of_each_other_through_a_hundred_at_most() -> None:
    def chain(count: int) -> str:
        parts = {f"s{at}": {"type": "Variable", "amount": 0.01, "of": [f"s{at - 1}"]} for at in range(1, count)}
        surcharges = {"s0": {"type": "Additive", "amount": 1}, **parts}
        return json.dumps(document({"S": service(surcharges=[*surcharges])}, surcharges=surcharges))

    assert read_compiled(compilation.compile_text(chain(100)))
    assert problems(chain(101)) == [
        "surcharges.s100.of: is a part of a part, and so on, through more than 100 surcharges: shorten the row"
    ]
