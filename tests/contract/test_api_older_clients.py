"""Clients of the API's first version, written years ago, work against it unmodified.

What they send and how they read is that of PRO's .NET SDK of 2016 (its data types and its `ApiClient`), of the PHP
client generated from PRO's description, and of the Ruby gem: facts about them, told here in their own forms.
"""

from base64 import b64decode
from copy import deepcopy
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.support import document_samples
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import DESTINATION, ORIGIN, package
from tests.support.pro_types import problems_of_2016

SDK_HEADERS = {"electio-api-version": "", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
NO_DATE = "0001-01-01T00:00:00+00:00"
CONTACT = {
    "Title": "Mr",
    "FirstName": "Peter",
    "LastName": "McPetersson",
    "Telephone": "07702123456",
    "Email": "p@e.test",
}
SDK_ADDRESS: dict[str, Any] = {
    "AddressType": "Destination",
    "Contact": CONTACT,
    "CompanyName": None,
    "AddressLine1": "13 Porter Street",
    "Town": "Manchester",
    "Region": "Greater Manchester",
    "Postcode": "M1 5WG",
    "Country": {"Name": "Great Britain", "IsoCode": {"TwoLetterCode": "GB", "ThreeLetterCode": None}},
    "ShippingLocationReference": None,
}
SDK_CONSIGNMENT: dict[str, Any] = {
    "Reference": None,
    "ConsignmentReferenceProvidedByCustomer": "WEB-1",
    "Source": 0,
    "ShippingDate": None,
    "RequiredDeliveryDate": {"Date": NO_DATE, "IsToBeExactlyOnTheDateSpecified": False},
    "Packages": [
        {
            "Reference": None,
            "Weight": {"Kg": Decimal("0.5")},
            "Dimensions": {"Width": Decimal(10), "Length": Decimal(10), "Height": Decimal(10)},
            "Description": "Socks",
            "Value": {"Amount": Decimal("5.99"), "Currency": {"Name": "Pound", "IsoCode": "GBP"}},
            "Items": [
                {
                    "Description": "Socks",
                    "UnitOfQuantity": 2,
                    "ItemUnit": "Pair",
                    "Weight": {"Kg": Decimal("0.25")},
                    "Value": {"Amount": Decimal("2.99"), "Currency": {"IsoCode": "GBP"}},
                    "HarmonisationCode": "6115.95.00",
                    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "PT"}},
                }
            ],
            "Charges": None,
            "MetaData": None,
        }
    ],
    "Addresses": [{**ORIGIN, "Contact": None}, SDK_ADDRESS],
    "CustomsDocumentation": {
        "CategoryType": "None",
        "ShippingTerms": 0,
        "InvoiceDate": NO_DATE,
        "DeclarationDate": NO_DATE,
    },
    "MetaData": None,
}
HEAVY = package(Weight={"Kg": 5000})


def sdk(api: Api, method: str, path: str, body: Any = None) -> Answer:
    """A call as the SDK makes it: collections with a trailing slash, an empty text for no body."""
    return api.call(method, path, '""' if body is None and method == "PUT" else body, SDK_HEADERS)


def created(api: Api, **changes: Any) -> str:
    answer = sdk(api, "POST", "/consignments/", {**deepcopy(SDK_CONSIGNMENT), **changes})
    assert answer.status == 201, answer.body
    return str(answer.data[0]["Href"].rpartition("/")[2])


def consignment_of(api: Api, reference: str) -> Any:
    """A consignment that passes what the SDK's types demand of it."""
    told = sdk(api, "GET", f"/consignments/{reference}").data
    assert UUID(told["CustomerReference"]) is not None
    assert told["DateCreated"]
    for address in told["Addresses"]:
        contact = address["Contact"]
        assert contact is None or all(isinstance(contact[name], str) for name in ("FirstName", "LastName", "Email"))
    return told


