"""Consignments over the API: created, told, found, changed, cancelled, erased (`pro-api.md`, A consignment)."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from allocation.consignments.store import Known
from allocation.domain.reference import ConsignmentReference
from tests.support import document_samples
from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package

UNKNOWN = "EC-ZZZ-ZZZ-ZZZ"
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


def allocate(api: Api, reference: str) -> None:
    assert api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data[0]["StatusCode"] == 200


def state_of(api: Api, reference: str) -> str:
    return str(api.call("GET", f"/consignments/{reference}/status").data["Status"])


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


def test_units_are_taken_in_any_case_and_written_as_kg_and_cm(api: Api) -> None:
    sides = {"Unit": "MM", "Width": 100, "Length": 100, "Height": 100}
    told = api.call(
        "GET", "/consignments/" + api.create(Packages=[package(Weight={"Value": 500, "Unit": "g"}, Dimensions=sides)])
    ).data
    assert told["Packages"][0]["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    assert told["Packages"][0]["Dimensions"] == {"Unit": "Cm", "Width": 10, "Length": 10, "Height": 10}
    assert told["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}


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
    allocate(api, reference)
    told = api.call("GET", f"/consignments/{reference}/status").data
    assert (told["Status"], told["ExpectedDeliveryDate"][-6:]) == ("Allocated", "+00:00")


@pytest.mark.parametrize("path", ["/consignments/{}", "/consignments/{}/status", "/labels/{}", "/consignments/docs/{}"])
@pytest.mark.parametrize("reference", [UNKNOWN, "nonsense", "EC-1", "EC-000-000-00%C3%A9"])
def test_an_unknown_consignment_is_a_404_with_pro_s_error(api: Api, path: str, reference: str) -> None:
    answer = api.call("GET", path.format(reference))
    assert (answer.status, answer.data["Code"]) == (404, "ConsignmentNotFoundException")


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"Packages": []}, "Packages"),
        ({"Packages": None}, "Packages"),
        ({"Addresses": [ORIGIN]}, "Addresses"),
        ({"Addresses": [DESTINATION]}, "Addresses"),
        ({"Packages": [package(Weight={"Value": "1", "Unit": "Kg"})]}, "Packages[0].Weight.Value"),
        ({"Packages": [package(Weight={"Value": 1, "Unit": "stone"})]}, "Packages[0].Weight.Unit"),
        ({"Packages": [package(Weight={"Value": -1, "Unit": "Kg"})]}, "Packages[0].Weight.Value"),
        ({"ShippingDate": "soon"}, "ShippingDate"),
        ({"Direction": "Sideways"}, "Direction"),
    ],
)
def test_a_field_that_can_not_be_used_is_named_by_its_path_and_not_repeated(
    api: Api, changes: dict[str, object], target: str
) -> None:
    answer = api.call("POST", "/consignments", consignment(**changes))
    assert (answer.status, answer.data["Code"]) == (400, "ValidationException")
    assert target in [detail["Target"] for detail in answer.data["Details"]]
    assert "McPetersson" not in answer.body


def with_everything() -> dict[str, Any]:
    """A consignment with each field that PRO's types have and allocation does not need."""
    money: dict[str, Any] = {"Amount": Decimal("5.99"), "Currency": {"Name": "Pound", "IsoCode": "GBP"}}
    item: dict[str, Any] = {"Reference": "r", "CountryOfOrigin": {"Name": "x", "IsoCode": {"TwoLetterCode": "GB"}}}
    item["Value"] = {**money, "Currency": dict(money["Currency"])}
    placed = {
        **DESTINATION,
        "CustomerName": "c",
        "RegionCode": "r",
        "IsCached": False,
        "LatLong": {"Latitude": Decimal("53.1"), "Longitude": -2},
        "ShopLocationReference": None,
    }
    placed["Contact"] = {"FirstName": "Peter", "Reference": "00000000-0000-0000-0000-000000000000"}
    return consignment(
        Packages=[package(Value=money, Charges=[], Items=[item])],
        Addresses=[ORIGIN, placed],
        CustomsDocumentation={"ReceiversShippingCost": Decimal("3.5"), "ImportersCode": "x"},
        LocationInformation={"ShopReference": None, "ReservationReference": None},
    )


