"""Delivery options: when a consignment could be delivered and for how much, and what a customer chose of it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from allocation.api.keys import KeyScope
from allocation.api.operations import Operation, operation
from allocation.api.option_views import (
    DeliveryOptionDetails,
    DeliveryOptionsResponse,
    DeliveryOptionSummary,
    SelectOrderResponse,
    SelectOrderResult,
    details_view,
    option_view,
    summary_view,
)
from allocation.api.replies import ApiLinkView, Reply, consignment_link
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.delivery_options import AskedOptions
from allocation.consignments.errors import Problem, RequestError
from allocation.consignments.full_consignment import FullConsignment, MetaData
from allocation.consignments.intake import taken_in
from allocation.consignments.kept_offers import OptionTerm
from allocation.consignments.order_book import NO_CONSIGNMENT
from allocation.consignments.pro_values import ProModel
from allocation.consignments.store import ConsignmentJson, Known
from allocation.domain.state import UserAction
from allocation.domain.summary import AllocationSummary

OPERATIONS: Final[list[Operation]] = []
_MAX_SELECTED: Final = 50
_CREATED: Final = 201
_MULTI_STATUS: Final = 207
# What only a request for options has.
_OF_OPTIONS: Final = ("DeliveryDate", "GuaranteedOnly", "Distance", "MaxResults")


class OptionsRequest(FullConsignment):
    """A consignment that options are asked for, with the last day of delivery."""

    delivery_date: str | None = None
    guaranteed_only: bool | None = None


class SelectedOption(ProModel):
    """An option that a customer chose, and what the order is to have."""

    reference: Annotated[str, Field(min_length=1, max_length=64)]
    order_reference_provided_by_customer: str | None = None
    meta_data: list[MetaData] | None = None


class SelectOrder(ProModel):
    """The options to select as orders."""

    delivery_options: Annotated[list[SelectedOption], Field(min_length=1, max_length=_MAX_SELECTED)]


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions",
    "Get delivery options",
    gives=DeliveryOptionsResponse,
    takes=FullConsignment,
    status=201,
    errors=(400,),
    scope=KeyScope.READ,
)
def get_delivery_options(request: Request, use_cases: UseCases) -> Reply:
    """Return when a consignment could be delivered, each day and window at its cheapest service, for 14 days.

    `DeliveryDate` names another last day. `GuaranteedOnly` leaves out services without a timed
    delivery. Options are kept until they expire.
    """
    asked, market = asked_options(request, use_cases)[0], use_cases.market
    views: Any = use_cases.options.offer(asked, lambda option: option_view(market, option))
    return Reply(DeliveryOptionsResponse(DeliveryOptions=views), 201, "DeliveryOptionsResponse")


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/summary",
    "Get the days of delivery options",
    gives=DeliveryOptionSummary,
    takes=FullConsignment,
    status=201,
    errors=(400,),
    scope=KeyScope.READ,
)
def get_delivery_option_summary(request: Request, use_cases: UseCases) -> Reply:
    """Return the days on which a consignment could be delivered. Nothing is kept."""
    reference, days = use_cases.options.days(asked_options(request, use_cases)[0])
    return Reply(summary_view(reference, days), 201, "DeliveryOptionSummary")


@operation(
    OPERATIONS,
    "GET",
    "/deliveryoptions/details/{option}",
    "Get an existing delivery option",
    gives=DeliveryOptionDetails,
    errors=(404,),
)
def get_delivery_option(request: Request, use_cases: UseCases) -> Reply:
    """Return a delivery option that was offered, and the consignment that it is for."""
    name = request.path["option"]
    details = details_view(name, use_cases.options.details(name), use_cases.located)
    return Reply(details, root="DeliveryOptionDetails")


@operation(
    OPERATIONS,
    "GET",
    "/deliveryoptions/{option}",
    "Get existing delivery options",
    gives=DeliveryOptionDetails,
    errors=(404,),
)
def get_existing_delivery_options(request: Request, use_cases: UseCases) -> Reply:
    """Return a delivery option that was offered, at the address that PRO had for it before."""
    return get_delivery_option(request, use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/deliveryoptions/consignment/{consignment}",
    "Get the delivery options of a consignment",
    gives=DeliveryOptionsResponse,
    errors=(400, 404),
)
def get_delivery_options_of_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Return when a consignment that exists could be delivered. Selecting an option allocates that consignment."""
    market = use_cases.market
    asked = existing_options(request, use_cases)
    views: Any = use_cases.options.offer(asked, lambda option: option_view(market, option))
    return Reply(DeliveryOptionsResponse(DeliveryOptions=views), root="DeliveryOptionsResponse")


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/heartbeat",
    "Check that delivery options answer",
    scope=KeyScope.READ,
)
def check_delivery_options(_: Request, use_cases: UseCases) -> Reply:
    """Answer 200 where the catalogue can be read, from which options are offered."""
    use_cases.engine  # noqa: B018 - raises where there is none
    return Reply(None)


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/select/{option}",
    "Select a delivery option",
    gives=AllocationSummary,
    errors=(400, 404, 409),
)
def select_delivery_option(request: Request, use_cases: UseCases) -> Reply:
    """Create the consignment of a delivery option and allocate it so that the option's promise is kept.

    The service is that of the option, or another that delivers in the same window. The same call again answers the
    same and allocates nothing. Of one offer, one option can be selected.
    """
    choices = use_cases.choices(request.base_url)

    def choose(term: OptionTerm) -> Any:
        return choices.by_delivery(term.service, term.window)

    known = use_cases.options.select(request.path["option"], request.request_id, choose)
    if request.is_older:
        return Reply([consignment_link(request.base_url, known.reference)], root="ApiLink")
    return Reply(_summary(known), root="AllocationSummary")


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/selectorder",
    "Select delivery options as orders",
    gives=SelectOrderResponse,
    takes=SelectOrder,
    status=201,
    also=(207,),
    errors=(400,),
)
def select_delivery_option_as_order(request: Request, use_cases: UseCases) -> Reply:
    """Create an order of each delivery option. 201 where all were created, else 207: each `Status` says more."""
    selected = request.model(SelectOrder).delivery_options
    results = [_selected_as_order(each, request, use_cases) for each in selected]
    status = _CREATED if all(result["Status"] == _CREATED for result in results) else _MULTI_STATUS
    return Reply(SelectOrderResponse(SelectOrderResults=results), status, "SelectOrderResponse")


