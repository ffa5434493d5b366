"""What holds of every catalogue and every consignment."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from allocation.domain.consignment import Address, Consignment, Dimensions, Package, RequestedDelivery
from allocation.domain.currencies import Money
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.calendars import TimeZone
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.engine.measures import Measure
from cli.catalogue.calendar_compilation import clock_changes
from cli.catalogue.written_calendars import Years
from tests.properties.engine.oracle import cheapest_by_search, failed_checks
from tests.support.engines import (
    PARCEL,
    assessed,
    eligible,
    engine_of,
    explained_outcome,
    offered,
    rate,
    reasons,
    service,
    winner,
)
from tests.support.ports import InMemoryCatalogues, InMemoryLimits
from tests.support.size import sized

SAMPLE = Engine(packaged_catalogue())
POSTCODES = ("M1 5WG", "IV27 4AB", "BT1 1AA", "BFPO 61", "SW1A 1AA", "PA41 7AA", "JE2 3AB", "G1 1AA")

weights = st.decimals("0.01", "60", places=2)
sides = st.decimals("1", "160", places=1)
tags = st.frozensets(st.sampled_from(["Alcohol", "Flammables", "Fragile", "Jewellery"]), max_size=2)
packages = st.builds(
    Package,
    weight_kg=weights,
    dimensions=st.builds(Dimensions, sides, sides, sides),
    value=st.none() | st.builds(Money, st.decimals("0", "3000", places=2), st.sampled_from(["GBP", "EUR", "USD"])),
)
destinations = st.one_of(
    st.builds(Address, country=st.just("GB"), postcode=st.sampled_from(POSTCODES)),
    st.builds(Address, country=st.sampled_from(["AE", "HK", "QA"])),
    st.builds(Address, country=st.just("DE"), postcode=st.sampled_from(["10115", "27498"])),
    st.builds(Address, country=st.just("NO"), postcode=st.sampled_from(["0150", "9170"])),
    st.builds(Address, country=st.sampled_from(["AU", "BR", "RU"]), postcode=st.none()),
    st.builds(Address, country=st.just("US"), postcode=st.sampled_from(["10001", "99501", "00601"])),
    st.builds(Address, country=st.just("ES"), postcode=st.sampled_from(["28001", "35001", "38001"])),
    st.builds(Address, country=st.just("FR"), postcode=st.sampled_from(["75001", "20000", "97400"])),
    st.builds(Address, country=st.just("PT"), postcode=st.sampled_from(["1000-001", "9000-001"])),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - aware
promises = st.none() | st.builds(
    RequestedDelivery,
    on=st.dates(datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2029, 1, 1, tzinfo=UTC).date()),
    exactly=st.booleans(),
)
consignments = st.builds(
    Consignment,
    reference=st.just(PARCEL.reference),
    packages=st.lists(packages, min_size=1, max_size=3).map(tuple),
    origin=st.sampled_from(["Sorted1", "Glasgow1"]).map(Address),
    destination=destinations,
    tags=tags,
    requested_delivery=promises,
)
heavy_consignments = st.builds(
    lambda consignment, weight: replace(
        consignment, packages=(replace(consignment.packages[0], weight_kg=weight), *consignment.packages[1:])
    ),
    consignments,
    st.decimals("60", "5000", places=2),
)
modes: st.SearchStrategy[AllocationMode] = st.sampled_from(
    [DefaultRules(), ServiceGroup("nextDay"), ServiceGroup("international"), CarrierService("CX_NDS")]
)


class Never:
    def remaining_seconds(self) -> float:
        return 0.0


def allocator_at(now: datetime) -> EngineAllocator:
    return EngineAllocator(
        SAMPLE,
        now=lambda: now,
        api_base_url="https://example.test",
        usage=InMemoryLimits(),
        archive=InMemoryCatalogues(),
    )


# From a location that the cheapest service does not collect at.
FROM_GLASGOW = Consignment(
    ConsignmentReference("EC-000-05B-MMA"),
    packages=(Package(Decimal("0.01"), Dimensions(Decimal("65.0"), Decimal("65.1"), Decimal("65.1"))),),
    origin=Address("Glasgow1"),
    destination=Address(country="GB", postcode="M1 5WG"),
)


@given(consignments, moments)
@example(FROM_GLASGOW, datetime(2026, 1, 1, tzinfo=UTC))
def test_the_winner_is_what_a_search_over_all_services_finds(consignment: Consignment, now: datetime) -> None:
    best = assessed(SAMPLE, consignment, now=now).winner
    found = best and (SAMPLE.index.services[best.position].reference, best.cost)
    event("allocated" if found else "not allocated")
    assert found == cheapest_by_search(SAMPLE.catalogue, consignment, now)


@given(consignments, modes, moments)
def test_what_is_allocated_is_the_best_offer(consignment: Consignment, mode: AllocationMode, now: datetime) -> None:
    best = assessed(SAMPLE, consignment, mode, now).winner
    outcome = allocator_at(now).outcomes([consignment], mode)[consignment.reference]
    allocated = outcome.summary.carrier_service_reference if isinstance(outcome, Allocated) else None
    assert allocated == (best and SAMPLE.index.services[best.position].reference)


@given(consignments, modes, moments)
def test_every_service_has_an_offer_or_a_reason(consignment: Consignment, mode: AllocationMode, now: datetime) -> None:
    assessment = assessed(SAMPLE, consignment, mode, now)
    offered, excluded = eligible(assessment, SAMPLE), reasons(assessment, SAMPLE)
    assert offered | excluded.keys() == {item.reference for item in SAMPLE.catalogue.services}
    assert offered.isdisjoint(excluded)
    assert all(excluded.values())


@given(consignments, moments)
def test_a_service_fails_the_checks_that_a_search_finds(consignment: Consignment, now: datetime) -> None:
    found = reasons(assessed(SAMPLE, consignment, now=now), SAMPLE)
    for item in SAMPLE.catalogue.services:
        assert set(found.get(item.reference, ())) == failed_checks(SAMPLE.catalogue, item, consignment, now)


@given(heavy_consignments, modes, moments)
def test_the_nearest_miss_has_the_fewest_failed_checks_and_true_numbers(
    consignment: Consignment, mode: AllocationMode, now: datetime
) -> None:
    failure = allocator_at(now).outcomes([consignment], mode)[consignment.reference]
    if isinstance(failure, Allocated):
        return
    text, catalogue = failure.failure.message, SAMPLE.catalogue
    scope = SAMPLE.scope(mode)
    assert not isinstance(scope, Failure)
    inside = [item for position, item in enumerate(catalogue.services) if not scope.outside >> position & 1]
    checks = {item.reference: failed_checks(catalogue, item, consignment, now) for item in inside}
    fewest = min(map(len, checks.values()))
    named = re.findall(r"\(([A-Z0-9_, ]+)(?: and \d+ more)?\)[.;]", text.partition(" Whatever else")[0])
    assert named
    for reference in ", ".join(named).split(", "):
        assert len(checks[reference]) == fewest
    for weight, who, most, references in re.findall(
        r"weighs ([\d,.]+) kg and the most (.+?) takes is ([\d,.]+) kg.*?\(([A-Z0-9_, ]+)(?: and \d+ more)?\)[.;]", text
    ):
        limit = Decimal(most.replace(",", ""))
        event("of any service" if who.startswith("any") else "of one service")
        assert Decimal(weight.replace(",", "")) == max(item.weight_kg for item in consignment.packages) > limit
        for reference in references.strip().split(", "):
            service_named = catalogue.services[SAMPLE.index.positions[reference]]
            assert service_named.limits[Measure.WEIGHT].maximum == limit
        if who.startswith("any"):
            reaching = [item for item in inside if "DestinationNotServed" not in checks[item.reference]]
            assert limit == max(item.limits[Measure.WEIGHT].maximum or 0 for item in reaching)
    for code, number in re.findall(r"[ ,]([A-Z][A-Za-z]+) (\d+)(?=[,.])", text.partition("Checks failed by")[2]):
        assert int(number) == sum(code in failed for failed in checks.values())


@given(consignments, modes, moments)
def test_the_explanation_agrees_with_the_decision(
    consignment: Consignment, mode: AllocationMode, now: datetime
) -> None:
    outcome = allocator_at(now).outcomes([consignment], mode)[consignment.reference]
    explanation = explained_outcome(SAMPLE, outcome)
    if isinstance(outcome, Allocated):
        assert outcome.price is not None
        told = explanation["winner"]
        assert told["service"] == outcome.summary.carrier_service_reference
        assert (told["net"], told["gross"]) == (str(outcome.price.net), str(outcome.price.gross))
        assert sum(Decimal(amount) for _, amount in told["lines"]) == outcome.price.net
        offers = assessed(SAMPLE, consignment, mode, now).offers
        assert outcome.why is not None
        if under := re.search(r"of (\d+) services.* can take it, ([\d.]+) GBP under (\w+)\.$", outcome.why):
            assert int(under[1]) == len(offers)
            assert abs(Decimal(under[2]) - (offers[1].cost - offers[0].cost)) <= Decimal("0.005")
            assert under[3] == SAMPLE.index.services[offers[1].position].reference
    else:
        assert explanation["winner"] is None
        assert explanation["runnersUp"] == []


@given(consignments, moments, st.randoms(use_true_random=False))
def test_neither_the_order_of_packages_nor_the_turn_of_a_box_matters(
    consignment: Consignment, now: datetime, random: Any
) -> None:
    def turned(package: Package) -> Package:
        assert package.dimensions is not None
        box = package.dimensions
        three = [box.length_cm, box.width_cm, box.height_cm]
        random.shuffle(three)
        return replace(package, dimensions=Dimensions(*three))

    shuffled = [turned(package) for package in consignment.packages]
    random.shuffle(shuffled)
    other = assessed(SAMPLE, replace(consignment, packages=tuple(shuffled)), now=now)
    assert offered(other) == offered(assessed(SAMPLE, consignment, now=now))


# Small catalogues, compiled again for each example.

prices = st.integers(1, 40)
small_services = st.dictionaries(
    st.sampled_from("ABCDEFGH"),
    st.builds(
        lambda one, two, to, tagged, each: service(
            rates=[rate("GB", one, two)],
            weight=f"{to} kg",
            tags=tagged,
            pricePer="package" if each else "consignment",
        ),
        prices,
        prices,
        st.integers(1, 40),
        st.lists(st.sampled_from(["Alcohol", "Fragile"]), unique=True),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
small_consignments = st.builds(
    lambda boxes, tagged: replace(PARCEL, packages=tuple(boxes), tags=tagged),
    st.lists(packages, min_size=1, max_size=2),
    st.frozensets(st.sampled_from(["Alcohol", "Fragile"])),
)
few = settings(max_examples=sized(25, 100))


def cost(engine: Engine, consignment: Consignment) -> Decimal | None:
    best = assessed(engine, consignment).winner
    return best and best.cost


@few
@given(small_services, small_consignments)
def test_adding_a_service_never_makes_it_dearer(services: dict[str, Any], consignment: Consignment) -> None:
    more = services | {"NEW": service(rates=[rate("GB", 7)], tags=["Alcohol", "Fragile"])}
    before, after = cost(engine_of(services), consignment), cost(engine_of(more), consignment)
    assert after is not None
    assert before is None or after <= before


@few
@given(small_services, small_consignments, st.sampled_from([{"girth": "100 cm"}, {"excluded": ["GB-M1"]}]))
def test_adding_a_rule_never_makes_it_cheaper(
    services: dict[str, Any], consignment: Consignment, rule: dict[str, Any]
) -> None:
    stricter = {key: item | rule for key, item in services.items()}
    before, after = cost(engine_of(services), consignment), cost(engine_of(stricter), consignment)
    assert after is None or (before is not None and before <= after)


@few
@given(small_services, small_consignments)
def test_the_order_of_the_catalogue_does_not_matter(services: dict[str, Any], consignment: Consignment) -> None:
    backwards = dict(reversed(services.items()))
    assert winner(engine_of(services), consignment) == winner(engine_of(backwards), consignment)


@few
@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_units_do_not_matter(limit: int, weight: int) -> None:
    """Grams against kilograms on the services' side, the same in the consignment's."""
    rates = [{"zone": "GB", "transitDays": 1, "bands": [{"upTo": "30 kg", "price": 5}]}]
    engine = engine_of(
        {
            "G": service(weight=f"{limit} g", rates=rates),
            "KG": service(weight=f"{Decimal(limit) / 1000} kg", rates=rates),
        }
    )
    box = replace(PARCEL.packages[0], weight_kg=Decimal(weight) / 1000)
    found = eligible(assessed(engine, replace(PARCEL, packages=(box,))), engine)
    assert found == ({"G", "KG"} if weight <= limit else set())


ANYTHING = st.decimals(allow_nan=True, allow_infinity=True)
texts = st.none() | st.text(max_size=12)


@given(
    st.builds(
        Consignment,
        reference=st.just(PARCEL.reference),
        packages=st.lists(
            st.builds(
                Package,
                weight_kg=ANYTHING,
                dimensions=st.none() | st.builds(Dimensions, ANYTHING, ANYTHING, ANYTHING),
                size_reference=st.none() | st.sampled_from(["Letter", "?"]),
                value=st.none() | st.builds(Money, ANYTHING, st.sampled_from(["GBP", "XXX"])),
            ),
            max_size=2,
        ).map(tuple),
        origin=st.none() | st.builds(Address, st.none() | st.sampled_from(["Sorted1", "?"]), texts, texts),
        destination=st.none() | st.builds(Address, st.none(), texts | st.sampled_from(["GB", "US"]), texts),
        shipping_date=st.none() | st.dates(),
        requested_delivery=st.none() | st.builds(RequestedDelivery, st.dates(), st.booleans()),
    ),
    moments,
)
def test_no_consignment_crashes_the_engine(consignment: Consignment, now: datetime) -> None:
    outcome = allocator_at(now).outcomes([consignment], DefaultRules())[consignment.reference]
    assert outcome.state in {"Allocated", "AllocationFailed"}


ZONES = {
    name: TimeZone(*clock_changes(name, Years(first=2024, last=2030)))
    for name in ("Europe/London", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
}


@given(st.sampled_from(sorted(ZONES)), st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 30)))  # noqa: DTZ001
def test_clock_changes_are_those_of_the_time_zone_database(name: str, wall: datetime) -> None:
    moment = wall.replace(tzinfo=ZoneInfo(name), fold=0)  # a time that comes twice is its first
    local = (wall - datetime(1970, 1, 1)) // timedelta(seconds=1)  # noqa: DTZ001 - a wall clock has no zone
    assert ZONES[name].moment(local) == int(moment.replace(microsecond=0).timestamp())
    offset = moment.astimezone(UTC).astimezone(ZoneInfo(name)).utcoffset()
    assert timedelta(seconds=ZONES[name].offset_at(int(moment.timestamp()))) == offset


@few
@given(st.lists(st.sampled_from(sorted(POSTCODES)), min_size=2, max_size=2, unique=True), weights)
def test_what_was_asked_before_does_not_change_an_answer(postcodes: list[str], weight: Decimal) -> None:
    """Lanes, prices and dates are remembered between consignments."""
    box = replace(PARCEL.packages[0], weight_kg=weight)
    origin = Address("Sorted1")
    asked = [
        replace(PARCEL, packages=(box,), origin=origin, destination=Address(country="GB", postcode=postcode))
        for postcode in postcodes
    ]
    fresh = Engine(packaged_catalogue())
    answers = [offered(assessed(fresh, consignment)) for consignment in (*asked, *reversed(asked))]
    assert answers == [
        offered(assessed(Engine(packaged_catalogue()), consignment)) for consignment in (*asked, *reversed(asked))
    ]
