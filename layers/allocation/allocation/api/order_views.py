"""An order in PRO's shape: the sender's description with every name of PRO's."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import with_config
from typing_extensions import TypedDict

from allocation.api.consignment_shape import OPEN, AddressView, DimensionsView, nulls_of
from allocation.api.consignment_view import address_view
from allocation.api.measures import MoneyView, WeightView, in_pro_units, total_value, total_weight
from allocation.api.typed_values import consignment_values
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.order_book import NO_CONSIGNMENT


@with_config(OPEN)
class OrderItem(TypedDict):
    """One kind of goods of an order."""

    Sku: str | None
    Reference: str
    MetaData: list[dict[str, Any]]
    Quantity: int
    Unit: str | None
    Description: str | None
    Dimensions: DimensionsView | None
    Weight: WeightView | None
    HarmonisationKeyWords: list[str]
    Model: str | None
    Value: MoneyView | None
    CountryOfOrigin: dict[str, Any] | None
    Barcode: dict[str, Any] | None
    ContentClassification: str | None
    ContentClassificationDetails: str | None
    ItemReferenceProvidedByCustomer: str | None
    HarmonisationCode: str | None


@with_config(OPEN)
class OrderPackage(TypedDict):
    """A package of an order, as it was ordered."""

    Dimensions: DimensionsView | None
    Weight: WeightView | None
    PackageSizeReference: str | None
    Items: list[OrderItem]
    MetaData: list[dict[str, Any]]
    Value: MoneyView | None
    Reference: str
    PackageReferenceProvidedByCustomer: str | None
    Description: str | None
    Barcode: dict[str, Any] | None


@with_config(OPEN)
class OrderView(TypedDict):
    """An order that is to be packed into consignments."""

    OrderReference: str
    OrderReferenceProvidedByCustomer: str | None
    DeliveryOptionReference: str | None
    Packages: list[OrderPackage]
    DateCreated: str
    RequiredDeliveryDate: dict[str, Any] | None
    ShippingDate: str | None
    MetaData: list[dict[str, Any]]
    EarliestDeliveryDate: str | None
    LatestDeliveryDate: str | None
    Weight: WeightView | None
    Source: str
    Value: MoneyView | None
    Addresses: list[AddressView]
    CustomsDocumentation: dict[str, Any] | None
    Direction: str
    Tags: list[str]


_NULLS_OF_AN_ITEM: Final = nulls_of(
    OrderItem, MetaData=[], Quantity=1, HarmonisationKeyWords=[], ItemReferenceProvidedByCustomer=""
)
_NULLS_OF_A_PACKAGE: Final = nulls_of(OrderPackage, Items=[], MetaData=[], PackageReferenceProvidedByCustomer="")
_NULLS_OF_AN_ORDER: Final = nulls_of(OrderView, Direction="Outbound", MetaData=[], Tags=[])
# A consignment's names, which an order has not.
_OF_CONSIGNMENTS: Final = frozenset({"RequestedDeliveryDate", "ConsignmentReferenceProvidedByCustomer"})


def order_view(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order with the totals of its packages."""
    content = consignment_values(in_pro_units(order))
    consignment = FullConsignment.model_validate({**order, "Reference": NO_CONSIGNMENT})
    return {
        **_NULLS_OF_AN_ORDER,
        **{name: value for name, value in content.items() if value is not None and name not in _OF_CONSIGNMENTS},
        "RequiredDeliveryDate": content.get("RequestedDeliveryDate"),
        "Packages": [_package(package) for package in content["Packages"]],
        "Addresses": [address_view(address) for address in content["Addresses"]],
        "Weight": total_weight(consignment),
        "Value": total_value(consignment),
    }


def _package(package: Mapping[str, Any]) -> dict[str, Any]:
    items = [_filled(_NULLS_OF_AN_ITEM, item) for item in package.get("Items") or ()]
    return {**_filled(_NULLS_OF_A_PACKAGE, package), "Items": items}


def _filled(nulls: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part with every name of PRO's; a null takes PRO's default."""
    return {**nulls, **{name: value for name, value in part.items() if value is not None}}
