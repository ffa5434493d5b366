"""What clients of 2016 call for a day's work: items, empty packages, everything that ships by a date, what is late."""

from datetime import timedelta
from typing import Any

import pytest

from allocation.api import by_date_routes, late_routes
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import ENGINE, package

SOCKS = {"Sku": "SOCKS", "Description": "Socks", "Quantity": 2}
SHOES = {"Sku": "SHOES", "Description": "Shoes", "Quantity": 1}


def packages_of(api: Api, reference: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = api.call("GET", f"/consignments/{reference}").data["Packages"]
    return told


def skus(api: Api, package_reference: str) -> list[str]:
    return [each["Sku"] for each in api.call("GET", f"/items/package/{package_reference}").data]


def two_packages(api: Api) -> tuple[str, str, str]:
    """A consignment with socks and shoes in its first package, and the references of both packages."""
    reference = api.create(Packages=[package(Items=[SOCKS, SHOES]), package(Items=[])])
    first, second = (each["Reference"] for each in packages_of(api, reference))
    return reference, first, second


def test_items_are_read_by_the_reference_that_their_consignment_shows(api: Api) -> None:
    reference, first, _ = two_packages(api)
    shown = packages_of(api, reference)[0]["Items"]
    assert [each["Sku"] for each in shown] == ["SOCKS", "SHOES"]
    assert api.call("GET", f"/items/package/{first.lower()}").data == shown
    assert api.call("GET", f"/items/{shown[1]['Reference']}").data == shown[1]
    for unknown in (f"/items/{first}-9", "/items/nothing", "/items/package/EP-ZZZ-ZZZ-ZZZ"):
        assert api.call("GET", unknown).status == 404


def test_an_item_is_added_moved_and_removed_and_keeps_its_reference(api: Api) -> None:
    _, first, second = two_packages(api)
    hat = {"PackageReference": first, "Sku": "HAT", "CountryOfOriginTwoLetterIsoCode": "GB", "Weight": {"Kg": 1}}
    assert api.call("PUT", f"/items/{first}", hat).status == 200
    socks, shoes, added = (each["Reference"] for each in api.call("GET", f"/items/package/{first}").data)
    assert api.call("GET", f"/items/{added}").data["CountryOfOrigin"]["IsoCode"]["TwoLetterCode"] == "GB"
    move = {"ItemReference": socks, "TargetPackageReference": second}
    assert api.call("PUT", "/items/move", move).status == 200
    assert (skus(api, first), skus(api, second)) == (["SHOES", "HAT"], ["SOCKS"])
    assert api.call("GET", f"/items/{socks}").data["Sku"] == "SOCKS"
    assert api.call("DELETE", f"/items/{first}/{shoes}").status == 200
    assert api.call("DELETE", f"/items/{first}/{shoes}").status == 404
    assert api.call("PUT", f"/items/{first}", {"Sku": "TIE", "ItemReference": "MINE"}).status == 200
    assert api.call("PUT", f"/items/{second}", {"Sku": "TIE", "ItemReference": "mine"}).status == 400
    assert api.call("PUT", f"/items/{first}", {"Sku": 1}).status == 400
    assert api.call("PUT", f"/items/{first}", {"Reference": 1}).status == 400
    assert api.call("PUT", "/items/move", {**move, "ItemReference": shoes}).status == 404
    references = [each["Reference"] for each in api.call("GET", f"/items/package/{first}").data]
    assert len(set(references)) == 2


def test_items_of_an_allocated_consignment_stay(api: Api) -> None:
    reference, first, second = two_packages(api)
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]["StatusCode"] == 200
    [item, _] = api.call("GET", f"/items/package/{first}").data
    move = {"ItemReference": item["Reference"], "TargetPackageReference": second}
    for answer in (api.call("PUT", "/items/move", move), api.call("PUT", f"/items/{first}", SOCKS)):
        assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")


def test_empty_packages_are_filled_before_the_consignment_is_allocated(api: Api) -> None:
    reference = api.create()
    assert api.call("PUT", f"/consignments/{reference}/addpackages/2").data == 2
    [refused] = api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]}).data
    assert refused["Code"] == "ConsignmentIncomplete"
    for each in packages_of(api, reference)[1:]:
        filled = {name: value for name, value in package().items() if name != "Reference"}
        assert api.call("PUT", f"/packages/{each['Reference']}", filled).status == 200
    [summary] = api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]}).data
    assert summary["StatusCode"] == 200
    for wrong in ("0", "201", "x", "-1"):
        assert api.call("POST", f"/consignments/{api.create()}/addpackages/{wrong}").status == 400


