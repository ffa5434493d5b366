"""Requests to the API allocate, deallocate and cancel what orders, updates and cancellations are about, at one time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb import consignments
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.pro import state_verdicts
from tests.simulation.aws import ANYHOW
from tests.simulation.guarantee import versions
from tests.simulation.history import History
from tests.simulation.shipping import REQUEST
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Plan
from tests.support.size import sized

HISTORIES = sized(30, 500)
ENGINE = Plan(0, with_engine=True, large_orders=False, requests=True)
PRO = replace(ENGINE, with_engine=False, followed=False)
TAKEN_BACK = {"Unallocated", "Cancelled"}
STATES = {"Allocated", "AllocationFailed", *TAKEN_BACK}


def plans(asked: Plan, fault_chance: float) -> Iterator[Plan]:
    return (replace(asked, seed=seed, fault_chance=fault_chance) for seed in range(HISTORIES))


def by_request(history: History) -> set[str]:
    """The states that requests have brought consignments to."""
    return {record["state"] for _, record in versions(history) if record["eventId"].startswith(REQUEST)}


@pytest.mark.parametrize("fault_chance", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (ENGINE, STATES),
        (PRO, TAKEN_BACK),
        (replace(PRO, unkind=True), TAKEN_BACK),
        (replace(PRO, followed=True), TAKEN_BACK),
        (replace(PRO, earlier=True), TAKEN_BACK),
        (replace(PRO, switches=True), STATES),
    ],
    ids=["engine", "PRO", "unkind PRO", "people in PRO", "after version 0.2.0", "switched"],
)
def test_the_guarantee_holds_while_the_api_is_asked_for_the_same_consignments(
    asked: Plan, expected: set[str], fault_chance: float
) -> None:
    states: set[str] = set()
    for plan in plans(asked, fault_chance):
        history, problems = violations(plan)
        assert not problems, told(shrink(plan))
        states |= by_request(history)
    assert states == expected, "too few requests to prove anything"


@pytest.mark.parametrize(
    ("asked", "unseen", "symptom"),
    [
        (
            ENGINE,
            patch.object(consignments, "_unchanged", lambda _: {"ConditionExpression": ANYHOW}),
            "was overwritten",
        ),
        (ENGINE, patch.object(DynamoDBConsignments, "_counted", lambda *_: []), "the limits count"),
        (PRO, patch.object(DynamoDBConsignments, "record", lambda *_: True), "recorded as None"),
        (PRO, patch.object(state_verdicts, "_judge_deallocated_state", lambda *_: None), "at PRO Allocated"),
    ],
    ids=["the version that was seen", "the count of a limit", "the record", "the state at PRO"],
)
def test_what_a_request_must_not_leave_out_is_missed(
    asked: Plan, unseen: AbstractContextManager[Any], symptom: str
) -> None:
    with unseen:
        assert any(symptom in problem for plan in plans(asked, 0.1) for problem in violations(plan)[1])
