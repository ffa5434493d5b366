"""Following ends when all is accounted for, and gives up only when nothing has moved for as long as was said."""

from collections.abc import Iterator

import pytest

from cli.stack.account import Account
from cli.stack.observer import follow
from tests.unit.cli.stack.accounts import account, event, record, sent

ONE, TWO = "EC-000-000-001", "EC-000-000-002"
ORDERS = [sent("m1", "WEB-1", ONE, TWO)]
NOTHING = account(ORDERS, {}, [])
ONE_RECORDED = account(ORDERS, record(ONE), [])
ONE_PUBLISHED = account(ORDERS, record(ONE), [event(ONE)])
SETTLED = account(ORDERS, {**record(ONE), **record(TWO)}, [event(ONE), event(TWO)])


class Time:
    """A clock that moves when somebody pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds


def following(accounts: Iterator[Account], patience_seconds: float) -> tuple[Account, float]:
    time = Time()
    found = follow(lambda: next(accounts), lambda _: None, patience_seconds, lambda: time.now, time.pause)
    return found, time.now


def repeated(*steps: tuple[Account, int]) -> Iterator[Account]:
    return iter([found for found, times in steps for _ in range(times)])


def test_it_ends_as_soon_as_all_is_accounted_for() -> None:
    found, seconds = following(repeated((NOTHING, 2), (SETTLED, 1)), patience_seconds=10)
    assert found is SETTLED
    assert seconds < 1


def test_it_gives_up_when_nothing_moves_for_its_patience() -> None:
    found, seconds = following(repeated((ONE_RECORDED, 1000)), patience_seconds=10)
    assert found is ONE_RECORDED
    assert seconds == pytest.approx(10, abs=1)


def test_any_progress_renews_its_patience() -> None:
    found, seconds = following(
        repeated((NOTHING, 45), (ONE_RECORDED, 45), (ONE_PUBLISHED, 45), (SETTLED, 1)), patience_seconds=10
    )
    assert found is SETTLED
    assert seconds > 25
