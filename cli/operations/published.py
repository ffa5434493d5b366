"""Which events were published: the publisher's log has a line for each of its batches, with the ids of its events.

CloudWatch Logs searches a group line by line, so each search is limited to the time in which its line can stand.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

from cli.operations.records import Record

# How much earlier than its record an event may be logged: clocks differ.
_EARLIEST: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Publication:
    """When an event was published, and its type. The type is empty where an earlier version logged it."""

    at: datetime
    type: str = ""


def event_ids(record: Record) -> list[str]:
    """Return the ids of the events of a record's versions, the first version first."""
    return [f"{record['consignmentReference']}#{number}" for number in range(1, int(record["version"]) + 1)]


def published_at(logs: Any, log_group: str, records: Sequence[Record]) -> dict[str, Publication]:
    """Return the publications of the events of records, by event id. Those that the log does not name are left out.

    An event may have been published several times. The result has any one of them.

    `logs` is a client of CloudWatch Logs.
    """
    found: dict[str, Publication] = {}
    for record in records:
        wanted = set(event_ids(record))
        lines = _lines_about(logs, log_group, record)
        # An order's consignments are mostly published together: the line of one names others.
        while wanted - found.keys() and (line := next(lines, None)):
            moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
            types = _types_in(line["message"])
            found = {event_id: Publication(moment, kind) for event_id, kind in types.items()} | found
    return found


def _lines_about(logs: Any, log_group: str, record: Record) -> Iterator[dict[str, Any]]:
    """Return the lines that name an event of a record, the oldest first.

    Nobody knows when the versions before the present one were written. Their search has no limit of time.
    """
    is_first = int(record["version"]) == 1
    written = datetime.fromisoformat(record["allocatedAt"])
    window = {"startTime": _milliseconds(written - _EARLIEST)} if is_first else {}
    pattern = json.dumps(f"{record['consignmentReference']}#")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group, filterPattern=pattern, **window)
    return (line for page in pages for line in page["events"])


def _types_in(message: str) -> dict[str, str]:
    """Return the events in a line of the log, by id, with their types.

    None if the line is about something else, as an event that was not taken.
    """
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    if not isinstance(line, dict) or line.get("message") != "published":
        return {}
    ids, types = line.get("event_ids", []), line.get("types") or []
    return {
        event_id: str(kind)
        for event_id, kind in zip_longest(ids, types[: len(ids)], fillvalue="")
        if isinstance(event_id, str)
    }


def _milliseconds(moment: datetime) -> int:
    """Return a time as CloudWatch Logs has it: milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