def by_date(api: Api, path: str, body: Any = None) -> list[str]:
    answer = api.call("PUT", f"/allocation/{path}", body)
    assert answer.status == 200, answer.body
    assert all(each["StatusCode"] == 200 for each in answer.data), answer.data
    return [each["ApiLinks"][0]["Href"].rpartition("/")[2] for each in answer.data]


def test_what_ships_by_a_date_is_allocated_and_nothing_else(api: Api) -> None:
    soon, later = "2026-11-24T00:00:00+00:00", "2026-11-27T00:00:00+00:00"
    meant = {api.create(ShippingDate=soon) for _ in range(2)}
    others = {api.create(ShippingDate=later), api.create()}
    assert set(by_date(api, "allocate/2026-11-25")) == meant
    assert by_date(api, "allocate/2026-11-25") == []
    assert set(api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data) == others
    service = {"MpdCarrierServiceReference": "PH_T24", "ShippingLocationReference": "Glasgow1"}
    assert by_date(api, "allocatewithcarrierservice/2026-11-27", service) == []
    [reference] = by_date(api, "allocatewithcarrierservice/2026-11-27", {**service, "ShippingLocationReference": None})
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["Allocation"]["MpdCarrierServiceReference"] == "PH_T24"
    grouped = api.create(ShippingDate=later)
    body = {"MpdCarrierServiceGroupReference": "nextDay"}
    assert by_date(api, "allocatewithservicegroup/2026-11-27T12:00:00Z", body) == [grouped]
    assert api.call("PUT", "/allocation/allocate/soon").status == 400
    api.create(ShippingDate="1850-01-01", RequestedDeliveryDate={"Date": "1850-01-01"})
    last = api.create(ShippingDate=later)
    assert by_date(api, "allocate/11/26/2026%2000:00:00") == []
    assert by_date(api, "allocate/11/27/2026%2000:00:00") == [last]
    american = api.create(ShippingDate=later)
    assert by_date(api, "allocate/11/26/2026%2011:59:59%20PM") == []
    assert by_date(api, "allocate/11/27/2026%2012:00:00%20AM") == [american]


def test_what_lacks_data_is_in_every_reply_by_date_and_keeps_nothing_else(api: Api) -> None:
    soon = "2026-11-24T00:00:00+00:00"
    empty = api.create(ShippingDate=soon)
    assert api.call("PUT", f"/consignments/{empty}/addpackages/1").data == 1
    for told in ([None, "ConsignmentIncomplete"], ["ConsignmentIncomplete"]):
        if len(told) > 1:
            api.create(ShippingDate=soon)
        answer = api.call("PUT", "/allocation/allocate/2026-11-25")
        assert [each.get("Code") for each in answer.data] == told


def test_however_much_lacks_data_nothing_behind_it_is_hidden(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_date_routes, "MAX_REFERENCES", 2)
    soon = "2026-11-24T00:00:00+00:00"
    for _ in range(2):
        assert api.call("PUT", f"/consignments/{api.create(ShippingDate=soon)}/addpackages/1").data == 1
    whole = api.create(ShippingDate=soon)
    answer = api.call("PUT", "/allocation/allocate/2026-11-25")
    assert [each.get("Code") for each in answer.data] == [None, "ConsignmentIncomplete"]
    assert answer.data[0]["ApiLinks"][0]["Href"].endswith(whole)


def tracked(api: Api, reference: str, code: str, at: str) -> None:
    event = {"TimeStamp": at, "Code": code, "Description": "", "SignedBy": None, "Location": None}
    sent = {
        "ConsignmentTrackingReference": reference,
        "PackageTrackingEvents": [{"PackageReference": None, "TrackingEvents": [event]}],
    }
    assert api.call("POST", "/tracking/carrierevents", {"ConsignmentTrackingEvents": [sent]}).status == 200


def late(api: Api, path: str) -> set[str]:
    answer = api.call("GET", f"/lateconsignments/{path}")
    assert answer.status == 200, answer.body
    return {each["Reference"] for each in answer.data["ConsignmentSummaries"]}


def allocated(api: Api, **changes: Any) -> str:
    reference = api.create(**changes)
    sent = {"MpdCarrierServiceReference": "CX_48", "ConsignmentReferences": [reference]}
    assert api.call("PUT", "/allocation/allocatewithcarrierservice", sent).data[0]["StatusCode"] == 200
    return reference


