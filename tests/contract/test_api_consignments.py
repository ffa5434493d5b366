"""Consignments over the API: created, told and found (`pro-api.md`, A consignment)."""

import re
from decimal import Decimal

import pytest

from tests.support import document_samples
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, UNKNOWN, consignment, package

DOCUMENTED_NAMES = {
    "ConsignmentLegs",
    "CollectionDate",
    "DateDelivered",
    "FirstAttemptedDeliveryDate",
    "DateReturned",
    "DateShipped",
    "DateCollected",
    "AttemptedDeliveryDate",
    "MetaData",
    "Allocation",
    "FailedAllocation",
    "Source",
    "LabelCount",
    "LabelsPrinted",
    "DateLabelsWereFirstPrinted",
    "IsLate",
    "LateForCustomer",
    "CustomerReference",
    "Weight",
    "Value",
    "CustomsDocumentation",
    "Direction",
    "Tags",
    "Reference",
    "ConsignmentState",
    "DateCreated",
    "ShippingDate",
    "RequestedDeliveryDate",
    "EarliestDeliveryDate",
    "LatestDeliveryDate",
    "ConsignmentReferenceProvidedByCustomer",
    "Addresses",
    "Packages",
}
ADDRESS_NAMES = {
    "AddressType",
    "ShopLocationReference",
    "Contact",
    "CompanyName",
    "ShippingLocationReference",
    "CustomerName",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "Town",
    "Region",
    "Postcode",
    "Country",
    "RegionCode",
    "SpecialInstructions",
    "LatLong",
    "IsCached",
}
PACKAGE_NAMES = {
    "ConsignmentLegs",
    "Items",
    "Charges",
    "Reference",
    "PackageReferenceProvidedByCustomer",
    "Weight",
    "Dimensions",
    "Description",
    "Value",
    "PackageSizeReference",
    "Barcode",
    "MetaData",
}


def test_creation_answers_201_and_a_link_that_ends_with_the_reference(api: Api) -> None:
    answer = api.call("POST", "/consignments", consignment())
    assert answer.status == 201
    [link] = answer.data
    assert link["Rel"] == "Link"
    assert re.fullmatch(r"https://api\.example\.com/consignments/EC(-[A-Z0-9]{3}){3}", link["Href"])


def test_links_carry_the_stage_where_the_api_has_no_domain_of_its_own(api: Api) -> None:
    api.stage = "live"
    answer = api.call("POST", "/consignments", consignment())
    assert answer.data[0]["Href"].startswith("https://api.example.com/live/consignments/EC-")


def test_links_begin_with_the_address_that_was_set(api: Api) -> None:
    api.address = "https://pro.example.org/api/"
    reference = api.create()
    answer = api.call("GET", f"/consignments/{reference}/status")
    assert answer.data["ApiLink"]["Href"] == f"https://pro.example.org/api/consignments/{reference}"


