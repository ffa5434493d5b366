"""The catalogue that allocations choose from: carrier services, carriers and service groups."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.catalogue_views import (
    MpdCarrierService,
    ShippingLocation,
    service_view,
    shipping_location_view,
)
from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.domain.outcome import FailureCode
from allocation.engine.loaded_catalogue import Service
from allocation.engine.wording import there_is_no

OPERATIONS: Final[list[Operation]] = []


class CarrierView(TypedDict):
    """A carrier."""

    Reference: str
    Name: str


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
    found = [service_view(service) for service in use_cases.engine.catalogue.services]
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


@operation(OPERATIONS, "GET", "/servicegroups/summaries", "Get summaries of service groups", gives=_GROUPS)
def get_service_group_summaries(_: Request, use_cases: UseCases) -> Reply:
    """Return all service groups without their services."""
    groups = sorted(use_cases.engine.catalogue.groups)
    return Reply([_group_view(group, (), ()) for group in groups], root="MpdCarrierServiceGroup")


@operation(
    OPERATIONS,
    "GET",
    "/servicegroups/summary/{group}",
    "Get a summary of a service group",
    gives=ServiceGroupView,
    errors=(404,),
)
def get_service_group_summary(request: Request, use_cases: UseCases) -> Reply:
    """Return one service group without its services."""
    whole = get_service_group(request, use_cases)
    return replace(whole, data={**whole.data, "MpdCarrierServiceProfiles": []})


@operation(
    OPERATIONS, "GET", "/servicegroups/{group}/available", "Check that a service group's reference is free", gives=bool
)
def is_service_group_free(request: Request, use_cases: UseCases) -> Reply:
    """Return whether no service group has this reference."""
    return Reply(request.path["group"] not in use_cases.engine.catalogue.groups, root="boolean")


def _group_view(reference: str, members: Iterable[str], services: Iterable[Service]) -> ServiceGroupView:
    """Return a service group with its services, ordered by reference."""
    references = frozenset(members)
    profiles = [
        ServiceProfile(IsEnabled=service.enabled, MpdCarrierService=service_view(service))
        for service in services
        if service.reference in references
    ]
    return ServiceGroupView(Reference=reference, Name=reference, IsEnabled=True, MpdCarrierServiceProfiles=profiles)


@operation(OPERATIONS, "GET", "/shippinglocations", "Get shipping locations", gives=list[ShippingLocation])
def get_shipping_locations(_: Request, use_cases: UseCases) -> Reply:
    """Return every shipping location of the catalogue."""
    locations = sorted(use_cases.engine.catalogue.locations.items())
    return Reply([shipping_location_view(location) for _, location in locations], root="ShippingLocation")


@operation(
    OPERATIONS, "GET", "/shippinglocations/assigned", "Get assigned shipping locations", gives=list[ShippingLocation]
)
def get_assigned_shipping_locations(request: Request, use_cases: UseCases) -> Reply:
    """Return the shipping locations of this account: all, as there is one account."""
    return get_shipping_locations(request, use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/shippinglocations/{location}",
    "Get a shipping location",
    gives=ShippingLocation,
    errors=(404,),
)
def get_shipping_location(request: Request, use_cases: UseCases) -> Reply:
    """Return one shipping location."""
    known, reference = use_cases.engine.catalogue.locations, request.path["location"]
    if reference not in known:
        text = there_is_no("shipping location", reference[:64], known)
        raise RequestError("ShippingLocationNotFoundException", text, NOT_FOUND)
    return Reply(shipping_location_view(known[reference]), root="ShippingLocation")


@operation(
    OPERATIONS,
    "GET",
    "/shippinglocations/{location}/available",
    "Check that a shipping location's reference is free",
    gives=bool,
)
def is_shipping_location_free(request: Request, use_cases: UseCases) -> Reply:
    """Return whether no shipping location has this reference."""
    return Reply(request.path["location"] not in use_cases.engine.catalogue.locations, root="boolean")
