"""PRO's names for a consignment and its parts. Other names that the sender wrote are kept beside them."""

from typing import Any, Final

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from allocation.api.measures import MoneyView, Number, RateView, WeightView

# The number of the source `External` of a carrier service, in PRO's enumeration.
EXTERNAL: Final = 2
OPEN: Final = ConfigDict(extra="allow")
# The names that the sender fills. We fill PRO's other names, whatever was sent under them.
_SENT: Final = frozenset(
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


class Allocation(TypedDict):
    """The carrier service that a consignment is allocated to."""

    MpdCarrierServiceReference: str | None
    MpdCarrierServiceName: str | None
    CarrierServiceGroupReference: str | None
    MpdCarrierServiceGroupName: str | None
    AllocationDate: str
    Price: RateView | None


class FailedAllocation(TypedDict):
    """The last failed allocation, and the service or group that was asked for. A later success does not clear it."""

    Message: str
    AttemptedAllocationDate: str
    MpdCarrierServiceReference: str | None
    MpdCarrierServiceName: str | None
    CarrierServiceGroupReference: str | None
    MpdCarrierServiceGroupName: str | None


class LegView(TypedDict):
    """One carrier's part of the journey."""

    Leg: int
    TrackingReferences: list[str]
    CarrierReference: str | None
    CarrierServiceReference: str | None
    CarrierName: str | None


@with_config(OPEN)
class ContactView(TypedDict):
    """The sender or recipient. Personal data."""

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
class AddressView(TypedDict):
    """An address with its contact. Personal data."""

    AddressType: str
    ShopLocationReference: Any
    Contact: ContactView | None
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


# What only a consignment's address has.
OF_CONSIGNMENTS: Final = ("AddressType", "ShopLocationReference")
# The fields of any address of PRO's, without those of a consignment's address.
ADDRESS_FIELDS: Final = tuple(name for name in AddressView.__annotations__ if name not in OF_CONSIGNMENTS)


@with_config(OPEN)
class DimensionsView(TypedDict):
    """The sides of a box in centimetres."""

    Unit: str
    Width: Number
    Length: Number
    Height: Number


@with_config(OPEN)
class PackageView(TypedDict):
    """A package with its contents."""

    Items: list[dict[str, Any]]
    Charges: Any
    Reference: str | None
    PackageReferenceProvidedByCustomer: str | None
    Weight: WeightView | None
    Dimensions: DimensionsView | None
    Description: str | None
    Value: dict[str, Any] | None
    PackageSizeReference: str | None
    Barcode: dict[str, Any] | None
    MetaData: list[dict[str, Any]]
    ConsignmentLegs: list[LegView]


@with_config(OPEN)
class ConsignmentView(TypedDict):
    """A consignment: its sender's description, its state and its allocation."""

    ConsignmentLegs: list[LegView]
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
    Weight: WeightView | None
    Value: MoneyView | None
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
    Addresses: list[AddressView]
    Packages: list[PackageView]


def is_sent(name: str) -> bool:
    """Return whether the sender fills this name: PRO says so, or does not know the name."""
    return name in _SENT or name not in ConsignmentView.__annotations__


def nulls_of(kind: Any, **defaults: Any) -> dict[str, Any]:
    """Return every name of a part with its default, else with null, as PRO writes absent values."""
    return {**dict.fromkeys(kind.__annotations__), **defaults}
