"""What is preferred among the services that can take a consignment, by catalogue and by routing row, and why."""

from itertools import permutations
from typing import Any

import pytest

from allocation.domain.currencies import Money
from allocation.domain.mode import AllocationMode, DefaultRules, ServiceGroup
from allocation.domain.preference import Preference, PreferenceName
from allocation.engine.engine import Engine
from allocation.engine.explanation import explain, why_chosen
from tests.support.engines import NOW, WORKING_DAYS, assessed, engine_of, rate, service

LATER = {"collections": [{"days": WORKING_DAYS, "cutOff": "16:00", "collection": "19:00"}]}


def of(price: object, days: int, until: str = "18:00", **changes: Any) -> dict[str, Any]:
    """A service with this price and transit days, whose window ends then."""
    delivery = {"window": ["08:00", until]}
    return service(rates=[rate("GB", price, days=days)], delivery=delivery, **changes)


SERVICES = {
    "SLOW": of(3, 5),
    "TWO_DAYS": of("4.50", 2, priority=2),
    "NEXT": of(6, 1, priority=2),
    "NOON": of(9, 1, "12:00"),
    "OURS": of(7, 2, priority=1),
}


def order(preference: object, services: dict[str, Any] = SERVICES, **changes: Any) -> list[str]:
    engine = engine_of(services, preference=preference, **changes)
    return [engine.index.services[offer.position].reference for offer in assessed(engine).offers]


def why(preference: object, services: dict[str, Any], mode: AllocationMode | None = None) -> str:
    engine, mode = engine_of(services, preference=preference), mode or DefaultRules()
    return why_chosen(engine, assessed(engine, mode=mode), mode)


ORDERS: list[tuple[Any, list[str]]] = [
    ("cheapest", ["SLOW", "TWO_DAYS", "NEXT", "OURS", "NOON"]),
    ("fastest", ["NEXT", "NOON", "TWO_DAYS", "OURS", "SLOW"]),
    ("earliestDelivery", ["NOON", "NEXT", "TWO_DAYS", "OURS", "SLOW"]),
    ("prioritised", ["OURS", "TWO_DAYS", "NEXT", "SLOW", "NOON"]),
    ({"fastestWithin": "2 GBP"}, ["TWO_DAYS", "SLOW", "NEXT", "NOON", "OURS"]),
    ({"fastestWithin": "3 GBP"}, ["NEXT", "TWO_DAYS", "SLOW", "NOON", "OURS"]),
    ({"fastestWithin": "0 GBP"}, ["SLOW", "NEXT", "NOON", "TWO_DAYS", "OURS"]),
]


@pytest.mark.parametrize(("preference", "expected"), ORDERS)
def test_each_preference_is_an_order(preference: Any, expected: list[str]) -> None:
    assert order(preference) == expected


@pytest.mark.parametrize("preference", [preference for preference, _ in ORDERS])
def test_no_order_depends_on_how_the_catalogue_is_written(preference: Any) -> None:
    """Nor on anything else: what is equal goes by its reference."""
    equal = {name: of(5, 1, priority=1) for name in "ABC"}
    for names in permutations(equal):
        assert order(preference, {name: equal[name] for name in names}) == ["A", "B", "C"]


def test_what_a_preference_does_not_tell_apart_goes_by_cost_collection_and_delivery() -> None:
    """A and B have the same priority and cost; B is collected earlier, though it is delivered later."""
    location = {"country": "GB", "postcode": "M2 6LW", "collections": {"default": "daily", "services": {"A": "later"}}}
    daily = {"collections": [{"days": WORKING_DAYS, "cutOff": "16:00", "collection": "17:00"}]}
    services = {"A": of(5, 1, priority=1), "B": of(5, 3, priority=1), "C": of(6, 1, priority=1)}
    changes = {"locations": {"Depot": location}, "calendars": {"daily": daily, "later": LATER}}
    assert order("prioritised", services, **changes) == ["B", "A", "C"]


