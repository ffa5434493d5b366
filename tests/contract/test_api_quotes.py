"""Quotes over the API, as PRO's clients read them (`pro-api.md`, Prices)."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID
from xml.etree import ElementTree

from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package

SCHEMAS = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
QUOTE_NAMES = set(
    """MpdCarrierServiceSource MpdCarrierService CarrierReference OriginAddress DestinationAddress CollectionDate
    EarliestDeliveryDate LatestDeliveryDate BasePrice Price Surcharges Legs CarrierAccountOwner IsElectioService
    ServiceDirection QuoteReference CreationDate ExpiryDate Requestor ConsignmentReference
    ConsignmentReferenceProvidedByCustomer MpdCarrierServiceReference""".split()  # noqa: SIM905 - as it is read
)


def test_quotes_have_every_documented_name_cheapest_first(api: Api) -> None:
    answer = api.call("POST", "/quotes/", consignment())
    assert answer.status == 201
    result = answer.data
    assert list(result) == ["QuoteRequestReference", "Quotes", "Message", "UnqualifiedServices"]
    UUID(result["QuoteRequestReference"])
    assert all(set(quote) == QUOTE_NAMES for quote in result["Quotes"])
    prices = [quote["Price"]["Net"] for quote in result["Quotes"]]
    assert prices == sorted(prices)
    assert len({UUID(quote["QuoteReference"]) for quote in result["Quotes"]}) == len(prices) > 1
    for quote in result["Quotes"]:
        price = quote["Price"]
        assert price["Gross"] == price["Net"] + price["VatAmount"]
        assert price["VatAmount"] == (price["Net"] * price["TaxRate"]["Rate"]).quantize(Decimal("0.01"))
        surcharges = sum(each["Amount"] for each in quote["Surcharges"])
        assert {each["Type"] for each in quote["Surcharges"]} <= {"Additive"}
        assert quote["BasePrice"]["Net"] + surcharges == price["Net"]
        assert quote["DestinationAddress"]["Contact"] is None


def test_services_that_can_not_take_it_are_named_with_pro_s_reasons(api: Api) -> None:
    heavy = consignment(Packages=[package(Weight={"Value": 5000, "Unit": "Kg"})])
    result = api.call("POST", "/quotes", heavy).data
    assert result["Quotes"] == []
    unqualified = {each["MpdCarrierServiceReference"]: each for each in result["UnqualifiedServices"]}
    service = unqualified["CX_NDS"]
    assert "This service is not available for the given package dimensions/weight." in service["ExclusionReason"]
    assert service["Available"] is False


def test_the_kind_of_an_address_is_read_where_the_sender_says_it(api: Api) -> None:
    boxed = {**DESTINATION, "IsPoBox": True, "IsResidential": None}
    refused, taken = (
        {each["MpdCarrierServiceReference"]: each["ExclusionReason"] for each in result["UnqualifiedServices"]}
        for result in (
            api.call("POST", "/quotes", consignment(Addresses=[ORIGIN, to])).data for to in (boxed, DESTINATION)
        )
    )
    assert "This service does not deliver to PO boxes." in refused["CX_NDS"]
    assert "PO boxes" not in taken.get("CX_NDS", "")


def test_every_service_is_either_quoted_or_unqualified(api: Api) -> None:
    result = api.call("POST", "/quotes", consignment()).data
    services = [each["Reference"] for each in api.call("GET", "/carrierservices").data["MpdCarrierServices"]]
    named = [each["MpdCarrierServiceReference"] for each in result["Quotes"] + result["UnqualifiedServices"]]
    assert sorted(named) == sorted(services)


def test_quotes_for_a_consignment_that_is_there_name_it(api: Api) -> None:
    reference = api.create()
    quote = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"][0]
    assert (quote["ConsignmentReference"], quote["ConsignmentReferenceProvidedByCustomer"]) == (
        reference,
        "WEB-100045-1",
    )
    assert api.call("GET", "/quotes/consignment/EC-ZZZ-ZZZ-ZZZ").status == 400


def test_asking_for_quotes_creates_nothing(api: Api) -> None:
    api.call("POST", "/quotes", consignment())
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data == []


def test_a_quote_got_before_creation_is_good_for_the_consignment_created(api: Api) -> None:
    quote = api.call("POST", "/quotes", consignment()).data["Quotes"][2]
    reference = api.create()
    answer = api.call("PUT", f"/allocation/{reference}/allocatewithquote/{quote['QuoteReference'].upper()}")
    assert answer.data[0]["CarrierServiceReference"] == quote["MpdCarrierServiceReference"]


def test_a_quote_is_good_until_it_expires_and_not_longer(api: Api) -> None:
    reference = api.create()
    quote = api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"][0]
    path = f"/allocation/{reference}/allocatewithquote/{quote['QuoteReference']}"
    cut_off = api.clock.now.fromisoformat(quote["ExpiryDate"])
    api.clock.now = cut_off + timedelta(seconds=1)
    assert api.call("PUT", path).status == 400
    api.clock.now = cut_off
    assert api.call("PUT", path).data[0]["StatusCode"] == 200


def test_service_groups_are_quoted_each_with_its_cheapest(api: Api) -> None:
    groups = {each["Reference"]: each for each in api.call("GET", "/servicegroups").data}
    results = api.call("POST", "/quotes/serviceGroups", consignment()).data
    assert [result["Reference"] for result in results] == sorted(groups)
    for result in results:
        quotes = result["Quotes"]
        assert result["CheapestQuote"] == (quotes[0] if quotes else None)
        members = [
            each["MpdCarrierService"]["Reference"] for each in groups[result["Reference"]]["MpdCarrierServiceProfiles"]
        ]
        named = [each["MpdCarrierServiceReference"] for each in quotes + result["UnqualifiedServices"]]
        assert sorted(named) == sorted(members)


def test_a_consignment_that_can_not_be_quoted_is_a_400(api: Api) -> None:
    assert api.call("POST", "/quotes", consignment(Packages=[])).status == 400
    nowhere = consignment(Addresses=[ORIGIN | {"ShippingLocationReference": "Nowhere"}, DESTINATION])
    answer = api.call("POST", "/quotes", nowhere)
    assert (answer.status, answer.data["Code"]) == (400, "ShippingLocationNotFoundException")


# Of PRO's documented reply in XML: the class that declares each part's elements.
DECLARED_BY = {
    "Quote": "Quotes",
    "OriginAddress": "Common",
    "DestinationAddress": "Common",
    "Country": "Common",
    "BasePrice": "Rates",
    "Price": "Rates",
    "TaxRate": "Common",
    "Currency": "Common",
    "QuoteSurcharge": "Rates",
    "Leg": "Common",
    "CarrierService": "Common",
    "UnqualifiedService": "Quotes",
}


def test_every_element_of_a_quote_in_xml_is_in_the_namespace_of_the_class_that_declares_it(api: Api) -> None:
    answer = api.call("POST", "/quotes", consignment(), {"Accept": "application/xml"})
    parts = [part for part in ElementTree.fromstring(answer.body).iter() if part.tag.rpartition("}")[2] in DECLARED_BY]  # noqa: S314
    assert {part.tag.rpartition("}")[2] for part in parts} == set(DECLARED_BY)
    for part in parts:
        namespace = f"{SCHEMAS}{DECLARED_BY[part.tag.rpartition('}')[2]]}"
        assert {child.tag.rpartition("}")[0].lstrip("{") for child in part} <= {namespace}, part.tag


def test_a_quote_shows_the_whole_address_of_the_shipping_location_that_it_is_from(api: Api) -> None:
    short = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}
    [location] = [each for each in api.call("GET", "/shippinglocations").data if each["Reference"] == "Sorted1"]
    quotes = api.call("POST", "/quotes", consignment(Addresses=[short, DESTINATION])).data["Quotes"]
    fields = ("AddressLine1", "Town", "Postcode", "Country")
    assert {name: quotes[0]["OriginAddress"][name] for name in fields} == {name: location[name] for name in fields}
