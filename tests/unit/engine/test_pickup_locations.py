"""Pickup locations: who delivers to them, where they are, and which are nearest."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Failure
from allocation.engine.asked import asked_bytes, asked_consignment
from allocation.engine.engine import Engine
from allocation.engine.pickup_locations import Coordinates, nearest
from allocation.engine.rule import RuleCode
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from tests.support.engines import assessed, eligible, engine_of, reasons, service

OPEN = [{"days": ["mon", "tue"], "window": ["08:00", "20:00"]}]
SHOP = {
    "name": "Corner shop",
    "carriers": ["ACME"],
    "address": {"lines": ["20 Blossom Street"], "town": "Manchester"},
    "country": "GB",
    "postcode": "M4 2BS",
    "openingTimes": OPEN,
}
MIDDLES = {"GB:M4": [53.485, -2.228], "GB:M": [53.48, -2.24], "GB:G": ["55.86", "-4.25"]}
SERVICES = {"HOME": service(), "SHOPS": service(pickupOnly=True), "NORTH": service(pickupOnly=True, excluded=["GB:M4"])}


def engine(**parts: Any) -> Engine:
    locations = {"SHOP": SHOP, "GLASGOW": {**SHOP, "postcode": "G1 3SL", "coordinates": [55.8601, -4.2501]}}
    return engine_of(SERVICES, **{"pickupLocations": locations, "placeCoordinates": MIDDLES, **parts})


def sent(shop: str | None = None, **address: Any) -> Any:
    destination = {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG", **address}
    side = {"Unit": "Cm", "Width": 10, "Length": 10, "Height": 10}
    return ProConsignment.model_validate(
        {
            "Reference": "EC-000-05B-MMA",
            "Packages": [{"Weight": {"Value": 1, "Unit": "Kg"}, "Dimensions": side}],
            "Addresses": [
                {"AddressType": "Origin", "ShippingLocationReference": "Depot", "ShopLocationReference": "not read"},
                destination | {"ShopLocationReference": shop},
            ],
        }
    ).to_domain()


def test_a_pickup_location_is_reached_only_by_services_of_its_carrier_that_deliver_to_such() -> None:
    known = engine()
    assert eligible(assessed(known, sent()), known) == {"HOME"}
    assert eligible(assessed(known, sent("GLASGOW")), known) == {"SHOPS", "NORTH"}
    assert RuleCode.PICKUP_LOCATION in reasons(assessed(known, sent("GLASGOW")), known)["HOME"]
    assert RuleCode.PICKUP_LOCATION in reasons(assessed(known, sent()), known)["SHOPS"]


def test_the_place_of_the_location_decides_not_the_address_of_the_recipient() -> None:
    known = engine()
    assert eligible(assessed(known, sent("SHOP", Postcode="G1 1AA", IsPoBox=True)), known) == {"SHOPS"}
    assert eligible(assessed(known, sent("SHOP", Country=None, Postcode=None)), known) == {"SHOPS"}


def test_an_unknown_location_is_named_and_a_catalogue_without_any_takes_no_notice() -> None:
    refused = engine().inquire(sent("SHAP"))
    assert isinstance(refused, Failure)
    assert "no pickup location 'SHAP' (it has GLASGOW, SHOP)" in refused.message
    bare = engine_of({"HOME": service()})
    assert eligible(assessed(bare, sent("SHAP")), bare) == {"HOME"}


@pytest.mark.parametrize("shop", [5, [], {"Reference": "SHOP"}, "S" * 257])
def test_a_location_that_can_be_none_is_refused_and_not_delivered_to_the_door(shop: Any) -> None:
    with pytest.raises(ValidationError, match="ShopLocationReference"):
        sent(shop)


def test_what_is_kept_of_a_question_asks_the_same_again() -> None:
    known, now = engine(), datetime(2026, 11, 24, 9, tzinfo=UTC)
    asked = known.inquire(sent("SHOP", Postcode="G1 1AA", IsResidential=True))
    assert not isinstance(asked, Failure)
    kept = asked_consignment(asked_bytes(asked, DefaultRules(), now)).consignment
    again = known.inquire(kept)
    assert not isinstance(again, Failure)
    assert replace(kept, destination=None, origin=None) == replace(again.consignment, destination=None, origin=None)
    assert (again.pickup_location, again.destination, again.flags) == ("SHOP", asked.destination, asked.flags)
    assert kept.origin is not None
    assert kept.origin.shop_location_reference is None


def test_a_location_lies_where_it_says_else_in_the_middle_of_its_postcode() -> None:
    known = engine().catalogue
    assert known.pickup_locations["SHOP"].coordinates == Coordinates(Decimal("53.485"), Decimal("-2.228"))
    assert known.pickup_locations["GLASGOW"].coordinates.latitude == Decimal("55.8601")
    assert [known.pickup_locations["SHOP"].is_open_on(day) for day in range(7)] == [True, True, *[False] * 5]


def test_the_nearest_come_first_within_a_distance_and_of_the_carriers_that_are_asked_for() -> None:
    known, here = engine().catalogue, Coordinates(Decimal("53.4774"), Decimal("-2.2309"))
    found = nearest(known.pickup_locations, here, 2)
    assert [(location.reference, round(distance)) for distance, location in found] == [("SHOP", 1), ("GLASGOW", 295)]
    assert [each.reference for _, each in nearest(known.pickup_locations, here, 2, Decimal(5))] == ["SHOP"]
    assert nearest(known.pickup_locations, here, 2, carriers={"OTHER"}) == []
    assert len(nearest(known.pickup_locations, here, 1)) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"carriers": ["ACNE"]}, "pickupLocations.SHOP.carriers.0: 'ACNE' is not a carrier"),
        ({"country": "FR", "postcode": "75001"}, "pickupLocations.SHOP: has no coordinates"),
        ({"postcode": "nowhere"}, "pickupLocations.SHOP.postcode: 'nowhere'"),
        ({"country": "XX"}, "pickupLocations.SHOP.country: 'XX'"),
        ({"coordinates": [153.4, -2.2]}, "write a latitude between -90 and 90: the latitude comes first"),
        ({"openingTimes": OPEN * 2}, "pickupLocations.SHOP.openingTimes: 'mon' has opening hours that overlap"),
        ({"openingTimes": [{"days": ["mon"], "window": ["18:00", "09:00"]}]}, "write the hour of opening first"),
        ({"spaces": 0}, "pickupLocations.SHOP.spaces: '0': write 1 or more"),
        ({"reservation": {"hours": 1000}}, "write 336 or less"),
        ({"openingTime": OPEN}, "is unknown here"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(change: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueProblemsError) as refused:
        engine(pickupLocations={"SHOP": {**SHOP, **change}})
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ({"*": [0, 0]}, "has no middle"),
        ({"ISLANDS": [0, 0]}, "placeCoordinates.ISLANDS"),
        ({"GB:M4": [1, 1], "GB-M4": [2, 2]}, "shares GB:M4 with GB:M4"),
    ],
)
def test_coordinates_are_of_places_and_each_has_one_middle(places: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogueProblemsError) as refused:
        engine(placeCoordinates=places)
    assert told in str(refused.value)


def test_a_carrier_that_delivers_to_no_location_is_pointed_out() -> None:
    with pytest.raises(CatalogueProblemsError) as refused:
        engine_of({"HOME": service()}, pickupLocations={"SHOP": SHOP}, placeCoordinates=MIDDLES)
    assert "has no service that delivers to pickup locations" in str(refused.value)
