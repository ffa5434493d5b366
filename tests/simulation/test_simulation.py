"""The guarantee holds over thousands of histories; and each guard, taken away, is missed by the simulation at once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import pytest

from allocation import workflow
from allocation.adapters import dynamodb_records, pro_allocator
from allocation.adapters.pro_verdicts import TryAgain
from allocation.adapters.sns_publisher import SnsPublisher
from allocation.adapters.sqs_refused_messages import SqsRefusedMessages
from allocation.domain.outcomes import AllocationFailed
from allocation.observability import logger
from allocation.workflow import AllocateOrders, BatchReport
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Plan

HISTORIES = 3000
HISTORIES_WITHOUT_A_GUARD = 400


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of histories would log tens of thousands of faults."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_nothing_is_lost_and_nothing_is_allocated_twice_whatever_fails_and_whenever(chance: float) -> None:
    kills = 0
    for seed in range(HISTORIES // 3):
        history, problems = violations(Plan(seed, fault_chance=chance))
        kills += history.world.counts["kill before"] + history.world.counts["kill after"]
        assert not problems, told(shrink(Plan(seed, fault_chance=chance)))
    assert kills > chance * HISTORIES, "the histories were too quiet to prove anything"


def test_a_history_is_the_same_whenever_it_is_run() -> None:
    first, again = violations(Plan(7, fault_chance=0.2))[0], violations(Plan(7, fault_chance=0.2))[0]
    assert (first.world.struck, first.world.now, first.table.items) == (
        again.world.struck,
        again.world.now,
        again.table.items,
    )


def without_read_back() -> AbstractContextManager[Any]:
    """A doubtful call is taken at its word: a failure is final, anything else is tried again."""

    def judge(_: Any, doubt: Any, *__: Any) -> AllocationFailed | TryAgain:
        return AllocationFailed(doubt.failure) if doubt.failure else TryAgain(doubt.cause)

    return patch.object(pro_allocator, "judge_state", judge)


def without_condition() -> AbstractContextManager[Any]:
    """Records are written whether there is one or not."""
    return patch.object(dynamodb_records, "NOT_THERE_YET", "attribute_exists(anything) OR TRUE")


def without_stream_retries() -> AbstractContextManager[Any]:
    """What SNS did not take counts as published."""
    publish = SnsPublisher.publish

    def careless(self: SnsPublisher, events: Any) -> frozenset[int]:
        publish(self, events)
        return frozenset()

    return patch.object(SnsPublisher, "publish", careless)


def without_returning_messages() -> AbstractContextManager[Any]:
    """Messages are deleted though a consignment of theirs has no outcome."""
    process = AllocateOrders.process

    def careless(self: AllocateOrders, *arguments: Any) -> BatchReport:
        report = process(self, *arguments)
        return BatchReport({}, report.refused, report.outcomes)

    return patch.object(AllocateOrders, "process", careless)


def without_certainty_of_the_dlq() -> AbstractContextManager[Any]:
    """A refused message is deleted though the DLQ did not take it."""
    keep = SqsRefusedMessages.keep

    def careless(self: SqsRefusedMessages, refused: Any) -> frozenset[str]:
        keep(self, refused)
        return frozenset(item.message.message_id for item in refused)

    return patch.object(SqsRefusedMessages, "keep", careless)


def without_waiting() -> AbstractContextManager[Any]:
    """What is not done is delivered again at once."""
    return patch.object(workflow, "wait_seconds", lambda *_: 0)


OUTAGE_SECONDS = 6 * 3600.0
OUTAGES = [Plan(seed, fault_chance=0.02, outage_seconds=OUTAGE_SECONDS, faults_until=7 * 3600.0) for seed in range(60)]


@pytest.mark.parametrize("plan", OUTAGES, ids=lambda plan: plan.seed)
def test_an_outage_of_six_hours_sends_no_message_to_the_dlq_that_can_be_read(plan: Plan) -> None:
    history, problems = violations(plan)
    assert not problems, told(plan)
    assert history.world.now > OUTAGE_SECONDS or not any(order.consignments for order in history.orders)


def test_the_simulation_misses_the_waiting_in_an_outage() -> None:
    with without_waiting():
        problems = [problem for plan in OUTAGES[:5] for problem in violations(plan)[1]]
    assert any("ended in the DLQ after 61 receives, without a reason" in problem for problem in problems)


GUARDS = {
    "read-back": (without_read_back, "is allocated at PRO and recorded as"),
    "condition": (without_condition, "was written 2 times"),
    "outbox": (without_stream_retries, "has no event"),
    "returned messages": (without_returning_messages, "lacks outcomes for"),
    "DLQ receipts": (without_certainty_of_the_dlq, "is not in the DLQ with a reason"),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_the_simulation_misses_a_guard_that_is_taken_away(guard: str) -> None:
    take_away, symptom = GUARDS[guard]
    with take_away():
        assert any(symptom in problem for problem in problems_of_many_histories())


def problems_of_many_histories() -> Iterator[str]:
    for seed in range(HISTORIES_WITHOUT_A_GUARD):
        yield from violations(Plan(seed, fault_chance=0.15))[1]


def test_a_broken_history_is_told_with_a_handful_of_faults() -> None:
    with without_condition():
        broken = next(plan for seed in range(1000) if violations(plan := Plan(seed, fault_chance=0.15))[1])
        shortest = shrink(broken)
        story = told(shortest)
        history, _ = violations(shortest)
    assert "BROKEN: the record of" in story
    assert len(history.world.struck) <= 3
    assert len(history.orders) <= 2
