"""Every reply that PRO's pages show, compared with ours field by field, in JSON and in XML.

Facts of the pages are in `support/facts`: the names and kinds of each reply's fields, and the namespace of each element
(the XML stands in an earlier version of the pages). A page's example that is not replayed says why in `LEFT_OUT`.
"""

import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support import document_samples
from tests.support.allocation_api import Answer, Api, served_api
from tests.support.consignments import DESTINATION, consignment, package
from tests.support.pro_types import FOLDER

DOCUMENTED: dict[str, Any] = json.loads((FOLDER / "documented_replies.json").read_text("utf-8"))
IN_XML: dict[str, list[str]] = json.loads((FOLDER / "documented_xml.json").read_text("utf-8"))
NAMESPACES = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
XML = {"Accept": "application/xml"}
ITEM = {**document_samples.ITEM, "Sku": "SKU093434"}
ABROAD = {**DESTINATION, "Region": None, "Town": "Zürich", "Postcode": "8001", "Country": "CH"}
CUSTOMS = {"CategoryType": "Other", "ReasonForExport": "Sale", "ShippingTerms": "DAP"}


class Shop:
    """A shop that asks the API as the pages do. Every method returns the reply to one documented request."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.api.call(method, path, body, self.headers)

    def reference(self, **changes: Any) -> str:
        return self.api.create(**{"Packages": [package(Items=[ITEM])], **changes})

    def allocated(self, **changes: Any) -> str:
        reference = self.reference(**changes)
        self.api.call("PUT", f"/allocation/{reference}/allocatewithcheapestquote")
        return reference

    def option(self) -> str:
        return str(self.api.call("POST", "/deliveryoptions", consignment()).data["DeliveryOptions"][0]["Reference"])

    def order(self) -> str:
        sent = consignment(Packages=[package(Items=[ITEM])])
        return str(self.api.call("POST", "/orders", sent).data[0]["Href"].rpartition("/")[2])

    def quote(self, reference: str) -> str:
        quotes = self.api.call("GET", f"/quotes/consignment/{reference}").data["Quotes"]
        return str(quotes[0]["QuoteReference"])

    def allocate(self) -> Answer:
        return self.ask("PUT", "/allocation/allocate", {"ConsignmentReferences": [self.reference()]})

    def allocate_with_quote(self) -> Answer:
        reference = self.reference()
        return self.ask("PUT", f"/allocation/{reference}/allocatewithquote/{self.quote(reference)}")

    def documents(self) -> Answer:
        abroad = self.allocated(Addresses=[document_samples.ORIGIN, ABROAD], CustomsDocumentation=CUSTOMS)
        return self.ask("GET", f"/consignments/docs/{abroad}")

    def manifested(self) -> str:
        reference = self.allocated()
        self.api.call("PUT", "/consignments/manifest", {"ConsignmentReferences": [reference]})
        return reference

    def ready(self) -> str:
        reference = self.allocated()
        self.api.call("PUT", "/consignments/setreadytoship", [reference])
        return reference

    def by_query(self) -> Answer:
        self.allocated()
        return self.ask("POST", "/consignments/manifestFromQuery", {"States": ["Allocated"]})

    def packed(self) -> Answer:
        items = [{"Items": [{"Sku": "SKU093434", "Quantity": 1}]}]
        return self.ask("POST", f"/orders/{self.order()}/pack", {"Packages": items})

    def as_order(self) -> Answer:
        chosen = {"Reference": self.option(), "OrderReferenceProvidedByCustomer": "MYORDEREF001"}
        return self.ask("POST", "/deliveryoptions/selectorder", {"DeliveryOptions": [chosen]})

    def existing_quotes(self) -> Answer:
        return self.ask("GET", f"/quotes/consignment/{self.reference()}")

    def allocated_consignment(self) -> Answer:
        return self.ask("GET", f"/consignments/{self.allocated()}")

    def label(self) -> Answer:
        return self.ask("GET", f"/labels/{self.allocated()}/PDF")

    def added_package(self) -> Answer:
        return self.ask("POST", f"/consignments/{self.reference()}/addpackage", package(Items=[ITEM]))

    def manifests(self) -> Answer:
        self.manifested()
        return self.ask("GET", "/consignments/customer/manifests?shippingLocationReference=Sorted1")

    def updated(self) -> Answer:
        return self.ask("PUT", "/consignments", {"Reference": self.reference(), "Tags": ["Alcohol"]})

    def references(self) -> Answer:
        self.allocated()
        return self.ask("GET", "/consignments/getConsignmentReferences?State=Allocated&Direction=Outbound")

    def found(self) -> Answer:
        self.allocated()
        return self.ask("GET", "/consignments/100/0?State=Allocated&Direction=Outbound")


Replay = Callable[[Shop], Answer]
REPLAYED: dict[str, tuple[int, Replay]] = {
    "help/cancelling_consignments.md: Cancel Consignments": (
        200,
        lambda shop: shop.ask("PUT", "/consignments/cancellist", [shop.reference()]),
    ),
    "help/creating_new_consignments.md: Create Consignments": (
        201,
        lambda shop: shop.ask("POST", "/consignments", consignment()),
    ),
    "help/creating_new_orders.md: Create Order": (201, lambda shop: shop.ask("POST", "/orders", consignment())),
    "help/deallocating_consignments.md: Deallocate Consignments": (
        200,
        lambda shop: shop.ask("PUT", "/consignments/deallocatelist", [shop.allocated()]),
    ),
    "help/getting_consignment_data.md: Get Consignment": (
        200,
        lambda shop: shop.ask("GET", f"/consignments/{shop.reference()}"),
    ),
    "help/getting_consignment_data.md: Get Consignment Status": (
        200,
        lambda shop: shop.ask("GET", f"/consignments/{shop.allocated()}/status"),
    ),
    "help/getting_consignment_data.md: Get Consignments References": (
        200,
        Shop.references,
    ),
    "help/getting_consignment_data.md: Search Consignments": (200, Shop.found),
    "help/getting_customs_docs_and_invoices.md: Get Customs Documents": (200, Shop.documents),
    "help/getting_delivery_options.md: Get Delivery Options": (
        201,
        lambda shop: shop.ask("POST", "/deliveryoptions", consignment()),
    ),
    "help/getting_delivery_options.md: Delivery Options Summary": (
        201,
        lambda shop: shop.ask("POST", "/deliveryoptions/summary", consignment()),
    ),
    "help/getting_delivery_options.md: Get Existing Delivery Options": (
        200,
        lambda shop: shop.ask("GET", f"/deliveryoptions/details/{shop.option()}"),
    ),
    "help/getting_quotes.md: Get Quote": (201, lambda shop: shop.ask("POST", "/quotes", consignment())),
    "help/getting_quotes.md: Get Service Group Quotes": (
        200,
        lambda shop: shop.ask("POST", "/quotes/serviceGroups", consignment()),
    ),
    "help/getting_quotes_for_an_existing_consignment.md: Quotes": (201, Shop.existing_quotes),
    "help/managing_existing_orders.md: Get Order": (200, lambda shop: shop.ask("GET", f"/orders/{shop.order()}")),
    "help/manifesting_consignments.md: Manifest Consignments": (
        200,
        lambda shop: shop.ask("PUT", "/consignments/manifest", {"ConsignmentReferences": [shop.allocated()]}),
    ),
    "help/manifesting_consignments.md: Ready To Ship": (
        200,
        lambda shop: shop.ask("PUT", "/consignments/setreadytoship", [shop.allocated()]),
    ),
    "help/manifesting_consignments.md: Not Ready To Ship": (
        200,
        lambda shop: shop.ask("PUT", "/consignments/setnotreadytoship", [shop.ready()]),
    ),
    "help/manifesting_consignments.md: Manifest From Query": (200, Shop.by_query),
    "help/manifesting_consignments.md: Get Customer Manifests": (200, Shop.manifests),
    "help/packing_orders.md: Pack Order": (201, Shop.packed),
    "help/selecting_options.md: Select Option": (
        200,
        lambda shop: shop.ask("POST", f"/deliveryoptions/select/{shop.option()}"),
    ),
    "help/selecting_options.md: Select Option As Order": (201, Shop.as_order),
    "help/updating_existing_consignments.md: Update Consignments": (200, Shop.updated),
    "help/updating_existing_consignments.md: Add Package": (201, Shop.added_package),
    "includes/_allocate_with_quote.md: Allocate with Quote": (200, Shop.allocate_with_quote),
    "includes/_allocating.md: Allocation Summary": (200, Shop.allocate),
    "includes/_get_labels_in_format.md: Get Labels in Format": (200, Shop.label),
}
# The same replies stand in these parts of the pages, too.
AS = {
    "includes/_create_consignments.md: Create Consignments": "help/creating_new_consignments.md: Create Consignments",
    "includes/_create_orders.md: Create Order": "help/creating_new_orders.md: Create Order",
    "includes/_get_customs_docs.md: Get Customs Documents": (
        "help/getting_customs_docs_and_invoices.md: Get Customs Documents"
    ),
    "includes/_get_quotes_by_con_ref.md: Get Quotes by Consignment Reference": (
        "help/getting_quotes_for_an_existing_consignment.md: Quotes"
    ),
    "includes/_getting_delivery_options.md: Delivery Options": (
        "help/getting_delivery_options.md: Get Delivery Options"
    ),
    "includes/_manifest_consignments_from_query.md: Manifest Consignments From Query": (
        "help/manifesting_consignments.md: Manifest From Query"
    ),
    "includes/_pack_orders.md: Pack Order": "help/packing_orders.md: Pack Order",
    "includes/_select_option.md: Select Option": "help/selecting_options.md: Select Option",
}
LEFT_OUT = {
    "help/getting_pickup_options.md: Get Pickup Options": "the catalogue has no pickup locations: 501",
    "includes/_get_pickup_options.md: Pickup Options": "the catalogue has no pickup locations: 501",
    "help/managing_existing_orders.md: Update Order": "the example is the request; the page says that no body comes",
    "help/using_pros_tracking_api.md: Get Tracking Events": "not served yet",
    "help/using_pros_tracking_api.md: Get Events Per Package": "not served yet",
}
IN_XML_REPLAYED: dict[str, Replay] = {
    "includes/_allocate_with_quote.md: ArrayOfAllocationSummary": Shop.allocate_with_quote,
    "includes/_create_orders.md: ArrayOfApiLink": lambda shop: shop.ask("POST", "/orders", consignment()),
    "includes/_get_labels.md: GetLabelsResponse": Shop.label,
    "includes/_get_quotes_by_con_ref.md: QuoteResult": Shop.existing_quotes,
    "includes/_getting_delivery_options.md: DeliveryOptionsResponse": (
        lambda shop: shop.ask("POST", "/deliveryoptions", consignment())
    ),
    "includes/_manifest_consignments.md: ArrayOfWithMessageOfString": (
        lambda shop: shop.ask("PUT", "/consignments/manifest", {"ConsignmentReferences": [shop.allocated()]})
    ),
    "includes/_pack_orders.md: PackOrderResponse": Shop.packed,
    "includes/_select_option.md: AllocationSummary": (
        lambda shop: shop.ask("POST", f"/deliveryoptions/select/{shop.option()}")
    ),
    "includes/_select_option_as_order.md: SelectOrderResponse": Shop.as_order,
    "includes/_update_consignments.md: ArrayOfApiLink": Shop.updated,
}
LEFT_OUT_OF_XML = {
    "includes/_get_pickup_options.md: PickupOptionsResponse": "the catalogue has no pickup locations: 501",
    "includes/_update_orders.md: ArrayOfApiLink": "a later page says that no body comes",
}


@pytest.fixture
def shop() -> Iterator[Shop]:
    with served_api() as api:
        yield Shop(api)


def kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"


def differences(documented: Any, ours: Any, at: str = "$") -> Iterator[str]:
    """What of a documented reply ours has otherwise. Null on either side says nothing of a field but its name."""
    if documented is None or ours is None:
        return
    if isinstance(documented, dict):
        if not isinstance(ours, dict):
            yield f"{at} is no object"
            return
        yield from (f"{at}.{name} is missing" for name in documented if name not in ours)
        yield from (f"{at}.{name} is not documented" for name in ours if name not in documented)
        for name in documented.keys() & ours.keys():
            yield from differences(documented[name], ours[name], f"{at}.{name}")
    elif isinstance(documented, list):
        if not isinstance(ours, list) or (documented and not ours):
            yield f"{at} is no list, or empty"
        for item in ours if documented else ():
            yield from differences(documented[0], item, f"{at}[]")
    elif isinstance(ours, dict | list) or kind_of(ours) != documented:
        yield f"{at} is no {documented}"


# Where ours differs from one example, because PRO's later pages or its types have it as we do: patterns of places.
TYPED = "PRO's type has it; the example leaves it out"
OLDER = "the example shows the names of an earlier version"
KNOWN: dict[str, dict[str, str]] = {
    "help/getting_customs_docs_and_invoices.md: Get Customs Documents": {"$.CN23Documents is not documented": TYPED},
    "includes/_get_customs_docs.md: Get Customs Documents": {"$.CN23Documents is not documented": TYPED},
    "help/manifesting_consignments.md: Manifest From Query": {"$.FailedConsignments is not documented": TYPED},
    "includes/_manifest_consignments_from_query.md: Manifest Consignments From Query": {
        "$.FailedConsignments is not documented": TYPED
    },
    "help/getting_delivery_options.md: Get Existing Delivery Options": {
        "$.ConsignmentDetail.Weight.*": OLDER,
        "$.DeliveryOption.Price.???Rate *": OLDER,
        "$.DeliveryOption.CarrierServiceTypes is not documented": OLDER,
        "$.DeliveryOption.ServiceDirection is not documented": OLDER,
    },
    "help/getting_quotes.md: Get Service Group Quotes": {
        "*Price.Currency.Name is not documented": TYPED,
        "*Price.???Amount is *": OLDER,
        "*Address.*": OLDER,
        "$[].Quotes is no list, or empty": "not every group of the sample has a service that fits",
    },
    "help/getting_quotes_for_an_existing_consignment.md: Quotes": {
        "*Price.???Rate *": OLDER,
        "*Address.*": OLDER,
        "*.Legs[[]].* is not documented": OLDER,
        "*.CarrierReference is not documented": TYPED,
        "*.ServiceDirection is not documented": TYPED,
    },
}
KNOWN["includes/_get_quotes_by_con_ref.md: Get Quotes by Consignment Reference"] = KNOWN[
    "help/getting_quotes_for_an_existing_consignment.md: Quotes"
]


@pytest.mark.parametrize("example", sorted(REPLAYED.keys() | AS.keys()))
def test_a_documented_reply_is_ours_field_by_field(shop: Shop, example: str) -> None:
    status, replay = REPLAYED[AS.get(example, example)]
    answer = replay(shop)
    assert answer.status == status, answer.body
    all_found = set(differences(DOCUMENTED[example], answer.data))
    known = KNOWN.get(example, {})
    found = [each for each in all_found if not any(fnmatchcase(each, pattern) for pattern in known)]
    assert {pattern for pattern in known if not any(fnmatchcase(each, pattern) for each in all_found)} == set()
    assert not found, "\n".join(sorted(found))


def test_every_documented_reply_is_replayed_or_left_out_for_a_reason() -> None:
    assert DOCUMENTED.keys() == REPLAYED.keys() | AS.keys() | LEFT_OUT.keys()
    assert IN_XML.keys() == IN_XML_REPLAYED.keys() | LEFT_OUT_OF_XML.keys()
    assert LEFT_OUT.keys().isdisjoint(REPLAYED)
    assert KNOWN.keys() <= DOCUMENTED.keys()


def paths(element: ElementTree.Element, above: str = "") -> Iterator[str]:
    """The path of each element with the namespace that it is in."""
    namespace, _, name = element.tag.rpartition("}")
    yield f"{above}/{name}@{namespace.lstrip('{').removeprefix(NAMESPACES)}"
    for child in element:
        yield from paths(child, f"{above}/{name}")


@pytest.mark.parametrize("example", sorted(IN_XML_REPLAYED))
def test_every_element_of_a_documented_reply_in_xml_is_in_its_namespace(shop: Shop, example: str) -> None:
    shop.headers = XML
    answer = IN_XML_REPLAYED[example](shop)
    ours = dict(path.split("@") for path in paths(ElementTree.fromstring(answer.body)))  # noqa: S314 - our own
    documented = dict(path.split("@") for path in IN_XML[example])
    assert {path: space for path, space in ours.items() if documented.get(path, space) != space} == {}
    assert len(documented.keys() & ours.keys()) >= len(documented) * 0.7, documented.keys() - ours.keys()


@pytest.mark.parametrize(
    ("ours", "place"),
    [
        ({"A": "x"}, "$.B is missing"),
        ({"A": "x", "B": [1], "C": 1}, "$.C is not documented"),
        ({"A": 1, "B": [1]}, "$.A is no string"),
        ({"A": "x", "B": []}, "$.B is no list, or empty"),
        ({"A": "x", "B": [True]}, "$.B[] is no number"),
        ([], "$ is no object"),
    ],
)
def test_a_difference_of_any_kind_is_found(ours: Any, place: str) -> None:
    assert place in list(differences({"A": "string", "B": ["number"]}, ours))