def test_a_consignment_is_created_in_the_forms_of_the_sdk_and_read_back_in_both(api: Api) -> None:
    told = consignment_of(api, created(api))
    (box,) = told["Packages"]
    assert box["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg", "Kg": Decimal("0.5")}
    assert box["Dimensions"]["Unit"] == "Cm"
    assert (box["Items"][0]["Quantity"], box["Items"][0]["Unit"]) == (2, "Pair")
    assert (told["Source"], told["RequestedDeliveryDate"]) == ("Api", None)
    assert told["Weight"]["Kg"] == Decimal("0.5")
    contact = told["Addresses"][1]["Contact"]
    assert contact["Mobile"] == contact["LandLine"] == contact["Telephone"]


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("CategoryType", 16, "ReturnedGoods"),
        ("CategoryType", "Gift, Documents", "Gift"),
        ("CategoryType", 24, "Other"),
        ("CategoryType", "CommercialSample", "CommercialSample"),
        ("ShippingTerms", 64, "DDP"),
        ("ShippingTerms", "EXW", "EXW"),
    ],
)
def test_names_may_be_sent_as_their_numbers(api: Api, name: str, sent: object, kept: str) -> None:
    reference = created(api, CustomsDocumentation={name: sent})
    assert consignment_of(api, reference)["CustomsDocumentation"][name] == kept


def test_a_client_without_names_of_enumerations_sends_their_numbers_in_any_version(api: Api) -> None:
    addresses = [{**ORIGIN, "AddressType": 1}, {**DESTINATION, "AddressType": 2}]
    item = {"ContentClassification": 4, "ContentClassificationDetails": 32 + 64, "Quantity": 1}
    customs = {"ShippingTerms": 2048}
    reference = api.create(
        Direction=0, Addresses=addresses, Packages=[package(Items=[item])], CustomsDocumentation=customs
    )
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["Direction"] == "Outbound"
    assert [each["AddressType"] for each in told["Addresses"]] == ["Origin", "Destination"]
    [kept] = told["Packages"][0]["Items"]
    assert (kept["ContentClassification"], kept["ContentClassificationDetails"]) == ("Dangerous", "Alcohol, Batteries")
    assert told["CustomsDocumentation"]["ShippingTerms"] == "DDU"


def test_pounds_may_be_written_as_lbs(api: Api) -> None:
    reference = created(api, Packages=[package(Weight={"Value": 2, "Unit": "lbs"})])
    assert consignment_of(api, reference)["Packages"][0]["Weight"]["Value"] == Decimal("0.90718")


def test_a_bulk_allocation_tells_success_and_failure_as_the_first_version_did(api: Api) -> None:
    """`List<WithMessage<string>>`: without `IsSuccess` the SDK takes an allocation for a failure."""
    good, heavy = created(api), created(api, Packages=[HEAVY])
    answer = sdk(api, "PUT", "/allocation/allocate/", {"ConsignmentReferences": [good, heavy]})
    assert answer.status == 200
    assert [(item["IsSuccess"], item["Data"]) for item in answer.data] == [(True, good), (False, heavy)]
    assert all(item["Message"] for item in answer.data)
    assert answer.data[0]["ConsignmentLegs"][0]["TrackingReference"].startswith("TRK")


def test_a_single_allocation_that_fails_is_an_error_to_a_client_that_reads_only_the_status(api: Api) -> None:
    good, heavy = created(api), created(api, Packages=[HEAVY])
    assert sdk(api, "PUT", f"/allocation/{good}/allocateWithCheapestQuote").status == 200
    failed = sdk(api, "PUT", f"/allocation/{heavy}/allocateWithCheapestQuote")
    assert (failed.status, failed.data["Code"]) == (400, "NoCarrierServiceAvailable")
    assert consignment_of(api, heavy)["ConsignmentState"] == "AllocationFailed"


def test_an_allocation_is_read_with_its_group_price_and_tax(api: Api) -> None:
    reference = created(api)
    assert sdk(api, "PUT", f"/allocation/{reference}/allocateWithServiceGroup/valuableGoods").status == 200
    allocation = consignment_of(api, reference)["Allocation"]
    assert allocation["CarrierServiceGroupReference"] == "valuableGoods"
    assert allocation["Price"]["VatRate"]["Rate"] == Decimal("0.2")


