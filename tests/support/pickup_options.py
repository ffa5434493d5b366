"""Pickup options as clients ask for them, reserve them and select them."""

from decimal import Decimal
from typing import Any

from tests.support.allocation_api import Answer, Api
from tests.support.consignments import consignment

NEAR = {"Unit": "Km", "Value": Decimal("1.0")}


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


def reference_of(answer: Answer) -> str:
    return str(answer.data["ApiLinks"][0]["Href"].rpartition("/")[2])
