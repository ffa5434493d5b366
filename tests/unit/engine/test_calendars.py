"""Collections, cut-offs, clock changes, holidays and delivery promises."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from allocation.domain.consignment import Address, RequestedDelivery
from allocation.engine.engine import Engine
from tests.support.engines import DOCUMENT, PARCEL, WORKING_DAYS, assessed, engine_of, rate, reasons, service, to

DAILY = engine_of({"S": service()})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def dates(engine: Engine, now: str, **changes: Any) -> tuple[str, str] | None:
    """When the winner is collected, in UTC, and delivered."""
    best = assessed(engine, replace(PARCEL, **changes), now=at(now)).winner
    if best is None:
        return None
    collected = datetime.fromtimestamp(best.dates.collected_at, UTC)
    return f"{collected:%Y-%m-%d %H:%M}", date.fromordinal(best.dates.delivery_day).isoformat()


@pytest.mark.parametrize(
    ("now", "collected"),
    [
        ("2027-06-09T15:59:59+01:00", "2027-06-09 16:00"),
        ("2027-06-09T16:00:00+01:00", "2027-06-09 16:00"),
        ("2027-06-09T16:00:00.000001+01:00", "2027-06-10 16:00"),
        ("2027-06-09T16:00:01+01:00", "2027-06-10 16:00"),
        ("2027-06-11T16:00:01+01:00", "2027-06-14 16:00"),
        ("2027-01-13T16:00:00+00:00", "2027-01-13 17:00"),
        ("2027-12-31T16:00:01+00:00", "2028-01-03 17:00"),
        ("2028-02-28T17:00:00+00:00", "2028-02-29 17:00"),
        ("2027-06-09T23:30:00+00:00", "2027-06-10 16:00"),
    ],
)
def test_after_the_cut_off_the_next_collection_day_ships(now: str, collected: str) -> None:
    found = dates(DAILY, now)
    assert found is not None
    assert found[0] == collected


def calendars(hours: dict[str, str], **calendar: Any) -> dict[str, Any]:
    """A calendar for every day of the week."""
    days = [*WORKING_DAYS, "sat", "sun"]
    return {"daily": {"collections": [{"days": days, **hours}], **calendar}}


@pytest.mark.parametrize(
    ("now", "collected"),
    [
        # 2027-03-28, 01:00 UTC: the clock jumps from 01:00 to 02:00, and 01:30 does not come.
        ("2027-03-28T01:30:00+00:00", "2027-03-28 01:30"),
        ("2027-03-28T01:30:01+00:00", "2027-03-29 01:30"),
        # 2027-10-31, 01:00 UTC: the clock falls back from 02:00 to 01:00, and 01:30 comes twice: the first counts.
        ("2027-10-31T00:30:00+00:00", "2027-10-31 02:30"),
        ("2027-10-31T00:30:01+00:00", "2027-11-01 02:30"),
    ],
)
def test_a_cut_off_within_a_clock_change(now: str, collected: str) -> None:
    hours = {"cutOff": "01:30", "collection": "02:30"}
    found = dates(engine_of({"S": service()}, calendars=calendars(hours)), now)
    assert found is not None
    assert found[0] == collected


BRITISH = engine_of(
    {
        "S": service(),
        "ANYWAY": service(delivery={"onHolidays": True, "days": WORKING_DAYS}),
    },
    holidays={"England": {"country": "GB", "subdivision": "ENG"}, "Scotland": {"country": "GB", "subdivision": "SCT"}},
    deliveryHolidays=[
        {"destinations": ["GB"], "holidays": "England"},
        {"destinations": ["GB-G", "GB-EH"], "holidays": "Scotland"},
    ],
)


@pytest.mark.parametrize(
    ("postcode", "now", "delivered", "anyway"),
    [
        ("M1 5WG", "2026-12-31T09:00:00+00:00", "2027-01-04", "2027-01-01"),
        (
            "G1 1AA",
            "2026-12-31T09:00:00+00:00",
            "2027-01-05",
            "2027-01-01",
        ),  # Scotland rests on the 4th for the 2nd
        (
            "M1 5WG",
            "2027-08-27T09:00:00+01:00",
            "2027-08-31",
            "2027-08-30",
        ),  # a holiday in England alone
        ("EH1 1AA", "2027-08-27T09:00:00+01:00", "2027-08-30", "2027-08-30"),
    ],
)
def test_holidays_are_those_of_the_destination(postcode: str, now: str, delivered: str, anyway: str) -> None:
    assessment = assessed(BRITISH, to(postcode), now=at(now))
    by_service = {BRITISH.index.services[offer.position].reference: offer for offer in assessment.offers}
    assert date.fromordinal(by_service["S"].dates.delivery_day).isoformat() == delivered
    assert date.fromordinal(by_service["ANYWAY"].dates.delivery_day).isoformat() == anyway


def test_the_location_does_not_send_on_its_holidays_and_an_exception_wins() -> None:
    engine = engine_of(
        {"S": service()},
        holidays={"Ours": {"country": "GB", "subdivision": "ENG", "add": ["2027-06-10"], "remove": ["2027-12-27"]}},
        calendars=calendars(
            {"cutOff": "16:00", "collection": "17:00"},
            holidays="Ours",
            exceptions={"2027-06-11": "closed", "2027-12-28": {"cutOff": "09:00", "collection": "10:00"}},
        ),
    )
    assert dates(engine, "2027-06-10T09:00:00+01:00") == ("2027-06-12 16:00", "2027-06-14")
    assert dates(engine, "2027-12-27T09:00:00+00:00") == ("2027-12-27 17:00", "2027-12-28")
    assert dates(engine, "2027-12-28T08:00:00+00:00") == ("2027-12-28 10:00", "2027-12-29")


def test_a_services_calendar_wins_over_its_carriers_and_that_over_the_default() -> None:
    hours = {name: {"cutOff": f"{hour}:00", "collection": "20:00"} for name, hour in (("a", 10), ("b", 12), ("c", 14))}
    location = {
        "country": "GB",
        "postcode": "M2 6LW",
        "collections": {"default": "a", "carriers": {"ACME": "b"}, "services": {"S": "c"}},
    }
    made = {name: {"collections": [{"days": WORKING_DAYS, **times}]} for name, times in hours.items()}
    made |= DOCUMENT["calendars"]
    engine = engine_of({"S": service(), "T": service()}, calendars=made, locations={"Depot": location})
    offers = assessed(engine, now=at("2027-06-09T13:00:00+01:00")).offers
    days = {engine.index.services[offer.position].reference: offer.dates.collection_day for offer in offers}
    assert days == {"S": date(2027, 6, 9).toordinal(), "T": date(2027, 6, 10).toordinal()}


def by(day: int) -> RequestedDelivery:
    """By a day of June 2027."""
    return RequestedDelivery(date(2027, 6, day))


def exactly(day: int) -> RequestedDelivery:
    """On a day of June 2027."""
    return RequestedDelivery(date(2027, 6, day), exactly=True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"shipping_date": date(2027, 6, 11)}, ("2027-06-11 16:00", "2027-06-14")),
        ({"shipping_date": date(2027, 6, 12)}, None),
        ({"shipping_date": date(2027, 6, 8)}, None),
        ({"requested_delivery": by(10)}, ("2027-06-09 16:00", "2027-06-10")),
        ({"requested_delivery": by(9)}, None),
        ({"requested_delivery": exactly(15)}, ("2027-06-14 16:00", "2027-06-15")),
        ({"requested_delivery": exactly(13)}, None),
        ({"shipping_date": date(2027, 6, 10), "requested_delivery": exactly(11)}, ("2027-06-10 16:00", "2027-06-11")),
        ({"shipping_date": date(2027, 6, 10), "requested_delivery": exactly(14)}, None),
        ({"shipping_date": date(2040, 1, 2)}, None),
    ],
)
def test_the_delivery_promise(changes: dict[str, Any], expected: tuple[str, str] | None) -> None:
    assert dates(DAILY, "2027-06-09T10:00:00+01:00", **changes) == expected


def test_a_shipping_date_after_its_own_cut_off_is_missed() -> None:
    today = {"shipping_date": date(2027, 6, 9)}
    assert dates(DAILY, "2027-06-09T16:00:00+01:00", **today) is not None
    assert dates(DAILY, "2027-06-09T16:00:01+01:00", **today) is None


def test_no_calendar_for_the_place_is_a_reason() -> None:
    location = {"country": "GB", "postcode": "M2 6LW", "collections": {"carriers": {}}}
    engine = engine_of({"S": service()}, locations={"Depot": location})
    assert reasons(assessed(engine), engine) == {"S": ["CollectionNotConfigured"]}


def test_beyond_the_years_of_the_catalogue_nothing_is_promised() -> None:
    assert reasons(assessed(DAILY, now=at("2030-06-05T10:00:00+00:00")), DAILY) == {"S": ["DatesNotMet"]}


@pytest.mark.parametrize("promise", [{}, {"shipping_date": date(2026, 12, 31)}, {"requested_delivery": by(30)}])
def test_before_the_years_of_the_catalogue_nothing_is_collected(promise: dict[str, Any]) -> None:
    """The holidays of those days are not known: 25 December 2026 would be a working day."""
    engine = engine_of({"S": service()}, years={"first": 2027, "last": 2028})
    found = dates(engine, "2026-12-24T20:00:00+00:00", **promise)
    assert found == (None if "shipping_date" in promise else ("2027-01-01 17:00", "2027-01-04"))


def test_transit_counts_the_days_that_the_service_delivers_on() -> None:
    engine = engine_of({"S": service(delivery={"days": ["sat"]}, rates=[rate("GB", 5, days=2)])})
    assert dates(engine, "2027-06-09T10:00:00+01:00") == ("2027-06-09 16:00", "2027-06-19")


def test_the_answer_for_a_day_is_not_kept_past_its_cut_off() -> None:
    """The engine remembers dates between consignments."""
    engine = engine_of({"S": service()})
    for now, day in (("15:59:59", 9), ("16:00:01", 10), ("15:59:59", 9)):
        found = dates(engine, f"2027-06-09T{now}+01:00")
        assert found is not None
        assert found[0] == f"2027-06-{day:02d} 16:00"


def test_what_the_engine_remembers_ends_with_the_day_of_the_location() -> None:
    """A collection 60 days ahead comes into sight at midnight in New York, to a warm engine as to a new one."""
    location = {
        "country": "US",
        "postcode": "10001",
        "timeZone": "America/New_York",
        "collections": {"default": "rare"},
    }
    hours = {"cutOff": "16:00", "collection": "17:00"}
    sundays = [date(2027, 1, 10) + timedelta(weeks=week) for week in range(10)]
    exceptions = {**{day.isoformat(): "closed" for day in sundays}, "2027-03-15": hours}
    rare = {"rare": {"collections": [{"days": ["sun"], **hours}], "exceptions": exceptions}}
    engine = engine_of(
        {"S": service(origins=["*"])},
        locations={"Depot": location | {"collections": {"default": "rare"}}},
        calendars=DOCUMENT["calendars"] | rare,
    )
    assert dates(engine, "2027-01-15T04:59:59+00:00") is None
    assert dates(engine, "2027-01-15T05:00:00+00:00") == ("2027-03-15 21:00", "2027-03-16")


@pytest.mark.parametrize(
    ("window", "delivered"),
    [(["08:00", "17:00"], "2027-06-10"), (["08:00", "17:00:01"], "2027-06-09"), (["18:00", "22:00"], "2027-06-09")],
)
def test_nothing_is_delivered_before_it_is_collected(window: list[str], delivered: str) -> None:
    """The collection leaves at 17:00: with no transit days, a window that is over by then is the next day's."""
    engine = engine_of({"S": service(rates=[rate("GB", 5, days=0)], delivery={"window": window})})
    assert dates(engine, "2027-06-09T10:00:00+01:00") == ("2027-06-09 16:00", delivered)


