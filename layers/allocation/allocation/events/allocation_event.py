"""The allocation event, a CloudEvent 1.0 in JSON (`docs/events/consignment-allocated-v1.schema.json`)."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from allocation.domain.errors import InvalidMessageError
from allocation.domain.summary import AllocationSummary
from allocation.exact_json import written
from allocation.ports import AllocationEvent
from allocation.records.kept_summary import kept_summary
from allocation.records.stored_record import FailureDocument, PriceDocument, StoredRecord

SOURCE: Final = "/carrier-allocation"
MAX_BYTES: Final = 250_000
"""SNS takes 256 KiB, attributes included. What `record_document` makes stays far below it."""
MAX_ATTRIBUTE: Final = 256
EventType = Literal[
    "consignment.allocated", "consignment.allocation_failed", "consignment.deallocated", "consignment.cancelled"
]
EVENT_TYPES: Final[dict[str, EventType]] = {
    "Allocated": "consignment.allocated",
    "AllocationFailed": "consignment.allocation_failed",
    "Unallocated": "consignment.deallocated",
    "Cancelled": "consignment.cancelled",
}


class EventData(BaseModel):
    """What happened to the consignment: `allocationSummary` where it was allocated, `failure` where that failed.

    `mode` is that of the last allocation; a consignment that was cancelled before it had any has none.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    order_reference: str
    consignment_reference: str
    mode: str | None = None
    mode_reference: str | None = None
    state: Literal["Allocated", "AllocationFailed", "Unallocated", "Cancelled"]
    allocation_summary: AllocationSummary | None = None
    price: PriceDocument | None = None
    failure: FailureDocument | None = None


class ConsignmentEvent(BaseModel):
    """A CloudEvent; `id` is `{consignment}#{version}`, the same whenever the event is repeated."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: EventType
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    data: EventData


def allocation_event(record: StoredRecord) -> AllocationEvent:
    """The event that a record's current version stands for.

    Raises `InvalidMessageError` `EventTooLarge` for a record that no code of ours wrote, and `KeyError` or
    `ValidationError` for a state of no event.
    """
    fields = {name: getattr(record, name) for name in EventData.model_fields}
    event = ConsignmentEvent(
        id=f"{record.consignment_reference}#{record.version}",
        type=EVENT_TYPES[record.state],
        subject=record.consignment_reference,
        time=record.allocated_at,
        data=EventData(**fields),
    )
    body = written(body_of(event))
    if len(body) > MAX_BYTES:
        raise InvalidMessageError("EventTooLarge", f"the event {event.id[:64]} would have {len(body)} bytes")
    return AllocationEvent(event.id, body, attributes_of(event, record))


def body_of(event: ConsignmentEvent) -> dict[str, Any]:
    """The event as plain data: absent parts are left out, the summary keeps its nulls as PRO writes them."""
    body = event.model_dump(by_alias=True)
    if event.data.allocation_summary:
        body["data"]["allocationSummary"] = kept_summary(event.data.allocation_summary)
    body["data"] = {name: value for name, value in body["data"].items() if value is not None}
    return body


def attributes_of(event: ConsignmentEvent, record: StoredRecord) -> dict[str, str]:
    """What SNS filter policies see; one without a value is left out, and one that SNS or SQS would refuse."""
    attributes = {
        "type": event.type,
        "mode": record.mode,
        "carrierReference": record.carrier_reference,
        "carrierServiceReference": record.carrier_service_reference,
    }
    return {name: value for name, value in attributes.items() if value and is_attribute_value(value)}


def is_attribute_value(text: str) -> bool:
    """Tells whether a text is short and printable: SQS, behind SNS, refuses control characters."""
    return len(text) <= MAX_ATTRIBUTE and text.isprintable()
