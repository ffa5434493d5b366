"""Writes the allocation record as the document that DynamoDB keeps and streams (`docs/events/README.md`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, assert_never

from allocation.domain.outcome import (
    Allocated,
    AllocatedBy,
    AllocationFailed,
    Cancelled,
    Deallocated,
    Failure,
    KeptDecision,
    Price,
    Standing,
)
from allocation.domain.record import AllocationRecord, PastFailure, RecordSeen, RefusedUpdate, latest_event_ids
from allocation.domain.routing import Route
from allocation.domain.state import State, Step
from allocation.domain.summary import collection_time
from allocation.domain.tracking import Journey
from allocation.records.kept_summary import kept_summary

# 2 has the summary and the explanation packed, and the state of some records in `queueState`.
SCHEMA_VERSION: Final = 2
# Characters of a failure's code or message. The rest is cut.
_MAX_FAILURE: Final = 1_000


def record_document(record: AllocationRecord) -> dict[str, Any]:
    """Return a record as plain data, numbers exact; a field without a value is left out.

    Money is text, times are ISO 8601 in UTC, and `expiresAt` is in seconds since 1970, as DynamoDB's TTL wants it.
    """
    state: State = record.outcome.state
    document = {
        "consignmentReference": record.consignment_reference,
        "orderReference": record.order_reference,
        "customerReference": record.customer_reference,
        "proReference": record.pro_reference,
        "state": state,
        "mode": record.mode.name if record.mode else None,
        "modeReference": record.mode.reference if record.mode else None,
        "version": record.version,
        "eventId": record.event_id,
        "route": _route_document(record.route) if record.route else None,
        "eventIds": list(record.event_ids) or None,
        "allocatedAt": moment_text(record.allocated_at),
        "schemaVersion": SCHEMA_VERSION,
        "expiresAt": int(record.expires_at.timestamp()) if record.expires_at else None,
        "pastFailure": _past_failure_document(record.past_failure) if record.past_failure else None,
        "updatedBy": record.updated_by,
        "askedBy": record.asked_by,
        "refusedUpdate": _refused_document(record.refused_update) if record.refused_update else None,
        **_outcome_fields(record.outcome),
    }
    return {name: value for name, value in document.items() if value is not None}


def refusal_document(refused: RefusedUpdate, seen: RecordSeen) -> dict[str, Any]:
    """Return the fields of the record that was seen which change when it refuses an update."""
    return {
        "version": seen.version + 1,
        "eventIds": list(latest_event_ids(*seen.event_ids, refused.event_id)),
        "refusedUpdate": _refused_document(refused),
    }


def step_document(step: Step, event_ids: Sequence[str], version: int) -> dict[str, Any]:
    """Return the fields of a record of this version, tried by these events, that change with a step."""
    fields = {
        "state": step.state,
        "version": version + 1,
        "eventId": step.event_id,
        "eventIds": list(latest_event_ids(*event_ids, step.event_id)),
        "movedAt": moment_text(step.at),
        "manifestReference": step.manifest,
        "manifestedAt": moment_text(step.at) if step.state == "Manifested" else None,
        "dispatchedAt": moment_text(step.at) if step.state == "Dispatched" else None,
        "manifestProblem": step.problem,
        "delivery": journey_document(step.journey) if step.journey else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def journey_document(journey: Journey) -> dict[str, str]:
    """Return when what happened to a consignment on its way, without what has not happened."""
    moments = {
        "at": journey.at,
        "collectedAt": journey.collected_at,
        "firstAttemptedAt": journey.first_attempted_at,
        "attemptedAt": journey.attempted_at,
        "deliveredAt": journey.delivered_at,
        "returnedAt": journey.returned_at,
    }
    return {name: moment_text(moment.astimezone(UTC)) for name, moment in moments.items() if moment}


def _refused_document(refused: RefusedUpdate) -> dict[str, str]:
    return {"eventId": refused.event_id, "at": moment_text(refused.at)}


def _route_document(route: Route) -> dict[str, str]:
    """Return the row of the routing table, with its delivery option and its preference where it has them."""
    fields = {"row": route.row, "option": route.option, "preference": route.preference}
    return {name: value for name, value in fields.items() if value is not None}


def moment_text(moment: datetime) -> str:
    """Return an aware UTC moment as `2026-11-23T09:15:00.000Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _optional_moment(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


def _past_failure_document(past: PastFailure) -> Mapping[str, str]:
    """Return a failure that a later change did not clear."""
    return {**_failure_document(past.failure), "failedAt": moment_text(past.failed_at)}


def _failure_document(failure: Failure) -> dict[str, str]:
    """Return a failure's code and message, neither too long to keep."""
    return {"code": failure.code[:_MAX_FAILURE], "message": failure.message[:_MAX_FAILURE]}


def _outcome_fields(outcome: Standing) -> dict[str, Any]:
    """Return what an outcome adds to its record, cut to what an item and an event can hold."""
    match outcome:
        case Allocated():
            summary = kept_summary(outcome.summary)
            return {
                "allocationSummary": summary,
                "carrierReference": summary["CarrierReference"],
                "carrierServiceReference": summary["CarrierServiceReference"],
                "collectedAt": _optional_moment(collection_time(outcome.summary.description)),
                "deliveredBy": _optional_moment(outcome.delivered_by),
                "why": outcome.why,
                **(_by_fields(outcome.by) if outcome.by else {}),
                "price": _price_document(outcome.price) if outcome.price else None,
                "limitedDay": outcome.limit.on.day.isoformat() if outcome.limit else None,
                **_decision_fields(outcome.decision),
            }
        case AllocationFailed():
            failure = _failure_document(outcome.failure)
            return {"failure": failure, **_decision_fields(outcome.decision)}
        case Deallocated() | Cancelled():
            return {}
        case _:
            assert_never(outcome)


def _by_fields(by: AllocatedBy) -> dict[str, Any]:
    """Return who allocated a consignment, and whether that was taken over."""
    return {
        "allocatedBy": by.allocator,
        "proBaseUrl": by.base_url,
        "proClaim": by.claim,
        "adopted": by.is_adopted or None,
    }


def _decision_fields(decision: KeptDecision | None) -> dict[str, bytes | None]:
    """Return what the engine asked and found, as it made it: nothing queries inside."""
    return {"asked": decision.asked, "explanation": decision.explanation} if decision else {}


def _price_document(price: Price) -> Mapping[str, str]:
    """Return a price with its amounts as text, so that no reader turns them into floats."""
    return {"net": str(price.net), "vat": str(price.vat), "gross": str(price.gross), "currency": price.currency}
