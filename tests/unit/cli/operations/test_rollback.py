"""A rollback takes each function back to before the last update, and touches none that the update left alone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cli.errors import CommandError
from cli.operations.rollback import Functions

UPDATED = datetime(2026, 11, 27, 12, tzinfo=UTC)
BEFORE, AFTER = "2026-11-26T09:00:00.000+0000", "2026-11-27T12:01:00.000+0000"
Versions = Mapping[str, tuple[str, Sequence[str]]]
"""By function: the version that its alias points at, and when its versions 1, 2, ... were published."""


def pages(name: str, found: Sequence[Any]) -> Any:
    return SimpleNamespace(paginate=lambda **_: iter([{name: found}]))


def event(stack: str, state: str) -> Any:
    """An event of the stack `shop`: of itself, or later of a stack in it."""
    at = UPDATED if stack == "shop" else UPDATED + timedelta(minutes=5)
    named = {"StackId": "shop", "PhysicalResourceId": stack, "ResourceType": "AWS::CloudFormation::Stack"}
    return {**named, "ResourceStatus": state, "Timestamp": at}


def functions(
    versions: Versions, *states: str, weights: Mapping[str, float] | None = None, nested: Sequence[str] = ()
) -> tuple[Functions, list[Any]]:
    """A stack with these functions and these states, the newest first; and the calls that move aliases.

    `nested` are states of a stack in it, between its first and its second.
    """
    resources = [
        {"ResourceType": "AWS::Lambda::Function", "LogicalResourceId": name, "PhysicalResourceId": name.lower()}
        for name in versions
    ]
    own, inner = ([event(name, state) for state in told] for name, told in (("shop", states), ("replays", nested)))
    events = [*own[:1], *inner, *own[1:]]
    by_name = {name.lower(): found for name, found in versions.items()}

    def published(**asked: str) -> Any:
        moments = by_name[asked["FunctionName"]][1]
        numbered = [{"Version": str(number), "LastModified": at} for number, at in enumerate(moments, start=1)]
        return iter([{"Versions": [{"Version": "$LATEST", "LastModified": AFTER}, *numbered]}])

    moved: list[Any] = []
    client = SimpleNamespace(
        get_alias=lambda **asked: {
            "FunctionVersion": by_name[asked["FunctionName"]][0],
            "RoutingConfig": {"AdditionalVersionWeights": weights or {}},
        },
        get_paginator=lambda _: SimpleNamespace(paginate=published),
        update_alias=lambda **asked: moved.append(asked),
    )
    stack = {"list_stack_resources": pages("StackResourceSummaries", resources),
             "describe_stack_events": pages("StackEvents", events)}  # fmt: skip
    cloudformation = SimpleNamespace(get_paginator=lambda name: stack[name])
    target: Any = SimpleNamespace(name="shop in eu-west-2", stack="shop")
    return Functions(target, cloudformation, client), moved


DONE = ("UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS", "CREATE_COMPLETE")


@pytest.mark.parametrize("states", [DONE, DONE[1:]], ids=["done", "what was replaced is being deleted"])
def test_what_the_update_published_goes_back_and_all_else_stays(states: Sequence[str]) -> None:
    found, _ = functions({"Api": ("2", [BEFORE, AFTER]), "Authorizer": ("1", [BEFORE])}, *states)

    assert [(move.logical_id, move.present, move.wanted) for move in found.back()] == [("Api", "2", "1")]


@pytest.mark.parametrize("nested", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"])
def test_a_stack_in_it_does_not_tell_when_the_update_began(nested: str) -> None:
    found, _ = functions({"Api": ("2", [BEFORE, AFTER])}, *DONE, nested=[nested])

    assert [(move.present, move.wanted) for move in found.back()] == [("2", "1")]


def test_writers_of_records_go_back_before_their_readers() -> None:
    changed = ("2", [BEFORE, AFTER])
    found, _ = functions({"PublishAllocationsFunction": changed, "AllocateOrdersFunction": changed}, *DONE)

    assert [move.logical_id for move in found.back()] == ["AllocateOrdersFunction", "PublishAllocationsFunction"]


def test_a_function_that_is_shifted_step_by_step_gets_all_calls_of_one_version() -> None:
    found, moved = functions({"Api": ("1", [BEFORE, AFTER])}, *DONE, weights={"2": 0.1})
    (move,) = found.back()

    found.move(move)

    assert (moved[0]["FunctionVersion"], moved[0]["RoutingConfig"]) == ("1", {"AdditionalVersionWeights": {}})


def test_what_went_back_goes_forward_again() -> None:
    found, _ = functions({"Api": ("1", [BEFORE, AFTER])}, *DONE)

    assert found.back() == []
    assert [move.wanted for move in found.forward()] == ["2"]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (("CREATE_COMPLETE", "CREATE_IN_PROGRESS"), "was never updated"),
        ((), "keeps events for 90 days"),
        (("UPDATE_IN_PROGRESS", "CREATE_COMPLETE"), "aws cloudformation cancel-update-stack --stack-name shop"),
    ],
)
def test_there_may_be_nothing_to_go_back_to(states: Sequence[str], told: str) -> None:
    found, _ = functions({"Api": ("1", [BEFORE])}, *states)

    with pytest.raises(CommandError, match=told):
        found.back()
