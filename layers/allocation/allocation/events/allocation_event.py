"""The allocation event, a CloudEvent 1.0 in JSON (`docs/events/consignment-allocated-v1.schema.json`)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from allocation.domain.errors import AllocationError
from allocation.domain.state import State
from allocation.domain.summary import AllocationSummary
from allocation.domain.tracking import DELIVERY_STATES, DeliveryState
from allocation.exact_json import written
from allocation.ports import AllocationEvent
from allocation.records.canary import CANARY_TYPE
from allocation.records.kept_summary import kept_summary
from allocation.records.record_document import moment_text
from allocation.records.stored_record import (
    DeliveryDocument,
    FailureDocument,
    PriceDocument,
    RefusedUpdateDocument,
    RouteDocument,
    StoredRecord,
)

_SOURCE: Final = "/carrier-allocation"
# SNS takes 256 KiB, attributes included. An event of a record of ours stays far below.
_MAX_BYTES: Final = 250_000
_MAX_ATTRIBUTE: Final = 256
_EventType = Literal[
    "consignment.allocated",
    "consignment.allocation_failed",
    "consignment.deallocated",
    "consignment.cancelled",
    "consignment.update_refused",
    "consignment.ready_to_ship",
    "consignment.not_ready_to_ship",
    "consignment.manifesting",
    "consignment.manifested",
    "consignment.manifest_failed",
    "consignment.dispatched",
    "consignment.at_drop_off_point",
    "consignment.collected",
    "consignment.in_transit",
    "consignment.out_for_delivery",
    "consignment.at_collection_point",
    "consignment.in_transit_waiting",
    "consignment.at_customs",
    "consignment.delayed",
    "consignment.exchange_failed",
    "consignment.carrier_unable_to_collect",
    "consignment.collection_failed",
    "consignment.delivery_failed_card_left",
    "consignment.delivery_failed",
    "consignment.held_by_carrier",
    "consignment.action_required",
    "consignment.return_to_sender",
    "consignment.damaged",
    "consignment.missing",
    "consignment.lost",
    "consignment.partially_delivered",
    "consignment.delivered",
    "consignment.delivered_damaged",
]
# Of the states that carriers' events lead to, in the order of both.
_OF_DELIVERY: Final[Mapping[DeliveryState, _EventType]] = dict(
    zip(DELIVERY_STATES, get_args(_EventType)[-len(DELIVERY_STATES) :], strict=True)
)


class UnpublishableReason(StrEnum):
    """Why a change of the table can never be an event."""

    NOT_AN_ALLOCATION_RECORD = "NotAnAllocationRecord"
    # It may mean something else than it says to us. The table keeps it.
    LATER_SCHEMA_VERSION = "LaterSchemaVersion"
    # No code of ours writes such a record.
    EVENT_TOO_LARGE = "EventTooLarge"


class UnpublishableError(AllocationError):
    """A change that can never be an event."""

    def __init__(self, reason: UnpublishableReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class EventData(BaseModel):
    """What happened to the consignment: `allocationSummary` while it has a carrier service, `failure` where not.

    `allocatedBy` is `engine` or `pro`; `adopted` says that SortedPRO had allocated the consignment already.
    `proReference` is SortedPRO's own reference of a consignment that it created for this stack.
    `mode` is that of the last allocation; a consignment that was cancelled before it had any has none. Where an update
    was refused, `refusedUpdate` names its event, and the rest is as it was.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    order_reference: str
    consignment_reference: str
    customer_reference: str | None = None
    pro_reference: str | None = None
    mode: str | None = None
    mode_reference: str | None = None
    route: RouteDocument | None = None
    state: State
    allocation_summary: AllocationSummary | None = None
    price: PriceDocument | None = None
    collected_at: str | None = None
    delivered_by: str | None = None
    label_link: str | None = None
    why: str | None = None
    allocated_by: str | None = None
    pro_base_url: str | None = None
    adopted: bool | None = None
    failure: FailureDocument | None = None
    refused_update: RefusedUpdateDocument | None = None
    manifest_reference: str | None = None
    manifest_problem: str | None = None
    delivery: DeliveryDocument | None = None


