"""Which events were published, as the publisher's log tells: it has one line for each of its batches, with event ids.

CloudWatch Logs looks through a group line by line, so each search is kept to the time in which its line can stand.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

EARLIEST: Final = timedelta(minutes=1)
"""Before that, for clocks differ."""

Record = Mapping[str, Any]


def event_ids(record: Record) -> list[str]:
    """The ids of the events of a record's versions, the first version first."""
    return [f"{record['consignmentReference']}#{number}" for number in range(1, int(record["version"]) + 1)]


def published_at(logs: Any, log_group: str, records: Sequence[Record]) -> dict[str, datetime]:
    """When the events of records were published, by event id; those that the log does not tell of are left out.

    Of an event that was published several times, as what comes again with others is, it may be any of the times.

    `logs` is a client of CloudWatch Logs.
    """
    found: dict[str, datetime] = {}
    for record in records:
        wanted = set(event_ids(record))
        lines = lines_about(logs, log_group, record)
        # Consignments of an order are mostly published together: a line that was found for one tells of others.
        while wanted - found.keys() and (line := next(lines, None)):
            moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
            found = dict.fromkeys(ids_in(line["message"]), moment) | found
    return found


def lines_about(logs: Any, log_group: str, record: Record) -> Iterator[dict[str, Any]]:
    """The lines that name an event of a record, the oldest first.

    When the versions before the present one were written nobody knows: of those, all that is kept is looked through.
    """
    is_first = int(record["version"]) == 1
    written = datetime.fromisoformat(record["allocatedAt"])
    window = {"startTime": milliseconds(written - EARLIEST)} if is_first else {}
    pattern = json.dumps(f"{record['consignmentReference']}#")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group, filterPattern=pattern, **window)
    return (line for page in pages for line in page["events"])


def ids_in(message: str) -> list[str]:
    """The ids in a line of the log; none where it tells of something else, as of an event that was not taken."""
    try:
        line = json.loads(message)
    except ValueError:
        return []
    is_ours = isinstance(line, dict) and line.get("message") == "published"
    return [event_id for event_id in line.get("event_ids", []) if isinstance(event_id, str)] if is_ours else []


def milliseconds(moment: datetime) -> int:
    """A moment as CloudWatch Logs has it, in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
