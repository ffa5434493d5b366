"""PRO's events: what happened to consignments within a time, for clients that ask now and then."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID, uuid5

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from allocation.api.keys import KeyScope
from allocation.api.operations import Operation, operation
from allocation.api.record_view import dates_of
from allocation.api.replies import ApiLinkView, Reply, consignment_link
from allocation.api.requests import Request
from allocation.api.search_terms import read_moment
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_IMPLEMENTED, Problem, RequestError
from allocation.consignments.happenings import KEPT_TYPES, Happening
from allocation.consignments.pro_values import ProModel, null_as_empty
from allocation.domain.state import STATES
from allocation.domain.tracking_reference import package_references

OPERATIONS: Final[list[Operation]] = []
# The namespace of the ids of events (RFC 9562, 5.5): an event has the same id whenever it is read.
_EVENTS: Final = UUID("6c1d0f7e-5f0a-4b0c-8d58-9a1f4a3be7c4")
_MAX_WINDOW: Final = timedelta(days=31)
_MAX_MOMENT: Final = 64
_EventType = Literal[
    "ConsignmentCreated",
    "ConsignmentUpdated",
    "LabelsPrinted",
    "PackageAdded",
    "PackageRemoved",
    "PackageUpdated",
    "Rescheduled",
]

_IN_ANY_CASE: Final = {kind.casefold(): kind for kind in get_args(_EventType)}


def _known_type(value: Any) -> Any:
    """Return a type of event in PRO's spelling, any other value unchanged; .NET reads an enum in any case."""
    return _IN_ANY_CASE.get(value.casefold(), value) if isinstance(value, str) else value


def _moment(value: Any) -> Any:
    """Return a moment in aware UTC, one without offset as UTC. Raises `ValueError`."""
    return read_moment(value[:_MAX_MOMENT]) if isinstance(value, str) else value


_Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Window(ProModel):
    """A time: what happened from `Start` on and before `End`."""

    start: _Moment
    end: _Moment

    def in_order(self) -> tuple[datetime, datetime]:
        """Return both ends. Raises `RequestError` unless they are in order and not too far from each other."""
        if not timedelta() <= self.end - self.start <= _MAX_WINDOW:
            problem = Problem("Invalid", "End", f"must lie from Start to {_MAX_WINDOW.days} days after it")
            raise RequestError(
                "ValidationException", "The request has invalid fields: see Details.", problems=[problem]
            )
        return self.start, self.end


class ConsignmentEventRequest(_Window):
    """Which events are wanted; without types, all that are kept."""

    event_types: Annotated[
        list[Annotated[_EventType, BeforeValidator(_known_type)]], BeforeValidator(null_as_empty)
    ] = Field(default_factory=list)


class ConsignmentStateEventRequest(_Window):
    """Which changes of state are wanted; without states, those into any."""

    consignment_states: Annotated[list[str], BeforeValidator(null_as_empty), Field(max_length=100)] = Field(
        default_factory=list
    )


class ConsignmentEventDetail(TypedDict):
    """A detail of an event."""

    Detail: str


class ConsignmentEventView(TypedDict):
    """What happened, and when. Who did it is not kept."""

    EventType: _EventType
    EventDate: str
    Message: str
    User: str | None
    EventDetails: list[ConsignmentEventDetail]


class ConsignmentEventPayload(TypedDict):
    """An event of a consignment."""

    EventId: str
    ConsignmentReference: str
    ConsignmentReferenceProvidedByCustomer: str | None
    ConsignmentState: str
    EventDetails: ConsignmentEventView
    AdditionalInformation: list[Any]
    Links: list[ApiLinkView]


class ConsignmentEventPayloadResponse(TypedDict):
    """The events within a time, the earliest first."""

    Events: list[ConsignmentEventPayload]


class TrackingDetails(TypedDict):
    """The tracking reference of a package on a leg."""

    Leg: int
    TrackingReference: str


class PackagePayload(TypedDict):
    """A package with its tracking references."""

    Reference: str | None
    Barcode: Any
    PickupCode: str | None
    TrackingDetails: list[TrackingDetails]


class ConsignmentPayload(TypedDict):
    """A consignment that came into a state."""

    ConsignmentReference: str
    ConsignmentReferenceProvidedByCustomer: str | None
    ConsignmentState: str
    CarrierServiceReference: str | None
    CarrierServiceName: str | None
    ConsignmentTrackingReference: str | None
    EarliestDeliveryDate: str | None
    LatestDeliveryDate: str | None
    DateDelivered: str | None
    PickupCode: str | None
    ConsignmentLegs: list[Any]
    Packages: list[PackagePayload]


