"""The guarantee holds over thousands of histories; and each guard, taken away, is missed by the simulation at once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from logging import getLogger
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb.records import DynamoDBRecords, Written
from allocation.observability import logger
from allocation.orders import allocate_orders as workflow
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.redelivery import MAX_RECEIVES
from tests.simulation import history as history_module
from tests.simulation.__main__ import run_chunk, tell_shortest
from tests.simulation.guards import AIMED, GUARDS, LATE, without_claims, without_condition, without_waiting
from tests.simulation.orders import Order, order_body
from tests.simulation.plans import HOUR, OUTAGE_KINDS, OUTAGE_SECONDS, hung_writes, outage, sns_outage
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Fault, KilledError, Plan
from tests.support.size import sized

POWERTOOLS_LOGGER = getLogger("aws_lambda_powertools")
# By each chance of faults.
HISTORIES = sized(200, 1000)
# Prompt ones find the rarest faults: without the patience with PRO, one in 300 of them breaks.
PROMPT_HISTORIES = sized(500, 2000)
# How many of them a test runs: the tests are spread over processes.
PART = 100
ENGINE_SEEDS = (12, 14, 17, 21, 23, 31, 32, 33)
"""Histories of the engine, whose services have daily limits."""
# Each guard is missed in one of 1 to 40 histories of its plan. Whatever is added to the histories moves the seeds.
MAX_HISTORIES_WITHOUT_A_GUARD = 200


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of histories would log tens of thousands of faults."""
    level, powertools_level = logger.log_level, POWERTOOLS_LOGGER.level
    logger.setLevel("CRITICAL")
    POWERTOOLS_LOGGER.setLevel("CRITICAL")
    yield
    logger.setLevel(level)
    POWERTOOLS_LOGGER.setLevel(powertools_level)


@pytest.mark.parametrize("first", range(0, HISTORIES, PART))
@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_nothing_is_lost_and_nothing_is_allocated_twice_whatever_fails_and_whenever(chance: float, first: int) -> None:
    kills = 0
    for seed in range(first, first + PART):
        history, problems = violations(Plan(seed, fault_chance=chance))
        kills += history.world.counts["kill before"] + history.world.counts["kill after"]
        assert not problems, told(shrink(Plan(seed, fault_chance=chance)))
    assert kills > chance * 3 * PART, "the histories were too quiet to prove anything"


@pytest.mark.parametrize("seeds", [range(4), range(4, 8), ENGINE_SEEDS], ids=["PRO", "more of PRO", "engine"])
@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_the_function_may_be_killed_at_any_call_boundary(fault: Fault, seeds: Sequence[int]) -> None:
    """Each call of some histories in turn, by itself: before it was made, and after it was."""
    struck = 0
    for seed in seeds:
        quiet, _ = violations(Plan(seed, fault_chance=0.0))
        for number in range(1, min(quiet.world.calls, 60) + 1):
            plan = Plan(seed, killed_at=(number, fault), prompt=True)
            history, problems = violations(plan)
            struck += history.world.counts[fault]
            assert not problems, told(plan)
    assert struck > 8 * len(seeds), "the histories have too few calls to prove anything"


@pytest.mark.parametrize("first", range(0, PROMPT_HISTORIES, PART))
def test_pro_is_never_asked_again_for_what_it_has_allocated(first: int) -> None:
    for seed in range(first, first + PART):
        plan = Plan(seed, fault_chance=0.15, prompt=True)
        assert not violations(plan)[1], told(shrink(plan))


def test_a_history_is_the_same_whenever_it_is_run() -> None:
    first, again = violations(Plan(7, fault_chance=0.2))[0], violations(Plan(7, fault_chance=0.2))[0]
    assert (first.world.struck, first.world.now, first.table.items) == (
        again.world.struck,
        again.world.now,
        again.table.items,
    )


OUTAGES = [outage(seed, "refused") for seed in range(sized(10, 30))] + [
    outage(seed, kind) for kind in OUTAGE_KINDS for seed in range(100, sized(102, 105))
]


@pytest.mark.parametrize("plan", OUTAGES, ids=lambda plan: f"{plan.outage_kind} {plan.seed}")
def test_an_outage_of_six_hours_sends_no_message_to_the_dlq_that_can_be_read(plan: Plan) -> None:
    history, problems = violations(plan)
    assert not problems, told(plan)
    assert history.world.now > OUTAGE_SECONDS or not any(order.consignments for order in history.orders)


def test_the_simulation_misses_the_waiting_in_an_outage() -> None:
    with without_waiting():
        problems = [problem for plan in OUTAGES[:5] for problem in violations(plan)[1]]
    assert any(f"was given up: received {MAX_RECEIVES} times and not done: outage" in problem for problem in problems)


def test_an_outage_of_sns_of_five_hours_loses_no_event() -> None:
    for seed in range(sized(5, 15)):
        plan = sns_outage(seed)
        assert not violations(plan)[1], told(plan)


def test_what_sns_has_refused_for_more_than_six_hours_is_in_the_failure_queue_of_the_stream() -> None:
    given_up = 0
    for seed in range(5):
        history, problems = violations(sns_outage(seed, seconds=7 * HOUR))
        assert all("the stream gave up" in problem or "has no event" in problem for problem in problems)
        published = {json.loads(event)["id"] for event in history.topic.published}
        unpublished = {
            reference
            for reference, item in history.table.items.items()
            if any(f"{reference}#{version}" not in published for version in range(1, int(item["version"]["N"]) + 1))
        }
        assert history.stream.failed_references() == unpublished
        given_up += len(history.stream.given_up)
    assert given_up, "nothing was refused for so long"


