"""Many clients at once, with mixed operations: none fails, and no consignment is left inconsistent."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cli.paths import ROOT
from cli.stack.clients import local_environment
from cli.stack.deploy import Deployment, stack_outputs
from tests.end_to_end.mixed_clients import ALLOCATED, CANCELLED, DEALLOCATED, MANIFESTED, Told, crowd, inconsistencies
from tests.end_to_end.test_allocation_api import Client
from tests.support.api_server import KEY
from tests.support.size import sized

CLIENTS = sized(3, 30)
SECONDS = sized(2, 60)


@pytest.fixture
def url(deployment: Deployment) -> Iterator[str]:
    """Where the deployed function's handler and settings serve each request in a process of its own."""
    function = stack_outputs(deployment.clients)["AllocationApiFunctionName"]
    settings = deployment.clients.functions.get_function_configuration(FunctionName=function)["Environment"]
    environment = local_environment(os.environ, deployment.stack.port) | settings["Variables"]
    environment["PYTHONPATH"] = str(ROOT / "layers" / "allocation")
    command = [sys.executable, "-W", "ignore", "-m", "tests.end_to_end.crowded_api", "1"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_no_client_of_a_crowd_fails_and_no_consignment_is_left_inconsistent(url: str) -> None:
    clients = [Client(url, KEY) for _ in range(CLIENTS)]
    shared = [clients[0].create() for _ in range(4)]
    replies = crowd(clients, shared, SECONDS)
    touched = {each.reference for each in replies if each.reference} | set(shared)
    told = {reference: clients[0].data("GET", f"/consignments/{reference}") for reference in touched}
    assert list(inconsistencies(replies, told)) == []
    assert {each.became for each in replies} >= {ALLOCATED}
    assert len(replies) > CLIENTS


ONE = "EC-000-000-001"
LEGS = [{"Leg": 1}]


def consignment(state: str, *, allocation: Any = None) -> dict[str, Any]:
    return {"ConsignmentState": state, "Allocation": allocation, "ConsignmentLegs": LEGS if allocation else []}


def told(*became: str) -> list[Told]:
    return [Told("/allocation/allocate", 200, ONE, each) for each in became]


@pytest.mark.parametrize(
    ("replies", "after"),
    [
        ([Told("/quotes", 503, "")], consignment("Unallocated")),
        (told(ALLOCATED, ALLOCATED), consignment("Allocated", allocation={})),
        (told(ALLOCATED, ALLOCATED), consignment("Allocated", allocation={"A": 1})),
        (told(ALLOCATED), consignment("Unallocated")),
        (told(ALLOCATED, DEALLOCATED), consignment("Allocated", allocation={"A": 1})),
        (told(), consignment("Allocated", allocation={"A": 1})),
        (told(ALLOCATED), consignment("Unallocated", allocation={"A": 1})),
        (told(CANCELLED, CANCELLED), consignment("Cancelled")),
        (told(CANCELLED), consignment("Unallocated")),
        (told(), consignment("Nowhere")),
        (told(ALLOCATED, MANIFESTED, MANIFESTED), consignment("Manifested", allocation={"A": 1})),
        (told(ALLOCATED), consignment("Manifested", allocation={"A": 1})),
    ],
)
def test_what_can_not_be_true_is_found(replies: list[Told], after: dict[str, Any]) -> None:
    assert list(inconsistencies(replies, {ONE: after})) != []


def test_what_can_be_true_is_no_fault() -> None:
    allocated = consignment("Allocated", allocation={"A": 1})
    assert list(inconsistencies(told(ALLOCATED, DEALLOCATED, ALLOCATED), {ONE: allocated})) == []
    assert list(inconsistencies(told(ALLOCATED, CANCELLED), {ONE: consignment("Cancelled")})) == []
