"""The sample catalogue: what a shop copies from it has to be right."""

from dataclasses import replace

import pytest

from allocation.domain.consignment import Address, AddressFlags, Consignment
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from tests.support.engines import PARCEL, assessed, eligible, package, to

ENGINE = Engine(packaged_catalogue())
FROM_SHOP = replace(PARCEL, origin=Address(shipping_location_reference="Sorted1"))
LIGHT = package("0.06", ("20", "15", "2"), "5")


def services(consignment: Consignment) -> set[str]:
    return eligible(assessed(ENGINE, consignment), ENGINE)


def net_of(service: str, consignment: Consignment) -> str:
    offers = {ENGINE.index.services[offer.position].reference: offer for offer in assessed(ENGINE, consignment).offers}
    return str(offers[service].net)


@pytest.mark.parametrize(("service", "one", "three"), [("PH_LP48", "1.25", "3.75"), ("PH_T24", "3.95", "11.85")])
def test_the_post_is_paid_by_the_packet(service: str, one: str, three: str) -> None:
    assert net_of(service, replace(FROM_SHOP, packages=(LIGHT,))) == one
    assert net_of(service, replace(FROM_SHOP, packages=(LIGHT,) * 3)) == three


@pytest.mark.parametrize(
    ("sides", "is_light"), [(("35.3", "25", "2.5"), True), (("2.5", "35.3", "25"), True), (("35", "15", "12"), False)]
)
def test_a_light_packet_passes_the_slot_of_a_letter_box(sides: tuple[str, str, str], is_light: bool) -> None:
    found = services(replace(FROM_SHOP, packages=(package("0.5", sides, "5"),)))
    assert ({"PH_LP24", "PH_LP48"} <= found) is is_light
    assert "PH_T48" in found


@pytest.mark.parametrize(
    ("postcode", "offered"),
    [("M1 5WG", set()), ("M1 1AE", {"LK_LOCK"}), ("M2 7LW", {"LK_SHOP"}), ("BT1 5GS", {"LK_SHOP"})],
)
def test_lockers_and_parcel_shops_are_offered_only_where_they_stand(postcode: str, offered: set[str]) -> None:
    found = services(to(postcode, consignment=FROM_SHOP))
    assert found & {"LK_LOCK", "LK_COLL", "LK_SHOP"} == offered


def test_a_locker_takes_one_package_a_consignment() -> None:
    to_locker = to("M1 1AE", consignment=FROM_SHOP)
    assert "LK_LOCK" in services(replace(to_locker, packages=(LIGHT,)))
    assert "LK_LOCK" not in services(replace(to_locker, packages=(LIGHT,) * 2))


@pytest.mark.parametrize("postcode", ["34002", "09012", "96201-5555"])
def test_only_the_post_reaches_military_addresses(postcode: str) -> None:
    home, forces = (to(code, "US", FROM_SHOP) for code in ("10001", postcode))
    assert {"AE_EXP", "PR_US", "PH_INT"} <= services(home)
    assert all(service.startswith("PH_") for service in services(forces))
    assert services(forces)


@pytest.mark.parametrize(
    ("country", "postcode", "by_road"),
    [("ES", "28001", True), ("ES", "35001", False), ("DE", "78262", True), ("DE", "78266", False)],
)
def test_road_carriers_leave_out_what_lies_outside_the_customs_or_vat_territory(
    country: str, postcode: str, by_road: bool
) -> None:
    found = services(to(postcode, country, FROM_SHOP))
    assert ({"CR_ROAD", "CR_ROADS"} <= found) is by_road
    assert {"AE_EXP", "PH_INT"} <= found


@pytest.mark.parametrize(("postcode", "zone"), [("KW14 7AA", "HIGHLANDS"), ("KW15 1AA", "ISLANDS")])
def test_orkney_is_an_island(postcode: str, zone: str) -> None:
    assert net_of("CX_HI", to(postcode, consignment=FROM_SHOP)) == {"HIGHLANDS": "9.48", "ISLANDS": "11.08"}[zone]


def test_no_courier_delivers_to_a_po_box_and_no_parcel_shop_takes_what_goes_home() -> None:
    box, home, business = (
        services(replace(FROM_SHOP, destination=Address(country="FR", postcode="75001", flags=flags)))
        for flags in (AddressFlags(po_box=True), AddressFlags(residential=True), AddressFlags(residential=False))
    )
    assert {service.partition("_")[0] for service in box} == {"PH"}
    assert "CR_ROAD" in home
    assert "CR_PUDO" not in home
    assert "CR_PUDO" in business
