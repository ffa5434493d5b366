"""`Retry-After`: seconds and dates, sane and absurd, always within bounds."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.pro.replies import MAX_RETRY_AFTER_SECONDS, retry_after_seconds

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 5 ", 5),
        ("86400", MAX_RETRY_AFTER_SECONDS),
        ("9" * 5000, MAX_RETRY_AFTER_SECONDS),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30),
        ("Monday, 23-Nov-26 12:00:30 GMT", 30),
        ("Mon Nov 23 12:00:30 2026", 30),
        ("Mon, 23 Nov 2026 13:00:30 +0100", 30),
        ("Mon, 23 Nov 2026 12:00:30", 30),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_SECONDS),
    ],
)
def test_retry_after_is_believed_within_bounds(header: str, seconds: int) -> None:
    assert retry_after_seconds(header, NOON) == seconds


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "٣", "1e9", "Mon, 99 Nov 2026 12:00:30 GMT"])
def test_an_unreadable_retry_after_is_none(header: str | None) -> None:
    assert retry_after_seconds(header, NOON) is None


@given(st.integers(0, MAX_RETRY_AFTER_SECONDS))
def test_a_date_says_the_same_as_the_seconds_until_then(seconds: int) -> None:
    date = format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)

    assert retry_after_seconds(date, NOON) == retry_after_seconds(str(seconds), NOON) == seconds


def test_a_date_is_waited_for_to_its_end() -> None:
    assert retry_after_seconds("Mon, 23 Nov 2026 12:00:30 GMT", NOON + timedelta(milliseconds=1)) == 30


@given(st.text())
def test_no_header_raises_or_leaves_the_bounds(header: str) -> None:
    seconds = retry_after_seconds(header, NOON)

    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS
