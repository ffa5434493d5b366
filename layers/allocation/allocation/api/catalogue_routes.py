"""What there is to allocate with: carrier services, carriers and service groups."""

from collections.abc import Iterable
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.hubs import Hub, hub
from allocation.api.operations import Operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.domain.outcome import FailureCode
from allocation.engine.loaded_catalogue import Service


class Carrier(TypedDict):
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
    """The carrier services that there are."""

    MpdCarrierServices: list[MpdCarrierService]
    Success: bool
    ErrorMessage: str | None


class ServiceProfile(TypedDict):
    """A carrier service in a group."""

    IsEnabled: bool
    MpdCarrierService: MpdCarrierService


class ServiceGroup(TypedDict):
    """A service group and the carrier services in it."""

    Reference: str
    Name: str
    IsEnabled: bool
    MpdCarrierServiceProfiles: list[ServiceProfile]


def get_carrier_services(_: Request, services: Services) -> Reply:
    """All carrier services of the catalogue."""
    found = [service_view(service) for service in services.engine.catalogue.services]
    data = CarrierServices(MpdCarrierServices=found, Success=True, ErrorMessage=None)
    return Reply(data, root="SubscriptionMpdCarrierServiceResponse")


def get_services_of_subscription(request: Request, services: Services) -> Reply:
    """All carrier services under the address of the carriers."""
    return get_carrier_services(request, services)


def get_carriers(_: Request, services: Services) -> Reply:
    """All carriers of the catalogue."""
    carriers = services.engine.catalogue.carriers.values()
    found = [Carrier(Reference=carrier.reference, Name=carrier.name) for carrier in carriers]
    return Reply(sorted(found, key=lambda carrier: carrier["Reference"]), root="Carrier")


def get_service_groups(_: Request, services: Services) -> Reply:
    """All service groups of the catalogue."""
    catalogue = services.engine.catalogue
    found = [group_view(reference, members, catalogue.services) for reference, members in catalogue.groups.items()]
    return Reply(sorted(found, key=lambda group: group["Reference"]), root="MpdCarrierServiceGroup")


def get_service_group(request: Request, services: Services) -> Reply:
    """One service group."""
    catalogue, reference = services.engine.catalogue, request.path["group"]
    members = catalogue.groups.get(reference)
    if members is None:
        text = f"The catalogue has no carrier service group {reference[:64]!r}."
        raise RequestError(FailureCode.SERVICE_GROUP_NOT_FOUND, text, NOT_FOUND)
    return Reply(group_view(reference, members, catalogue.services), root="MpdCarrierServiceGroup")


def group_view(reference: str, members: Iterable[str], services: Iterable[Service]) -> ServiceGroup:
    """A service group with its services, in the order of their references."""
    references = frozenset(members)
    profiles = [
        ServiceProfile(IsEnabled=service.enabled, MpdCarrierService=service_view(service))
        for service in services
        if service.reference in references
    ]
    return ServiceGroup(Reference=reference, Name=reference, IsEnabled=True, MpdCarrierServiceProfiles=profiles)


def service_view(service: Service) -> MpdCarrierService:
    """A carrier service as PRO tells it."""
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
        Type=type_of(service.features),
        IsConfigured=bool(service.rates),
    )


def type_of(features: frozenset[str]) -> str:
    """A service's features as PRO's flags, in their order; `Scheduled` for a service without any."""
    flags = [name for feature, name in FLAGS if feature in features]
    return ", ".join(flags) or "Scheduled"


FLAGS: Final = (("timed", "Timed"), ("pickUp", "PickUp"), ("dropOff", "DropOff"))
GROUPS: Final[Any] = list[ServiceGroup]
OPERATIONS: Final = (
    Operation("GET", "/carrierservices", get_carrier_services, "Get carrier services", CarrierServices),
    Operation("GET", "/carriers", get_services_of_subscription, "Get carrier services", CarrierServices),
    Operation("GET", "/carriers/getcarriers", get_carriers, "Get carriers", list[Carrier]),
    Operation("GET", "/servicegroups", get_service_groups, "Get service groups", GROUPS),
    Operation("GET", "/servicegroups/{group}", get_service_group, "Get a service group", ServiceGroup, errors=(404,)),
)