def test_a_cut_off_that_the_clock_skips_is_not_after_its_collection() -> None:
    """2027-03-28, 01:00 UTC: 01:30 does not come, and 02:00 follows 00:59:59: nothing joins what has left."""
    engine = engine_of({"S": service()}, calendars=calendars({"cutOff": "01:30", "collection": "02:00"}))
    assert (dates(engine, "2027-03-28T01:00:00+00:00") or ("",))[0] == "2027-03-28 01:00"
    assert (dates(engine, "2027-03-28T01:00:01+00:00") or ("",))[0] == "2027-03-29 01:00"


def collected(engine: Engine, now: str, **changes: Any) -> str | None:
    """When the winner is collected, in UTC."""
    found = dates(engine, now, **changes)
    return found and found[0]


TWICE = [
    {"days": WORKING_DAYS, "cutOff": "16:00", "collection": "17:00"},
    {"days": WORKING_DAYS, "cutOff": "10:00", "collection": "11:00"},
]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-06-09T10:00:00+01:00", "2027-06-09 10:00"),
        ("2027-06-09T10:00:01+01:00", "2027-06-09 16:00"),
        ("2027-06-09T16:00:01+01:00", "2027-06-10 10:00"),
        ("2027-06-11T16:00:01+01:00", "2027-06-14 10:00"),
    ],
)
def test_of_several_collections_a_day_the_first_that_can_be_joined_takes_it(now: str, expected: str) -> None:
    """They may be listed in any order, and a warm engine says the same as a new one."""
    engine = engine_of({"S": service()}, calendars={"daily": {"collections": TWICE}})
    assert collected(engine, "2027-06-09T09:00:00+01:00") == "2027-06-09 10:00"
    assert collected(engine, now) == expected


