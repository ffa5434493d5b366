"""The canary: goes the way of an order on a schedule, and is none (docs/operations.md, decision 0137).

Its message, its item in the table of the records and its event have forms of their own. So nobody takes it for a
consignment: it is in no index, counts on no limit, and has no event of a consignment.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from allocation.records.record_document import moment_text

# The type of its message and of its event.
CANARY_TYPE: Final = "stack.canary"
# The key of its item, of which there is one. No reference of a consignment may have this character.
CANARY_KEY: Final = "#canary"
SENT_AT: Final = "sentAt"
# An older one says nothing about the stack as it is now.
MAX_CANARY_AGE: Final = timedelta(minutes=15)
# How long the item is kept that says when the last one came.
_KEPT: Final = timedelta(hours=1)
# The rule of the template writes 70 characters: what is longer is an order, and is not read here.
_MAX_MESSAGE: Final = 200


def canary_sent_at(body: str) -> datetime | None:
    """Return when a canary was sent (aware UTC), or None for every other message.

    >>> canary_sent_at('{"eventType":"stack.canary","occurredAt":"2026-11-27T09:00:00Z"}')
    datetime.datetime(2026, 11, 27, 9, 0, tzinfo=datetime.timezone.utc)
    """
    if len(body) > _MAX_MESSAGE or CANARY_TYPE not in body:
        return None
    try:
        event = json.loads(body)
        sent_at = datetime.fromisoformat(event["occurredAt"])
        is_canary_event = event.get("eventType") == CANARY_TYPE and sent_at.tzinfo is not None
        return sent_at.astimezone(UTC) if is_canary_event else None
    except (ValueError, LookupError, TypeError, RecursionError, OverflowError):
        return None


def canary_document(sent_at: datetime) -> dict[str, Any]:
    """Return the document of the item that says when the last canary was sent (aware UTC)."""
    expires_at = int((sent_at + _KEPT).timestamp())
    return {"consignmentReference": CANARY_KEY, SENT_AT: moment_text(sent_at), "expiresAt": expires_at}


def recorded_canary(document: Mapping[str, Any]) -> datetime:
    """Return when the canary of a document was sent. Raises `ValueError` for what is none."""
    return datetime.fromisoformat(str(document.get(SENT_AT)))


def is_canary(item: Mapping[str, Any]) -> bool:
    """Return whether an item of the records' table is the canary's."""
    return bool(item.get("consignmentReference") == {"S": CANARY_KEY})
