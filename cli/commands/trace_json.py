"""The history of an order or a consignment as `carrier orders trace --json` prints it (`docs/operations.md`, Trace)."""

from collections.abc import Mapping
from typing import Any, Final

from allocation.records.stored_record import StoredRecord
from cli.commands.dead_letters import letter_json
from cli.operations.finding import NamedBy
from cli.operations.records import KEY
from cli.operations.trace import History, Traced
from cli.operations.waiting import Waiting

# What is shown of a record as it is kept. The summary is shown by its tracking references only.
_FIELDS: Final = {
    "consignment_reference",
    "order_reference",
    "customer_reference",
    "state",
    "mode",
    "mode_reference",
    "route",
    "version",
    "event_id",
    "allocated_at",
    "failure",
    "past_failure",
    "carrier_reference",
    "carrier_service_reference",
    "price",
    "collected_at",
    "delivered_by",
    "limited_day",
    "why",
    "updated_by",
    "asked_by",
    "allocated_by",
    "pro_base_url",
    "adopted",
    "refused_update",
}


def history_json(name: str, history: History) -> Mapping[str, Any]:
    """Return all that `traces.print_history` shows, each record with the whole explanation that it kept."""
    found, orders = history.found, {each.record["orderReference"] for each in history.traced}
    return {
        "reference": name,
        "foundBy": None if found.named_by is NamedBy.NOTHING else found.named_by.value,
        "orderReference": orders.pop() if len(orders) == 1 else None,
        "records": [_record_json(traced, history) for traced in history.traced],
        "otherConsignments": found.others,
        "deadLetters": [
            letter_json(letter) | {"orderIsAllocated": history.is_allocated_since(letter)}
            for letter in history.dead_letters
        ],
        "waits": history.waits,
        **_waiting_json(history.waiting),
        "logTrouble": history.log_trouble or history.waiting.log_trouble or None,
    }


def _waiting_json(waiting: Waiting) -> Mapping[str, Any]:
    return {
        "returns": [
            {
                "at": each.at.isoformat(),
                "cause": each.cause,
                "why": each.why or None,
                "sqsMessage": each.sqs_message,
            }
            for each in waiting.returns
        ],
        "kept": [
            {"consignmentReference": reference, "at": kept.at.isoformat(), "fromOrder": kept.is_ordered}
            for reference, kept in waiting.kept.items()
        ],
        "askedPro": [
            {"consignmentReference": reference, "until": until.isoformat()}
            for reference, until in waiting.asked_pro.items()
        ],
        "orderQueue": {"waiting": waiting.on_queue, "inWork": waiting.in_work},
        "streamFailureQueue": waiting.unpublished,
    }


def _record_json(traced: Traced, history: History) -> Mapping[str, Any]:
    """Return a record with its events; of one that this version can't read, only its reference."""
    stored = traced.stored
    if stored is None:
        return {KEY: traced.record[KEY], "state": None}
    return {
        **stored.model_dump(mode="json", by_alias=True, include=_FIELDS),
        "eventIds": list(stored.tried_event_ids),
        "trackingReferences": tracking_references(stored),
        "events": [_event_json(event_id, history) for event_id in traced.versions.event_ids()],
        "explanation": traced.kept,
    }


def _event_json(event_id: str, history: History) -> Mapping[str, Any]:
    found = history.published.get(event_id)
    return {
        "id": event_id,
        "type": (found and found.type) or None,
        "publishedAt": found.at.isoformat() if found else None,
    }


def tracking_references(stored: StoredRecord) -> list[str]:
    """Return the tracking references of all legs."""
    legs = stored.allocation_summary.consignment_legs if stored.allocation_summary else ()
    return [tracking for leg in legs or () for tracking in leg.tracking_references or ()]
