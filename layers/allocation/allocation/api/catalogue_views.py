"""Carrier services and shipping locations of the catalogue in PRO's shape."""

import zlib
from typing import Any, Final

from pydantic import with_config
from typing_extensions import TypedDict

from allocation.api.consignment_shape import OPEN, ContactView
from allocation.api.consignment_view import NO_GUID, plain_address_view
from allocation.api.measures import in_pro_units
from allocation.api.use_cases import location_address
from allocation.engine.loaded_catalogue import Leg, Location, Service

# PRO's flags by feature, in PRO's order.
_FLAGS: Final = (("timed", "Timed"), ("pickUp", "PickUp"), ("dropOff", "DropOff"))
# .NET's `int`, which clients read a location's `Id` as, ends here.
_MAX_ID: Final = 2**31 - 1


class Hub(TypedDict):
    """A hub where carriers hand over. The catalogue has only its name, which is its address's `CompanyName`."""

    HubAddress: dict[str, Any]
    ExtraDaysToTransitTime: int


class JourneyLeg(TypedDict):
    """One carrier's part of a service's journey."""

    JourneyStage: int
    CarrierService: dict[str, Any]
    CarrierAccountReference: str | None
    DeliveryHub: Hub | None
    CostItems: list[Any] | None
    VolumetricParcelWeight: dict[str, Any] | None
    CollectionType: str
    Metadata: list[Any]


class MpdCarrierService(TypedDict):
    """A carrier service."""

    Name: str
    Description: str | None
    Reference: str
    MpdCarrierReference: str
    CarrierName: str
    CarrierAccountOwner: str | None
    Status: str
    Journey: list[JourneyLeg]
    Source: str
    Type: str
    IsConfigured: bool


@with_config(OPEN)
class ShippingLocation(TypedDict):
    """A shipping location of the catalogue. PRO has the fields of its address beside its name."""

    Id: int
    Reference: str
    Name: str
    ShippingLocationType: str
    DefaultLocationForReturns: bool
    Notes: str | None
    CustomerReference: str
    LinkedAccounts: list[Any]
    Contact: ContactView | None
    CompanyName: str | None
    ShippingLocationReference: str
    AddressLine1: str | None
    AddressLine2: str | None
    AddressLine3: str | None
    Town: str | None
    Region: str | None
    Postcode: str | None
    Country: dict[str, Any]
    IsCached: bool


def service_view(service: Service) -> MpdCarrierService:
    """Return a carrier service."""
    return MpdCarrierService(
        Name=service.name,
        Description=None,
        Reference=service.reference,
        MpdCarrierReference=service.carrier.reference,
        CarrierName=service.carrier.name,
        CarrierAccountOwner=None,
        Status="Enabled" if service.enabled else "Disabled",
        Journey=journey_view(service),
        Source="External",
        Type=_type_of(service.features),
        IsConfigured=bool(service.rates),
    )


def _type_of(features: frozenset[str]) -> str:
    """Return a service's features as PRO's flags, or `Scheduled` for a service without any."""
    flags = [name for feature, name in _FLAGS if feature in features]
    return ", ".join(flags) or "Scheduled"


def journey_view(service: Service) -> list[JourneyLeg]:
    """Return the legs of a service's journey in order."""
    return [_leg_view(stage, leg, service) for stage, leg in enumerate(service.legs, start=1)]


def _leg_view(stage: int, leg: Leg, service: Service) -> JourneyLeg:
    return JourneyLeg(
        JourneyStage=stage,
        CarrierService={
            "Reference": service.reference,
            "Name": service.name,
            "CarrierReference": leg.carrier.reference,
            "CarrierName": leg.carrier.name,
            "ExternalReference": None,
            "IsDropOff": "dropOff" in service.features,
            "IsPickUp": "pickUp" in service.features,
            "IsTimed": "timed" in service.features,
            "IsTracked": "tracked" in service.features,
            "IsSigned": "signed" in service.features,
            "ServiceDirection": service.direction.value,
        },
        CarrierAccountReference=None,
        DeliveryHub=Hub(HubAddress=plain_address_view({"CompanyName": leg.hub}), ExtraDaysToTransitTime=0)
        if leg.hub
        else None,
        CostItems=None,
        VolumetricParcelWeight=None,
        CollectionType="NotApplicable",
        Metadata=[],
    )


def shipping_location_view(location: Location) -> dict[str, Any]:
    """Return a shipping location with its whole address and its contact."""
    address = location_address(location).model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        "Id": zlib.crc32(location.reference.encode()) & _MAX_ID,
        "Reference": location.reference,
        "Name": location.name or location.reference,
        "ShippingLocationType": "Warehouse",
        "DefaultLocationForReturns": False,
        "Notes": None,
        "CustomerReference": NO_GUID,
        "LinkedAccounts": [],
        **in_pro_units(plain_address_view(address | {"ShippingLocationReference": location.reference})),
    }
