"""One consignment as the console shows it: how it stands, what happened, why it went there, and what can be done."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from allocation.consignments.store import ALLOCATED, ALLOCATION_FAILED, Known
from allocation.console.entries import entry_of
from allocation.console.explained_decision import explanation_json
from allocation.console.recorded_explanation import recorded_explanation
from allocation.domain.outcome import CANCELLABLE, Explanation
from allocation.records.record_document import moment_text
from allocation.records.stored_record import StoredRecord


def consignment_page(known: Known, kept: Explanation | None) -> dict[str, Any]:
    """Return everything that is known of a consignment, without personal data. `kept` explains its last decision."""
    record = known.record
    explained = explanation_json(recorded_explanation(record, kept)) if record and kept else {}
    reference = quote(known.reference, safe="")
    is_labelled = known.state == ALLOCATED and known.stored is not None
    return {
        "consignment": _item(known),
        "route": record.route.model_dump(exclude_none=True) if record and record.route else None,
        "why": record.why if record else None,
        "failure": record.failure.model_dump() if record and record.failure else None,
        "pastFailure": record.past_failure.model_dump(by_alias=True) if record and record.past_failure else None,
        "history": sorted(_history(known), key=lambda each: str(each["at"])),
        "explanation": kept,
        "offers": explained.get("offers", []),
        "excluded": explained.get("excluded", []),
        "actions": list(_actions(known)),
        "label": f"labels/{reference}/PDF" if is_labelled else None,
        "documents": f"consignments/docs/{reference}" if is_labelled else None,
    }


def _item(known: Known) -> dict[str, Any]:
    """Return the consignment as the lists have it, also one that nobody has tried to allocate yet."""
    if known.record:
        return entry_of(known.record).shown()
    stored = known.described()
    nothing = dict.fromkeys(("mode", "carrier", "service", "price", "allocatedAt", "collectedAt", "deliveredBy"))
    return {
        "consignment": known.reference,
        "order": stored.customer_reference or known.reference,
        "customerReference": stored.customer_reference,
        "state": known.state,
        **nothing,
        "failureCode": None,
        "trackingReferences": [],
        "version": 0,
    }


def _history(known: Known) -> Iterator[Mapping[str, Any]]:
    """Yield what happened and is known with its time; a record keeps its last failure and its last change."""
    if known.stored:
        yield _happened("Received", moment_text(known.stored.created_at), None, None)
    record = known.record
    if record is None:
        return
    if record.past_failure:
        past = record.past_failure
        yield _happened("AllocationFailed", past.failed_at, None, f"{past.code}: {past.message}")
    yield _happened(record.state, record.allocated_at, record.event_id or None, _detail(record))
    if record.refused_update:
        refused = record.refused_update
        yield _happened("UpdateRefused", refused.at, refused.event_id, "It came too late: the consignment was settled.")


def _happened(what: str, at: str, event_id: str | None, detail: str | None) -> dict[str, Any]:
    return {"what": what, "at": at, "eventId": event_id, "detail": detail}


def _detail(record: StoredRecord) -> str | None:
    """Return the change in a sentence."""
    if record.failure:
        return record.failure.message
    summary = record.allocation_summary
    return record.why or (summary.description if summary else None)


def _actions(known: Known) -> Iterator[str]:
    """Yield what the consignment's state allows."""
    if known.state == ALLOCATION_FAILED and known.stored is not None:
        yield "retry"
    if known.state == ALLOCATED:
        yield "deallocate"
    if known.state in CANCELLABLE:
        yield "cancel"
