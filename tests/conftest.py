"""What all tests share: closed sockets, how tests spread over workers, which have a long version, Hypothesis."""

import gc
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import botocore.session
import pytest
from _pytest import runner
from botocore.client import BaseClient
from hypothesis import is_hypothesis_test, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from allocation.aws.calls.connections import Connections
from tests.support import moto_dynamodb
from tests.support.measuring import begin_unmeasured, measure
from tests.support.moto_calls import exchange_with_moto
from tests.support.quick_aws import spare_repeated_work
from tests.support.size import IS_LONG, sized
from tests.support.speed import collect_seldom, with_room

CLOSED = ("tests/unit/", "tests/properties/")
# Files whose tests deploy stacks of their own: one after the other, for a machine bears two stacks at a time.
OWN_STACKS = {f"tests/end_to_end/{name}.py" for name in ("test_command_line", "test_pro_chaos")}
# Folders and files whose tests share something else that takes a second to make: a server, the translated template, the
# syntax trees of all files.
IN_ONE_PIECE = (
    "tests/contract/test_api_generated_client.py",
    "tests/contract/test_api_generated_requests.py",
    "tests/infrastructure/",
    "tests/unit/test_house.py",
)
# Only what is deployed is measured. What these cover of it is covered by other tests too, as is what properties cover,
# and measuring it would double their time (`support/measuring.py`).
UNMEASURED = (
    "tests/unit/cli/",
    "tests/unit/test_docstrings.py",
    "tests/unit/test_house.py",
    "tests/integration/test_operations_",
    "tests/integration/test_explain_references.py",
    "tests/integration/test_publishing_catalogues.py",
    "tests/integration/test_replay_of_a_stack.py",
    "tests/contract/test_api_generated_",
    "tests/contract/test_api_documented_examples.py",
    "tests/contract/test_api_openapi.py",
    "tests/properties/",
    "tests/simulation/",
    "tests/fuzz/",
    "tests/tariffs/",
    "tests/infrastructure/",
    "tests/end_to_end/",
)

# The settings of whoever runs the tests are no part of them: a profile that does not exist would fail every client.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

# Where a line is folded depends on the length of a path in it, and so on where the project stands. A test that asks for
# the words sees them on one line; one that asks for the width says which.
os.environ["COLUMNS"] = "1000"

collect_seldom()
spare_repeated_work()

# Powertools reads these when `allocation.observability` is imported.
os.environ |= {"POWERTOOLS_SERVICE_NAME": "tests", "POWERTOOLS_METRICS_NAMESPACE": "CarrierAllocation"}


def _unmeasured(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call that coverage does not look into: no code of ours runs in botocore and moto."""

    @wraps(call)
    def unmeasured(*arguments: Any, **named: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return call(*arguments, **named)
        finally:
            sys.settrace(tracer)

    return unmeasured


Connections.exchange = exchange_with_moto  # type: ignore[method-assign]
for owner, method in (
    (Connections, "exchange"),
    (BaseClient, "_make_api_call"),
    (botocore.session.Session, "create_client"),
    (moto_dynamodb, "asked"),
):
    setattr(owner, method, _unmeasured(getattr(owner, method)))

EXAMPLES = sized(100, 500)
settings.register_profile("default", deadline=None, max_examples=EXAMPLES)
settings.register_profile("ci", deadline=None, max_examples=EXAMPLES, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fold what the test prints as a terminal of 80 columns does."""
    monkeypatch.setenv("COLUMNS", "80")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Close the sockets of unit tests and of properties, but those marked `enable_socket`.

    A long run leaves out the tests that it would only repeat.
    """
    for item in items:
        if item.nodeid.startswith(CLOSED) and not item.get_closest_marker("enable_socket"):
            item.add_marker(pytest.mark.disable_socket)
    if IS_LONG:
        config.hook.pytest_deselected(items=[item for item in items if not _has_long_version(item)])
        items[:] = filter(_has_long_version, items)


def pytest_configure(config: pytest.Config) -> None:
    begin_unmeasured(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Collect without coverage."""
    measure(session.config, wanted=False)


def pytest_collection_finish() -> None:
    """Spare the collector what stays to the end: modules, tests, botocore's files.

    It is off by now, where a test's module imports a function's init (`allocation.init_phase`), which ends in no test.
    """
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test as pytest does, with room for its frames, and measure it if it tells more."""
    unmeasured = item.nodeid.startswith(UNMEASURED) or is_hypothesis_test(getattr(item, "obj", None))
    measure(item.config, wanted=not unmeasured)
    return bool(with_room(runner.pytest_runtest_protocol, item, nextitem))


def _has_long_version(item: pytest.Item) -> bool:
    """Tell whether a test is a property, or its file says by `tests.support.size` how long its tests hunt."""
    assert isinstance(item, pytest.Function)
    says_how_long = not {"sized", "IS_LONG"}.isdisjoint(vars(item.module))
    return is_hypothesis_test(item.obj) or says_how_long


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out test by test, and in one piece, first of all, those that share what takes long to set up.

    xdist's own groups have no effect with this version of pytest: it ignores the names that they give to tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/end_to_end/"):
            return "stacks of their own" if file in OWN_STACKS else "the shared stack"
        return next((piece for piece in IN_ONE_PIECE if file.startswith(piece)), nodeid)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Forget the pieces that a worker has done: xdist counts through all that it knows of, after every test."""
        super().mark_test_complete(node, item_index, duration)
        pieces = self.assigned_work[node]
        piece = self._split_scope(self.registered_collections[node][item_index])
        if all(pieces[piece].values()):
            del pieces[piece]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Return what hands out the tests to the workers."""
    return _Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are processors: the tests of deployed stacks wait most of their time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1
