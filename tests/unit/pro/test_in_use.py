"""Where SortedPRO allocates, reads may lag only when the stack was certainly not switched a moment ago."""

from datetime import timedelta

from allocation.pro.settled_first import InUse
from tests.support.samples import NOON


def told(*seconds: float) -> list[bool]:
    """What an environment is told that is used at these seconds."""
    now = NOON
    in_use = InUse(lambda: now)
    answers = []
    for each in seconds:
        now = NOON + timedelta(seconds=each)
        answers.append(in_use())
    return answers


def test_an_environment_is_in_use_after_more_than_ten_seconds_of_work() -> None:
    assert told(0, 5, 10, 10.1, 20) == [False, False, False, True, True]


def test_after_a_pause_it_begins_again() -> None:
    assert told(0, 6, 12, 22.1, 30, 32.2) == [False, False, True, False, False, True]


def test_so_it_does_when_the_clock_is_set() -> None:
    assert told(0, 6, 12, -300, -295, -289) == [False, False, True, False, False, True]
