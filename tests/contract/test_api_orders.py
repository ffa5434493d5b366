"""Orders over the API: kept, changed by PRO's rules, and packed into consignments (PRO's help, "Managing Orders")."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.allocation_api import Api
from tests.support.consignments import DESTINATION, ORIGIN, consignment, package

SOCKS = {
    "Sku": "SKU093434",
    "Description": "Striped Bamboo Red/White",
    "CountryOfOrigin": {"IsoCode": {"TwoLetterCode": "GB"}},
    "Weight": {"Value": Decimal("0.5"), "Unit": "Kg"},
    "Value": {"Amount": Decimal("5.99"), "Currency": {"IsoCode": "GBP"}},
}
SHOES = {**SOCKS, "Sku": "SKU2", "ItemReferenceProvidedByCustomer": "LINE-2", "Description": "Shoes"}


def ordered(api: Api, **changes: Any) -> str:
    """The reference of a new order of socks and shoes."""
    sent = consignment(
        **{"Packages": [package(Items=[SOCKS, SHOES])], "ConsignmentReferenceProvidedByCustomer": None, **changes}
    )
    answer = api.call("POST", "/orders", sent)
    assert answer.status == 201, answer.body
    [link] = answer.data
    assert link["Rel"] == "Order"
    return str(link["Href"].rpartition("/")[2])


def order(api: Api, reference: str) -> dict[str, Any]:
    answer = api.call("GET", f"/orders/{reference}")
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.data
    return data


def packed(api: Api, reference: str, **request: Any) -> list[dict[str, Any]]:
    """The consignments that a request packs."""
    answer = api.call("POST", f"/orders/{reference}/pack", {"OrderReference": reference, **request})
    assert answer.status == 201, answer.body
    links = [result["ApiLinks"][0]["Href"] for result in answer.data["Results"]]
    return [api.call("GET", f"/consignments/{link.rpartition('/')[2]}").data for link in links]


def test_an_order_is_read_back_with_references_totals_and_every_documented_name(api: Api) -> None:
    told = order(api, ordered(api, OrderReferenceProvidedByCustomer="WEB-1"))
    assert told["OrderReferenceProvidedByCustomer"] == "WEB-1"
    assert told["Weight"] == {"Value": Decimal("0.5"), "Unit": "Kg"}
    items = told["Packages"][0]["Items"]
    assert [item["Quantity"] for item in items] == [1, 1]
    assert len({item["Reference"] for item in items}) == 2
    assert (told["Source"], told["Direction"], told["DeliveryOptionReference"]) == ("Api", "Outbound", None)


def test_an_order_is_no_consignment(api: Api) -> None:
    reference = ordered(api)
    assert api.call("GET", f"/consignments/{reference}").status == 404
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data == []
    assert api.call("GET", "/orders/EO-ZZZ-ZZZ-ZZZ").status == 404
    assert api.call("GET", f"/orders/{reference.lower()}").status == 200


def test_an_order_without_goods_or_addresses_is_refused(api: Api) -> None:
    mistakes: list[dict[str, Any]] = [
        {"Packages": []},
        {"Addresses": [ORIGIN]},
        {"OrderReferenceProvidedByCustomer": 7},
    ]
    for wrong in mistakes:
        assert api.call("POST", "/orders", consignment(**wrong)).status == 400


def test_an_update_replaces_details_by_pro_s_rules(api: Api) -> None:
    reference = ordered(api, OrderReferenceProvidedByCustomer="WEB-1", Tags=["Oil"], Direction="Inbound")
    promise = {"Date": "2026-12-05T00:00:00+01:00", "IsToBeExactlyOnTheDateSpecified": True}
    sent = {"OrderReference": reference, "RequiredDeliveryDate": promise, "Source": "Web", "Packages": []}
    before = order(api, reference)
    answer = api.call("PUT", f"/orders/{reference}", sent)
    assert (answer.status, answer.body) == (200, "")
    after = order(api, reference)
    assert after["RequiredDeliveryDate"] == promise
    assert after["OrderReferenceProvidedByCustomer"] is None
    kept = ("Tags", "Direction", "Addresses", "Packages", "Source", "DateCreated", "OrderReference")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert api.call("PUT", f"/orders/{reference}", {**sent, "OrderReference": "EO-ZZZ-ZZZ-ZZZ"}).status == 400
    assert api.call("PUT", "/orders/EO-ZZZ-ZZZ-ZZZ", {}).status == 404


def test_an_address_is_added_where_its_type_is_new_and_changed_where_it_is_not(api: Api) -> None:
    reference = ordered(api)
    sender = {**DESTINATION, "AddressType": "Sender", "Town": "Leeds"}
    path = f"/orders/{reference}/address"
    assert api.call("PUT", path, sender).status == 400
    assert api.call("POST", path, sender).status == 200
    assert api.call("POST", path, sender).status == 400
    assert api.call("PUT", path, {**sender, "Town": "York"}).status == 200
    towns = {each["AddressType"]: each["Town"] for each in order(api, reference)["Addresses"]}
    assert towns["Sender"] == "York"
    assert len(towns) == 3
    assert api.call("POST", path, {"AddressType": "Hub"}).status == 400


def test_items_are_packed_into_a_consignment_that_can_be_allocated(api: Api) -> None:
    reference = ordered(api, OrderReferenceProvidedByCustomer="WEB-1", Tags=["Alcohol"])
    size = {
        "Weight": {"Value": Decimal("1.3"), "Unit": "Kg"},
        "Dimensions": {"Unit": "Cm", "Width": 15, "Length": 21, "Height": 10},
    }
    [told] = packed(
        api, reference, Packages=[{**size, "PackageSizeReference": "", "Items": [{"Sku": "SKU2", "Quantity": 3}]}]
    )
    assert told["ConsignmentReferenceProvidedByCustomer"] == "WEB-1"
    assert (told["Weight"]["Value"], told["Tags"]) == (Decimal("1.3"), ["Alcohol"])
    [goods] = told["Packages"]
    assert goods["Value"]["Amount"] == 3 * Decimal("5.99")
    assert [(item["Description"], item["Quantity"]) for item in goods["Items"]] == [("Shoes", 3)]
    allocated = api.call("PUT", "/allocation/allocate", {"ConsignmentReferences": [told["Reference"]]})
    assert allocated.data[0]["StatusCode"] == 200


def test_each_pack_makes_a_consignment_of_its_own_with_what_the_request_says_otherwise(api: Api) -> None:
    reference = ordered(api, OrderReferenceProvidedByCustomer="WEB-1")
    item = order(api, reference)["Packages"][0]["Items"][0]["Reference"]
    metadata = [{"KeyValue": "SampleKey", "StringValue": "SampleValue"}]
    [first] = packed(api, reference, Packages=[{"Items": [{"Reference": item}]}])
    [second] = packed(
        api,
        reference,
        Packages=[{"Items": [{"ItemReferenceProvidedByCustomer": "LINE-2"}]}],
        OrderReferenceProvidedByCustomer="MyOrderRef001",
        MetaData=metadata,
    )
    assert first["Reference"] != second["Reference"]
    assert second["ConsignmentReferenceProvidedByCustomer"] == "MyOrderRef001"
    assert second["MetaData"][0]["StringValue"] == "SampleValue"
    assert first["Packages"][0]["Weight"] == order(api, reference)["Packages"][0]["Weight"]


def test_a_return_is_packed_with_its_addresses_swapped(api: Api) -> None:
    there, back = packed(api, ordered(api), Packages=[{"Items": [{"Sku": "SKU2"}]}], GenerateReturn=True)
    assert (there["Direction"], back["Direction"]) == ("Outbound", "Inbound")
    postcodes = [{each["AddressType"]: each["Postcode"] for each in told["Addresses"]} for told in (there, back)]
    assert postcodes[0]["Origin"] == postcodes[1]["Destination"]
    assert postcodes[0]["Destination"] == postcodes[1]["Origin"]


@pytest.mark.parametrize(
    "packages",
    [
        [],
        [{"Items": []}],
        [{"Items": [{"Sku": "unknown"}]}],
        [{"Items": [{}]}],
        [{"Items": [{"Sku": "SKU2", "ItemReferenceProvidedByCustomer": "LINE-9"}]}],
        [{"Items": [{"Sku": "SKU2", "Quantity": 0}]}],
        [{"Items": [{"Sku": "SKU2"}], "Weight": {"Value": 1, "Unit": "stone"}}],
    ],
)
def test_what_is_not_of_the_order_is_not_packed(api: Api, packages: Any) -> None:
    answer = api.call("POST", f"/orders/{ordered(api)}/pack", {"Packages": packages})
    assert answer.status == 400
    assert answer.data["Details"]
    assert api.call("GET", "/consignments/getConsignmentReferences?State=Unallocated").data == []


def test_an_order_is_forgotten_with_its_personal_data(api: Api) -> None:
    reference = ordered(api)
    api.clock.now += timedelta(days=91)
    assert api.call("GET", f"/orders/{reference}").status == 404


def test_an_order_is_created_and_packed_in_xml(api: Api) -> None:
    body = """<CreateOrderRequest><Packages><Package><Items><Item><Sku>SKU1</Sku></Item></Items>
      <Weight><Value>0.5</Value><Unit>Kg</Unit></Weight>
      <Dimensions><Unit>Cm</Unit><Width>10</Width><Length>10</Length><Height>10</Height></Dimensions></Package></Packages>
      <Addresses><Address><AddressType>Origin</AddressType>
        <ShippingLocationReference>Sorted1</ShippingLocationReference></Address>
      <Address><AddressType>Destination</AddressType><Postcode>M1 5WG</Postcode>
        <Country><IsoCode><TwoLetterCode>GB</TwoLetterCode></IsoCode></Country></Address></Addresses></CreateOrderRequest>"""
    xml = {"Content-Type": "application/xml"}
    reference = api.call("POST", "/orders", body, xml).data[0]["Href"].rpartition("/")[2]
    pack = """<PackOrderRequest><GenerateReturn>false</GenerateReturn><Packages><Package><Items><Item>
      <Sku>SKU1</Sku><Quantity>2</Quantity></Item></Items></Package></Packages></PackOrderRequest>"""
    answer = api.call("POST", f"/orders/{reference}/pack", pack, {**xml, "Accept": "application/xml"})
    assert answer.status == 201
    assert "<PackOrderResult><Result>ConsignmentCreated</Result><ApiLinks><ApiLink><Rel" in answer.body
    told = api.call("GET", f"/orders/{reference}", headers={"Accept": "application/xml"}).body
    assert told.split("<Order ")[1].startswith("xmlns:xsd")
    assert 'DataTypes.Orders"' in told
