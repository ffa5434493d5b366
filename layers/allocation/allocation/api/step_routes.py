"""The steps of allocated consignments: ready to ship, manifested, dispatched.

Shapes are those of PRO's help, "Manifesting Consignments", and of its SDK's types.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import ApiLinkView, Reply, WithMessage, consignment_link
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import RequestError, UnknownConsignmentError
from allocation.consignments.pro_values import ProModel
from allocation.consignments.steps import StepResult, Steps
from allocation.consignments.store import Known
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CarriedState, Step, UserAction

OPERATIONS: Final[list[Operation]] = []
# References of one request: each is one read and one write, several at a time.
_MAX_STEPS: Final = 2_000
_READY: Final = "Consignment marked as Ready To Ship completed successfully"
_NOT_READY: Final = "Consignment set back to Allocated from Ready To Ship completed successfully"
_References = Annotated[list[str], Field(min_length=1, max_length=_MAX_STEPS)]
_Reference = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ManifestConsignmentsRequest(ProModel):
    """The consignments to manifest or to dispatch."""

    consignment_references: Annotated[list[_Reference], Field(min_length=1, max_length=_MAX_STEPS)]


class DispatchResponse(TypedDict):
    """The result for one consignment."""

    Status: Literal["Success", "Failed", "NotFound"]
    Message: str
    ConsignmentReferenceForAllLegsAssignedByMpd: str
    HttpStatusCode: int
    ApiLinks: list[ApiLinkView] | None


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/setreadytoship",
    "Set consignments as ready to ship",
    gives=list[WithMessage],
    takes=_References,
    errors=(400, 404),
)
def set_ready_to_ship(request: Request, use_cases: UseCases) -> Reply:
    """Mark allocated consignments as ready to ship, so that a query can manifest them."""
    results = _moved(request, use_cases, request.references_up_to(_MAX_STEPS), UserAction.SET_READY, "ReadyToShip")
    return _with_messages(request, results, lambda _: _READY, "detail")


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/setnotreadytoship",
    "Set consignments back from ready to ship",
    gives=list[WithMessage],
    takes=_References,
    errors=(400, 404),
)
def set_not_ready_to_ship(request: Request, use_cases: UseCases) -> Reply:
    """Set consignments that are ready to ship back to allocated, so that they can be deallocated or cancelled."""
    results = _moved(request, use_cases, request.references_up_to(_MAX_STEPS), UserAction.SET_NOT_READY, "Allocated")
    return _with_messages(request, results, lambda _: _NOT_READY, "detail")


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/manifest",
    "Manifest consignments",
    gives=list[WithMessage],
    takes=ManifestConsignmentsRequest,
    errors=(400, 404),
)
def manifest_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Manifest consignments: one manifest for each carrier and shipping location."""
    references = request.model(ManifestConsignmentsRequest).consignment_references
    results = use_cases.manifests.manifest(references, request.request_id)
    _require_any_known(results)
    return _with_messages(request, results, "Consignment {} has been manifested successfully.".format, "Link")


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/Dispatch",
    "Mark consignments as dispatched",
    gives=list[DispatchResponse],
    takes=ManifestConsignmentsRequest,
    errors=(400, 404),
)
def dispatch_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Mark manifested consignments as dispatched from their origin."""
    references = request.model(ManifestConsignmentsRequest).consignment_references
    results = _moved(request, use_cases, references, UserAction.DISPATCH, "Dispatched")
    return Reply([_dispatched(request, result) for result in results], root="DispatchResponse")


def _moved(
    request: Request, use_cases: UseCases, references: Sequence[str], action: UserAction, state: CarriedState
) -> list[StepResult]:
    """Bring each consignment into a state. Raises `RequestError` if none of them exists."""

    def plan(able: Sequence[Known]) -> dict[ConsignmentReference, Step]:
        step = Step(state, request.request_id, use_cases.now())
        return {known.reference: step for known in able}

    results = Steps(use_cases.changes).take(references, action, plan)
    _require_any_known(results)
    return results


def _require_any_known(results: Sequence[StepResult]) -> None:
    """Raise the first result's `UnknownConsignmentError` if no reference of a request names a consignment."""
    errors = [each.outcome for each in results if isinstance(each.outcome, UnknownConsignmentError)]
    if len(errors) == len(results):
        raise errors[0]


def _with_messages(request: Request, results: Sequence[StepResult], success: Callable[[Any], str], rel: str) -> Reply:
    """Return the results as PRO's list of `WithMessage`; `rel` names the link to each consignment."""
    return Reply([_with_message(request, each, success, rel) for each in results], root="WithMessageOfString")


def _with_message(request: Request, result: StepResult, success: Callable[[Any], str], rel: str) -> WithMessage:
    error = _error_of(result)
    if error:
        return WithMessage(IsSuccess=False, Message=error, Data=result.text, ApiLinks=None)
    reference = str(result.consignment)
    links = [ApiLinkView(Rel=rel, Href=consignment_link(request.base_url, reference)["Href"])]
    return WithMessage(IsSuccess=True, Message=success(reference), Data=reference, ApiLinks=links)


def _error_of(result: StepResult) -> str | None:
    """Return why a consignment did not come where it was asked to, or None."""
    if isinstance(result.outcome, RequestError):
        return str(result.outcome)
    if result.outcome == "ManifestFailed":
        return f"Consignment {result.consignment} could not be manifested: its description was deleted."
    return None


def _dispatched(request: Request, result: StepResult) -> DispatchResponse:
    failed = result.outcome if isinstance(result.outcome, RequestError) else None
    unknown = isinstance(failed, UnknownConsignmentError)
    return DispatchResponse(
        Status="NotFound" if unknown else "Failed" if failed else "Success",
        Message=str(failed) if failed else f"Consignment {result.consignment} has been dispatched successfully.",
        ConsignmentReferenceForAllLegsAssignedByMpd=result.consignment or result.text,
        HttpStatusCode=failed.status if failed else 200,
        ApiLinks=None if failed else [consignment_link(request.base_url, str(result.consignment))],
    )
