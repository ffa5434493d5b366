"""Consignments: created, told, found, changed, cancelled and erased."""

from typing import Final

from allocation.api.allocation_requests import ReferenceList
from allocation.api.consignment_shape import Consignment
from allocation.api.consignment_view import ConsignmentStatus, consignment_view, status_view
from allocation.api.links import ApiLink, consignment_link
from allocation.api.lists import WithMessage, references_in, with_messages
from allocation.api.operations import Operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.errors import RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.domain.reference import ConsignmentReference

CANCELLED: Final = "Consignment cancellation completed successfully"
MAX_UPDATES: Final = 50
STATE: Final = "State"
CUSTOMER_REFERENCE: Final = "ReferenceProvidedByCustomer"
DIRECTION: Final = "Direction"
SEARCHABLE: Final = (STATE, CUSTOMER_REFERENCE)


def create_consignment(request: Request, services: Services) -> Reply:
    """Creates a consignment and answers the link to it, which ends with the reference that it was given."""
    reference = services.register.create(request.document)
    return Reply([consignment_link(request.base_url, reference)], 201, "ApiLink")


def get_consignment(request: Request, services: Services) -> Reply:
    """The whole consignment and how it stands."""
    return Reply(consignment_view(services.changes.known(request.path["consignment"])), root="Consignment")


def get_consignment_with_metadata(request: Request, services: Services) -> Reply:
    """The whole consignment: its metadata is always there."""
    return get_consignment(request, services)


def get_consignment_status(request: Request, services: Services) -> Reply:
    """The state of a consignment."""
    known = services.changes.known(request.path["consignment"])
    return Reply(status_view(known, request.base_url), root="ConsignmentStatusResponse")


def get_consignment_references(request: Request, services: Services) -> Reply:
    """The references of the consignments in a state, or of those that their sender calls by a reference.

    A direction leaves only those that go that way.
    """
    named, known = request.query.keys(), {name.lower() for name in SEARCHABLE}
    if named - known - {DIRECTION.lower()} or named.isdisjoint(known) or not all(request.query.values()):
        text = f"Search by {' or '.join(SEARCHABLE)}, as ?State=Allocated, with {DIRECTION} or not; by nothing else."
        raise RequestError("ValidationException", text)
    found: list[set[ConsignmentReference]] = []
    if STATE.lower() in request.query:
        found.append(set(services.register.in_state(request.query[STATE.lower()])))
    if CUSTOMER_REFERENCE.lower() in request.query:
        found.append(set(services.register.provided_by_customer(request.query[CUSTOMER_REFERENCE.lower()])))
    references = sorted(set.intersection(*found))
    if DIRECTION.lower() in request.query:
        references = services.register.in_direction(references, request.query[DIRECTION.lower()])
    return Reply(references, root="string")


def update_consignment(request: Request, services: Services) -> Reply:
    """Replaces consignments, each named by its `Reference`; properties that are left out are deleted."""
    data = request.data
    documents = data if isinstance(data, list) else [data]
    if not 1 <= len(documents) <= MAX_UPDATES or not all(isinstance(document, dict) for document in documents):
        raise RequestError("ValidationException", f"The body has to be 1 to {MAX_UPDATES} consignments.")
    references = [services.register.update(document) for document in documents]
    return Reply([consignment_link(request.base_url, reference) for reference in references], root="ApiLink")


def cancel_consignment(request: Request, services: Services) -> Reply:
    """Cancels a consignment, for good; one that is allocated gives its carrier service back."""
    services.register.cancel(request.path["consignment"], request.request_id)
    return Reply()


def cancel_list(request: Request, services: Services) -> Reply:
    """Cancels several consignments."""
    references = references_in(request.data)
    return with_messages(references, lambda each: services.register.cancel(each, request.request_id), CANCELLED)


def erase_consignment(request: Request, services: Services) -> Reply:
    """Removes a consignment's personal data for good; its allocation stays known. PRO has no such operation."""
    services.register.erase(request.path["consignment"])
    return Reply()


OPERATIONS: Final = (
    Operation(
        "POST",
        "/consignments",
        create_consignment,
        "Create a consignment",
        gives=list[ApiLink],
        takes=FullConsignment,
        status=201,
        errors=(400,),
    ),
    Operation(
        "PUT",
        "/consignments",
        update_consignment,
        "Update consignments",
        gives=list[ApiLink],
        takes=FullConsignment | list[FullConsignment],
        errors=(400, 404, 409),
    ),
    Operation(
        "PUT",
        "/consignments/cancellist",
        cancel_list,
        "Cancel several consignments",
        list[WithMessage],
        ReferenceList,
        errors=(400,),
    ),
    Operation(
        "GET",
        "/consignments/getConsignmentReferences",
        get_consignment_references,
        "Find consignments by state or by the sender's reference",
        gives=list[str],
        errors=(400,),
        query=(*SEARCHABLE, DIRECTION),
    ),
    Operation(
        "GET",
        "/consignments/getconsignmentwithmetadata/{consignment}",
        get_consignment_with_metadata,
        "Get a consignment with its metadata",
        gives=Consignment,
        errors=(404,),
    ),
    Operation("GET", "/consignments/{consignment}", get_consignment, "Get a consignment", Consignment, errors=(404,)),
    Operation(
        "GET",
        "/consignments/{consignment}/status",
        get_consignment_status,
        "Get a consignment's state",
        gives=ConsignmentStatus,
        errors=(404,),
    ),
    Operation(
        "PUT", "/consignments/{consignment}/cancel", cancel_consignment, "Cancel a consignment", errors=(400, 404, 409)
    ),
    Operation(
        "DELETE", "/consignments/{consignment}", erase_consignment, "Erase a consignment's personal data", errors=(404,)
    ),
)
