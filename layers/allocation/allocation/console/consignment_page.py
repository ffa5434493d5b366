"""One consignment as the console shows it: how it stands, what happened, why it went there, and what can be done."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from allocation.consignments.store import Known
from allocation.console.entries import PastVersion, entry_of
from allocation.console.explained_decision import explanation_json
from allocation.console.history import history, unknown_versions
from allocation.console.recorded_explanation import recorded_explanation
from allocation.domain.outcome import Explanation
from allocation.domain.state import UserAction, allowed_actions


def consignment_page(
    known: Known, kept: Explanation | None, past: Sequence[PastVersion], *, by_pro: bool
) -> dict[str, Any]:
    """Return everything that is known of a consignment, without personal data.

    `kept` explains its last decision; `past` are the versions of its record before the last one that were seen.
    `by_pro` says that SortedPRO allocates, which can try what nothing is kept of.
    """
    record = known.record
    explained = explanation_json(recorded_explanation(record, kept)) if record and kept else {}
    reference = quote(known.reference, safe="")
    is_labelled = UserAction.PRINT_LABELS in allowed_actions(known.state) and known.stored is not None
    return {
        "consignment": _item(known),
        "route": record.route.model_dump(exclude_none=True) if record and record.route else None,
        "why": record.why if record else None,
        "failure": record.failure.model_dump() if record and record.failure else None,
        "pastFailure": record.past_failure.model_dump(by_alias=True) if record and record.past_failure else None,
        "history": history(known, past),
        "unknownVersions": unknown_versions(record, past) if record else 0,
        "explanation": kept,
        "offers": explained.get("offers", []),
        "excluded": explained.get("excluded", []),
        "actions": list(_actions(known, by_pro=by_pro)),
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


def _actions(known: Known, *, by_pro: bool) -> Iterator[str]:
    """Yield what the consignment's state allows."""
    allowed = allowed_actions(known.state)
    if UserAction.RETRY in allowed and (by_pro or known.stored is not None):
        yield "retry"
    if UserAction.DEALLOCATE in allowed:
        yield "deallocate"
    if UserAction.CANCEL in allowed:
        yield "cancel"