def test_services_and_quotes_have_hubs_as_objects_and_flags_that_are_known(api: Api) -> None:
    known = {"Scheduled", "AdHoc", "PickUp", "DropOff", "Timed", "Consolidated"}
    services = sdk(api, "GET", "/carrierServices/").data["MpdCarrierServices"]
    assert known.issuperset(flag for service in services for flag in service["Type"].split(", "))
    abroad = {**SDK_ADDRESS, "Postcode": "10001", "Country": {"IsoCode": {"TwoLetterCode": "US"}}}
    quotes = sdk(api, "POST", "/quotes/", {**SDK_CONSIGNMENT, "Addresses": [ORIGIN, abroad]}).data["Quotes"]
    journeys = [service["Journey"] for service in services] + [quote["Legs"] for quote in quotes]
    hubs = [leg["DeliveryHub"] for journey in journeys for leg in journey if leg["DeliveryHub"]]
    assert hubs
    assert all(hub["HubAddress"]["CompanyName"] and hub["ExtraDaysToTransitTime"] == 0 for hub in hubs)


def test_a_surcharge_of_a_quote_has_its_price(api: Api) -> None:
    quotes = sdk(api, "POST", "/quotes/", SDK_CONSIGNMENT).data["Quotes"]
    surcharge = next(quote["Surcharges"][0] for quote in quotes if quote["Surcharges"])
    assert surcharge["Price"] == surcharge["Amount"] > 0
    assert (surcharge["CurrencyIsoCode"], surcharge["ApplicationType"]) == ("GBP", "Standard")


def test_a_client_of_version_1_1_sees_none_of_the_older_names(api: Api) -> None:
    reference = created(api)
    answer = api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]})
    told = api.call("GET", f"/consignments/{reference}")
    assert "IsSuccess" not in answer.body
    assert '"Kg":' not in told.body
    assert 'TrackingReference"' not in told.body


def test_all_six_types_of_address_are_taken_and_allocated(api: Api) -> None:
    others = [{**SDK_ADDRESS, "AddressType": kind} for kind in ("Return", "Sender", "Recipient", "Importer")]
    reference = created(api, Addresses=[ORIGIN, SDK_ADDRESS, *others])
    assert sdk(api, "PUT", f"/allocation/{reference}/allocateWithCheapestQuote").status == 200


def test_references_are_found_by_state_and_direction(api: Api) -> None:
    outbound, inbound = created(api, Direction="Outbound"), created(api, Direction="Inbound")
    path = "/consignments/getConsignmentReferences?State=Unallocated"
    assert sorted(sdk(api, "GET", path).data) == sorted([outbound, inbound])
    assert sdk(api, "GET", f"{path}&Direction=inbound").data == [inbound]
    assert sdk(api, "GET", "/consignments/getConsignmentReferences?Direction=Inbound").data == [inbound]


def test_a_delivery_promise_has_either_name(api: Api) -> None:
    promise = {"Date": "2026-11-30T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": True}
    reference = created(api, RequiredDeliveryDate=promise)
    assert consignment_of(api, reference)["RequiredDeliveryDate"] == promise
    assert api.call("GET", f"/consignments/{reference}").data["RequestedDeliveryDate"] == promise


def test_what_a_typed_client_can_not_read_is_found() -> None:
    assert list(problems_of_2016("Contact", {"FirstName": "", "LastName": "A", "Email": None})) == ["$.Email: missing"]
    assert list(problems_of_2016("List<Weight>", [{"Value": 1, "Unit": "Kg"}])) == ["$[0].Kg: missing"]
    summary = {"Weight": {"Value": 1}, "State": "Dispatched"}
    assert len(list(problems_of_2016("ConsignmentSummary", summary))) == 2
    assert list(problems_of_2016("ConsignmentSummary", {"Weight": 1, "State": "Manifested", "Mine": 1})) == []


