"""Pickup options over the API: locations near a recipient, what can be delivered there, and selecting it."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from allocation.domain.errors import RetryableError
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package
from tests.support.document_reading import texts
from tests.support.pickup_options import NEAR, asked, offered, selected

SCHEMAS = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
RECIPIENT: Any = DESTINATION["Contact"]


def test_locations_come_by_distance_as_near_and_as_many_as_asked_for(api: Api) -> None:
    found = asked(api, Distance={"Unit": "km", "Value": 500}).data["Locations"]
    distances = [each["Distance"] for each in found]
    assert distances == sorted(distances)
    assert [each["ShopReference"] for each in found] == [
        *("LK-PICCADILLY", "LK-OXFORD-ROAD", "LK-ANCOATS"),
        *("LK-LEEDS", "LK-SHOREDITCH"),
    ]
    assert list(offered(api)) == [each["ShopReference"] for each in found[:3]]
    assert list(offered(api, MaxResults=2)) == ["LK-PICCADILLY", "LK-OXFORD-ROAD"]
    assert list(offered(api, Distance=Decimal("0.5"))) == ["LK-PICCADILLY"]
    assert len(offered(api, Distance=None, MaxResults=None)) == 5


def test_the_coordinates_of_a_destination_win_over_its_postcode(api: Api) -> None:
    placed = {**DESTINATION, "LatLong": {"Latitude": Decimal("53.7970"), "Longitude": Decimal("-1.548")}}
    assert list(offered(api, Addresses=[ORIGIN, placed])) == ["LK-LEEDS"]
    elsewhere = {**DESTINATION, "Postcode": "EH1 3DG"}
    refused = asked(api, Addresses=[ORIGIN, elsewhere])
    assert (refused.status, refused.data["Details"][0]["Target"]) == (400, "Addresses")
    assert "LatLong" in refused.data["Details"][0]["Message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"MaxResults": 0},
        {"MaxResults": 51},
        {"MaxResults": Decimal("1.5")},
        {"MaxResults": "1e999999"},
        {"MaxResults": "1e9999999"},
        {"Distance": {"Unit": "Miles", "Value": 1}},
        {"Distance": -1},
        {"Distance": "far"},
        {"Addresses": [ORIGIN, {**DESTINATION, "LatLong": {"Latitude": 91, "Longitude": 0}}]},
        {"Addresses": [ORIGIN]},
        {"Packages": []},
    ],
)
def test_what_can_not_be_meant_is_refused(api: Api, changes: dict[str, Any]) -> None:
    assert asked(api, **changes).status == 400


def test_a_refusal_names_the_number_that_is_wrong(api: Api) -> None:
    placed = {**DESTINATION, "LatLong": {"Latitude": "north", "Longitude": "west"}}
    halfway = {**DESTINATION, "LatLong": {"Latitude": 53, "Longitude": None}}
    named = [f"Addresses[1].LatLong.{name}" for name in ("Latitude", "Longitude")]
    for changes, wrong in (
        ({"Distance": "1,5"}, ["Distance"]),
        ({"Addresses": [ORIGIN, placed]}, named),
        ({"Addresses": [ORIGIN, halfway]}, ["LatLong.Longitude"]),
    ):
        details = asked(api, **changes).data["Details"]
        assert [(each["Target"], each["Message"]) for each in details] == [(each, "must be a number") for each in wrong]


def test_only_services_that_deliver_to_the_location_are_offered_on_days_when_it_is_open(api: Api) -> None:
    by_location = offered(api)
    assert {each["CarrierServiceReference"] for options in by_location.values() for each in options} == {"LK_COLL"}
    days = {each["EstimatedDeliveryDate"]["DayOfWeek"] for each in by_location["LK-OXFORD-ROAD"]}
    assert days == {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}
    assert "Sunday" in {each["EstimatedDeliveryDate"]["DayOfWeek"] for each in by_location["LK-PICCADILLY"]}
    assert offered(api, Packages=[package(Weight={"Value": 40, "Unit": "Kg"})]) == {}
    home = api.call("POST", "/deliveryoptions", consignment()).data["DeliveryOptions"]
    assert "LK_COLL" not in {each["CarrierServiceReference"] for each in home}


def test_a_location_says_when_it_is_open_and_what_else_there_is_to_know(api: Api) -> None:
    found = {each["ShopReference"]: each for each in asked(api).data["Locations"]}
    ancoats, oxford = found["LK-ANCOATS"], found["LK-OXFORD-ROAD"]
    assert ancoats["OpeningTimes"]["Monday"] == [
        {"Start": "08:00:00", "End": "12:30:00", "UtcOffset": "+00:00"},
        {"Start": "13:30:00", "End": "20:00:00", "UtcOffset": "+00:00"},
    ]
    assert ancoats["OpeningTimes"]["Sunday"] == []
    assert ancoats["Reservation"] == {"IsReservationRequired": True, "ExpiryDate": None}
    assert {"Key": "DisabledAccess", "Value": "True"} in oxford["AdditionalInformation"]
    assert oxford["Address"]["LatLong"] == {"Latitude": Decimal("53.4742"), "Longitude": Decimal("-2.2420")}


def test_what_is_selected_goes_to_the_location_in_the_name_of_its_recipient(api: Api) -> None:
    option = offered(api)["LK-OXFORD-ROAD"][0]
    answer = selected(api, option)
    assert (answer.status, answer.data["CarrierServiceReference"]) == (200, "LK_COLL")
    reference = answer.data["ApiLinks"][0]["Href"].rpartition("/")[2]
    told = api.call("GET", f"/consignments/{reference}").data
    by_type = {each["AddressType"]: each for each in told["Addresses"]}
    assert by_type["Destination"]["ShopLocationReference"] == "LK-OXFORD-ROAD"
    assert by_type["Destination"]["Postcode"] == "M1 5EJ"
    assert by_type["Destination"]["Contact"]["LastName"] == RECIPIENT["LastName"]
    assert by_type["Recipient"]["AddressLine1"] == DESTINATION["AddressLine1"]
    assert told["LocationInformation"] == {"ShopReference": "LK-OXFORD-ROAD", "ReservationReference": None}
    assert told["EarliestDeliveryDate"][:10] == option["EstimatedDeliveryDate"]["Date"][:10]
    assert told["Allocation"]["Price"]["Net"] == option["Price"]["Net"]
    label = " ".join(texts(api.call("GET", f"/labels/{reference}/PDF").data["File"]))
    assert "Pickup location LK-OXFORD-ROAD" in label
    assert "58 Oxford Street" in label
    assert str(DESTINATION["AddressLine1"]) not in label
    again = selected(api, option)
    assert (again.status, again.data) == (200, answer.data)


def test_a_deallocated_consignment_still_goes_to_its_location(api: Api) -> None:
    reference = selected(api, offered(api)["LK-OXFORD-ROAD"][0]).data["ApiLinks"][0]["Href"].rpartition("/")[2]
    assert api.call("PUT", f"/consignments/{reference}/deallocate").status == 200
    [summary] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    assert summary["CarrierServiceReference"] == "LK_COLL"


def test_an_option_becomes_an_order_that_is_packed_for_the_location(api: Api) -> None:
    goods = consignment(Distance=NEAR, MaxResults=10, Packages=[package(Items=[{"Sku": "SKU1", "Quantity": 1}])])
    found = api.call("POST", "/deliveryoptions/pickupoptions", goods).data["Locations"]
    option = next(each for each in found if each["ShopReference"] == "LK-OXFORD-ROAD")["DeliveryOptions"][0]
    chosen = {"DeliveryOptions": [{"Reference": option["Reference"]}]}
    [result] = api.call("POST", "/deliveryoptions/selectorder", chosen).data["SelectOrderResults"]
    order = result["OrderReference"]
    items = {"OrderReference": order, "Packages": [{"Items": [{"Sku": "SKU1", "Quantity": 1}]}]}
    [packed] = api.call("POST", f"/orders/{order}/pack", items).data["Results"]
    reference = packed["ApiLinks"][0]["Href"].rpartition("/")[2]
    [summary] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    assert summary["CarrierServiceReference"] == "LK_COLL"


def test_an_option_of_a_consignment_that_exists_allocates_that_consignment(api: Api) -> None:
    reference = api.create()
    path = f"/deliveryoptions/pickupOptions/consignment/{reference}"
    found = {
        each["ShopReference"]: each for each in api.call("GET", f"{path}?distance=1&maxResults=3").data["Locations"]
    }
    option = found["LK-OXFORD-ROAD"]["DeliveryOptions"][0]
    as_order = {"DeliveryOptions": [{"Reference": option["Reference"]}]}
    assert api.call("POST", "/deliveryoptions/selectorder", as_order).status == 207
    assert selected(api, option).data["ApiLinks"][0]["Href"].endswith(reference)
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["LocationInformation"]["ShopReference"]) == ("Allocated", "LK-OXFORD-ROAD")
    assert api.call("GET", path).status == 400
    other = api.create()
    days = api.call("GET", f"/deliveryoptions/consignment/{other}").data["DeliveryOptions"]
    assert selected(api, days[4]).data["ApiLinks"][0]["Href"].endswith(other)
    assert api.call("GET", "/deliveryoptions/consignment/EC-ZZZ-ZZZ-ZZZ").status == 404


def test_options_of_a_consignment_that_was_allocated_meanwhile_can_not_be_selected(api: Api) -> None:
    reference = api.create()
    option, *_ = api.call("GET", f"/deliveryoptions/consignment/{reference}").data["DeliveryOptions"]
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    assert selected(api, option).data["Code"] == "InvalidConsignmentStateException"


def test_an_option_is_read_again_at_both_addresses(api: Api) -> None:
    option = offered(api)["LK-PICCADILLY"][0]
    details = api.call("GET", f"/deliveryoptions/details/{option['Reference']}")
    assert details.data["DeliveryOption"] == option
    assert api.call("GET", f"/deliveryoptions/{option['Reference']}").data == details.data
    assert api.call("POST", "/deliveryoptions/heartbeat").status == 200


def test_locations_are_found_without_a_consignment(api: Api) -> None:
    sent = {"Distance": 1, "MaxResults": 2, "Addresses": [DESTINATION]}
    found = api.call("POST", "/pickupLocationLocator", sent).data
    assert [each["ShopReference"] for each in found] == ["LK-PICCADILLY", "LK-OXFORD-ROAD"]
    assert all("DeliveryOptions" not in each for each in found)


def test_in_xml_every_part_is_in_its_own_namespace(api: Api) -> None:
    body = consignment(Distance=NEAR, MaxResults=1)
    answer = api.call("POST", "/deliveryoptions/pickupoptions", body, {"Accept": "application/xml"})
    root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert root.tag == f"{SCHEMAS}DeliveryOptions}}PickupOptionsResponse"
    options = f"{SCHEMAS}DeliveryOptions}}"
    monday = root.find(
        f"{options}Locations/{options}Location/{options}OpeningTimes/{options}Monday/{options}OpeningTime"
    )
    assert monday is not None
    assert [(child.tag, child.text) for child in monday] == [
        (f"{SCHEMAS}Common}}Start", "PT6H"),
        (f"{SCHEMAS}Common}}End", "PT23H"),
        (f"{SCHEMAS}Common}}UtcOffset", "+00:00"),
    ]


def test_a_consignment_for_a_location_that_is_not_there_is_refused(api: Api) -> None:
    nowhere = {**DESTINATION, "ShopLocationReference": "LK-NOWHERE"}
    refused = api.call("POST", "/consignments", consignment(Addresses=[ORIGIN, nowhere]))
    assert (refused.status, refused.data["Code"]) == (400, "PickupLocationNotFoundException")
    there = {**DESTINATION, "ShopLocationReference": "LK-LEEDS"}
    reference = api.create(Addresses=[ORIGIN, there])
    [summary] = api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
    assert summary["CarrierServiceReference"] == "LK_COLL"
    label = " ".join(texts(api.call("GET", f"/labels/{reference}/PDF").data["File"]))
    assert "New Station Street" in label
    assert str(DESTINATION["AddressLine1"]) not in label


@pytest.mark.parametrize("broken", ["add", "replace"])
def test_a_selection_that_broke_off_anywhere_is_completed_by_the_same_call(
    api: Api, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    option, store = offered(api)["LK-PICCADILLY"][0], type(api.use_cases.drafts)
    real, calls = getattr(store, broken), []

    def once(self: Any, *arguments: Any) -> Any:
        calls.append(real(self, *arguments))
        if len(calls) == 1:
            raise RetryableError("the answer was lost")
        return calls[-1]

    monkeypatch.setattr(store, broken, once)
    assert selected(api, option).status == 503
    assert selected(api, option).status == 200
    assert len(api.call("GET", "/consignments/getConsignmentReferences?State=Allocated").data) == 1
