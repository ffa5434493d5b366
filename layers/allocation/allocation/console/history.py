"""What happened to a consignment, with times: the versions of its record, and the events that were published of them.

The record itself keeps its last change and the last failure before that. The search index keeps the versions that its
stream has brought since the console is on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from allocation.consignments.store import Known
from allocation.console.entries import PastVersion, entry_of, nearest_miss
from allocation.domain.errors import RetryableError
from allocation.events.published import Publication, Versions
from allocation.records.record_document import moment_text
from allocation.records.stored_record import StoredRecord

# Looks for the events of a record, by event id. Raises `RetryableError`.
Publications = Callable[[Versions], Mapping[str, Publication]]
_TOO_LATE = "It came too late: the consignment was settled."


def history(known: Known, past: Sequence[PastVersion]) -> list[dict[str, Any]]:
    """Return what happened, the oldest first: each version that is known, the last failure among them."""
    received = [_happened("Received", moment_text(known.stored.created_at))] if known.stored else []
    changes = _changes(known.record, _earlier(known.record, past)) if known.record else ()
    return sorted([*received, *changes], key=lambda each: str(each["at"]))


def unknown_versions(record: StoredRecord, past: Sequence[PastVersion]) -> int:
    """Return how many versions of a record nobody kept: those from before the console was on."""
    changes = list(_changes(record, _earlier(record, past)))
    return max(0, record.version - len(changes))


def events_page(record: StoredRecord | None, past: Sequence[PastVersion], published: Publications) -> dict[str, Any]:
    """Return the event of each version, with when it was published; None where the log does not say so.

    `trouble` says why the log could not be read.
    """
    if record is None:
        return {"events": [], "trouble": None}
    since = min(str(each["at"]) for each in _changes(record, _earlier(record, past)))
    versions = Versions(record.consignment_reference, record.version, datetime.fromisoformat(since))
    try:
        found, trouble = published(versions), None
    except RetryableError as error:
        found, trouble = {}, str(error)
    ids = enumerate(versions.event_ids(), start=1)
    return {"events": [_event(each, number, found.get(each)) for number, each in ids], "trouble": trouble}


def _event(event_id: str, version: int, found: Publication | None) -> dict[str, Any]:
    at = moment_text(found.at) if found else None
    return {"id": event_id, "version": version, "type": (found and found.type) or None, "publishedAt": at}


def _earlier(record: StoredRecord, past: Sequence[PastVersion]) -> list[PastVersion]:
    return [version for version in past if version.version < record.version]


def _changes(record: StoredRecord, earlier: Sequence[PastVersion]) -> Iterator[dict[str, Any]]:
    """Yield the changes of a record that are known, each once."""
    yield from map(_past_change, earlier)
    failed, entry = record.past_failure, entry_of(record)
    if failed and not _is_among(failed.failed_at, earlier):
        yield _happened(
            "AllocationFailed", failed.failed_at, detail=nearest_miss(failed.message, record.consignment_reference)
        )
    refused = record.refused_update
    if not (refused and _is_among(record.moved_at or entry.allocated_at, earlier)):
        number = None if refused else record.version
        at = record.moved_at or entry.allocated_at
        yield _happened(record.state, at, number, record.event_id or None, _detail(record))
    if refused:
        yield _happened("UpdateRefused", refused.at, record.version, refused.event_id, _TOO_LATE)


def _past_change(version: PastVersion) -> dict[str, Any]:
    if version.refused_at:
        return _happened("UpdateRefused", version.refused_at, version.version, detail=_TOO_LATE)
    detail = version.failure or version.failure_code or version.service
    return _happened(version.state, version.moved_at or version.allocated_at, version.version, detail=detail)


def _is_among(at: str, earlier: Sequence[PastVersion]) -> bool:
    """Return whether a change of state of this moment is a version that is known."""
    return any(not version.refused_at and (version.moved_at or version.allocated_at) == at for version in earlier)


def _happened(
    what: str, at: str, version: int | None = None, event_id: str | None = None, detail: str | None = None
) -> dict[str, Any]:
    return {"what": what, "at": at, "version": version, "eventId": event_id, "detail": detail}


def _detail(record: StoredRecord) -> str | None:
    """Return the last change in a sentence."""
    if record.failure:
        return nearest_miss(record.failure.message, record.consignment_reference)
    summary = record.allocation_summary
    return record.why or (summary.description if summary else None)