WRONG_TYPES = [
    *((("Addresses", 1, name), value) for name in ("CustomerName", "RegionCode", "LatLong") for value in ([1], 7)),
    *(
        (("Addresses", 1, "LatLong", name), value)
        for name in ("Latitude", "Longitude")
        for value in ("53.1", [1], True)
    ),
    *((("Addresses", 1, name), value) for name, value in (("IsCached", "maybe"), ("ShopLocationReference", {"a": 1}))),
    (("Addresses", 1, "Contact", "Reference"), 7),
    (("LocationInformation",), "LK-LEEDS"),
    (("LocationInformation", "ShopReference"), 7),
    (("LocationInformation", "ReservationReference"), [1]),
    (("CustomsDocumentation", "ReceiversShippingCost"), "much"),
    (("CustomsDocumentation", "ImportersCode"), 7),
    (("Packages", 0, "Charges"), "none"),
    (("Packages", 0, "Value", "Currency", "Name"), {"a": 1}),
    (("Packages", 0, "Items", 0, "Reference"), 7),
    (("Packages", 0, "Items", 0, "Value", "Currency", "Name"), 7),
    (("Packages", 0, "Items", 0, "CountryOfOrigin", "Name"), 7),
]


@pytest.mark.parametrize(("place", "value"), WRONG_TYPES)
def test_a_value_of_another_type_than_pro_s_is_refused_by_its_path_wherever_it_is_sent(
    api: Api, place: tuple[str | int, ...], value: Any
) -> None:
    whole = with_everything()
    reference = api.create(**whole)
    part: Any = whole
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    target = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    answers = [
        api.call("POST", "/consignments", whole),
        api.call("PUT", "/consignments", {"Reference": reference, place[0]: whole[str(place[0])]}),
        api.call("POST", "/quotes", whole),
    ]
    if place[0] == "Addresses":
        answers.append(api.call("POST", f"/consignments/{reference}/updateconsignmentaddress", whole["Addresses"][1]))
    if place[0] == "Packages":
        answers.append(api.call("POST", f"/consignments/{reference}/addpackage", whole["Packages"][0]))
    assert [answer.status for answer in answers] == [400] * len(answers)
    assert [answer.data["Details"][0]["Target"] for answer in answers[:3]] == [target] * 3


def test_what_a_typed_client_writes_for_what_it_does_not_set_is_taken(api: Api) -> None:
    whole = with_everything()
    placed = whole["Addresses"][1]
    placed |= dict.fromkeys(("CustomerName", "RegionCode", "IsCached", "LatLong", "ShopLocationReference"))
    placed["Contact"]["Reference"] = None
    whole |= {"LocationInformation": None, "CustomsDocumentation": {"ReceiversShippingCost": None}}
    whole["Packages"][0] |= {"Charges": None}
    api.create(**whole)
    api.create(**{**whole, "Addresses": [ORIGIN, {**placed, "LatLong": {"Latitude": None, "Longitude": None}}]})


def test_empty_texts_count_as_absent(api: Api) -> None:
    reference = api.create(Packages=[package(PackageSizeReference="")], ShippingDate="")
    assert api.call("GET", f"/consignments/{reference}").data["ShippingDate"] is None


def test_consignments_are_found_by_state_in_any_case_of_name_and_value(api: Api) -> None:
    unallocated, allocated, deallocated, cancelled = api.create(), api.create(), api.create(), api.create()
    for reference in (allocated, deallocated):
        allocate(api, reference)
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
    allocate(api, reference)
    moved = consignment(Reference=reference, Addresses=[ORIGIN, DESTINATION | {"Postcode": "M2 6LW"}])
    answer = api.call("PUT", "/consignments", moved)
    assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")
    noted = {"Reference": reference, "Addresses": [ORIGIN, DESTINATION], "MetaData": [{"KeyValue": "a", "IntValue": 1}]}
    assert api.call("PUT", "/consignments", noted).status == 200
    told = api.call("GET", f"/consignments/{reference}").data
    assert (told["ConsignmentState"], told["MetaData"][0]["IntValue"]) == ("Allocated", 1)


def test_an_allocated_consignment_may_be_sent_back_as_it_was_read_with_one_change(api: Api) -> None:
    reference = api.create(Addresses=[ORIGIN, DESTINATION], Packages=[package(Items=[{"Sku": "A", "Quantity": 2}])])
    allocate(api, reference)
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
    allocate(api, reference)
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
    allocate(api, reference)
    before = api.call("GET", f"/consignments/{reference}").data
    assert api.call("DELETE", f"/consignments/{reference}").status == 200
    answer = api.call("GET", f"/consignments/{reference}")
    assert "McPetersson" not in answer.body
    assert answer.data["Allocation"] == before["Allocation"]
    assert api.call("DELETE", f"/consignments/{reference}").status == 404
    assert api.call("GET", "/consignments/getConsignmentReferences?ReferenceProvidedByCustomer=WEB-100045-1").data == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            '{"Packages": [{"Weight": {"Value": 1, "Unit": "kg", "Value": 2}}]}',
            '"Value" stands twice in Packages[0].Weight',
        ),
        ('{"Tags": ["a\\u0000b"]}', "Tags[0] has a null character"),
    ],
)
def test_a_key_that_stands_twice_or_a_null_character_is_a_bad_request(api: Api, body: str, told: str) -> None:
    answer = api.call("POST", "/consignments", body)
    assert answer.status == 400
    assert told in answer.data["Message"]