def test_parts_lists_and_options_are_in_the_forms_of_the_sdk(api: Api) -> None:
    """Each reply is checked on the way (`problems_of_2016`)."""
    reference = created(api)
    sides, value = {"Width": 5, "Length": 6, "Height": 7}, {"Amount": 3, "Currency": {"IsoCode": "GBP"}}
    box = {"Weight": {"Kg": 1}, "Dimensions": sides, "Description": "More socks", "Value": value}
    added = sdk(api, "POST", f"/consignments/{reference}/addpackage", box)
    assert (added.status, added.data["Weight"]["Kg"]) == (201, 1)
    assert consignment_of(api, reference)["Packages"][0]["Items"][0]["UnitOfQuantity"] == 2
    for path in ("/shippingLocations/", "/shippingLocations/Sorted1", "/carriers/getcarriers", "/serviceGroups/"):
        assert sdk(api, "GET", path).status == 200, path
    assert sdk(api, "GET", "/consignments/10/0?state=Unallocated").data["ConsignmentSummaries"][0]["Weight"] == Decimal(
        "1.5"
    )
    assert sdk(api, "GET", "/consignments/late?").status == 200
    assert sdk(api, "GET", f"/consignments/{reference}/audit").status == 200
    options = sdk(api, "POST", "/deliveryoptions/", SDK_CONSIGNMENT).data["DeliveryOptions"]
    assert options[0]["Price"]["VatRate"]["Rate"] == Decimal("0.2")
    assert sdk(api, "GET", f"/deliveryoptions/details/{options[0]['Reference']}").status == 200
    pickup = sdk(api, "POST", "/deliveryoptions/pickupoptions/", {**SDK_CONSIGNMENT, "Distance": 5, "MaxResults": 2})
    assert pickup.data["Locations"][0]["DeliveryOptions"][0]["Price"]["VatRate"]["Rate"] == Decimal("0.2")


