"""The call flows that PRO documents, on the deployed stack: from a checkout or an order to a manifested consignment."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.stack.deploy import Deployment
from tests.end_to_end.test_allocation_api import ITEM, Client, plain
from tests.support.consignments import consignment, package


@pytest.fixture
def client(deployment: Deployment) -> Iterator[Client]:
    client = Client(deployment.stack.api_url, deployment.stack.api_key)
    with client.session:
        yield client


def ordered_goods() -> dict[str, Any]:
    return plain(consignment(Packages=[package(Items=[ITEM | {"Sku": "SKU093434"}])]))


def reference_in(link: dict[str, str]) -> str:
    return link["Href"].rpartition("/")[2]


def allocated(client: Client, reference: str) -> str:
    [summary] = client.data("PUT", "/allocation/allocate", {"ConsignmentReferences": [reference]})
    assert summary["StatusCode"] == 200, summary
    return reference


def option(client: Client) -> str:
    """The delivery option that a customer chooses at the checkout: the third that is offered."""
    offered = client.data("POST", "/deliveryoptions", plain(consignment()))["DeliveryOptions"]
    return str(offered[2]["Reference"])


def packed(client: Client, order: str) -> str:
    items = [{"Items": [{"Sku": "SKU093434", "Quantity": 1}]}]
    [result] = client.data("POST", f"/orders/{order}/pack", {"OrderReference": order, "Packages": items})["Results"]
    return reference_in(result["ApiLinks"][0])


def classic(client: Client) -> str:
    return allocated(client, client.create())


def quotes(client: Client) -> str:
    reference = client.create()
    quote = client.data("GET", f"/quotes/consignment/{reference}")["Quotes"][1]
    [summary] = client.data("PUT", f"/allocation/{reference}/allocatewithquote/{quote['QuoteReference']}")
    assert summary["CarrierServiceReference"] == quote["MpdCarrierServiceReference"]
    return reference


def consumer_options(client: Client) -> str:
    return reference_in(client.data("POST", f"/deliveryoptions/select/{option(client)}")["ApiLinks"][0])


def consumer_options_pickup(client: Client) -> str:
    near = plain(consignment(Distance={"Unit": "Km", "Value": 2}, MaxResults=10))
    locations = client.data("POST", "/deliveryoptions/pickupoptions", near)["Locations"]
    location = next(each for each in locations if each["Reservation"]["IsReservationRequired"])
    chosen = location["DeliveryOptions"][1]["Reference"]
    assert client.data("POST", f"/deliveryoptions/reserve/{chosen}")
    reference = reference_in(client.data("POST", f"/deliveryoptions/select/{chosen}")["ApiLinks"][0])
    told = client.data("GET", f"/consignments/{reference}")["LocationInformation"]
    assert told["ShopReference"] == location["ShopReference"]
    return reference


def order_flex(client: Client) -> str:
    [link] = client.data("POST", "/orders", ordered_goods())
    return allocated(client, packed(client, reference_in(link)))


def consumer_options_flex(client: Client) -> str:
    offered = client.data("POST", "/deliveryoptions", ordered_goods())["DeliveryOptions"]
    chosen = {"DeliveryOptions": [{"Reference": offered[2]["Reference"]}]}
    [result] = client.data("POST", "/deliveryoptions/selectorder", chosen)["SelectOrderResults"]
    return allocated(client, packed(client, result["OrderReference"]))


FLOWS = [classic, quotes, consumer_options, consumer_options_pickup, order_flex, consumer_options_flex]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_documented_call_flow_ends_with_a_label_and_a_manifest(client: Client, flow: Callable[[Client], str]) -> None:
    reference = flow(client)
    label = client.data("GET", f"/labels/{reference}/PDF")
    assert b64decode(label["File"]).startswith(b"%PDF")
    [told] = client.data("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    assert told["IsSuccess"], told
    assert client.data("GET", f"/consignments/{reference}/status")["Status"] == "Manifested"
