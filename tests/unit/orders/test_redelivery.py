"""How long messages wait that are not done."""

from hypothesis import given
from hypothesis import strategies as st

from allocation.domain.outcome import DeferralCause, Deferred
from allocation.orders.redelivery import MAX_ASKED_WAIT_SECONDS, MAX_SECONDS, longest, wait_seconds
from allocation.pro.replies import MAX_RETRY_AFTER_SECONDS

OUTAGE = Deferred(DeferralCause.OUTAGE)


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_seconds(OUTAGE, received, jitter=1) for received in range(1, 10)]
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]


@given(received=st.integers(1, 1000), jitter=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_at_least_half_of_what_it_may_be_and_never_too_long(received: int, jitter: float) -> None:
    longest = wait_seconds(OUTAGE, received, jitter=1)
    assert longest // 2 <= wait_seconds(OUTAGE, received, jitter) <= longest <= MAX_SECONDS


@given(wish=st.integers(0, 10**9), jitter=st.floats(0, 1, exclude_max=True))
def test_a_requested_wait_is_honoured_up_to_the_greatest_accepted_one(wish: int, jitter: float) -> None:
    waited = wait_seconds(Deferred(DeferralCause.THROTTLED, wish), 1, jitter)
    assert min(wish, MAX_RETRY_AFTER_SECONDS) <= waited <= MAX_ASKED_WAIT_SECONDS


def test_messages_that_were_told_the_same_wish_do_not_come_back_together() -> None:
    waits = {wait_seconds(Deferred(DeferralCause.THROTTLED, 600), 1, jitter) for jitter in (0.0, 0.2, 0.4, 0.6, 0.8)}
    assert len(waits) == 5


def test_work_that_ran_out_of_time_goes_on_at_once_until_its_receives_have_to_last() -> None:
    waits = [wait_seconds(Deferred(DeferralCause.OUT_OF_TIME), received, jitter=1) for received in (1, 10, 11, 12, 30)]
    assert waits == [0, 0, 15, 30, 900]


def test_fifty_orders_that_pro_allocates_15_s_after_a_202_are_done_within_a_minute() -> None:
    accepted = Deferred(DeferralCause.ALLOCATING)
    for jitter in (number / 50 for number in range(50)):
        passed = received = 0
        while passed <= 15:
            received += 1
            passed += wait_seconds(accepted, received, jitter)
        assert passed < 50, "the function and the queue have 10 s"


def test_what_a_person_must_correct_is_told_before_all_other_reasons() -> None:
    """The alarm counts messages by their reason."""
    misconfigured = Deferred(DeferralCause.MISCONFIGURED)
    others = [Deferred(DeferralCause.THROTTLED, 900), Deferred(DeferralCause.OUT_OF_TIME)]
    assert longest([*others, misconfigured]) == misconfigured
    assert longest(others) == others[0]


def test_a_consignment_that_may_arrive_is_looked_for_from_a_few_seconds_on() -> None:
    assert wait_seconds(Deferred(DeferralCause.NOT_FOUND_YET), 1, jitter=0.0) < 5


def test_what_is_left_for_pro_comes_back_when_it_may_be_asked_for_again() -> None:
    left = Deferred(DeferralCause.UNDER_WAY, ready_in_seconds=100)
    assert [wait_seconds(left, received, jitter=0.0) for received in (1, 5, 7)] == [7, 101, 101]
    assert wait_seconds(left, 7, jitter=0.8) == 111
    assert wait_seconds(left, 11, jitter=0.0) == 450, "later the receives must last"