def _selected_as_order(selected: SelectedOption, request: Request, use_cases: UseCases) -> SelectOrderResult:
    metadata = [each.model_dump(mode="python", by_alias=True) for each in selected.meta_data or ()]
    own = selected.order_reference_provided_by_customer
    try:
        order = use_cases.options.select_as_order(selected.reference, own, metadata)
    except RequestError as error:
        return SelectOrderResult(
            DeliveryOptionReference=selected.reference,
            OrderReference=None,
            Status=error.status,
            Message=str(error),
            Links=[],
        )
    return SelectOrderResult(
        DeliveryOptionReference=selected.reference,
        OrderReference=order,
        Status=_CREATED,
        Message=None,
        Links=[ApiLinkView(Rel="Detail", Href=f"{request.base_url}/orders/{order}")],
    )


def asked_options(
    request: Request, use_cases: UseCases, kind: type[OptionsRequest] = OptionsRequest
) -> tuple[AskedOptions, ConsignmentJson]:
    """Return what options are asked for, and the body with names in the case of its model. Raises `RequestError`."""
    sent = request.object_of(kind)
    use_cases.require_known_names(sent)
    described = {name: value for name, value in sent.items() if name not in _OF_OPTIONS}
    content = taken_in(described, NO_CONSIGNMENT, use_cases.register.random_characters)
    return AskedOptions(content, _last_day(sent), sent.get("GuaranteedOnly") is True), sent


def existing_options(request: Request, use_cases: UseCases) -> AskedOptions:
    """Return what options are asked for of a consignment that exists, and still can be allocated.

    Raises `RequestError`.
    """
    known = use_cases.changes.known(request.path["consignment"])
    known.require(UserAction.ALLOCATE)
    return AskedOptions(known.described().content, existing=known.reference)


def _last_day(sent: Mapping[str, Any]) -> date | None:
    """Return the last day of delivery that is asked for. Raises `RequestError` for what is no date."""
    given = sent.get("DeliveryDate")
    if given is None or given == "":
        return None
    try:
        return date.fromisoformat(given[: len("2026-11-24")])
    except (TypeError, ValueError) as error:
        problem = Problem("date", "DeliveryDate", "must be an ISO 8601 date such as 2026-11-24")
        raise RequestError("ValidationException", "The request has invalid fields.", problems=[problem]) from error


def _summary(known: Known) -> dict[str, Any]:
    """Return the Allocation Summary of what was selected. Raises `RequestError` where no service keeps the promise."""
    record = known.record
    if record is not None and record.allocation_summary is not None:
        return record.allocation_summary.to_json()
    if record is not None and record.failure is not None:
        raise RequestError(record.failure.code, record.failure.message)
    text = f"Consignment {known.reference} of this option is in the state {known.state}."
    raise RequestError("InvalidConsignmentStateException", text)