@operation(
    OPERATIONS,
    "POST",
    "/events/consignments",
    "Get consignment events",
    gives=ConsignmentEventPayloadResponse,
    takes=ConsignmentEventRequest,
    errors=(400, 501),
    scope=KeyScope.READ,
)
def get_consignment_events(request: Request, use_cases: UseCases) -> Reply:
    """Return which consignments were created, and had their labels given out first, from `Start` on and before `End`.

    Those are the types of events that are kept; another one is answered 501. At most 1,000, within 31 days.
    """
    asked = request.model(ConsignmentEventRequest)
    if unknown := sorted({*asked.event_types} - {*KEPT_TYPES}):
        text = f"Events of the type {unknown[0]} are an operation of SortedPRO that this service does not have."
        raise RequestError("OperationNotImplementedException", text, NOT_IMPLEMENTED)
    found = use_cases.happenings.others(*asked.in_order(), asked.event_types or KEPT_TYPES)
    events = [_event(each, request.base_url) for each in found]
    return Reply(ConsignmentEventPayloadResponse(Events=events), root="ConsignmentEventPayloadResponse")


@operation(
    OPERATIONS,
    "POST",
    "/events/consignments/stateevents",
    "Get changes of consignments' states",
    gives=list[ConsignmentPayload],
    takes=ConsignmentStateEventRequest,
    errors=(400,),
    scope=KeyScope.READ,
)
def get_consignment_state_events(request: Request, use_cases: UseCases) -> Reply:
    """Return which consignments came into a state from `Start` on and before `End`, the earliest first.

    A consignment keeps its allocation, last failure, manifest, dispatch and last step: of steps that followed each
    other between two questions, the last one is told. At most 1,000, within 31 days.
    """
    asked = request.model(ConsignmentStateEventRequest)
    named = {state.casefold(): state for state in STATES}
    unknown = [
        Problem("Unknown", f"ConsignmentStates[{at}]", "is no state of a consignment")
        for at, state in enumerate(asked.consignment_states)
        if state.casefold() not in named
    ]
    if unknown:
        raise RequestError("ValidationException", "The request has invalid fields: see Details.", problems=unknown)
    wanted = [named[state.casefold()] for state in asked.consignment_states] or STATES
    found = use_cases.happenings.states(*asked.in_order(), wanted)
    return Reply([_payload(each) for each in found], root="ConsignmentPayload")


def _event(happened: Happening, base_url: str) -> ConsignmentEventPayload:
    known, at = happened.known, happened.at.isoformat()
    kind: Any = next(each for each in get_args(_EventType) if each == happened.kind)
    message = _MESSAGES[kind].format(known.reference)
    return ConsignmentEventPayload(
        EventId=str(uuid5(_EVENTS, f"{known.reference}/{at}/{kind}")),
        ConsignmentReference=known.reference,
        ConsignmentReferenceProvidedByCustomer=known.stored.customer_reference if known.stored else None,
        ConsignmentState=known.state,
        EventDetails=ConsignmentEventView(EventType=kind, EventDate=at, Message=message, User=None, EventDetails=[]),
        AdditionalInformation=[],
        Links=[consignment_link(base_url, known.reference)],
    )


_MESSAGES: Final = {
    "ConsignmentCreated": "Consignment {} was created.",
    "LabelsPrinted": "The labels of consignment {} were given out for the first time.",
}


def _payload(happened: Happening) -> ConsignmentPayload:
    known, record = happened.known, happened.known.record
    summary, dates = record.allocation_summary if record else None, dates_of(record)
    legs: list[Any] = summary.to_json()["ConsignmentLegs"] if summary else []
    packages = known.stored.content["Packages"] if known.stored else []
    return ConsignmentPayload(
        ConsignmentReference=known.reference,
        ConsignmentReferenceProvidedByCustomer=known.stored.customer_reference if known.stored else None,
        ConsignmentState=happened.kind,
        CarrierServiceReference=summary.carrier_service_reference if summary else None,
        CarrierServiceName=summary.carrier_service_name if summary else None,
        ConsignmentTrackingReference=record.tracking_reference if record else None,
        EarliestDeliveryDate=dates.get("EarliestDeliveryDate"),
        LatestDeliveryDate=dates.get("LatestDeliveryDate"),
        DateDelivered=_delivered_at(happened),
        PickupCode=None,
        ConsignmentLegs=legs,
        Packages=[
            PackagePayload(
                Reference=package.get("Reference"),
                Barcode=None,
                PickupCode=None,
                TrackingDetails=[
                    TrackingDetails(Leg=leg["Leg"], TrackingReference=reference)
                    for leg in legs
                    for reference in package_references(leg["TrackingReferences"], at)
                ],
            )
            for at, package in enumerate(packages)
        ],
    )


def _delivered_at(happened: Happening) -> str | None:
    record = happened.known.record
    delivered = record.delivery.delivered_at if record and record.delivery else None
    return datetime.fromisoformat(delivered).isoformat() if delivered else None