class ConsignmentEvent(BaseModel):
    """A CloudEvent; `id` is `{consignment}#{version}`, the same whenever the event is repeated."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = _SOURCE
    type: _EventType
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    data: EventData


def allocation_event(record: StoredRecord) -> AllocationEvent:
    """Return the event of a record's current version.

    Raises `UnpublishableError` for a record too large for an event, and `ValidationError` for an unknown state.
    """
    data = EventData.model_validate({name: getattr(record, name) for name in EventData.model_fields})
    event = ConsignmentEvent(
        id=f"{record.consignment_reference}#{record.version}",
        type=event_type(data.state, record),
        subject=record.consignment_reference,
        time=data.refused_update.at if data.refused_update else record.moved_at or record.allocated_at,
        data=data,
    )
    body = written(_body(event))
    if len(body) > _MAX_BYTES:
        text = f"the event {event.id[:64]} would have {len(body)} bytes"
        raise UnpublishableError(UnpublishableReason.EVENT_TOO_LARGE, text)
    return AllocationEvent(event.id, body, _attributes(event, record))


def canary_event(sent_at: datetime) -> AllocationEvent:
    """Return the event of a canary, which is about no consignment (`docs/events/README.md`)."""
    moment = moment_text(sent_at)
    event = {
        "specversion": "1.0",
        "id": f"{CANARY_TYPE}#{moment}",
        "source": _SOURCE,
        "type": CANARY_TYPE,
        "time": moment,
    }
    return AllocationEvent(event["id"], written(event), {"type": CANARY_TYPE})


def event_type(state: State, record: StoredRecord) -> _EventType:
    """Return the type of the event of a record's current version. `state` is the record's."""
    if record.refused_update:
        return "consignment.update_refused"
    if record.moved_at:
        return _type_of_step(state)
    match state:
        case "AllocationFailed":
            return "consignment.allocation_failed"
        case "Unallocated":
            return "consignment.deallocated"
        case "Cancelled":
            return "consignment.cancelled"
        case _:
            return "consignment.allocated"


def _type_of_step(state: State) -> _EventType:
    """Return the type of the event of a consignment that took a step on its way."""
    match state:
        case "ReadyToShip":
            return "consignment.ready_to_ship"
        case "Manifesting":
            return "consignment.manifesting"
        case "Manifested":
            return "consignment.manifested"
        case "ManifestFailed":
            return "consignment.manifest_failed"
        case "Dispatched":
            return "consignment.dispatched"
        case "Allocated" | "AllocationFailed" | "Unallocated" | "Cancelled":
            return "consignment.not_ready_to_ship"
        case _:
            return _OF_DELIVERY[state]


def _body(event: ConsignmentEvent) -> dict[str, Any]:
    """Return the event as plain data: absent parts are left out, the summary keeps its nulls as PRO writes them."""
    body = event.model_dump(by_alias=True)
    if event.data.allocation_summary:
        body["data"]["allocationSummary"] = kept_summary(event.data.allocation_summary)
    if event.data.delivery:
        body["data"]["delivery"] = event.data.delivery.model_dump(by_alias=True, exclude_none=True)
    if event.data.route:
        body["data"]["route"] = event.data.route.model_dump(exclude_none=True)
    body["data"] = {name: value for name, value in body["data"].items() if value is not None}
    return body


def _attributes(event: ConsignmentEvent, record: StoredRecord) -> dict[str, str]:
    """Return the attributes for SNS filter policies that have a value and that SNS and SQS take."""
    attributes = {
        "type": event.type,
        "mode": record.mode,
        "carrierReference": record.carrier_reference,
        "carrierServiceReference": record.carrier_service_reference,
    }
    return {name: value for name, value in attributes.items() if value and _is_attribute_value(value)}


def _is_attribute_value(text: str) -> bool:
    """Return whether a text is short and printable: SQS, behind SNS, refuses control characters."""
    return len(text) <= _MAX_ATTRIBUTE and text.isprintable()
