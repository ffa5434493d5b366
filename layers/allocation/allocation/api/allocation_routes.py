"""Allocation and deallocation. Every allocation answers an array of Allocation Summaries, one a consignment."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from allocation.api.allocation_requests import (
    AllocateConsignments,
    AllocateWithCarrierService,
    AllocateWithServiceFilters,
    AllocateWithServiceGroup,
    ReferenceList,
)
from allocation.api.choices import carrier_service, service_filters, service_group
from allocation.api.lists import WithMessage, references_in, with_messages
from allocation.api.operations import Operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.allocations import Choose
from allocation.consignments.errors import BAD_REQUEST, RequestError, UnknownConsignmentError
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Outcome
from allocation.domain.summary import AllocationSummary, ApiLink

DEALLOCATED: Final = "Consignment deallocation completed successfully"


def allocate(request: Request, services: Services) -> Reply:
    """Allocates each consignment to the cheapest carrier service that passes the rules."""
    wanted = request.model(AllocateConsignments)
    return allocated_all(request, services, wanted.consignment_references, by_mode(request, services, DefaultRules()))


def allocate_with_service_group_list(request: Request, services: Services) -> Reply:
    """Allocates each consignment to the cheapest carrier service of a group."""
    wanted = request.model(AllocateWithServiceGroup)
    mode = service_group(wanted.mpd_carrier_service_group_reference)
    return allocated_all(request, services, wanted.consignment_references, by_mode(request, services, mode))


def allocate_with_carrier_service(request: Request, services: Services) -> Reply:
    """Allocates each consignment to one carrier service, if it passes the rules."""
    wanted = request.model(AllocateWithCarrierService)
    mode = carrier_service(wanted.mpd_carrier_service_reference)
    return allocated_all(request, services, wanted.consignment_references, by_mode(request, services, mode))


def allocate_with_service_filters(request: Request, services: Services) -> Reply:
    """Allocates each consignment to the cheapest carrier service that passes the rules and the filters."""
    wanted = request.model(AllocateWithServiceFilters)
    choose = services.choices(request.base_url).by_filters(service_filters(wanted.filters))
    return allocated_all(request, services, wanted.consignment_references, choose)


def allocate_with_cheapest_quote(request: Request, services: Services) -> Reply:
    """Allocates the consignment to the cheapest carrier service that passes the rules."""
    return allocated_one(request, services, by_mode(request, services, DefaultRules()))


def allocate_with_service_group(request: Request, services: Services) -> Reply:
    """Allocates the consignment to the cheapest carrier service of a group."""
    return allocated_one(request, services, by_mode(request, services, service_group(request.path["group"])))


def allocate_with_quote(request: Request, services: Services) -> Reply:
    """Allocates the consignment to the carrier service of a quote, as long as it is still offered as quoted."""
    return allocated_one(request, services, services.choices(request.base_url).by_quote(request.path["quoteReference"]))


def deallocate(request: Request, services: Services) -> Reply:
    """Takes the carrier service back: the consignment can be changed and allocated again."""
    services.allocations.deallocate(request.path["consignment"], request.request_id)
    return Reply()


def deallocate_list(request: Request, services: Services) -> Reply:
    """Takes the carrier services of several consignments back."""
    references = references_in(request.data)
    return with_messages(
        references, lambda each: services.allocations.deallocate(each, request.request_id), DEALLOCATED
    )


def allocated_all(request: Request, services: Services, references: Sequence[str], choose: Choose) -> Reply:
    """The reply of a bulk call: 200, with an item for each reference in its place."""
    results = services.allocations.allocate_all(references, choose, request.request_id)
    return Reply([item(reference, result, request.base_url) for reference, result in results], root="AllocationSummary")


def allocated_one(request: Request, services: Services, choose: Choose) -> Reply:
    """The reply of a call for one consignment; of an unknown one PRO says 400 here, not 404.

    An older client takes any 200 for an allocation, whatever stands in it: it is told by the status.
    """
    reference = request.path["consignment"]
    try:
        outcome = services.allocations.allocate(reference, choose, request.request_id)
    except UnknownConsignmentError as error:
        raise RequestError(error.code, str(error)) from error
    if request.is_older and isinstance(outcome, AllocationFailed):
        raise RequestError(outcome.failure.code, outcome.failure.message)
    return Reply([item(reference, outcome, request.base_url)], root="AllocationSummary")


def by_mode(request: Request, services: Services, mode: AllocationMode) -> Choose:
    """The choice of the order queue."""
    return services.choices(request.base_url).by_mode(mode)


def item(reference: str, result: Outcome | RequestError, base_url: str) -> dict[str, Any]:
    """The summary of one consignment: of its allocation, or why there is none."""
    if isinstance(result, Allocated):
        return result.summary.to_json()
    if isinstance(result, AllocationFailed):
        return failed_item(reference, BAD_REQUEST, result.failure.code, result.failure.message, base_url)
    return failed_item(reference, result.status, result.code, str(result), base_url)


def failed_item(reference: str, status: int, code: str, reason: str, base_url: str) -> dict[str, Any]:
    """A summary without a carrier. `Code` is no name of PRO's here: it tells programs what the reason tells people."""
    detail = ApiLink(rel="detail", href=f"{base_url}/consignments/{quote(reference, safe='')}")
    summary = AllocationSummary(status_code=status, api_links=(detail,), description=reason)
    return {**summary.to_json(), "Code": code}


SUMMARIES: Final = list[AllocationSummary]
OPERATIONS: Final = (
    Operation(
        "PUT",
        "/allocation/allocate",
        allocate,
        "Allocate using default rules",
        gives=SUMMARIES,
        takes=AllocateConsignments,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/allocation/allocatewithservicegroup",
        allocate_with_service_group_list,
        "Allocate several consignments with a service group",
        gives=SUMMARIES,
        takes=AllocateWithServiceGroup,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/allocation/allocatewithcarrierservice",
        allocate_with_carrier_service,
        "Allocate with a carrier service",
        gives=SUMMARIES,
        takes=AllocateWithCarrierService,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/allocation/allocateConsignmentsWithServiceFilters",
        allocate_with_service_filters,
        "Allocate with service filters",
        gives=SUMMARIES,
        takes=AllocateWithServiceFilters,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/allocation/{consignment}/allocatewithcheapestquote",
        allocate_with_cheapest_quote,
        "Allocate a consignment",
        gives=SUMMARIES,
        errors=(400, 409),
    ),
    Operation(
        "PUT",
        "/allocation/{consignment}/allocatewithservicegroup/{group}",
        allocate_with_service_group,
        "Allocate a consignment with a service group",
        gives=SUMMARIES,
        errors=(400, 409),
    ),
    Operation(
        "PUT",
        "/allocation/{consignment}/allocatewithquote/{quoteReference}",
        allocate_with_quote,
        "Allocate a consignment with a quote",
        gives=SUMMARIES,
        errors=(400, 409),
    ),
    Operation(
        "PUT",
        "/consignments/deallocatelist",
        deallocate_list,
        "Deallocate several consignments",
        gives=list[WithMessage],
        takes=ReferenceList,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/consignments/{consignment}/deallocate",
        deallocate,
        "Deallocate a consignment",
        errors=(400, 404, 409),
    ),
)
