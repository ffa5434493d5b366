"""The simulation behind `docs/scale.md` agrees with what is known of queues."""

from dataclasses import replace

import pytest

from tests.benchmarks.queueing import Way, simulate

# One function, one order at a time, that takes 50 ms on average.
SINGLE = Way(1, 1, 0.0, lambda chance: chance.expovariate(20), shards=1, publish_seconds_each=1e-9)
# Ten functions that take ten orders in 100 ms: 1,000 orders a second.
BATCHES = Way(10, 10, 1.0, lambda _: 0.1, shards=4, publish_seconds=0.02, publish_seconds_each=0.001)


@pytest.mark.parametrize("orders_a_second", [10, 15])
def test_orders_wait_as_long_as_the_formula_of_a_single_server_says(orders_a_second: int) -> None:
    waited = simulate(orders_a_second, 4_000, SINGLE)
    # M/M/1: the time in the system is exponential with the rate of what is free.
    expected = 0.693 / (20 - orders_a_second)
    assert waited.recorded[0] == pytest.approx(expected, rel=0.15)


def test_a_stack_keeps_up_below_what_its_functions_can_take_and_not_above() -> None:
    assert simulate(900, 30, BATCHES).keeps_up(900)
    assert not simulate(1_200, 30, BATCHES).keeps_up(1_200)


def test_a_lane_of_the_stream_that_is_too_slow_keeps_events_back_and_records_not() -> None:
    slow = replace(BATCHES, shards=1, publish_seconds_each=0.002)
    assert slow.published_a_second < 900
    waited = simulate(900, 30, slow)
    assert waited.recorded[1] < 2
    assert waited.published[1] > 5
    assert simulate(900, 30, replace(slow, lanes_a_shard=4)).keeps_up(900)


def test_functions_that_come_one_after_another_let_the_first_orders_wait() -> None:
    many = replace(BATCHES, concurrency=40)
    asleep = simulate(1_800, 6, many)
    awake = simulate(1_800, 60, many)
    assert asleep.recorded[1] > awake.recorded[1]
