"""What so many orders a second need follows from what was measured."""

import pytest

from tests.benchmarks.scale import Measured, Need, walls

ENGINE = Measured("engine", 0.05, 1, 3, 3, 2.9, 0.005, 0.001, 0, 0)
PRO = Measured("SortedPRO", 0.2, 1, 5, 4, 4.5, 0.005, 0.001, 0.2, 0.15)


def test_functions_at_once_are_those_that_are_busy_and_half_as_many_more() -> None:
    assert Need(ENGINE, 10_000, 10).concurrency == 75
    assert Need(PRO, 10_000, 10).concurrency == 300


def test_lambda_adds_five_functions_a_second_to_the_first_five() -> None:
    assert Need(PRO, 10_000, 10).awake_seconds == pytest.approx(59)


def test_calls_of_sorted_pro_that_are_open_follow_from_their_rate_and_their_time() -> None:
    need = Need(PRO, 1_000, 10)
    assert (need.pro_calls, need.pro_at_once) == (200, 30)


def test_a_table_has_a_partition_for_each_thousand_writes_and_at_least_those_of_a_new_one() -> None:
    assert [Need(ENGINE, rate, 10).partitions for rate in (1_000, 10_000)] == [4, 10]


def test_the_first_wall_stands_first_and_moves_with_the_setting_that_makes_it() -> None:
    limits = {what: limit for limit, what, _ in walls(PRO, 10, 10)}
    assert limits["`OrderConcurrency` 10"] == pytest.approx(500)
    assert {what: limit for limit, what, _ in walls(PRO, 10, 20)}["`OrderConcurrency` 20"] == pytest.approx(1_000)
    found = [limit for limit, _, _ in walls(ENGINE, 10, 10)]
    assert found == sorted(found)