@pytest.mark.parametrize(
    ("value", "unit", "kilograms"),
    [(2, "LBS", "0.90718"), (500, "Grams", "0.5"), (3, "kgs", "3"), ("0.30000000000000004", "kilograms", "0.3")],
)
def test_the_api_reads_numbers_and_units_as_the_queue_does(api: Api, value: object, unit: str, kilograms: str) -> None:
    reference = api.create(Packages=[package(Weight={"Value": Decimal(str(value)), "Unit": unit})])
    weight = api.call("GET", f"/consignments/{reference}").data["Packages"][0]["Weight"]
    assert (Decimal(weight["Value"]), weight["Unit"]) == (Decimal(kilograms), "Kg")


def test_a_country_and_a_currency_sent_as_codes_are_shown_as_objects(api: Api) -> None:
    sent = package(Value={"Amount": 5, "Currency": "GBP"})
    reference = api.create(Addresses=[ORIGIN, DESTINATION | {"Country": "GB"}], Packages=[sent])
    shown = api.call("GET", f"/consignments/{reference}").data
    assert shown["Addresses"][1]["Country"]["IsoCode"]["TwoLetterCode"] == "GB"
    assert shown["Packages"][0]["Value"]["Currency"]["IsoCode"] == "GBP"


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


def test_dates_that_were_sent_without_a_time_or_an_offset_are_told_with_both(api: Api) -> None:
    reference = api.create(ShippingDate="2026-12-01", RequestedDeliveryDate={"Date": "2026-12-03T08:00:00"})
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["ShippingDate"] == "2026-12-01T00:00:00+00:00"
    assert told["RequestedDeliveryDate"]["Date"] == "2026-12-03T08:00:00+00:00"


def test_countries_and_currencies_have_their_names_whatever_the_sender_called_them(api: Api) -> None:
    worth = {"Amount": 5, "Currency": {"IsoCode": "CHF"}}
    to = DESTINATION | {"Country": {"Name": "UK", "IsoCode": {"TwoLetterCode": "UK"}}}
    told = api.call("GET", f"/consignments/{api.create(Addresses=[ORIGIN, to], Packages=[package(Value=worth)])}").data
    assert told["Addresses"][1]["Country"]["Name"] == "United Kingdom"
    assert (
        told["Value"]["Currency"]
        == told["Packages"][0]["Value"]["Currency"]
        == {"Name": "Swiss Franc", "IsoCode": "CHF"}
    )


def in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: in_camel_case(item) for name, item in value.items()}
    return [in_camel_case(item) for item in value] if isinstance(value, list) else value


def test_names_of_requests_are_read_in_any_case_however_deep(api: Api) -> None:
    """As .NET reads them: Java's and JavaScript's typed clients write camelCase."""
    own = {"myField": {"description": "mine"}}
    placed = {**DESTINATION, "LatLong": {"Latitude": 53, "Longitude": -2}}
    changes = {"Tags": ["Alcohol"], "Addresses": [ORIGIN, placed], "MetaData": [{"KeyValue": "a", "IntValue": 1}]}
    sent = in_camel_case(consignment(**changes)) | own
    answer = api.call("POST", "/consignments", sent)
    assert answer.status == 201, answer.body
    told = api.call("GET", f"/consignments/{answer.data[0]['Href'].rpartition('/')[2]}").data
    expected = api.call("GET", f"/consignments/{api.create(**changes)}").data
    for name in ("Addresses", "Tags", "Weight", "Value", "MetaData"):
        assert told[name] == expected[name]
    assert told["myField"] == own["myField"]
    for path in ("/quotes", "/deliveryoptions", "/orders"):
        assert api.call("POST", path, sent).status == 201
    unknown = in_camel_case(consignment(Addresses=[{**ORIGIN, "ShippingLocationReference": "Nowhere"}, DESTINATION]))
    assert api.call("POST", "/consignments", unknown).data["Code"] == "ShippingLocationNotFoundException"


@pytest.mark.parametrize("parts", [-1, True, "text", {"a": 1}, [1], [None]])
@pytest.mark.parametrize("name", ["Addresses", "Packages"])
def test_parts_that_are_no_list_of_objects_are_refused(api: Api, name: str, parts: Any) -> None:
    for method, path in (("POST", "/consignments"), ("POST", "/quotes"), ("POST", "/deliveryoptions")):
        assert api.call(method, path, consignment() | {name: parts}).status == 400
