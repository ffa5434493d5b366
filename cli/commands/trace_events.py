"""How the events of a record are told: when each was published, or what it means that the publisher's log has none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from allocation.aws.publisher_log import LOG_DAYS
from allocation.domain.state import STATES
from allocation.events.allocation_event import event_type
from allocation.records.stored_record import StoredRecord
from cli.operations.trace import History, Traced

# In that time an event is published and its line is in the log, if nothing is wrong.
_SOON: Final = timedelta(minutes=2)


def event_facts(traced: Traced, history: History) -> Iterator[tuple[str, str]]:
    """Yield one fact for each version: its event, of whatever kind, and whether the log says that it was published."""
    *_, last = ids = traced.versions.event_ids()
    for event_id in ids:
        found, stored = history.published.get(event_id), traced.stored
        if found:
            yield "Event", f"{event_id}{_kind(found.type)}, published {found.at:%Y-%m-%d %H:%M:%S}Z"
        elif history.log_trouble:
            yield "Event", event_id
        elif event_id != last or stored is None or stored.state not in STATES:
            yield "Event", f"{event_id}, not in the publisher's log"
        else:
            kind = event_type(stored.state, stored)
            yield "Event", f"{event_id}{_kind(kind)}, {_not_published(stored, history.read_at)}"


def _kind(type_: str) -> str:
    return f" {type_.removeprefix('consignment.')}" if type_ else ""


def _not_published(stored: StoredRecord, now: datetime) -> str:
    refused = stored.refused_update
    age = now - datetime.fromisoformat(refused.at if refused else stored.moved_at or stored.allocated_at)
    if age > timedelta(days=LOG_DAYS):
        return f"older than the publisher's log ({LOG_DAYS} days)"
    if age < _SOON:
        return "not published yet"
    return "not in the publisher's log: `carrier republish --order` publishes it again"
