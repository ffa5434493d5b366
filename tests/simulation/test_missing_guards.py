"""The simulation sees a guard that is missing at once, and tells the broken history in a few faults."""

from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb.record_writes import put_of
from allocation.aws.dynamodb.records import DynamoDBRecords, Written
from allocation.orders import allocate_orders as workflow
from allocation.orders.redelivery import MAX_RECEIVES
from tests.simulation import history as history_module
from tests.simulation import shrink as shrink_module
from tests.simulation.__main__ import tell_shortest
from tests.simulation.counts import run_chunk
from tests.simulation.guard_plans import LATE
from tests.simulation.guards import GUARDS
from tests.simulation.guards_at_pro import without_claims
from tests.simulation.guards_here import without_condition, without_waiting
from tests.simulation.orders import Order, order_body
from tests.simulation.plans import outage
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Plan

# Each guard is missed in one of 1 to 25 histories of its plan. Whatever is added to the histories moves the seeds.
MAX_HISTORIES_WITHOUT_A_GUARD = 100


@pytest.mark.parametrize("guard", GUARDS)
def test_the_simulation_misses_a_guard_that_is_taken_away(guard: str) -> None:
    take_away, plan, symptom = GUARDS[guard]
    plan = replace(plan, with_canaries=False)  # they would move the seeds, and no guard is for them
    histories = (replace(plan, seed=plan.seed + number) for number in range(MAX_HISTORIES_WITHOUT_A_GUARD))
    with take_away():
        assert any(symptom in problem for history in histories for problem in violations(history)[1])


def test_the_simulation_misses_the_waiting_in_an_outage() -> None:
    with without_waiting():
        problems = [problem for seed in range(5) for problem in violations(outage(seed, "refused"))[1]]
    assert any(f"was given up: received {MAX_RECEIVES} times and not done: outage" in problem for problem in problems)


DECIDED_TWICE = "EC-ONE-AAA-AAA"
"""A consignment that PRO fails to allocate when it is first asked, and allocates the second time."""


def two_orders_of_one_consignment(*_: Any, **__: Any) -> list[Order]:
    body = order_body(1, (DECIDED_TWICE,), whole=True)
    return [Order(f"message-{copy}", (DECIDED_TWICE,), body, sent_at=0.0, refused=False) for copy in (0, 1)]


def without_superseding() -> AbstractContextManager[Any]:
    """A failure that is recorded stays, though PRO has allocated the consignment for somebody else."""

    def careless(self: DynamoDBRecords, record: Any) -> Written:
        put = put_of(self._table, record)["Put"]
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
        chunk = run_chunk(range(20))
        seed = chunk.broken
        assert seed is not None
        assert len(chunk.seeds) == chunk.seen["histories"] < 20
        tell_shortest(seed)
    told_of = capsys.readouterr()
    assert f"seed {seed} breaks the guarantee" in told_of.err
    assert f"Plan(seed={seed}, " in told_of.out
    assert "crashed: ZeroDivisionError" in told_of.out


def test_shrinking_ends_after_so_many_tries() -> None:
    tried: list[Plan] = []
    with patch.object(shrink_module, "breaks", tried.append):
        assert shrink(Plan(3), most_tries=7) == Plan(3)
    assert len(tried) == 7


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