def test_a_consignment_is_told_with_every_documented_name_nulls_included(api: Api) -> None:
    told = api.call("GET", f"/consignments/{api.create()}").data
    assert set(told) >= DOCUMENTED_NAMES
    assert all(set(address) == ADDRESS_NAMES for address in told["Addresses"])
    assert all(set(each) == PACKAGE_NAMES for each in told["Packages"])
    assert told["Addresses"][1]["Contact"]["LastName"] == "McPetersson"
    assert told["Packages"][0]["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    assert told["Value"] == {"Amount": Decimal("5.99"), "Currency": {"Name": "Pound Sterling", "IsoCode": "GBP"}}
    assert re.fullmatch(r"EP(-[A-Z0-9]{3}){3}", told["Packages"][0]["Reference"])


def test_a_shipping_location_completes_the_address_that_names_it(api: Api) -> None:
    [origin, destination] = api.call("GET", f"/consignments/{api.create()}").data["Addresses"]
    assert (origin["Country"]["IsoCode"]["TwoLetterCode"], origin["Postcode"]) == ("GB", "M2 6LW")
    assert (origin["ShippingLocationReference"], origin["AddressLine1"]) == ("Sorted1", "Third Floor")
    assert (origin["Contact"]["FirstName"], origin["Town"]) == ("Laura", "Manchester")
    assert destination["Postcode"] == DESTINATION["Postcode"]


def test_shipping_locations_are_told_with_their_whole_address_and_contact(api: Api) -> None:
    locations = api.call("GET", "/shippinglocations").data
    assert [each["Reference"] for each in locations] == ["Dublin1", "Glasgow1", "Sorted1"]
    assert (locations[2]["Name"], locations[2]["Contact"]["LastName"]) == ("Manchester warehouse", "Somebody")
    assert (locations[2]["AddressLine2"], locations[2]["Postcode"]) == ("Merchant Exchange", "M2 6LW")
    assert locations[2]["Country"]["Name"] == "United Kingdom"
    assert api.call("GET", "/ShippingLocations/assigned").data == locations
    assert api.call("GET", "/shippinglocations/Sorted1").data == locations[2]
    assert api.call("GET", "/shippinglocations/nowhere").status == 404
    free = [api.call("GET", f"/shippinglocations/{name}/available").data for name in ("Sorted1", "nowhere")]
    assert free == [False, True]


def test_service_groups_are_summed_up_without_their_services(api: Api) -> None:
    groups = api.call("GET", "/servicegroups").data
    summaries = api.call("GET", "/servicegroups/summaries").data
    assert summaries == [{**group, "MpdCarrierServiceProfiles": []} for group in groups]
    one = groups[0]["Reference"]
    assert api.call("GET", f"/servicegroups/summary/{one}").data == summaries[0]
    assert api.call("GET", "/servicegroups/summary/nowhere").status == 404
    free = [api.call("GET", f"/servicegroups/{name}/available").data for name in (one, "nowhere")]
    assert free == [False, True]


def test_customs_papers_have_the_address_of_the_shipping_location_that_an_origin_only_names(api: Api) -> None:
    abroad = {**DESTINATION, "Region": None, "Town": "Zürich", "Postcode": "8001", "Country": "CH"}
    customs = {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"}
    goods = [package(Items=[document_samples.ITEM])]
    reference = api.create(Addresses=[ORIGIN, abroad], Packages=goods, CustomsDocumentation=customs)
    api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
    documents = api.call("GET", f"/consignments/docs/{reference}")
    assert (documents.status, len(documents.data["CommercialInvoiceDocuments"])) == (200, 1)


def test_an_address_s_own_fields_stand_beside_those_of_its_shipping_location(api: Api) -> None:
    own = {**ORIGIN, "CompanyName": "The shop", "Postcode": "M1 1AA", "Mine": 1}
    [origin, _] = api.call("GET", "/consignments/" + api.create(Addresses=[own, DESTINATION])).data["Addresses"]
    assert (origin["CompanyName"], origin["Postcode"], origin["Mine"]) == ("The shop", "M1 1AA", 1)
    assert origin["Country"]["IsoCode"]["TwoLetterCode"] == "GB"


def test_what_pro_does_not_know_is_kept_as_it_was_sent(api: Api) -> None:
    sent = {"Mine": {"Exact": Decimal("0.10"), "Big": 12345678901234567890}}
    assert api.call("GET", "/consignments/" + api.create(**sent)).data["Mine"] == sent["Mine"]


def test_the_status_has_pro_s_four_names(api: Api) -> None:
    reference = api.create()
    assert api.call("GET", f"/consignments/{reference}/status").data == {
        "ConsignmentReferenceForAllLegsAssignedByMpd": reference,
        "Status": "Unallocated",
        "ExpectedDeliveryDate": None,
        "ApiLink": {"Rel": "Link", "Href": f"https://api.example.com/consignments/{reference}"},
    }
    api.allocate(reference)
    told = api.call("GET", f"/consignments/{reference}/status").data
    assert (told["Status"], told["ExpectedDeliveryDate"][-6:]) == ("Allocated", "+00:00")


@pytest.mark.parametrize("path", ["/consignments/{}", "/consignments/{}/status", "/labels/{}", "/consignments/docs/{}"])
@pytest.mark.parametrize("reference", [UNKNOWN, "nonsense", "EC-1", "EC-000-000-00%C3%A9"])
def test_an_unknown_consignment_is_a_404_with_pro_s_error(api: Api, path: str, reference: str) -> None:
    answer = api.call("GET", path.format(reference))
    assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


def test_consignments_are_found_by_state_in_any_case_of_name_and_value(api: Api) -> None:
    unallocated, allocated, deallocated, cancelled = api.create(), api.create(), api.create(), api.create()
    for reference in (allocated, deallocated):
        api.allocate(reference)
    api.call("PUT", f"/consignments/{deallocated}/deallocate")
    api.call("PUT", f"/consignments/{cancelled}/cancel")

    def found(query: str) -> list[str]:
        return list(api.call("GET", f"/consignments/getConsignmentReferences?{query}").data)

    assert found("State=Unallocated") == sorted([unallocated, deallocated])
    assert found("state=ALLOCATED") == [allocated]
    assert found("State=Cancelled") == [cancelled]
    assert found("State=Delivered") == []


def test_consignments_are_found_by_what_their_sender_calls_them(api: Api) -> None:
    mine, other = api.create(), api.create(ConsignmentReferenceProvidedByCustomer="WEB-2")
    path = "/consignments/getConsignmentReferences?ReferenceProvidedByCustomer="
    assert api.call("GET", path + "WEB-100045-1").data == [mine]
    changed = consignment(Reference=other, ConsignmentReferenceProvidedByCustomer="WEB-3")
    assert api.call("PUT", "/consignments", changed).status == 200
    assert api.call("GET", path + "WEB-2").data == []
    assert api.call("GET", path + "WEB-3&State=Unallocated").data == [other]
    assert api.call("GET", path + "WEB-3&State=Allocated").data == []


@pytest.mark.parametrize("query", ["", "?Colour=red", "?State=Allocated&Colour=red"])
def test_a_search_that_would_ignore_a_criterion_is_refused(api: Api, query: str) -> None:
    assert api.call("GET", f"/consignments/getConsignmentReferences{query}").status == 400


def test_a_failed_allocation_names_the_service_or_group_that_was_asked_for(api: Api) -> None:
    heavy = [package(Weight={"Value": 5000, "Unit": "Kg"})]
    of_service, of_group = api.create(Packages=heavy), api.create(Packages=heavy)
    body = {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": [of_service]}
    api.call("PUT", "/allocation/allocatewithcarrierservice", body)
    api.call("PUT", f"/allocation/{of_group}/allocatewithservicegroup/valuableGoods")
    failed = api.call("GET", f"/consignments/{of_service}").data["FailedAllocation"]
    assert (failed["MpdCarrierServiceReference"], failed["CarrierServiceGroupReference"]) == ("CX_NDS", None)
    failed = api.call("GET", f"/consignments/{of_group}").data["FailedAllocation"]
    assert (failed["MpdCarrierServiceReference"], failed["MpdCarrierServiceGroupName"]) == (None, "valuableGoods")