@pytest.mark.parametrize("seed", [12, 14, 21, 23, 31])
def test_writes_that_hang_for_six_hours_end_no_function_and_send_no_message_to_the_dlq_that_can_be_read(
    seed: int,
) -> None:
    history, problems = violations(hung_writes(seed))
    assert history.with_engine, "PRO is not asked while claims can't be written: nothing hangs but they"
    assert not problems, told(history.plan)
    assert history.world.counts["process timed out"] == 0


@pytest.mark.parametrize("plan", AIMED, ids=str)
def test_the_guarantee_holds_in_the_histories_that_aim_at_a_guard(plan: Plan) -> None:
    for seed in range(sized(3, 300)):
        drawn = replace(plan, seed=seed)
        assert not violations(drawn)[1], told(shrink(drawn))


@pytest.mark.parametrize("guard", GUARDS)
def test_the_simulation_misses_a_guard_that_is_taken_away(guard: str) -> None:
    take_away, plan, symptom = GUARDS[guard]
    histories = (replace(plan, seed=seed) for seed in range(MAX_HISTORIES_WITHOUT_A_GUARD))
    with take_away():
        assert any(symptom in problem for history in histories for problem in violations(history)[1])


def test_what_the_function_is_killed_by_each_time_is_in_the_dlq_with_that_reason() -> None:
    """Though what stands beside it in the last batches would kill the function too."""
    with patch.object(AllocationWaves, "allocate", side_effect=KilledError):
        history, _ = violations(Plan(3, fault_chance=0.0))
    reasons = {message.message_id: message.attributes["RefusalCode"]["StringValue"] for message in history.queue.dead}
    readable = {order.name for order in history.orders if order.consignments}
    assert {name for name, reason in reasons.items() if reason == "GivenUp_killed"} >= readable
    assert reasons.keys() == {order.name for order in history.orders}
    assert history.queue.messages == {}


DECIDED_TWICE = "EC-ONE-AAA-AAA"
"""A consignment that PRO fails to allocate when it is first asked, and allocates the second time."""


def two_orders_of_one_consignment(*_: Any, **__: Any) -> list[Order]:
    body = order_body(1, (DECIDED_TWICE,), whole=True)
    return [Order(f"message-{copy}", (DECIDED_TWICE,), body, sent_at=0.0, refused=False) for copy in (0, 1)]


def without_superseding() -> AbstractContextManager[Any]:
    """A failure that is recorded stays, though PRO has allocated the consignment for somebody else."""

    def careless(self: DynamoDBRecords, record: Any) -> Written:
        put = self._put(record)["Put"]
        return Written.ADDED if self._write(self._client.put_item, put) else Written.PRESENT

    return patch.object(DynamoDBRecords, "_add_alone", careless)


def test_where_two_decide_at_once_the_allocation_takes_the_place_of_the_failure() -> None:
    """Claims keep that from happening while PRO needs no longer than it is given."""
    plans = [Plan(seed, fault_chance=0.0) for seed in range(100)]
    with without_claims(), patch.object(history_module, "draw_orders", two_orders_of_one_consignment):
        histories = [violations(plan) for plan in plans]
        with without_superseding():
            careless = [problem for plan in plans for problem in violations(plan)[1]]
    assert [problems for _, problems in histories if problems] == []
    assert any(history.table.items[DECIDED_TWICE]["version"] == {"N": "2"} for history, _ in histories)
    assert f"{DECIDED_TWICE} is allocated at PRO and recorded as AllocationFailed" in careless


def test_what_crashes_is_a_broken_history_with_its_seed_and_can_be_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(workflow, "wait_seconds", side_effect=ZeroDivisionError):
        seen, seed = run_chunk(range(20))
        assert seed is not None
        assert seen["histories"] <= 20
        tell_shortest(seed)
    told_of = capsys.readouterr()
    assert f"seed {seed} breaks the guarantee" in told_of.err
    assert f"Plan(seed={seed}, " in told_of.out
    assert "crashed: ZeroDivisionError" in told_of.out


def test_a_broken_history_is_told_with_a_handful_of_faults() -> None:
    with without_condition():
        # A short history of one fault may have been shrunk to more by another way: a person looks at a few of them.
        broken = (plan for seed in range(1000) if violations(plan := replace(LATE, seed=seed))[1])
        shortest = min(map(shrink, islice(broken, 3)), key=lambda plan: len(violations(plan)[0].world.struck))
        story = told(shortest)
        history, _ = violations(shortest)
    assert "BROKEN: the record of" in story
    assert len(history.world.struck) <= 3
    assert len(history.orders) <= 2


@pytest.mark.parametrize(
    "plan",
    [
        # An order without a row in the routing table failed while a lost call for another order had allocated.
        Plan(478, fault_chance=0.3),
        # An order tried another's failure again, was killed, and was cancelled before it came back.
        Plan(261, fault_chance=0.3),
        Plan(1826, fault_chance=0.15, prompt=True),
    ],
    ids=str,
)
def test_a_lost_call_of_another_order_leaves_no_allocation_beside_a_failure(plan: Plan) -> None:
    assert not violations(plan)[1], told(plan)


def test_a_deallocation_that_pro_executes_late_takes_nothing_from_an_order_that_adopted_it() -> None:
    plan = Plan(251, fault_chance=0.3)
    assert not violations(plan)[1], told(plan)
