"""Messages, records and events for tests: the files of `events/`, and smaller ones made to measure."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Failure, Outcome
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.summary import AllocationSummary
from allocation.ports import QueueMessage

EVENTS = Path(__file__).parents[2] / "events"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B, C, D = (ConsignmentReference(f"EC-000-000-AA{letter}") for letter in "ABCD")
FAILED = AllocationFailed(Failure("NoCarrierServiceAvailable", "No carrier service takes it."))


def text_of(name: str) -> str:
    """The text of a file of `events/`."""
    return (EVENTS / name).read_text(encoding="utf-8")


def json_of(name: str) -> Any:
    """The JSON of a file of `events/`."""
    return json.loads(text_of(name))


def reference(number: int) -> ConsignmentReference:
    """One of a thousand consignment references."""
    return ConsignmentReference(f"EC-000-000-{number:03}")


def order_event(*references: str, **changes: Any) -> dict[str, Any]:
    """An order-created event with consignments of these references alone."""
    consignments = [{"Reference": each} for each in references]
    event = {
        "eventType": "order-created",
        "eventVersion": 1,
        "eventId": "event-1",
        "occurredAt": "2026-11-23T09:15:00Z",
        "orderReference": "WEB-1",
        "consignments": consignments,
    }
    return event | changes


def message(message_id: str, *references: str, **changes: Any) -> QueueMessage:
    """A queue message with an order-created event in it."""
    return queue_message(message_id, json.dumps(order_event(*references, **changes)))


def cancellation(message_id: str = "m9", **changes: Any) -> QueueMessage:
    """A queue message that cancels the whole order WEB-1."""
    event = json_of("order-cancelled-v1.json") | {"orderReference": "WEB-1", "consignments": None} | changes
    return queue_message(message_id, json.dumps(event))


def queue_message(message_id: str, body: str, receipt_handle: str = "", receive_count: int = 1) -> QueueMessage:
    """A message as the queue delivers one whose sending is not known."""
    return QueueMessage(message_id, body, receipt_handle, receive_count, None, {}, "")


def delivered(sent: QueueMessage, receipt_handle: str, receive_count: int) -> QueueMessage:
    """A message as SQS delivers it for this time."""
    return replace(sent, receipt_handle=receipt_handle, receive_count=receive_count)


def summary_of(consignment: str, **more: Any) -> AllocationSummary:
    """A summary as SortedPRO writes it, `more` being fields that only PRO knows."""
    root = "https://apisandbox.electioapp.com"
    return AllocationSummary.model_validate(
        {
            "StatusCode": 200,
            "ApiLinks": [{"Rel": "detail", "Href": f"{root}/consignments/{consignment}"}],
            "Description": f"Consignment {consignment} has been successfully allocated",
            "ConsignmentLegs": [{"Leg": 1, "TrackingReferences": ["TRK1"], "CarrierReference": "CARRIER_X"}],
            "CarrierReference": "CARRIER_X",
            "CarrierServiceReference": "CX_NDS",
            **more,
        }
    )


def allocated(consignment: Consignment) -> Allocated:
    """The outcome of an allocator that always finds a carrier service."""
    return Allocated(summary_of(consignment.reference))


def record_of(
    consignment: ConsignmentReference, outcome: Outcome | None = None, mode: AllocationMode | None = None
) -> AllocationRecord:
    """A record of an order that was allocated at noon."""
    return AllocationRecord(
        consignment_reference=consignment,
        order_reference=OrderReference("WEB-1"),
        mode=mode or DefaultRules(),
        outcome=outcome or Allocated(summary_of(consignment)),
        event_id="event-1",
        allocated_at=NOON,
    )
