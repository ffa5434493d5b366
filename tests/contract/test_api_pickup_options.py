"""Pickup options over the API: locations near a recipient, what can be delivered there, reserved and selected once."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from allocation.consignments.kept_offers import KeptOffers
from allocation.consignments.pickup_spaces import Space
from allocation.domain.errors import RetryableError
from allocation.domain.outcome import Cancelled
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package
from tests.support.document_reading import texts

SCHEMAS = "{http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
NEAR = {"Unit": "Km", "Value": Decimal("1.0")}

RECIPIENT: Any = DESTINATION["Contact"]


def asked(api: Api, **changes: Any) -> Answer:
    return api.call("POST", "/deliveryoptions/pickupoptions", consignment(Distance=NEAR, MaxResults=10) | changes)


def offered(api: Api, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """The options at each location by its reference, nearest first."""
    answer = asked(api, **changes)
    assert answer.status == 200, answer.body
    return {each["ShopReference"]: each["DeliveryOptions"] for each in answer.data["Locations"]}


def selected(api: Api, option: dict[str, Any]) -> Answer:
    return api.call("POST", f"/deliveryoptions/select/{option['Reference']}")


def reserved(api: Api, option: dict[str, Any]) -> Answer:
    return api.call("POST", f"/deliveryoptions/reserve/{option['Reference']}")


def ancoats(api: Api) -> list[dict[str, Any]]:
    """Options at a location that demands a reservation and takes five a day."""
    return offered(api)["LK-ANCOATS"]


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


def test_where_a_reservation_is_needed_an_option_is_reserved_before_it_is_selected(api: Api) -> None:
    option, *_ = ancoats(api)
    refused = selected(api, option)
    assert (refused.status, refused.data["Code"]) == (400, "PickupReservationRequiredException")
    reservation = reserved(api, option)
    assert reservation.status == 200
    assert selected(api, option).status == 200
    [reference] = api.call("GET", "/consignments/getConsignmentReferences?State=Allocated").data
    assert api.call("GET", f"/consignments/{reference}").data["LocationInformation"] == {
        "ShopReference": "LK-ANCOATS",
        "ReservationReference": reservation.data,
    }


def test_of_one_offer_one_option_is_reserved_at_a_time_and_only_that_is_selected(api: Api) -> None:
    first, second, *_ = ancoats(api)
    assert reserved(api, first).status == 200
    for other in (reserved(api, second), selected(api, second)):
        assert other.status == 400
    assert reserved(api, second).data["Code"] == "PickupOptionAlreadyReservedException"
    assert selected(api, first).status == 200
    assert reserved(api, second).data["Code"] == "DeliveryOptionAlreadySelectedException"


def test_a_reservation_whose_reply_was_lost_is_answered_when_it_is_asked_for_again(api: Api) -> None:
    option = ancoats(api)[6]
    first = reserved(api, option)
    api.clock.now += timedelta(hours=47)
    again = reserved(api, option)
    assert (again.status, again.data) == (200, first.data)
    api.clock.now += timedelta(hours=1, seconds=1)
    assert selected(api, option).data["Code"] == "PickupReservationRequiredException"
    assert reserved(api, option).data != first.data


def test_a_reservation_ends_with_its_hours_and_can_be_made_again(api: Api) -> None:
    option = ancoats(api)[6]
    assert reserved(api, option).status == 200
    api.clock.now += timedelta(hours=48, seconds=1)
    assert selected(api, option).data["Code"] == "PickupReservationRequiredException"
    earlier = f"/deliveryoptions/pickupoptions/reserve/{option['Reference']}"
    assert api.call("POST", earlier).status == 200
    assert selected(api, option).status == 200


def test_a_location_takes_no_more_than_it_has_spaces_for_each_day(api: Api) -> None:
    day = ancoats(api)[0]["EstimatedDeliveryDate"]["Date"]
    for _ in range(5):
        option = next(each for each in ancoats(api) if each["EstimatedDeliveryDate"]["Date"] == day)
        assert reserved(api, option).status == 200
    left = ancoats(api)
    assert day not in {each["EstimatedDeliveryDate"]["Date"] for each in left}
    assert len(left) > 3
    late = next(each for each in left if each["EstimatedDeliveryDate"]["Date"] > day)
    assert reserved(api, late).status == 200


def test_the_last_space_goes_to_one_of_two_who_were_offered_it(api: Api) -> None:
    offers = [ancoats(api)[0] for _ in range(6)]
    answers = [reserved(api, option) for option in offers]
    assert [answer.status for answer in answers] == [200] * 5 + [400]
    assert answers[-1].data["Code"] == "PickupLocationFullException"


def test_a_refused_selection_gives_its_space_back(api: Api) -> None:
    first, second, *_ = offered(api)["LK-PICCADILLY"]
    assert selected(api, first).status == 200
    assert selected(api, second).status == 400
    spaces = api.use_cases.options.spaces
    location = api.engine.catalogue.pickup_locations["LK-PICCADILLY"]
    day = datetime.fromisoformat(second["EstimatedDeliveryDate"]["Date"]).date()
    assert spaces.take(Space(location, day, second["Reference"])) is True


def taken(api: Api, location: str) -> list[str]:
    """The options that have a space at a location."""
    draft = api.use_cases.drafts.find(f"pickup#{location}")
    return sorted(option for options in draft.content["taken"].values() for option in options) if draft else []


@pytest.mark.parametrize("is_deallocated", [False, True])
def test_a_cancelled_consignment_gives_its_space_back_once(api: Api, is_deallocated: bool) -> None:
    option, other = ancoats(api)[0], ancoats(api)[0]
    for each in (option, other):
        assert reserved(api, each).status == 200
        assert selected(api, each).status == 200
    first, second = sorted([option["Reference"], other["Reference"]])
    assert taken(api, "LK-ANCOATS") == [first, second]
    reference = reference_of(selected(api, option))
    if is_deallocated:
        assert api.call("PUT", f"/consignments/{reference}/deallocate").status == 200
        assert taken(api, "LK-ANCOATS") == [first, second]
    assert api.call("PUT", f"/consignments/{reference.lower()}/cancel").status == 200
    assert taken(api, "LK-ANCOATS") == [other["Reference"]]
    # Neither the same cancellation nor the same selection, sent again, changes anything.
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 400
    selected(api, option)
    assert taken(api, "LK-ANCOATS") == [other["Reference"]]


def test_a_selection_that_comes_again_after_the_cancellation_needs_no_space(api: Api) -> None:
    option = ancoats(api)[0]
    assert reserved(api, option).status == 200
    answer = selected(api, option)
    reference = answer.data["ApiLinks"][0]["Href"].rpartition("/")[2]
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 200
    others = [ancoats(api)[0] for _ in range(5)]
    assert [reserved(api, each).status for each in others] == [200] * 5
    assert selected(api, option).data.get("Code") != "PickupLocationFullException"
    assert taken(api, "LK-ANCOATS") == sorted(each["Reference"] for each in others)


def test_a_selection_that_is_overtaken_by_the_cancellation_leaves_no_space(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = ancoats(api)[0]
    assert reserved(api, option).status == 200
    read_before = api.use_cases.options.kept.content(option["Reference"])
    reference = reference_of(selected(api, option))
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 200
    monkeypatch.setattr(KeptOffers, "content", lambda *_: read_before)
    selected(api, option)
    assert taken(api, "LK-ANCOATS") == []


def test_a_cancellation_that_breaks_off_gives_the_space_back_when_it_is_sent_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = ancoats(api)[0]
    assert reserved(api, option).status == 200
    reference = reference_of(selected(api, option))

    def fail(*_: Any) -> bool:
        raise RetryableError("DynamoDB did not answer")

    with monkeypatch.context() as failing:
        failing.setattr("allocation.aws.dynamodb.drafts.DynamoDBDrafts.replace", fail)
        assert api.call("PUT", f"/consignments/{reference}/cancel").status == 503
    assert taken(api, "LK-ANCOATS") == [option["Reference"]]
    assert api.call("PUT", f"/consignments/{reference}/cancel").status == 400
    assert taken(api, "LK-ANCOATS") == []


def test_a_consignment_that_was_sent_to_two_locations_gives_both_spaces_back(api: Api) -> None:
    reference = api.create()
    for location in ("LK-ANCOATS", "LK-PICCADILLY"):
        path = f"/deliveryoptions/pickupOptions/consignment/{reference}?distance=1&maxResults=3"
        found = {each["ShopReference"]: each for each in api.call("GET", path).data["Locations"]}
        option = found[location]["DeliveryOptions"][0]
        assert reserved(api, option).status == 200
        assert selected(api, option).status == 200
        assert api.call("PUT", f"/consignments/{reference}/deallocate").status == 200
        assert taken(api, location) == [option["Reference"]]
    assert api.call("PUT", "/consignments/cancellist", [reference]).status == 200
    assert (taken(api, "LK-ANCOATS"), taken(api, "LK-PICCADILLY")) == ([], [])


def test_a_consignment_that_goes_to_another_location_gives_the_first_space_back(api: Api) -> None:
    reference = api.create()
    path = f"/deliveryoptions/pickupOptions/consignment/{reference}?distance=1&maxResults=3"
    for location, left in (("LK-ANCOATS", 1), ("LK-PICCADILLY", 0)):
        found = {each["ShopReference"]: each for each in api.call("GET", path).data["Locations"]}
        option = found[location]["DeliveryOptions"][0]
        assert reserved(api, option).status == 200
        assert selected(api, option).status == 200
        assert len(taken(api, "LK-ANCOATS")) == left
        assert api.call("PUT", f"/consignments/{reference}/deallocate").status == 200


def cancel_elsewhere(api: Api, reference: str) -> None:
    """Records a cancellation as an order-cancelled message does, and following SortedPRO: not over the API."""
    api.use_cases.changes.change(reference, "event-1", lambda seen: (seen.mode, Cancelled()))


def reference_of(answer: Answer) -> str:
    return str(answer.data["ApiLinks"][0]["Href"].rpartition("/")[2])


def filled(api: Api) -> tuple[str, list[str]]:
    """A day for which all five spaces are taken, and the consignments that have them."""
    day = ancoats(api)[0]["EstimatedDeliveryDate"]["Date"]
    references = []
    for _ in range(5):
        option = ancoats(api)[0]
        assert reserved(api, option).status == 200
        references.append(reference_of(selected(api, option)))
    return day, references


def test_the_space_of_a_consignment_that_a_message_cancels_goes_to_the_next_who_asks(api: Api) -> None:
    late = ancoats(api)[0]
    day, references = filled(api)
    assert reserved(api, late).data["Code"] == "PickupLocationFullException"
    assert ancoats(api)[0]["EstimatedDeliveryDate"]["Date"] > day
    cancel_elsewhere(api, references[2])
    assert ancoats(api)[0]["EstimatedDeliveryDate"]["Date"] == day
    assert reserved(api, late).status == 200
    assert len(taken(api, "LK-ANCOATS")) == 5
    assert ancoats(api)[0]["EstimatedDeliveryDate"]["Date"] > day


def test_a_selection_that_breaks_off_for_good_keeps_its_space_for_a_quarter_of_an_hour(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = offered(api)["LK-PICCADILLY"][0]

    def fail(*_: Any) -> bool:
        raise RetryableError("DynamoDB did not answer")

    with monkeypatch.context() as failing:
        failing.setattr(api.use_cases.register.changes.store, "add", fail)
        assert selected(api, option).status == 503
    spaces, location = api.use_cases.options.spaces, api.engine.catalogue.pickup_locations["LK-PICCADILLY"]
    day = datetime.fromisoformat(option["EstimatedDeliveryDate"]["Date"]).date()
    assert spaces.take_while_creating(Space(location, day, option["Reference"])) is False
    api.clock.now += timedelta(minutes=16)
    assert spaces.take_while_creating(Space(location, day, option["Reference"])) is True


def test_the_space_of_an_order_is_given_back_with_the_last_consignment_that_was_packed_of_it(api: Api) -> None:
    goods = consignment(Distance=NEAR, MaxResults=10, Packages=[package(Items=[{"Sku": "SKU1", "Quantity": 2}])])
    found = api.call("POST", "/deliveryoptions/pickupoptions", goods).data["Locations"]
    option = next(each for each in found if each["ShopReference"] == "LK-ANCOATS")["DeliveryOptions"][0]
    assert reserved(api, option).status == 200
    chosen = {"DeliveryOptions": [{"Reference": option["Reference"]}]}
    [result] = api.call("POST", "/deliveryoptions/selectorder", chosen).data["SelectOrderResults"]
    items = {"Packages": [{"Items": [{"Sku": "SKU1", "Quantity": 1}]}]}
    packed = [api.call("POST", f"/orders/{result['OrderReference']}/pack", items).data["Results"][0] for _ in range(2)]
    for each, left in zip(packed, ([option["Reference"]], []), strict=True):
        assert taken(api, "LK-ANCOATS") == [option["Reference"]]
        assert api.call("PUT", f"/consignments/{each['ApiLinks'][0]['Href'].rpartition('/')[2]}/cancel").status == 200
        assert taken(api, "LK-ANCOATS") == left


def test_only_a_pickup_option_can_be_reserved(api: Api) -> None:
    option, *_ = api.call("POST", "/deliveryoptions", consignment()).data["DeliveryOptions"]
    assert reserved(api, option).data["Code"] == "PickupOptionNotFoundException"
    assert api.call("POST", "/deliveryoptions/reserve/EDO-ZZZ-ZZZ-ZZZ").status == 404
    told = offered(api)["LK-OXFORD-ROAD"][0]
    api.clock.now += timedelta(days=30)
    assert reserved(api, told).status == 404


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


def test_a_space_that_another_request_took_meanwhile_is_not_given_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last, late = [ancoats(api)[0] for _ in range(6)]
    for option in [ancoats(api)[0] for _ in range(4)]:
        assert reserved(api, option).status == 200
    store = type(api.use_cases.drafts)
    real = store.replace

    def after_another(self: Any, *arguments: Any) -> Any:
        monkeypatch.setattr(store, "replace", real)
        assert reserved(api, last).status == 200
        return real(self, *arguments)

    monkeypatch.setattr(store, "replace", after_another)
    assert reserved(api, late).data["Code"] == "PickupLocationFullException"
