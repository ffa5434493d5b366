"""The names that PRO has for a consignment and its parts; whatever else the sender wrote stands beside them."""

from typing import Any, Final

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from allocation.api.measures import Money, Number, Rate, Weight

OPEN: Final = ConfigDict(extra="allow")
SENT: Final = frozenset(
    {
        "MetaData",
        "Source",
        "CustomsDocumentation",
        "Direction",
        "Tags",
        "ShippingDate",
        "RequestedDeliveryDate",
        "ConsignmentReferenceProvidedByCustomer",
        "Addresses",
        "Packages",
    }
)
"""The names of a consignment that are its sender's to fill; the others are ours, whatever was sent under them."""


class Allocation(TypedDict):
    """The carrier service that a consignment has."""

    MpdCarrierServiceReference: str | None
    MpdCarrierServiceName: str | None
    MpdCarrierServiceGroupReference: str | None
    AllocationDate: str
    Price: Rate | None


class FailedAllocation(TypedDict):
    """The last allocation that failed; a later success does not clear it."""

    Message: str
    AttemptedAllocationDate: str


class Leg(TypedDict):
    """One carrier's part of the journey."""

    Leg: int
    TrackingReferences: list[str]
    CarrierReference: str | None
    CarrierServiceReference: str | None
    CarrierName: str | None


@with_config(OPEN)
class Contact(TypedDict):
    """Who sends or receives. Personal data."""

    Reference: Any
    Title: str | None
    FirstName: str | None
    LastName: str | None
    Position: str | None
    Telephone: str | None
    Mobile: str | None
    LandLine: str | None
    Email: str | None


@with_config(OPEN)
class Address(TypedDict):
    """An address with its contact. Personal data."""

    AddressType: str
    ShopLocationReference: Any
    Contact: Contact | None
    CompanyName: str | None
    ShippingLocationReference: str | None
    CustomerName: Any
    AddressLine1: str | None
    AddressLine2: str | None
    AddressLine3: str | None
    Town: str | None
    Region: str | None
    Postcode: str | None
    Country: dict[str, Any] | None
    RegionCode: Any
    SpecialInstructions: str | None
    LatLong: Any
    IsCached: Any


@with_config(OPEN)
class Dimensions(TypedDict):
    """A box in Cm."""

    Unit: str
    Width: Number
    Length: Number
    Height: Number


@with_config(OPEN)
class Package(TypedDict):
    """A package with its contents."""

    Items: list[dict[str, Any]]
    Charges: Any
    Reference: str | None
    PackageReferenceProvidedByCustomer: str | None
    Weight: Weight | None
    Dimensions: Dimensions | None
    Description: str | None
    Value: dict[str, Any] | None
    PackageSizeReference: str | None
    Barcode: dict[str, Any] | None
    MetaData: list[dict[str, Any]]
    ConsignmentLegs: list[Leg]


@with_config(OPEN)
class Consignment(TypedDict):
    """A consignment: what its sender said of it, and how it stands."""

    ConsignmentLegs: list[Leg]
    CollectionDate: str | None
    DateDelivered: str | None
    FirstAttemptedDeliveryDate: str | None
    DateReturned: str | None
    DateShipped: str | None
    DateCollected: str | None
    AttemptedDeliveryDate: str | None
    MetaData: list[dict[str, Any]]
    Allocation: Allocation | None
    FailedAllocation: FailedAllocation | None
    Source: str
    LabelCount: int
    LabelsPrinted: bool
    DateLabelsWereFirstPrinted: str | None
    IsLate: bool
    LateForCustomer: bool
    CustomerReference: str
    Weight: Weight | None
    Value: Money | None
    CustomsDocumentation: dict[str, Any] | None
    Direction: str
    Tags: list[str]
    Reference: str
    ConsignmentState: str
    DateCreated: str | None
    ShippingDate: str | None
    RequestedDeliveryDate: dict[str, Any] | None
    EarliestDeliveryDate: str | None
    LatestDeliveryDate: str | None
    ConsignmentReferenceProvidedByCustomer: str | None
    Addresses: list[Address]
    Packages: list[Package]


def is_sent(name: str) -> bool:
    """Tells whether what stands under a name is its sender's: one of `SENT`, or a name that PRO does not know."""
    return name in SENT or name not in Consignment.__annotations__


def nulls_of(kind: Any, **defaults: Any) -> dict[str, Any]:
    """Every name of a part with null, as PRO writes what is absent, or with its default."""
    return {**dict.fromkeys(kind.__annotations__), **defaults}
