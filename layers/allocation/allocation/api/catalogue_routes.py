"""The catalogue that allocations choose from: carrier services, carriers and service groups."""

from collections.abc import Iterable
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.consignment_shape import AddressView, ContactView
from allocation.api.consignment_view import address_view
from allocation.api.measures import in_pro_units
from allocation.api.operations import Operation, UseCases, location_address, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.domain.outcome import FailureCode
from allocation.engine.loaded_catalogue import Leg, Location, Service

OPERATIONS: Final[list[Operation]] = []
# PRO's flags by feature, in PRO's order.
_FLAGS: Final = (("timed", "Timed"), ("pickUp", "PickUp"), ("dropOff", "DropOff"))


class Hub(TypedDict):
    """A hub where carriers hand over. The catalogue has only its name."""

    Name: str
    HubAddress: dict[str, Any] | None
    ExtraDaysToTransitTime: int


class CarrierView(TypedDict):
    """A carrier."""

    Reference: str
    Name: str


class ServiceLeg(TypedDict):
    """One carrier's part of a service's journey."""

    JourneyStage: int
    CarrierReference: str
    CarrierName: str
    DeliveryHub: Hub | None


class MpdCarrierService(TypedDict):
    """A carrier service."""

    Name: str
    Description: str | None
    Reference: str
    MpdCarrierReference: str
    CarrierName: str
    CarrierAccountOwner: str | None
    Status: str
    Journey: list[ServiceLeg]
    Source: str
    Type: str
    IsConfigured: bool


class CarrierServices(TypedDict):
    """All carrier services."""

    MpdCarrierServices: list[MpdCarrierService]
    Success: bool
    ErrorMessage: str | None


class ServiceProfile(TypedDict):
    """A carrier service in a group."""

    IsEnabled: bool
    MpdCarrierService: MpdCarrierService


class ServiceGroupView(TypedDict):
    """A service group and the carrier services in it."""

    Reference: str
    Name: str
    IsEnabled: bool
    MpdCarrierServiceProfiles: list[ServiceProfile]


_GROUPS: Final[Any] = list[ServiceGroupView]


@operation(OPERATIONS, "GET", "/carrierservices", "Get carrier services", gives=CarrierServices)
def get_carrier_services(_: Request, use_cases: UseCases) -> Reply:
    """Return all carrier services of the catalogue."""
    found = [_service_view(service) for service in use_cases.engine.catalogue.services]
    data = CarrierServices(MpdCarrierServices=found, Success=True, ErrorMessage=None)
    return Reply(data, root="SubscriptionMpdCarrierServiceResponse")


@operation(OPERATIONS, "GET", "/carriers", "Get carrier services", gives=CarrierServices)
def get_services_of_subscription(request: Request, use_cases: UseCases) -> Reply:
    """Return all carrier services, at the address that PRO also has for them."""
    return get_carrier_services(request, use_cases)


@operation(OPERATIONS, "GET", "/carriers/getcarriers", "Get carriers", gives=list[CarrierView])
def get_carriers(_: Request, use_cases: UseCases) -> Reply:
    """Return all carriers of the catalogue."""
    carriers = use_cases.engine.catalogue.carriers.values()
    found = [CarrierView(Reference=carrier.reference, Name=carrier.name) for carrier in carriers]
    return Reply(sorted(found, key=lambda carrier: carrier["Reference"]), root="Carrier")


@operation(OPERATIONS, "GET", "/servicegroups", "Get service groups", gives=_GROUPS)
def get_service_groups(_: Request, use_cases: UseCases) -> Reply:
    """Return all service groups of the catalogue."""
    catalogue = use_cases.engine.catalogue
    found = [_group_view(reference, members, catalogue.services) for reference, members in catalogue.groups.items()]
    return Reply(sorted(found, key=lambda group: group["Reference"]), root="MpdCarrierServiceGroup")


@operation(OPERATIONS, "GET", "/servicegroups/{group}", "Get a service group", gives=ServiceGroupView, errors=(404,))
def get_service_group(request: Request, use_cases: UseCases) -> Reply:
    """Return one service group."""
    catalogue, reference = use_cases.engine.catalogue, request.path["group"]
    members = catalogue.groups.get(reference)
    if members is None:
        text = f"The catalogue has no carrier service group {reference[:64]!r}."
        raise RequestError(FailureCode.SERVICE_GROUP_NOT_FOUND, text, NOT_FOUND)
    return Reply(_group_view(reference, members, catalogue.services), root="MpdCarrierServiceGroup")


def _group_view(reference: str, members: Iterable[str], services: Iterable[Service]) -> ServiceGroupView:
    """Return a service group with its services, ordered by reference."""
    references = frozenset(members)
    profiles = [
        ServiceProfile(IsEnabled=service.enabled, MpdCarrierService=_service_view(service))
        for service in services
        if service.reference in references
    ]
    return ServiceGroupView(Reference=reference, Name=reference, IsEnabled=True, MpdCarrierServiceProfiles=profiles)


def _service_view(service: Service) -> MpdCarrierService:
    """Return a carrier service in PRO's shape."""
    journey = [
        ServiceLeg(
            JourneyStage=stage,
            CarrierReference=leg.carrier.reference,
            CarrierName=leg.carrier.name,
            DeliveryHub=hub(leg),
        )
        for stage, leg in enumerate(service.legs, start=1)
    ]
    return MpdCarrierService(
        Name=service.name,
        Description=None,
        Reference=service.reference,
        MpdCarrierReference=service.carrier.reference,
        CarrierName=service.carrier.name,
        CarrierAccountOwner=None,
        Status="Enabled" if service.enabled else "Disabled",
        Journey=journey,
        Source="External",
        Type=_type_of(service.features),
        IsConfigured=bool(service.rates),
    )


def _type_of(features: frozenset[str]) -> str:
    """Return a service's features as PRO's flags, or `Scheduled` for a service without any."""
    flags = [name for feature, name in _FLAGS if feature in features]
    return ", ".join(flags) or "Scheduled"


def hub(leg: Leg) -> Hub | None:
    """Return the hub where a leg ends, or None where it ends at the destination."""
    return Hub(Name=leg.hub, HubAddress=None, ExtraDaysToTransitTime=0) if leg.hub else None


class ShippingLocation(TypedDict):
    """A shipping location of the catalogue, with its whole address and its contact."""

    Reference: str
    Name: str
    Contact: ContactView | None
    Address: AddressView


@operation(OPERATIONS, "GET", "/shippinglocations", "Get shipping locations", gives=list[ShippingLocation])
def get_shipping_locations(_: Request, use_cases: UseCases) -> Reply:
    """Return every shipping location of the catalogue."""
    locations = sorted(use_cases.engine.catalogue.locations.items())
    return Reply([_shipping_location(location) for _, location in locations], root="ShippingLocation")


@operation(
    OPERATIONS, "GET", "/shippinglocations/assigned", "Get assigned shipping locations", gives=list[ShippingLocation]
)
def get_assigned_shipping_locations(request: Request, use_cases: UseCases) -> Reply:
    """Return the shipping locations of this account: all, as there is one account."""
    return get_shipping_locations(request, use_cases)


def _shipping_location(location: Location) -> ShippingLocation:
    address = address_view(location_address(location).model_dump(mode="json", by_alias=True, exclude_none=True))
    return ShippingLocation(
        Reference=location.reference,
        Name=location.name or location.reference,
        Contact=address["Contact"],
        Address=in_pro_units(address | {"ShippingLocationReference": location.reference}),
    )
