"""How long a server asks to be left alone: the `Retry-After` header (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Final

MAX_RETRY_AFTER_SECONDS: Final = 900
"""A longer wish is cut to this: a server that asks for days is wrong more often than it is down for days."""


def retry_after_seconds(header: str | None, now: datetime) -> int | None:
    """Return whole seconds to wait from `now` (aware), at most `MAX_RETRY_AFTER_SECONDS`; None without one.

    >>> retry_after_seconds("120", datetime(2026, 1, 1, tzinfo=UTC))
    120
    >>> retry_after_seconds("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(text[:64])
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(ceil(seconds.total_seconds()), 0), MAX_RETRY_AFTER_SECONDS)
