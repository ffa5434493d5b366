"""What holds of every calendar: collections, handling, slots, exceptions by destination and transit between places."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from allocation.domain.consignment import Address, Consignment, RequestedDelivery
from allocation.domain.outcome import Failure
from allocation.engine.engine import Assessment, Engine
from tests.properties.engine.dates_oracle import PlainDates, Way, plain_dates
from tests.support.engines import EVERY_DAY, PARCEL, assessed, engine_of, rate, service
from tests.support.size import sized

# 2027-03-28 and 2027-10-31: clocks change in London; 2027-03-14 and 2027-11-07 in New York.
FIRST_DAYS = [date(2027, 3, 12), date(2027, 3, 26), date(2027, 10, 29), date(2027, 12, 23)]
TIMES = ["00:30", "01:30", "09:00", "12:00", "17:00", "23:59"]
DESTINATIONS = [("GB", "M1 5WG"), ("GB", "IV27 4AB"), ("GB", "BT1 1AA"), ("IE", None), ("US", "10001")]
PLACES = ["GB", "GB-IV", "GB-IV27", "GB-BT", "IE", "*"]

times = st.sampled_from(TIMES)
weekdays = st.lists(st.sampled_from(EVERY_DAY), min_size=4, max_size=7, unique=True)
windows = st.tuples(times, times).map(sorted)


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    """One collection; its cut-off does not lie after it."""
    collection, cut_off, before = draw(times), draw(times), draw(st.sampled_from([0, 0, 0, 1, 3]))
    return {"cutOff": cut_off if before else min(cut_off, collection), "collection": collection} | (
        {"cutOffDaysBefore": before} if before else {}
    )


def _distinct(collections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Collections that leave at different times."""
    return list({each["collection"]: each for each in collections}.values())


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    """Several collections on some days of the week, holidays and exceptions."""
    first = draw(st.sampled_from(FIRST_DAYS))
    exceptions = {
        (first + timedelta(days=draw(st.integers(-2, 9)))).isoformat(): draw(
            st.just("closed") | st.lists(hours(), min_size=1, max_size=2).map(_distinct)
        )
        for _ in range(draw(st.integers(0, 3)))
    }
    weekly = _distinct(draw(st.lists(hours(), min_size=1, max_size=3)))
    return {
        "collections": [{**each, "days": draw(weekdays)} for each in weekly],
        "exceptions": exceptions,
        "holidays": draw(st.sampled_from([None, "England"])),
        "timeZone": draw(st.sampled_from(["Europe/London", "America/New_York"])),
    }


@st.composite
def deliveries(draw: st.DrawFn) -> dict[str, Any]:
    """A window or slots, and what is different at some places."""

    def some_hours() -> dict[str, Any]:
        if draw(st.booleans()):
            return {"window": draw(windows)}
        return {"slots": [*draw(st.lists(windows, min_size=1, max_size=2)), {"days": ["sat"], "window": draw(windows)}]}

    exceptions = [
        {"destinations": [place]}
        | draw(st.sampled_from([{}, {"days": draw(weekdays)}]))
        | draw(st.sampled_from([{}, some_hours()]))
        | {"closed": [day.isoformat() for day in draw(st.lists(st.sampled_from(FIRST_DAYS), max_size=2))]}
        for place in draw(st.lists(st.sampled_from(PLACES), max_size=3, unique=True))
    ]
    return {"days": draw(weekdays), "onHolidays": draw(st.booleans()), "exceptions": exceptions} | some_hours()


@st.composite
def services(draw: st.DrawFn) -> dict[str, Any]:
    """A service that goes everywhere."""
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(PLACES), st.sampled_from([None, "GB", "GB-M2", "US"])), max_size=4, unique=True
        )
    )
    transit = [
        {"zone": zone, "days": draw(st.integers(0, 4))} | ({"origin": origin} if origin else {})
        for zone, origin in pairs
    ]
    return service(
        origins=["*"],
        destinations=["*"],
        rates=[rate("*", 5, days=draw(st.integers(0, 5)))],
        transit=transit,
        delivery=draw(deliveries()),
        **draw(st.sampled_from([{}, {}, {"handlingDays": draw(st.integers(0, 3))}])),
    )