def test_states_and_terms_that_came_later_have_names_that_the_sdk_knows(api: Api) -> None:
    reference = created(api, CustomsDocumentation={"ShippingTerms": "DDU"})
    assert consignment_of(api, reference)["CustomsDocumentation"]["ShippingTerms"] == "DAP"
    assert sdk(api, "PUT", "/allocation/allocate/", {"ConsignmentReferences": [reference]}).data[0]["IsSuccess"]
    assert sdk(api, "PUT", "/consignments/setreadytoship", [reference]).data[0]["IsSuccess"]
    assert consignment_of(api, reference)["ConsignmentState"] == "Allocated"
    assert sdk(api, "PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]}).data[0]["IsSuccess"]
    assert sdk(api, "PUT", "/consignments/dispatch", {"ConsignmentReferences": [reference]}).status == 200
    assert consignment_of(api, reference)["ConsignmentState"] == "Manifested"
    [found] = sdk(api, "GET", f"/consignments/10/0?reference={reference}").data["ConsignmentSummaries"]
    assert found["State"] == "Manifested"
    assert api.call("GET", f"/consignments/{reference}").data["ConsignmentState"] == "Dispatched"


def test_a_manifest_is_its_document_at_both_addresses(api: Api) -> None:
    reference = created(api)
    sdk(api, "PUT", "/allocation/allocate/", {"ConsignmentReferences": [reference]})
    sdk(api, "PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    [listed] = sdk(api, "GET", "/consignments/customer/manifests").data
    for place in ("consignments/customer", "consignmentcustomers"):
        document = sdk(api, "GET", f"/{place}/manifest/{listed['ManifestReference']}").data
        assert b64decode(document).startswith(b"%PDF"), place
    told = api.call("GET", f"/consignments/customer/manifest/{listed['ManifestReference']}").data
    assert told["TotalRecords"] == 1


STRANGE = [
    {"Fees": [{"Name": "Fuel", "Amount": Decimal("2.5")}]},
    {"MetaData": [{"KeyValue": "k", "StringValue": "v", "Value": 1, "Unit": "Kg"}]},
    {"Own": {"StatusCode": "x", "ApiLinks": None, "Description": "d", "Leg": 1, "TrackingReferences": 5}},
    {"Own": {"Source": 1, "Dimensions": {"a": 1}, "UnitOfQuantity": 2, "Weight": {"Kg": 7}}},
]


@pytest.mark.parametrize("own", STRANGE)
def test_what_a_sender_keeps_under_names_of_its_own_is_not_looked_into(api: Api, own: dict[str, Any]) -> None:
    reference = created(api, Packages=[package(**own)])
    kept = consignment_of(api, reference)["Packages"][0]
    assert {name: kept[name] for name in own} == own


@pytest.mark.parametrize("promise", [{}, {"Date": None, "IsToBeExactlyOnTheDateSpecified": True}, {"Date": "soon"}])
def test_a_promise_without_a_date_is_refused_and_not_forgotten(api: Api, promise: dict[str, Any]) -> None:
    answer = sdk(api, "POST", "/consignments/", {**SDK_CONSIGNMENT, "RequiredDeliveryDate": promise})
    assert answer.status == 400


def test_what_an_older_client_sends_back_holds_no_second_weight(api: Api) -> None:
    """It is read with both; what is kept has one, which a client of version 1.1 may change."""
    reference = created(api)
    assert sdk(api, "PUT", "/consignments/", consignment_of(api, reference)).status == 200
    told = api.call("GET", f"/consignments/{reference}").data
    assert told["Packages"][0]["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    told["Packages"][0]["Weight"]["Value"] = 2
    assert api.call("PUT", "/consignments", told).status == 200
    assert consignment_of(api, reference)["Packages"][0]["Weight"]["Kg"] == 2


def test_an_older_client_sends_an_allocated_consignment_back_as_it_was_read_with_one_change(api: Api) -> None:
    reference = created(api)
    assert sdk(api, "PUT", f"/allocation/{reference}/allocatewithcheapestquote").status < 300
    read = consignment_of(api, reference)
    noted = {**read, "MetaData": [{"KeyValue": "picked by", "StringValue": "J"}]}
    assert sdk(api, "PUT", "/consignments/", noted).status == 200
    assert consignment_of(api, reference)["MetaData"][0]["StringValue"] == "J"
    heavier = {**read["Packages"][0], "Weight": {"Kg": 7, "Value": 7, "Unit": "Kg"}}
    assert sdk(api, "PUT", "/consignments/", {**read, "Packages": [heavier]}).status == 400


def test_the_older_forms_are_read_in_xml_too(api: Api) -> None:
    body = """<Consignment><Packages><Package><Weight><Kg>0.5</Kg></Weight>
      <Dimensions><Width>10</Width><Length>10</Length><Height>10</Height></Dimensions>
      <Items><Item><UnitOfQuantity>3</UnitOfQuantity></Item></Items></Package></Packages>
      <Addresses><Address><AddressType>Origin</AddressType>
        <ShippingLocationReference>Sorted1</ShippingLocationReference></Address>
      <Address><AddressType>Destination</AddressType><Postcode>M1 5WG</Postcode>
        <Country><IsoCode><TwoLetterCode>GB</TwoLetterCode></IsoCode></Country></Address></Addresses>
      <CustomsDocumentation><CategoryType>8</CategoryType></CustomsDocumentation></Consignment>"""
    headers = {**SDK_HEADERS, "Content-Type": "application/xml"}
    answer = api.call("POST", "/consignments", body, headers)
    assert answer.status == 201, answer.body
    told = consignment_of(api, str(answer.data[0]["Href"].rpartition("/")[2]))
    assert told["Packages"][0]["Weight"]["Kg"] == Decimal("0.5")
    assert told["Packages"][0]["Items"][0]["Quantity"] == 3
    assert told["CustomsDocumentation"]["CategoryType"] == "Other"


def test_customs_documents_are_a_dictionary_of_files_to_a_client_of_the_first_version(api: Api) -> None:
    away = {"Region": None, "Postcode": "8001", "Town": "Zürich", "Country": {"IsoCode": {"TwoLetterCode": "CH"}}}
    customs = {"CategoryType": 8, "ReasonForExport": "Sale", "ShippingTerms": 32}
    reference = created(api, Addresses=[document_samples.ORIGIN, SDK_ADDRESS | away], CustomsDocumentation=customs)
    assert sdk(api, "PUT", f"/allocation/{reference}/allocatewithcheapestquote").status == 200
    older = sdk(api, "GET", f"/consignments/docs/{reference}").data
    newer = api.call("GET", f"/consignments/docs/{reference}").data
    assert older["CommercialInvoiceDocuments"]
    assert older == {kind: {each["Key"]: each["Value"] for each in pairs} for kind, pairs in newer.items()}
