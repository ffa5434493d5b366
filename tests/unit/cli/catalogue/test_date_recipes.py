"""The guide's recipes of calendars, preferences and routing do what their text says."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from allocation.domain.consignment import Address
from allocation.domain.outcome import Failure
from allocation.engine.engine import Engine
from allocation.engine.offers import Offer
from tests.support.engines import PARCEL, assessed
from tests.support.recipes import recipe_engine

FRIDAY = datetime(2027, 6, 11, 9, tzinfo=UTC)


def offers(engine: Engine, postcode: str = "M1 1AA", weight: str = "0.5", now: datetime = FRIDAY) -> dict[str, Offer]:
    """The offers by service, best first."""
    box = replace(PARCEL.packages[0], weight_kg=Decimal(weight))
    consignment = replace(
        PARCEL, packages=(box,), origin=Address("Sorted1"), destination=Address(country="GB", postcode=postcode)
    )
    return {
        engine.index.services[offer.position].reference: offer
        for offer in assessed(engine, consignment, now=now).offers
    }


def test_a_prioritised_carrier(tmp_path: Path) -> None:
    engine = recipe_engine("A prioritised carrier", tmp_path)
    light, heavy = offers(engine), offers(engine, weight="12")
    assert (list(light), str(light["NEXT"].net)) == (["NEXT", "OTHER", "CHEAP"], "4.95")
    assert (list(heavy), str(heavy["OTHER"].net)) == (["OTHER", "CHEAP"], "3.40")


@pytest.mark.parametrize(("option", "price"), [("locker", "3.20"), (None, "4.95")])
def test_lockers_only_for_customers_who_choose_them(tmp_path: Path, option: str | None, price: str) -> None:
    engine = recipe_engine("Lockers only for customers who choose them", tmp_path)
    assert engine.catalogue.routing is not None
    mode = engine.catalogue.routing.way(option).mode
    assert not isinstance(mode, Failure)
    best = assessed(engine, replace(PARCEL, origin=Address("Sorted1")), mode).winner
    assert best is not None
    assert str(best.net) == price


def test_the_fastest_within_an_amount_of_the_cheapest(tmp_path: Path) -> None:
    engine = recipe_engine("The fastest within 2 GBP of the cheapest", tmp_path)
    assert list(offers(engine)) == ["NEXT", "CHEAP"]
    assert list(offers(engine, weight="5")) == ["CHEAP", "NEXT"]


@pytest.mark.parametrize(("now", "collected"), [("19:00", "Tue 08:00"), ("20:00", "Tue 08:00"), ("20:01", "Tue 17:00")])
def test_a_cut_off_the_evening_before(tmp_path: Path, now: str, collected: str) -> None:
    engine = recipe_engine("A cut-off the evening before", tmp_path)
    found = offers(engine, now=datetime.fromisoformat(f"2027-06-14T{now}:00+01:00"))
    moments = {
        service: datetime.fromtimestamp(offer.dates.collected_at + 3600, UTC).strftime("%a %H:%M")
        for service, offer in found.items()
    }
    assert moments == {"NEXT": collected, "SLOW": "Wed 08:00"}


@pytest.mark.parametrize(
    ("postcode", "day", "window", "price"),
    [("M1 1AA", 12, (9, 12), "9.95"), ("ZE1 0AA", 15, (8, 18), "4.95"), ("IV1 1AA", 14, (8, 13), "4.95")],
)
def test_saturday_delivery(tmp_path: Path, postcode: str, day: int, window: tuple[int, int], price: str) -> None:
    offer = offers(recipe_engine("Saturday delivery and time slots", tmp_path), postcode)["NEXT"]
    assert str(offer.net) == price
    dates = offer.dates
    assert datetime.fromordinal(dates.delivery_day).day == day
    assert dates.window == tuple(hour * 3600 for hour in window)