def test_late_is_what_came_or_has_not_come_after_the_day_of_its_carrier_or_of_its_customer(api: Api) -> None:
    promise = {"Date": "2026-11-26T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": False}
    kept, delayed, waiting = allocated(api), allocated(api), allocated(api, RequestedDeliveryDate=promise)
    api.clock.now += timedelta(days=6)
    tracked(api, kept, "Delivered", "2026-11-25T10:00:00+00:00")
    tracked(api, delayed, "Delivered", "2026-11-28T10:00:00+00:00")
    assert late(api, "carrierlate/2026-11-24/2026-11-27") == {delayed, waiting}
    assert late(api, "carrierlate/2026-11-27/2026-11-28") == set()
    assert late(api, "customer/2026-11-26/2026-11-27") == {waiting}
    assert api.call("GET", "/lateconsignments/customer/then/now").status == 400
    summary = api.call("GET", "/consignments/summary/latepackages").data
    assert {each["DaysLate"]: each["NumberOfConsignments"] for each in summary["LateConsignments"]} == {3: 1, 4: 1}
    assert [each["NumberOfConsignments"] for each in summary["OnTimeConsignments"]] == [1]
    [asked] = summary["LateConsignmentsFromCustomerPerspective"]
    assert (asked["CarrierReference"], asked["DaysLate"], asked["NumberOfConsignments"]) == ("CARRIER_X", 3, 1)


def test_a_list_of_late_consignments_is_whole_or_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_routes, "_MAX_SUMMARISED", 1)
    allocated(api)
    api.clock.now += timedelta(days=6)
    assert len(late(api, "carrierlate/2026-11-24/2026-11-27")) == 1
    allocated(api, ShippingDate=None)
    api.clock.now += timedelta(days=6)
    refused = api.call("GET", "/lateconsignments/carrierlate/2026-11-24/2026-12-05")
    assert (refused.status, refused.data["Code"]) == (400, "SearchTooBroadException")


def test_each_carrier_service_has_its_consignments_counted_by_state(api: Api) -> None:
    references = [allocated(api) for _ in range(3)]
    api.call("PUT", "/consignments/setreadytoship", references[:1])
    [first, second] = api.call("GET", "/consignments/summary/courier").data["Summary"]
    told = {each["ConsignmentState"]: each["NumberOfConsignments"] for each in (first, second)}
    assert told == {3: 2, 33: 1}
    assert (first["MpdCarrierName"], first["MpdCarrierServiceName"]) == ("Carrier X", "Two Day")
    before = "StartFrom=2026-01-01&EndAt=2026-02-01"
    assert api.call("GET", f"/consignments/summary/courier?{before}").data == {"Summary": []}


def test_what_else_has_another_address_answers_there_too(api: Api) -> None:
    reference = api.create()
    changed = {"Reference": reference, "ConsignmentReferenceProvidedByCustomer": "MINE"}
    assert api.call("PUT", "/consignments/update", changed).status == 200
    assert api.call("GET", f"/consignments/{reference}").data["ConsignmentReferenceProvidedByCustomer"] == "MINE"
    asked = {"MpdConsignmentReference": reference, "AutoPrint": False}
    assert api.call("POST", "/labels/GetLabels", asked).status == 400
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    labels: Answer = api.call("POST", "/labels/GetLabels", asked)
    assert labels.data["File"] == api.call("GET", f"/labels/{reference}").data["File"]


def test_the_catalogue_is_told_as_clients_of_2016_read_it(api: Api) -> None:
    services = api.call("GET", "/carrierservices/carrierservices").data["CarrierServices"]
    assert len(services) == sum(each.enabled for each in ENGINE.catalogue.services)
    [tax] = api.call("GET", "/rates/management/staticdata/vat/gb").data
    assert (tax["Reference"], tax["CountryIsoCode"]) == ("GB-0.2000", "GB")
    [export] = api.call("GET", "/rates/management/staticdata/vat/US").data
    assert export["Rate"] == 0
    assert api.call("GET", "/rates/management/staticdata/vat/XX").status == 404
    assert "Mrs" in api.call("GET", "/staticdata/titles").data


def test_a_consignment_of_many_items_is_created_with_references_for_all(api: Api) -> None:
    told = packages_of(api, api.create(Packages=[package(Items=[SOCKS] * 30)]))
    references = [each["Reference"] for each in told[0]["Items"]]
    assert len(set(references)) == 30