def test_a_shipping_date_takes_any_collection_of_its_day() -> None:
    engine = engine_of({"S": service()}, calendars={"daily": {"collections": TWICE}})
    today = {"shipping_date": date(2027, 6, 9)}
    assert collected(engine, "2027-06-09T12:00:00+01:00", **today) == "2027-06-09 16:00"
    assert collected(engine, "2027-06-09T16:00:01+01:00", **today) is None


def test_an_exceptional_day_may_have_several_collections() -> None:
    exceptions = {"2027-06-10": [{"cutOff": hour, "collection": hour} for hour in ("09:00", "21:00")]}
    engine = engine_of({"S": service()}, calendars={"daily": {"collections": TWICE, "exceptions": exceptions}})
    assert collected(engine, "2027-06-10T08:00:00+01:00") == "2027-06-10 08:00"
    assert collected(engine, "2027-06-10T20:00:00+01:00") == "2027-06-10 20:00"


EVENING_BEFORE = {"cutOff": "20:00", "cutOffDaysBefore": 1, "collection": "08:00"}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-06-09T20:00:00+01:00", "2027-06-10 07:00"),
        ("2027-06-09T20:00:01+01:00", "2027-06-11 07:00"),
        ("2027-06-11T21:00:00+01:00", "2027-06-14 07:00"),  # Friday night: Monday's cut-off is on Sunday
        ("2027-06-13T20:00:01+01:00", "2027-06-15 07:00"),
        ("2027-03-27T20:00:00+00:00", "2027-03-29 07:00"),  # the clock changes on Sunday
        ("2027-03-28T20:00:01+01:00", "2027-03-30 07:00"),
    ],
)
def test_a_cut_off_the_evening_before(now: str, expected: str) -> None:
    early = {"daily": {"collections": [{"days": WORKING_DAYS, **EVENING_BEFORE}]}}
    assert collected(engine_of({"S": service()}, calendars=early), now) == expected


