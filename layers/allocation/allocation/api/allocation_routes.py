"""Allocation and deallocation. Every allocation endpoint answers an array of Allocation Summaries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from allocation.api.allocation_requests import (
    AllocateConsignments,
    AllocateWithCarrierService,
    AllocateWithServiceFilters,
    AllocateWithServiceGroup,
    carrier_service,
    service_group,
)
from allocation.api.operations import Operation, operation
from allocation.api.replies import MAX_DURATION, Reply, WithMessage, with_messages
from allocation.api.requests import ReferenceList, Request
from allocation.api.use_cases import UseCases
from allocation.consignments.allocations import Choose
from allocation.consignments.errors import BAD_REQUEST, RequestError, UnknownConsignmentError
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Outcome
from allocation.domain.summary import AllocationSummary, ApiLink

OPERATIONS: Final[list[Operation]] = []
_DEALLOCATED: Final = "Consignment deallocation completed successfully"
_SUMMARIES: Final = list[AllocationSummary]


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocate",
    "Allocate using default rules",
    gives=_SUMMARIES,
    takes=AllocateConsignments,
    errors=(400,),
)
def allocate(request: Request, use_cases: UseCases) -> Reply:
    """Allocate each consignment to the cheapest carrier service that passes the rules."""
    wanted = request.model(AllocateConsignments)
    choose = use_cases.choices(request.base_url).by_mode(DefaultRules())
    return allocated_all(request, use_cases, wanted.consignment_references, choose)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithservicegroup",
    "Allocate several consignments with a service group",
    gives=_SUMMARIES,
    takes=AllocateWithServiceGroup,
    errors=(400,),
)
def allocate_with_service_group_list(request: Request, use_cases: UseCases) -> Reply:
    """Allocate each consignment to the cheapest carrier service of a group."""
    wanted = request.model(AllocateWithServiceGroup)
    mode = service_group(wanted.mpd_carrier_service_group_reference)
    choose = use_cases.choices(request.base_url).by_mode(mode)
    return allocated_all(request, use_cases, wanted.consignment_references, choose)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithcarrierservice",
    "Allocate with a carrier service",
    gives=_SUMMARIES,
    takes=AllocateWithCarrierService,
    errors=(400,),
)
def allocate_with_carrier_service(request: Request, use_cases: UseCases) -> Reply:
    """Allocate each consignment to one carrier service, if it passes the rules."""
    wanted = request.model(AllocateWithCarrierService)
    mode = carrier_service(wanted.mpd_carrier_service_reference)
    choose = use_cases.choices(request.base_url).by_mode(mode)
    return allocated_all(request, use_cases, wanted.consignment_references, choose)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocateConsignmentsWithServiceFilters",
    "Allocate with service filters",
    gives=_SUMMARIES,
    takes=AllocateWithServiceFilters,
    errors=(400,),
)
def allocate_with_service_filters(request: Request, use_cases: UseCases) -> Reply:
    """Allocate each consignment to the cheapest carrier service that passes the rules and the filters."""
    wanted = request.model(AllocateWithServiceFilters)
    choose = use_cases.choices(request.base_url).by_filters(wanted.filters.to_engine())
    return allocated_all(request, use_cases, wanted.consignment_references, choose)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/{consignment}/allocatewithcheapestquote",
    "Allocate a consignment",
    gives=_SUMMARIES,
    errors=(400, 409),
)
def allocate_with_cheapest_quote(request: Request, use_cases: UseCases) -> Reply:
    """Allocate the consignment to the cheapest carrier service that passes the rules."""
    return _allocated_one(request, use_cases, use_cases.choices(request.base_url).by_cheapest_quote())


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/{consignment}/allocatewithservicegroup/{group}",
    "Allocate a consignment with a service group",
    gives=_SUMMARIES,
    errors=(400, 409),
)
def allocate_with_service_group(request: Request, use_cases: UseCases) -> Reply:
    """Allocate the consignment to the cheapest carrier service of a group."""
    mode = service_group(request.path["group"])
    return _allocated_one(request, use_cases, use_cases.choices(request.base_url).by_mode(mode))


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/{consignment}/allocatewithquote/{quoteReference}",
    "Allocate a consignment with a quote",
    gives=_SUMMARIES,
    errors=(400, 409),
)
def allocate_with_quote(request: Request, use_cases: UseCases) -> Reply:
    """Allocate the consignment to the carrier service of a quote, if the same offer still stands."""
    choose = use_cases.choices(request.base_url).by_quote(request.path["quoteReference"])
    return _allocated_one(request, use_cases, choose)


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/deallocatelist",
    "Deallocate several consignments",
    gives=list[WithMessage],
    takes=ReferenceList,
    errors=(400,),
    beside_pro=True,
)
def deallocate_list(request: Request, use_cases: UseCases) -> Reply:
    """Take the carrier services of several consignments back."""
    return with_messages(
        request.references,
        lambda each: use_cases.allocations.deallocate(each, request.request_id),
        _DEALLOCATED,
        use_cases.now,
    )


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/{consignment}/deallocate",
    "Deallocate a consignment",
    errors=(400, 404, 409),
    beside_pro=True,
)
def deallocate(request: Request, use_cases: UseCases) -> Reply:
    """Take the carrier service back. The consignment can then be changed and allocated again."""
    use_cases.allocations.deallocate(request.path["consignment"], request.request_id)
    return Reply()


def allocated_all(
    request: Request, use_cases: UseCases, references: Sequence[str], choose: Choose, until: datetime | None = None
) -> Reply:
    """Allocate several consignments and answer 200 with an item for each reference, in its place.

    None is begun after `until`, without it after `MAX_DURATION`; the items of the others say so.
    """
    until = until or use_cases.now() + MAX_DURATION
    results = use_cases.allocations.allocate_all(references, choose, request.request_id, until)
    items = [_item(reference, result, request.base_url) for reference, result in results]
    return Reply(items, root="AllocationSummary")


def _allocated_one(request: Request, use_cases: UseCases, choose: Choose) -> Reply:
    """Allocate one consignment. Raises `RequestError` with status 400, not 404, for an unknown one, as PRO does."""
    reference = request.path["consignment"]
    try:
        outcome = use_cases.allocations.allocate(reference, choose, request.request_id)
    except UnknownConsignmentError as error:
        raise RequestError(error.code, str(error)) from error
    # An older client takes any 200 for an allocation and does not read the item's status.
    if request.is_older and isinstance(outcome, AllocationFailed):
        raise RequestError(outcome.failure.code, outcome.failure.message)
    return Reply([_item(reference, outcome, request.base_url)], root="AllocationSummary")


def _item(reference: str, result: Outcome | RequestError, base_url: str) -> dict[str, Any]:
    """Return the summary of one consignment: its allocation, or why it has none."""
    if isinstance(result, Allocated):
        return result.summary.to_json()
    if isinstance(result, AllocationFailed):
        return _failed_item(reference, BAD_REQUEST, result.failure.code, result.failure.message, base_url)
    return _failed_item(reference, result.status, result.code, str(result), base_url)


def _failed_item(reference: str, status: int, code: str, reason: str, base_url: str) -> dict[str, Any]:
    """Return a summary without a carrier. `Code` is our addition to PRO's names, for programs to read."""
    detail = ApiLink(rel="detail", href=f"{base_url}/consignments/{quote(reference, safe='')}")
    summary = AllocationSummary(status_code=status, api_links=(detail,), description=reason)
    return {**summary.to_json(), "Code": code}