@st.composite
def engines(draw: st.DrawFn) -> Engine:
    """A catalogue of two services with calendars of their own."""
    location = {"country": "GB", "postcode": "M2 6LW", "collections": {"default": "daily", "services": {"B": "other"}}}
    return engine_of(
        {"A": draw(services()), "B": draw(services())},
        years={"first": 2027, "last": 2028},
        holidays={"England": {"country": "GB", "subdivision": "ENG"}, "Ireland": {"country": "IE"}},
        deliveryHolidays=[
            {"destinations": ["GB"], "holidays": "England"},
            {"destinations": ["IE"], "holidays": "Ireland"},
        ],
        calendars={"daily": draw(calendars()), "other": draw(calendars())},
        locations={"Depot": location | {"handlingDays": draw(st.integers(0, 2))}},
    )


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """A moment at or beside a time at which something may end or begin."""
    day = draw(st.sampled_from(FIRST_DAYS)) + timedelta(days=draw(st.integers(-4, 6)))
    clock = datetime.strptime(draw(st.sampled_from([*TIMES, "00:00"])), "%H:%M").time()  # noqa: DTZ007 - a clock
    hours_east = draw(st.sampled_from([0, 1, -4, -5]))
    beside = draw(st.integers(-1, 1)) + draw(st.sampled_from([0.0, 0.5]))
    return datetime.combine(day, clock, UTC) - timedelta(hours=hours_east) + timedelta(seconds=beside)


@st.composite
def consignments(draw: st.DrawFn) -> Consignment:
    """A parcel from the depot or a customer, with or without a promise."""
    day = draw(st.sampled_from(FIRST_DAYS)) + timedelta(days=draw(st.integers(0, 9)))
    promise: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {},
                {"shipping_date": day},
                {"requested_delivery": RequestedDelivery(day)},
                {"requested_delivery": RequestedDelivery(day, exactly=True)},
                {"shipping_date": day, "requested_delivery": RequestedDelivery(day + timedelta(days=2), exactly=True)},
            ]
        )
    )
    origin = draw(st.sampled_from([Address("Depot"), Address("Depot"), Address(country="US", postcode="10001")]))
    country, postcode = draw(st.sampled_from(DESTINATIONS))
    return replace(PARCEL, origin=origin, destination=Address(country=country, postcode=postcode), **promise)


def dates_of(assessment: Assessment) -> dict[str, PlainDates]:
    """When each service would collect and deliver."""
    question = assessment.question
    return {
        question.service(position).reference: PlainDates(
            dates.collected_at, dates.collection_day, dates.delivery_day, dates.window
        )
        for position, (_, dates) in question.table.dates.items()
    }


def dates_by_search(engine: Engine, consignment: Consignment, now: datetime) -> dict[str, PlainDates]:
    """When each service would, looked for day by day."""
    inquiry, catalogue, found = engine.inquire(consignment), engine.catalogue, {}
    assert not isinstance(inquiry, Failure)
    location = catalogue.locations.get(inquiry.location or "")
    moment = int(now.timestamp()) + (now.microsecond > 0)
    for item in catalogue.services:
        way = Way(catalogue, item, item.rates[0], location, inquiry.origin, inquiry.destination)
        dates = plain_dates(way, inquiry.promise, moment)
        if dates is not None:
            found[item.reference] = dates
    return found


@settings(max_examples=sized(50, 2000))
@given(engines(), st.lists(st.tuples(consignments(), moments()), min_size=1, max_size=6))
def test_dates_are_what_a_search_day_by_day_finds(engine: Engine, asked: list[tuple[Consignment, datetime]]) -> None:
    """The engine remembers dates between consignments, and moments may come in any order."""
    for consignment, now in asked:
        found = dates_by_search(engine, consignment, now)
        event("kept" if found else "missed")
        assert dates_of(assessed(engine, consignment, now=now)) == found


@settings(max_examples=sized(30, 1000))
@given(engines(), consignments(), moments(), st.data())
def test_a_remembered_table_is_true_as_long_as_it_is_used(
    engine: Engine, consignment: Consignment, now: datetime, data: st.DataObject
) -> None:
    """At any moment until its end, the last second included."""
    table = assessed(engine, consignment, now=now).question.table
    assert table.since <= table.until
    later = data.draw(st.just(table.until) | st.integers(table.since, table.until))
    warm = assessed(engine, consignment, now=datetime.fromtimestamp(later, UTC))
    assert warm.question.table is table
    assert dates_of(warm) == dates_by_search(engine, consignment, datetime.fromtimestamp(later, UTC))
