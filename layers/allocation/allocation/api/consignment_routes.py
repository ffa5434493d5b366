"""Consignments: create, change, cancel, find, get and erase."""

from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.consignment_shape import ConsignmentView
from allocation.api.consignment_view import consignment_view
from allocation.api.keys import KeyScope
from allocation.api.older_clients import with_older_names
from allocation.api.operations import Operation, operation
from allocation.api.record_view import dates_of
from allocation.api.replies import ApiLinkView, Reply, WithMessage, consignment_link, with_messages
from allocation.api.requests import ReferenceList, Request, in_case_of
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.register import FIXED_BY_ALLOCATION
from allocation.consignments.store import ConsignmentJson, Known
from allocation.domain.state import ALLOWED_IN, UserAction

OPERATIONS: Final[list[Operation]] = []
_CANCELLED: Final = "Consignment cancellation completed successfully"
_MAX_UPDATES: Final = 50


class ConsignmentStatus(TypedDict):
    """The state of a consignment."""

    ConsignmentReferenceForAllLegsAssignedByMpd: str
    Status: str
    ExpectedDeliveryDate: str | None
    ApiLink: ApiLinkView


@operation(
    OPERATIONS,
    "POST",
    "/consignments",
    "Create a consignment",
    gives=list[ApiLinkView],
    takes=FullConsignment,
    status=201,
    errors=(400,),
)
def create_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Create a consignment. The link in the reply ends with the reference that was issued to it."""
    sent = request.object_of(FullConsignment)
    use_cases.require_known_names(sent)
    reference = use_cases.register.create(sent)
    return Reply([consignment_link(request.base_url, reference)], 201, "ApiLink")


@operation(
    OPERATIONS,
    "PUT",
    "/consignments",
    "Update consignments",
    gives=list[ApiLinkView],
    takes=FullConsignment | list[FullConsignment],
    errors=(400, 404, 409),
)
def update_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Change consignments, each named by its `Reference`. What is left out stays; null deletes what PRO deletes.

    Of an allocated consignment, addresses and packages may be sent back as they were read.
    """
    data = in_case_of(FullConsignment, request.data)
    consignments = data if isinstance(data, list) else [data]
    if not 1 <= len(consignments) <= _MAX_UPDATES or not all(isinstance(each, dict) for each in consignments):
        raise RequestError("ValidationException", f"The body must be 1 to {_MAX_UPDATES} consignments.")
    for each in consignments:
        use_cases.require_known_names(each)

    def news_in(sent: ConsignmentJson, known: Known) -> ConsignmentJson:
        """Leave out what an allocation fixes and the sender only read: typed clients send back whole consignments."""
        if known.state in ALLOWED_IN[UserAction.EDIT]:
            return sent
        shown: Mapping[str, Any] = consignment_view(known, use_cases.located, use_cases.now())
        shown = with_older_names(shown, "Consignment") if request.is_older else shown
        return {
            name: value
            for name, value in sent.items()
            if name not in FIXED_BY_ALLOCATION or not _is_told(value, shown.get(name))
        }

    references = [use_cases.register.update(each, news_in) for each in consignments]
    return Reply([consignment_link(request.base_url, reference) for reference in references], root="ApiLink")


def _is_told(sent: Any, shown: Any) -> bool:
    """Return whether what was sent says nothing else than what is shown. Null, and what is left out, says nothing.

    >>> shown = {"Name": "Box", "Sides": [1, 2], "Legs": []}
    >>> _is_told({"Name": "Box", "Sides": [1, 2], "Note": None}, shown), _is_told({"Sides": [1]}, shown)
    (True, False)
    """
    if sent is None:
        return True
    if isinstance(sent, Mapping):
        return isinstance(shown, Mapping) and all(_is_told(value, shown.get(name)) for name, value in sent.items())
    if isinstance(sent, list):
        is_list = isinstance(shown, list) and len(sent) == len(shown)
        return is_list and all(map(_is_told, sent, shown))
    return bool(sent == shown)


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/cancellist",
    "Cancel several consignments",
    gives=list[WithMessage],
    takes=ReferenceList,
    errors=(400,),
    beside_pro=True,
)
def cancel_list(request: Request, use_cases: UseCases) -> Reply:
    """Cancel several consignments."""
    return with_messages(
        request.references,
        lambda each: use_cases.register.cancel(each, request.request_id),
        _CANCELLED,
        use_cases.now,
    )


@operation(
    OPERATIONS,
    "GET",
    "/consignments/getconsignmentwithmetadata/{consignment}",
    "Get a consignment with its metadata",
    gives=ConsignmentView,
    errors=(404,),
    beside_pro=True,
)
def get_consignment_with_metadata(request: Request, use_cases: UseCases) -> Reply:
    """Return the whole consignment, which always includes its metadata."""
    return get_consignment(request, use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/consignments/{consignment}",
    "Get a consignment",
    gives=ConsignmentView,
    errors=(404,),
    beside_pro=True,
)
def get_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Return the whole consignment with its state and allocation. Shipping locations complete its addresses."""
    known = use_cases.changes.known(request.path["consignment"])
    return Reply(consignment_view(known, use_cases.located, use_cases.now()), root="Consignment")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/{consignment}/status",
    "Get a consignment's state",
    gives=ConsignmentStatus,
    errors=(404,),
    beside_pro=True,
)
def get_consignment_status(request: Request, use_cases: UseCases) -> Reply:
    """Return the state of a consignment and its expected delivery."""
    known = use_cases.changes.known(request.path["consignment"])
    return Reply(_status_view(known, request.base_url), root="ConsignmentStatusResponse")


def _status_view(known: Known, base_url: str) -> ConsignmentStatus:
    """Return the state of a consignment and its expected delivery, if known."""
    return ConsignmentStatus(
        ConsignmentReferenceForAllLegsAssignedByMpd=known.reference,
        Status=known.state,
        ExpectedDeliveryDate=dates_of(known.record).get("LatestDeliveryDate"),
        ApiLink=consignment_link(base_url, known.reference),
    )


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/{consignment}/cancel",
    "Cancel a consignment",
    errors=(400, 404, 409),
    beside_pro=True,
)
def cancel_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Cancel a consignment for good. An allocated one gives its carrier service back."""
    use_cases.register.cancel(request.path["consignment"], request.request_id)
    return Reply()


@operation(
    OPERATIONS,
    "DELETE",
    "/consignments/{consignment}",
    "Erase a consignment's personal data",
    errors=(404,),
    scope=KeyScope.ERASE,
    beside_pro=True,
)
def erase_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Delete a consignment's personal data for good and keep its allocation. PRO has no such operation."""
    use_cases.register.erase(request.path["consignment"])
    return Reply()
