"""Consignments over the API: updated, cancelled one by one and in lists, erased (`pro-api.md`, A consignment)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from allocation.consignments.store import Known
from allocation.domain.reference import ConsignmentReference
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, UNKNOWN, consignment, package


def state_of(api: Api, reference: str) -> str:
    return str(api.call("GET", f"/consignments/{reference}/status").data["Status"])


def test_an_update_changes_what_is_sent_and_leaves_the_rest(api: Api) -> None:
    reference = api.create(
        Tags=["Alcohol"],
        Direction="Inbound",
        ShippingDate="2026-12-01T00:00:00+00:00",
        RequestedDeliveryDate={"Date": "2026-12-03T00:00:00+00:00"},
    )
    before = api.call("GET", f"/consignments/{reference}").data
    changed = {"Reference": reference, "Addresses": [ORIGIN, DESTINATION | {"Postcode": "M2 6LW"}], "Source": "Mine"}
    assert api.call("PUT", "/consignments/", changed).status == 200
    after = api.call("GET", f"/consignments/{reference}").data
    assert after["Addresses"][1]["Postcode"] == "M2 6LW"
    assert {**after, "Addresses": None} == {**before, "Addresses": None}
    assert (after["Tags"], after["Direction"]) == (["Alcohol"], "Inbound")


@pytest.mark.parametrize("nothing", [None, []])
def test_an_update_keeps_tags_packages_addresses_and_direction_where_it_has_none(api: Api, nothing: Any) -> None:
    reference = api.create(Tags=["Alcohol"], Direction="Inbound")
    before = api.call("GET", f"/consignments/{reference}").data
    sent = {"Reference": reference, "Direction": None, **dict.fromkeys(("Tags", "Packages", "Addresses"), nothing)}
    assert api.call("PUT", "/consignments", sent).status == 200
    assert api.call("GET", f"/consignments/{reference}").data == before


def test_an_update_with_null_takes_a_date_a_promise_and_a_reference_away(api: Api) -> None:
    promise = {"Date": "2026-12-03T00:00:00+00:00"}
    reference = api.create(ShippingDate="2026-12-01T00:00:00+00:00", RequestedDeliveryDate=promise)
    fields = ("ShippingDate", "RequestedDeliveryDate", "ConsignmentReferenceProvidedByCustomer")
    assert api.call("PUT", "/consignments", {"Reference": reference, **dict.fromkeys(fields)}).status == 200
    after = api.call("GET", f"/consignments/{reference}").data
    assert [after[name] for name in fields] == [None, None, ""]


def test_addresses_and_packages_are_fixed_by_allocation_other_things_are_not(api: Api) -> None:
    reference = api.create()
    api.allocate(reference)
    moved = consignment(Reference=reference, Addresses=[ORIGIN, DESTINATION | {"Postcode": "M2 6LW"}])
    answer = api.call("PUT", "/consignments", moved)
    assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")
    noted = {"Reference": reference, "Addresses": [ORIGIN, DESTINATION], "MetaData": [{"KeyValue": "a", "IntValue": 1}]}
    assert api.call("PUT", "/consignments", noted).status == 200
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["MetaData"][0]["IntValue"]) == ("Allocated", 1)


def test_an_allocated_consignment_may_be_sent_back_as_it_was_read_with_one_change(api: Api) -> None:
    reference = api.create(Addresses=[ORIGIN, DESTINATION], Packages=[package(Items=[{"Sku": "A", "Quantity": 2}])])
    api.allocate(reference)
    read = api.call("GET", f"/consignments/{reference}").data
    assert read["Packages"][0]["ConsignmentLegs"]
    noted = {**read, "MetaData": [{"KeyValue": "picked by", "StringValue": "J"}]}
    assert api.call("PUT", "/consignments", noted).status == 200
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["MetaData"][0]["StringValue"] == "J"
    assert {**told, "MetaData": None} == {**read, "MetaData": None}
    for lighter in ({"Weight": {"Value": 0.1, "Unit": "Kg"}}, {"Description": "Else"}):
        sent = {**read, "Packages": [{**read["Packages"][0], **lighter}]}
        assert api.call("PUT", "/consignments", sent).data["Code"] == "InvalidConsignmentStateException"
    assert api.call("PUT", "/consignments", {**read, "Packages": read["Packages"] * 2}).status == 400


def test_an_update_of_an_unknown_consignment_is_a_404_and_of_none_a_400(api: Api) -> None:
    assert api.call("PUT", "/consignments", consignment(Reference=UNKNOWN)).status == 404
    assert api.call("PUT", "/consignments", consignment()).status == 400
    assert api.call("PUT", "/consignments", []).status == 400
    assert api.call("PUT", "/consignments", [1]).status == 400


def test_cancellation_is_for_good_and_takes_an_allocation_with_it(api: Api) -> None:
    reference = api.create()
    api.allocate(reference)
    answer = api.call("PUT", f"/consignments/{reference}/cancel")
    assert (answer.status, answer.body) == (200, "")
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["Allocation"]) == ("Cancelled", None)
    for method, path, body in (
        ("PUT", f"/consignments/{reference}/cancel", None),
        ("PUT", f"/consignments/{reference}/deallocate", None),
        ("PUT", f"/allocation/{reference}/allocatewithcheapestquote", None),
        ("PUT", "/consignments", consignment(Reference=reference)),
    ):
        assert api.call(method, path, body).status == 400, path
    assert state_of(api, reference) == "Cancelled"


def test_a_list_is_cancelled_with_pro_s_message(api: Api) -> None:
    reference = api.create()
    answer = api.call("PUT", "/consignments/cancellist", [reference, UNKNOWN])
    assert answer.data[0] == {
        "IsSuccess": True,
        "Message": "Consignment cancellation completed successfully",
        "Data": reference,
        "ApiLinks": None,
    }
    assert not answer.data[1]["IsSuccess"]
    bodies: list[object] = [{}, [], [1], [""], None]
    for body in bodies:
        assert api.call("PUT", "/consignments/cancellist", body).status == 400


@pytest.mark.parametrize("action", ["cancellist", "deallocatelist"])
def test_a_long_list_ends_in_time_and_names_what_it_did_not_get_to(api: Api, action: str) -> None:
    references, find = [api.create() for _ in range(3)], api.store.find

    def slow(wanted: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        api.clock.now += timedelta(seconds=10)
        return find(wanted)

    with patch.object(api.store, "find", slow):
        messages = [each["Message"] for each in api.call("PUT", f"/consignments/{action}", references).data]
    assert ["was not reached" in each for each in messages] == [False, False, True]


def test_erasing_takes_the_personal_data_and_leaves_the_allocation(api: Api) -> None:
    reference = api.create()
    api.allocate(reference)
    before = api.call("GET", f"/consignments/{reference}").data
    assert api.call("DELETE", f"/consignments/{reference}").status == 200
    answer = api.call("GET", f"/consignments/{reference}")
    assert "McPetersson" not in answer.body
    assert answer.data["Allocation"] == before["Allocation"]
    assert api.call("DELETE", f"/consignments/{reference}").status == 404
    assert api.call("GET", "/consignments/getConsignmentReferences?ReferenceProvidedByCustomer=WEB-100045-1").data == []
