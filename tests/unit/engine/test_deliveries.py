"""Slots of delivery, exceptions by destination, and transit days between places."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from allocation.domain.consignment import Address
from allocation.engine.engine import Engine
from tests.support.engines import (
    DOCUMENT,
    EVERY_DAY,
    PARCEL,
    WORKING_DAYS,
    assessed,
    engine_of,
    rate,
    reasons,
    service,
    to,
)

# The engine's tests decide on Wednesday 9 June 2027; the depot's only collection leaves at 17:00.
SAME_DAY = [rate("GB", 5, days=0)]


def delivered(engine: Engine, **changes: Any) -> tuple[str, str] | None:
    """On which day and between which times the winner delivers."""
    consignment = to(changes.pop("postcode", "M1 5WG"))
    best = assessed(engine, consignment, **changes).winner
    if best is None:
        return None
    first, last = (f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}" for seconds in best.dates.window)
    return f"{date.fromordinal(best.dates.delivery_day):%a %d}", f"{first}-{last}"


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ([["18:00", "20:00"], ["08:00", "12:00"]], ("Wed 09", "18:00-20:00")),
        ([["17:00", "19:00"], ["18:00", "20:00"]], ("Wed 09", "17:00-19:00")),
        ([["16:59", "20:00"], ["08:00", "12:00"]], ("Thu 10", "08:00-12:00")),  # it has begun when the van leaves
    ],
)
def test_the_first_slot_that_begins_after_the_collection_is_promised(
    slots: list[list[str]], expected: tuple[str, str]
) -> None:
    assert delivered(engine_of({"S": service(rates=SAME_DAY, delivery={"slots": slots})})) == expected


def test_after_days_in_transit_the_day_s_first_slot_is_promised() -> None:
    slots = [["12:00", "18:00"], ["08:00", "12:00"]]
    assert delivered(engine_of({"S": service(delivery={"slots": slots})})) == ("Thu 10", "08:00-12:00")


def test_a_slot_may_be_of_some_days() -> None:
    hours = {
        "days": [*WORKING_DAYS, "sat"],
        "slots": [
            {"days": WORKING_DAYS, "window": ["08:00", "18:00"]},
            {"days": ["sat"], "window": ["09:00", "13:00"]},
        ],
    }
    engine = engine_of({"S": service(rates=[rate("GB", 5, days=3)], delivery=hours)})
    assert delivered(engine) == ("Sat 12", "09:00-13:00")


ISLANDS = {
    "days": EVERY_DAY,
    "window": ["08:00", "20:00"],
    "exceptions": [
        {"destinations": ["GB-KW", "GB-IV"], "days": ["tue", "fri"]},
        {"destinations": ["GB-IV27"], "slots": [["10:00", "12:00"]], "closed": ["2027-06-10", "2027-06-11"]},
    ],
}


@pytest.mark.parametrize(
    ("postcode", "expected"),
    [
        ("M1 5WG", ("Thu 10", "08:00-20:00")),
        ("KW1 4AA", ("Fri 11", "08:00-20:00")),
        ("IV1 1AA", ("Fri 11", "08:00-20:00")),
        ("IV27 4AB", ("Sat 12", "10:00-12:00")),
    ],
)
def test_the_exception_of_the_most_specific_destination_holds(postcode: str, expected: tuple[str, str]) -> None:
    """What an exception leaves out is as everywhere."""
    assert delivered(engine_of({"S": service(delivery=ISLANDS)}), postcode=postcode) == expected


TRANSIT = [
    {"zone": "GB", "days": 2},
    {"zone": "GB", "origin": "GB-M", "days": 3},
    {"zone": "GB", "origin": "GB-M2", "days": 1},
    {"zone": "GB-IV", "days": 5},
]


@pytest.mark.parametrize(
    ("origin", "postcode", "expected"),
    [
        ("M2 6LW", "L1 1AA", "Thu 10"),
        ("M3 6LW", "L1 1AA", "Mon 14"),
        ("L1 1AA", "L1 1AA", "Fri 11"),
        ("M2 6LW", "IV1 1AA", "Wed 16"),  # the destination counts before the origin
    ],
)
def test_transit_days_are_those_of_the_most_specific_destination_then_origin(
    origin: str, postcode: str, expected: str
) -> None:
    location = DOCUMENT["locations"]["Depot"] | {"postcode": origin}
    engine = engine_of({"S": service(transit=TRANSIT)}, locations={"Depot": location})
    found = delivered(engine, postcode=postcode)
    assert found is not None
    assert found[0] == expected


def test_a_rate_may_leave_its_transit_days_to_the_service_and_unknown_ones_are_no_promise() -> None:
    bands = [{"upTo": "10 kg", "price": 5}]
    engine = engine_of({"S": service(transit=[{"zone": "GB-M", "days": 1}], rates=[{"zone": "GB", "bands": bands}])})
    assert delivered(engine) == ("Thu 10", "08:00-18:00")
    assessment = assessed(engine, to("L1 1AA"))
    assert reasons(assessment, engine) == {"S": ["DatesNotMet"]}
    (rule,) = assessment.excluded[0].failed
    assert rule.expected(assessment.question, 0) == "transit days between the addresses"
    assert rule.miss(assessment.question, 1)[0] == "the service has no transit days from Depot to GB L1"


def test_a_return_has_the_transit_days_of_its_own_origin() -> None:
    engine = engine_of({"S": service(transit=[{"zone": "GB", "origin": "GB-L", "days": 2}])})
    for postcode, expected in (("L1 1AA", 11), ("M1 1AA", 10)):
        customer = Address(country="GB", postcode=postcode)
        best = assessed(engine, replace(PARCEL, origin=customer)).winner
        assert best is not None
        assert date.fromordinal(best.dates.delivery_day) == date(2027, 6, expected)