def test_a_handicap_counts_where_services_are_compared_and_never_in_the_price() -> None:
    services = {"DEAR": of("5.40", 1, handicap="-0.50"), "PLAIN": of(5, 1), "LATE": of("4.80", 1, handicap="0.50")}
    assert order("cheapest", services) == ["DEAR", "PLAIN", "LATE"]
    engine = engine_of(services)
    assert [str(offer.net) for offer in assessed(engine).offers] == ["5.40", "5.00", "4.80"]
    assert order({"fastestWithin": "0.35 GBP"}, services) == ["DEAR", "PLAIN", "LATE"]


def test_a_routing_row_s_preference_wins_over_the_catalogue_s() -> None:
    engine = engine_of(SERVICES, preference="prioritised", groups={"some": ["SLOW", "NEXT", "NOON"]})
    fastest = Preference(PreferenceName.FASTEST)

    def winner(mode: AllocationMode) -> str:
        best = assessed(engine, mode=mode).winner
        assert best is not None
        return engine.index.services[best.position].reference

    assert winner(DefaultRules()) == "OURS"
    assert winner(DefaultRules(fastest)) == "NEXT"
    assert winner(ServiceGroup("some")) == "NEXT"
    assert winner(ServiceGroup("some", Preference(PreferenceName.CHEAPEST))) == "SLOW"


def test_the_cheapest_of_fastest_within_is_the_cheapest_that_the_mode_allows() -> None:
    engine = engine_of(SERVICES, groups={"some": ["TWO_DAYS", "NEXT"]})
    within = Preference(PreferenceName.FASTEST_WITHIN, Money(assessed(engine).offers[0].net / 2, "GBP"))
    best = assessed(engine, mode=ServiceGroup("some", within)).winner
    assert best is not None
    assert engine.index.services[best.position].reference == "NEXT"


@pytest.mark.parametrize(
    ("preference", "services", "text"),
    [
        ("fastest", {"A": of(9, 1), "B": of(5, 3)}, "by fastest: it is delivered 4 days before B."),
        ("fastest", {"A": of(9, 1), "B": of("9.10", 1)}, "by fastest: it costs 0.10 GBP less than B."),
        (
            "earliestDelivery",
            {"A": of(9, 1, "12:00"), "B": of(5, 1)},
            "by earliestDelivery: its delivery window ends before that of B.",
        ),
        (
            "prioritised",
            {"A": of(9, 1, priority=1), "B": of(5, 1)},
            "by prioritised: it has the priority 1 and B none.",
        ),
        (
            {"fastestWithin": "2 GBP"},
            {"A": of("3.50", 2), "B": of(2, 3), "C": of(9, 1)},
            "by fastestWithin 2 GBP: it is delivered 3 days before B.",
        ),
        (
            {"fastestWithin": "1 GBP"},
            {"A": of("3.50", 2), "C": of(9, 1)},
            "by fastestWithin 1 GBP: it costs no more than that above the cheapest, and C does.",
        ),
        (
            "cheapest",
            {"A": of(5, 1), "B": of("4.90", 1, handicap="0.30")},
            "by cheapest: it costs 0.20 GBP less than B, with the handicaps of B 0.3.",
        ),
        ("fastest", {"A": of(5, 1), "B": of(5, 1)}, "by fastest: it is equal to B, and its reference comes first."),
    ],
)
def test_why_names_the_preference_and_what_decided(preference: Any, services: dict[str, Any], text: str) -> None:
    count = len(services)
    assert why(preference, services) == f"A is the first of {count} services that can take it, {text}"


def explained(engine: Engine, mode: AllocationMode) -> dict[str, Any]:
    return explain(engine, assessed(engine, mode=mode), mode, NOW)


def test_the_explanation_names_the_preference_that_decided() -> None:
    engine = engine_of(SERVICES, preference={"fastestWithin": "2 GBP"})
    assert explained(engine, DefaultRules())["preference"] == "fastestWithin 2 GBP"
    prioritised = explained(engine, DefaultRules(Preference(PreferenceName.PRIORITISED)))
    assert (prioritised["preference"], prioritised["winner"]["priority"]) == ("prioritised", 1)
