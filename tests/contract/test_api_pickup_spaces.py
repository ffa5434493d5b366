"""Spaces at pickup locations over the API: reserved for a while, given to one of many, given back once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from allocation.consignments.kept_offers import KeptOffers
from allocation.consignments.pickup_spaces import Space
from allocation.domain.errors import RetryableError
from allocation.domain.outcome import Cancelled
from tests.support.allocation_api import Api
from tests.support.consignments import consignment, package
from tests.support.pickup_options import NEAR, ancoats, offered, reference_of, reserved, selected


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
