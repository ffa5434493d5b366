"""Which events were published: the publisher's log has a line for each of its batches, with the ids of its events.

CloudWatch Logs searches a group line by line, so each search is limited to the time in which its line can stand.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.events.published import Publication, Versions

# How much earlier than its record an event may be logged: clocks differ.
_EARLIEST: Final = timedelta(minutes=1)
# How long the template keeps the log.
LOG_DAYS: Final = 30
# Pages of the log that a page of the console waits for.
_MAX_PAGES: Final = 10


def publisher_log(stack: str) -> str:
    """Return the log group of a stack's publisher, as the template names it."""
    return f"/aws/lambda/{stack}-publish-allocations"


class PublisherLog:
    """The log of a stack's publisher, for a page that does not wait for long."""

    def __init__(self, client: Any, log_group: str) -> None:
        """`client` must have timeouts of its own; `log_group` is the log's name."""
        self._client = client
        self._log_group = log_group

    def published(self, versions: Versions) -> Mapping[str, Publication]:
        """Return the publications of a record's events, by event id, as far as a few pages of the log have them.

        Raises `RetryableError`.
        """
        try:
            return published_at(self._client, self._log_group, [versions], _MAX_PAGES)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the publisher's log could not be read ({cause_of(error)})") from error


def published_at(
    logs: Any, log_group: str, records: Sequence[Versions], max_pages: int | None = None
) -> dict[str, Publication]:
    """Return the publications of the events of records, by event id. Those that the log does not name are left out.

    An event may have been published several times. The result has any one of them.

    `logs` is a client of CloudWatch Logs. Of each record's lines at most `max_pages` pages are read.
    """
    found: dict[str, Publication] = {}
    for record in records:
        wanted = set(record.event_ids())
        lines = _lines_about(logs, log_group, record, max_pages)
        # An order's consignments are mostly published together: the line of one names others.
        while wanted - found.keys() and (line := next(lines, None)):
            moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
            types = _types_in(line["message"])
            found = {event_id: Publication(moment, kind) for event_id, kind in types.items()} | found
    return found


def _lines_about(logs: Any, log_group: str, record: Versions, max_pages: int | None) -> Iterator[dict[str, Any]]:
    """Return the lines that name an event of a record, the oldest first."""
    window = {"startTime": _milliseconds(record.since - _EARLIEST)} if record.since else {}
    pattern = json.dumps(f"{record.consignment}#")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=log_group, filterPattern=pattern, **window)
    return (line for page in islice(pages, max_pages) for line in page["events"])


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