def test_a_cut_off_may_lie_before_the_collections_of_other_days() -> None:
    """Monday's van must be ordered by Thursday, Saturday's on the day."""
    late = {"days": ["sat"], "cutOff": "10:00", "collection": "11:00"}
    early = {"days": ["mon"], "cutOff": "12:00", "cutOffDaysBefore": 4, "collection": "09:00"}
    engine = engine_of({"S": service()}, calendars={"daily": {"collections": [early, late]}})
    assert collected(engine, "2027-06-10T12:00:00+01:00") == "2027-06-12 10:00"
    assert collected(engine, "2027-06-12T10:00:01+01:00") == "2027-06-19 10:00"


def handled(**changes: Any) -> Engine:
    location = DOCUMENT["locations"]["Depot"] | {"handlingDays": 1}
    return engine_of({"S": service(**changes)}, locations={"Depot": location})


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, "2027-06-09T16:00:00+01:00", "2027-06-10 16:00"),
        ({}, "2027-06-09T16:00:01+01:00", "2027-06-11 16:00"),
        ({}, "2027-06-11T16:00:00+01:00", "2027-06-14 16:00"),  # a day of handling is a day of collection
        ({"handlingDays": 3}, "2027-06-09T10:00:00+01:00", "2027-06-14 16:00"),  # the service's own wins
        ({"handlingDays": 0}, "2027-06-09T10:00:00+01:00", "2027-06-09 16:00"),
    ],
)
def test_handling_takes_days_of_collection(changes: dict[str, Any], now: str, expected: str) -> None:
    engine = handled(**changes)
    assert collected(engine, "2027-06-09T09:00:00+01:00") is not None
    assert collected(engine, now) == expected


def test_no_shipping_date_comes_before_the_handling_is_done() -> None:
    morning = "2027-06-09T10:00:00+01:00"
    assert collected(handled(), morning, shipping_date=date(2027, 6, 9)) is None
    assert collected(handled(), morning, shipping_date=date(2027, 6, 10)) == "2027-06-10 16:00"
    assert collected(handled(), morning, requested_delivery=exactly(10)) is None
    assert collected(handled(), morning, requested_delivery=exactly(15)) == "2027-06-14 16:00"


def test_handling_after_the_last_of_several_collections_begins_the_next_day() -> None:
    location = DOCUMENT["locations"]["Depot"] | {"handlingDays": 1}
    calendars = {"daily": {"collections": TWICE}}
    engine = engine_of({"S": service()}, locations={"Depot": location}, calendars=calendars)
    for now, expected in (("09:00:00", 10), ("10:00:01", 10), ("16:00:00", 10), ("16:00:01", 11)):
        assert collected(engine, f"2027-06-09T{now}+01:00") == f"2027-06-{expected} 10:00"


def test_from_elsewhere_only_the_service_s_own_handling_counts() -> None:
    """A return leaves from the customer's address, by the carrier's calendar."""
    customer = Address(country="GB", postcode="M1 5WG")
    assert collected(handled(), "2027-06-09T10:00:00+01:00", origin=customer) == "2027-06-09 16:00"
    assert collected(handled(handlingDays=2), "2027-06-09T10:00:00+01:00", origin=customer) == "2027-06-11 16:00"
