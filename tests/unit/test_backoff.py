"""How long messages wait that are not done."""

from hypothesis import given
from hypothesis import strategies as st

from allocation.backoff import LONGEST_SECONDS, LONGEST_WISH_SECONDS, wait_seconds
from allocation.domain.outcomes import Deferred

OUTAGE = Deferred("outage")


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_seconds(OUTAGE, received, jitter=1) for received in range(1, 10)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]


@given(received=st.integers(1, 1000), jitter=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_at_least_half_of_what_it_may_be_and_never_too_long(received: int, jitter: float) -> None:
    longest = wait_seconds(OUTAGE, received, jitter=1)
    assert longest // 2 <= wait_seconds(OUTAGE, received, jitter) <= longest <= LONGEST_SECONDS


@given(wish=st.integers(0, 10**9))
def test_a_wish_to_be_left_alone_is_honoured_up_to_an_hour(wish: int) -> None:
    waited = wait_seconds(Deferred("throttled", wish), receive_count=1, jitter=0)
    assert min(wish, LONGEST_WISH_SECONDS) <= waited <= max(LONGEST_WISH_SECONDS, 15)
