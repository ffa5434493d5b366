"""How each example of PRO's help is replayed: a shop that asks the API as the page does, from a table by page."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from allocation.engine.engine import Engine
from allocation.engine.pickup_locations import Coordinates, PickupLocation
from allocation.exact_json import parsed, written
from tests.support import document_samples
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import DESTINATION, ENGINE
from tests.support.documented import EXAMPLES

REFERENCE = re.compile(r"\bE[A-Z]{1,2}-[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}\b")
GUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
CREATED = "help/creating_new_consignments.md: Create Consignments"
WHOLE = "includes/_create_consignments.md: Create Consignments"
ORDERED = "help/creating_new_orders.md: Create Order"
ABROAD = {**DESTINATION, "Region": None, "Town": "Zürich", "Postcode": "8001", "Country": "CH"}
CUSTOMS = {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"}


@cache
def stocked() -> Engine:
    """The sample catalogue, with the shipping locations and the carrier service that the examples name."""
    catalogue = ENGINE.catalogue
    [service] = [each for each in catalogue.services if each.reference == "CX_NDS"]
    others = {
        name: replace(catalogue.locations["Sorted1"], reference=name)
        for name in ("Location1", "EDC5-SL1", "EDC5_Electio", "Shipping_Location_Reference")
    }
    return Engine(
        replace(
            catalogue,
            services=tuple(
                sorted(
                    [*catalogue.services, replace(service, reference="Example-Carrier-Service")],
                    key=lambda each: each.reference,
                )
            ),
            pickup_locations={"GB14002": documented_location()},
            locations={**catalogue.locations, **others},
        )
    )


def documented_location() -> PickupLocation:
    """The pickup location of the examples, where they say that it is."""
    told = EXAMPLES["help/getting_pickup_options.md: Get Pickup Options"]["reply"]["Locations"][0]
    open_at = ((11 * 3600, 18 * 3600),)
    return replace(
        ENGINE.catalogue.pickup_locations["LK-OXFORD-ROAD"],
        reference=told["ShopReference"],
        name=told["Name"],
        postcode=told["Address"]["Postcode"],
        address={name: told["Address"][name] for name in ("AddressLine1", "AddressLine3", "Town")},
        # A place in the middle of the recipient's postcode district that is 0.15 km away from it.
        coordinates=Coordinates(Decimal("53.47835"), Decimal("-2.235")),
        week=(*[open_at] * 5, (), ()),
    )


class Shop:
    """A shop that asks the API as the pages do. `example` is the one that is replayed."""

    def __init__(self, api: Api, example: str) -> None:
        self.api = api
        self.example = example
        self.headers: dict[str, str] = {}

    def sends(self, *issued: str, **changes: Any) -> Answer:
        """Sends the example's request; `issued` stand in the places of its references, in order."""
        documented = EXAMPLES[self.example]
        method, path = documented["request"].split(" ")
        body = documented.get("body")
        text = path if body is None else f"{path}\n{written({**body, **changes} if changes else body)}"
        named = list(dict.fromkeys([*REFERENCE.findall(text), *GUID.findall(path)]))
        for theirs, ours in zip(named, issued, strict=True):
            text = text.replace(theirs, ours)
        path, _, sent = text.partition("\n")
        return self.api.call(method, path, parsed(sent) if sent else None, self.headers)

    def created(self, example: str = CREATED, **changes: Any) -> str:
        """Creates the consignment of an example."""
        answer = self.api.call("POST", "/consignments", {**EXAMPLES[example]["body"], **changes})
        assert answer.status == 201, answer.body
        return str(answer.data[0]["Href"].rpartition("/")[2])

    def created_whole(self, location: str) -> str:
        """Creates the consignment of the call flows, which says more of an address, from a location."""
        origin, destination = EXAMPLES[WHOLE]["body"]["Addresses"]
        addresses = [{**origin, "ShippingLocationReference": location}, destination]
        return self.created(WHOLE, Addresses=addresses, ConsignmentReferenceProvidedByCustomer=None)

    def allocated(self, **changes: Any) -> str:
        reference = self.created(**changes)
        [summary] = self.api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
        assert summary["StatusCode"] == 200, summary
        self.api.clock.now += timedelta(seconds=1)
        return reference

    def allocated_to(self, service: str, **changes: Any) -> Answer:
        """Creates a consignment, allocates it to a service, and returns the reply."""
        sent = {"MpdCarrierServiceReference": service, "ConsignmentReferences": [self.created(**changes)]}
        return self.api.call("PUT", "/allocation/allocatewithcarrierservice", sent, self.headers)

    def moved(self, path: str, count: int) -> list[str]:
        references = [self.allocated() for _ in range(count)]
        body = references if path.endswith("ship") else {"ConsignmentReferences": references}
        assert self.api.call("PUT", f"/consignments/{path}", body).status == 200
        return references

    def option(self) -> str:
        sent = EXAMPLES["help/getting_delivery_options.md: Get Delivery Options"]["body"]
        return str(self.api.call("POST", "/deliveryoptions", sent).data["DeliveryOptions"][0]["Reference"])

    def on_its_way(self) -> Answer:
        """The consignment of an example that no page shows how to create: from what its reply says was sent."""
        told = EXAMPLES[self.example]["reply"]
        sent = ("Addresses", "Packages", "ConsignmentReferenceProvidedByCustomer", "RequestedDeliveryDate", "Direction")
        reference = self.created(**{name: _as_sent(told[name]) for name in sent}, MetaData=[])
        [summary] = self.api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote").data
        assert summary["StatusCode"] == 200, summary
        self.api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
        return self.api.call("GET", f"/consignments/{reference}", headers=self.headers)

    def order(self, **changes: Any) -> str:
        answer = self.api.call("POST", "/orders", {**EXAMPLES[ORDERED]["body"], **changes})
        assert answer.status == 201, answer.body
        return str(answer.data[0]["Href"].rpartition("/")[2])

    def quote(self, reference: str) -> str:
        return str(self.api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"][0]["QuoteReference"])

    def tracked(self) -> str:
        """A consignment with the events that the example tells."""
        reference = self.allocated()
        [package] = EXAMPLES[self.example]["reply"]["TrackedPackages"]
        [events] = [leg["Events"] for leg in package.get("Legs", [package])]
        of_package = [
            {name: value for name, value in event.items() if name != "CarrierServiceName"} for event in events
        ]
        sent = {
            "ConsignmentTrackingReference": reference,
            "PackageTrackingEvents": [{"PackageReference": None, "TrackingEvents": of_package}],
        }
        assert self.api.call("POST", "/tracking/carrierevents", {"ConsignmentTrackingEvents": [sent]}).status == 200
        return reference


Replay = Callable[[Shop], Answer]


def allocate_with_quote(shop: Shop) -> Answer:
    reference = shop.created()
    return shop.sends(reference, shop.quote(reference))


def three(shop: Shop, *, allocated: bool = False) -> list[str]:
    return [shop.allocated() if allocated else shop.created() for _ in range(3)]


def documents(shop: Shop) -> Answer:
    item = {**document_samples.ITEM, "Sku": "SKU093434"}
    packages = [{**EXAMPLES[CREATED]["body"]["Packages"][0], "Items": [item]}]
    abroad = shop.allocated(
        Addresses=[document_samples.ORIGIN, ABROAD], CustomsDocumentation=CUSTOMS, Packages=packages
    )
    return shop.sends(abroad)


def inbound(shop: Shop) -> Answer:
    for _ in EXAMPLES[shop.example]["reply"][:] if isinstance(EXAMPLES[shop.example]["reply"], list) else range(2):
        shop.allocated(Direction="Inbound")
    return shop.sends()


def by_query(shop: Shop) -> Answer:
    origin, destination = EXAMPLES[CREATED]["body"]["Addresses"]
    addresses = [{**origin, "ShippingLocationReference": "Location1"}, destination]
    for _ in range(10):
        [summary] = shop.allocated_to("CX_NDS", Addresses=addresses).data
        shop.api.call("GET", f"{summary['ApiLinks'][1]['Href'].removeprefix('https://api.example.com')}/ZPL")
    return shop.sends()


def address_of_order(shop: Shop) -> Answer:
    """The page has an address for both ways of giving one: it is added, and then changed."""
    order, sent = shop.order(), EXAMPLES[shop.example]["body"]
    assert shop.api.call("POST", f"/orders/{order}/address", sent).status == 200
    return shop.sends(order)


def manifests(shop: Shop) -> Answer:
    origin, destination = EXAMPLES[CREATED]["body"]["Addresses"]
    for _ in range(3):
        reference = shop.allocated(Addresses=[{**origin, "ShippingLocationReference": "EDC5-SL1"}, destination])
        shop.api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
    return shop.sends()


REPLAYED: dict[str, tuple[int, Replay]] = {
    "help/allocating_consignments.md: Allocation Summary": (200, lambda shop: shop.allocated_to("CX_NDS")),
    "help/allocating_to_a_specific_carrier_service.md: Allocate With Carrier Service": (
        200,
        lambda shop: shop.sends(*three(shop)),
    ),
    "help/allocating_to_a_specific_quote.md: Allocate With Quote": (200, allocate_with_quote),
    "help/allocating_using_default_allocation_rules.md: Allocate Using Default Rules": (
        200,
        lambda shop: shop.sends(*three(shop)),
    ),
    "help/allocating_using_default_allocation_rules.md: Allocate Consignment": (
        200,
        lambda shop: shop.sends(shop.created()),
    ),
    "help/allocating_via_service_group.md: Allocate Consignment With Service Group": (
        200,
        lambda shop: shop.sends(shop.created()),
    ),
    "help/cancelling_consignments.md: Cancel Consignments": (200, lambda shop: shop.sends(*three(shop))),
    CREATED: (201, Shop.sends),
    ORDERED: (201, Shop.sends),
    "help/deallocating_consignments.md: Deallocate Consignments": (
        200,
        lambda shop: shop.sends(*three(shop, allocated=True)),
    ),
    "help/getting_consignment_data.md: Get Consignment": (200, lambda shop: shop.sends(shop.created())),
    "help/getting_consignment_data.md: Get Consignment Status": (200, lambda shop: shop.sends(shop.allocated())),
    "help/getting_consignment_data.md: Get Consignments References": (200, inbound),
    "help/getting_consignment_data.md: Search Consignments": (200, inbound),
    "help/getting_customs_docs_and_invoices.md: Get Customs Documents": (200, documents),
    "help/getting_delivery_options.md: Get Delivery Options": (201, Shop.sends),
    "help/getting_delivery_options.md: Delivery Options Summary": (
        201,
        lambda shop: shop.api.call(
            "POST",
            "/deliveryoptions/summary",
            EXAMPLES["help/getting_delivery_options.md: Get Delivery Options"]["body"],
        ),
    ),
    "help/getting_delivery_options.md: Get Existing Delivery Options": (200, lambda shop: shop.sends(shop.option())),
    "help/getting_labels.md: Label Object": (200, lambda shop: shop.sends(shop.allocated())),
    "help/getting_quotes.md: Get Quote": (201, Shop.sends),
    "help/getting_quotes.md: Get Service Group Quotes": (200, Shop.sends),
    "help/getting_quotes_for_an_existing_consignment.md: Quotes": (
        201,
        lambda shop: shop.sends(shop.created_whole("Sorted1")),
    ),
    "help/managing_existing_orders.md: Example Address Object": (200, address_of_order),
    "help/managing_existing_orders.md: Get Order": (200, lambda shop: shop.sends(shop.order())),
    "help/managing_existing_orders.md: Update Order": (200, lambda shop: shop.sends(shop.order())),
    "help/manifesting_consignments.md: Get Customer Manifests": (200, manifests),
    "help/manifesting_consignments.md: Manifest": (
        200,
        lambda shop: (shop.moved("setreadytoship", 2), shop.sends())[1],
    ),
    "help/manifesting_consignments.md: Manifest Consignments": (
        200,
        lambda shop: shop.sends(*three(shop, allocated=True)),
    ),
    "help/manifesting_consignments.md: Manifest From Query": (200, by_query),
    "help/manifesting_consignments.md: Not Ready To Ship": (
        200,
        lambda shop: shop.sends(*shop.moved("setreadytoship", 1)),
    ),
    "help/manifesting_consignments.md: Ready To Ship": (
        200,
        lambda shop: shop.sends(shop.allocated(), shop.allocated()),
    ),
    "help/packing_orders.md: Pack Order": (
        201,
        lambda shop: shop.sends(shop.order(OrderReferenceProvidedByCustomer="MyOrderRef001")),
    ),
    "help/selecting_options.md: Select Option": (200, lambda shop: shop.sends(shop.option())),
    "help/selecting_options.md: Select Option As Order": (201, lambda shop: shop.sends(shop.option())),
    "help/updating_existing_consignments.md: Add Package": (201, lambda shop: shop.sends(shop.created())),
    "help/updating_existing_consignments.md: Update Consignments": (200, lambda shop: shop.sends(shop.created())),
    "help/using_pros_tracking_api.md: Get Events Per Package": (200, lambda shop: shop.sends(shop.tracked())),
    "help/using_pros_tracking_api.md: Get Tracking Events": (200, lambda shop: shop.sends(shop.tracked())),
    "includes/_allocate_using_default_rules.md: Allocate using Default Rules": (
        200,
        lambda shop: shop.sends(*three(shop)),
    ),
    "includes/_allocate_with_carrier_service.md: Allocate with Carrier Service": (
        200,
        lambda shop: shop.sends(*three(shop)),
    ),
    "includes/_allocate_with_quote.md: Allocate with Quote": (200, allocate_with_quote),
    "includes/_allocate_with_service_group.md: Allocate Consignment with Service Group": (
        200,
        lambda shop: shop.sends(shop.created()),
    ),
    "includes/_allocating.md: Allocation Summary": (200, lambda shop: shop.allocated_to("CX_NDS")),
    "includes/_create_consignments.md: Create Consignments": (201, Shop.sends),
    "includes/_create_orders.md: Create Order": (201, Shop.sends),
    "includes/_get_customs_docs.md: Get Customs Documents": (200, documents),
    "includes/_get_labels_in_format.md: Get Labels in Format": (200, lambda shop: shop.sends(shop.allocated())),
    "includes/_get_quotes_by_con_ref.md: Get Quotes by Consignment Reference": (
        201,
        lambda shop: shop.sends(shop.created_whole("EDC5_Electio")),
    ),
    "includes/_getting_delivery_options.md: Delivery Options": (201, Shop.sends),
    "includes/_manifest_consignments_from_query.md: Manifest Consignments From Query": (200, by_query),
    "includes/_pack_orders.md: Pack Order": (
        201,
        lambda shop: shop.sends(shop.order(OrderReferenceProvidedByCustomer="MyOrderRef001")),
    ),
    "help/getting_pickup_options.md: Get Pickup Options": (200, Shop.sends),
    "includes/_get_pickup_options.md: Pickup Options": (200, Shop.sends),
    "help/tracking_consignments_using_react.md: Example Consignment": (200, Shop.on_its_way),
    "includes/_select_option.md: Select Option": (200, lambda shop: shop.sends(shop.option())),
}


def _as_sent(told: Any) -> Any:
    """What a reply tells, as it can be sent: without what PRO issues, and without a quantity of none."""
    if isinstance(told, list):
        return [_as_sent(each) for each in told]
    if not isinstance(told, dict):
        return told
    left_out = {"Reference", "ConsignmentLegs", "Charges"} | ({"Quantity"} if told.get("Quantity") == 0 else set())
    return {name: _as_sent(value) for name, value in told.items() if name not in left_out}


def shop_of(api: Api, example: str) -> Shop:
    """A shop with the catalogue of the examples, three days before the first day that the example names."""
    days = re.findall(r'"(20\d\d-\d\d-\d\d)T', written(EXAMPLES[example].get("body")))
    first = min(days, default="2026-03-12")
    api.engine = stocked()
    api.clock.now = datetime.fromisoformat(f"{first}T09:00:00+00:00").astimezone(UTC) - timedelta(days=3)
    return Shop(api, example)
