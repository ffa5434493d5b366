"""What all tests share: closed sockets where nothing may be reached, how tests spread over workers, Hypothesis."""

import os
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.size import sized

TESTS = Path(__file__).parent
CLOSED = (TESTS / "unit", TESTS / "properties")
# Files whose tests deploy stacks of their own: one after the other, for a machine bears two stacks at a time.
OWN_STACKS = {f"tests/end_to_end/{name}.py" for name in ("test_command_line", "test_pro_chaos")}
# Files whose tests share something else that takes a second to make.
OWN_SERVERS = {f"tests/contract/test_api_generated_{name}.py" for name in ("client", "requests")}
UNMEASURED = (TESTS / "properties", TESTS / "simulation", TESTS / "fuzz")
"""What is covered there is covered by other tests too; measuring it would double their time."""

# The settings of whoever runs the tests are no part of them: a profile that does not exist would fail every client.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]

# Powertools reads these when `allocation.observability` is imported.
os.environ |= {"POWERTOOLS_SERVICE_NAME": "tests", "POWERTOOLS_METRICS_NAMESPACE": "CarrierAllocation"}

# moto gives every test a boto3 session of its own, and every session reads botocore's JSON files again: a third of a
# second for each client. All sessions of a test process share what one of them has read.
_READ_FILES: dict[Any, Any] = {}


def _loader_that_shares(search_path: str | None = None) -> Loader:
    loader = create_loader(search_path)
    loader._cache = _READ_FILES  # type: ignore[attr-defined]
    return loader


botocore.session.create_loader = _loader_that_shares  # type: ignore[assignment]

EXAMPLES = sized(100, 500)
settings.register_profile("default", deadline=None, max_examples=EXAMPLES)
settings.register_profile("ci", deadline=None, max_examples=EXAMPLES, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Close the sockets of unit tests and of properties, but those marked `enable_socket`; measure what tells more."""
    for item in items:
        if any(folder in item.path.parents for folder in CLOSED) and not item.get_closest_marker("enable_socket"):
            item.add_marker(pytest.mark.disable_socket)
        if any(folder in item.path.parents for folder in UNMEASURED):
            item.add_marker(pytest.mark.no_cover)


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out test by test, and in one piece, first of all, those that share what takes long to set up.

    xdist's own groups have no effect with this version of pytest: it ignores the names that they give to tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/end_to_end/"):
            return "stacks of their own" if file in OWN_STACKS else "the shared stack"
        return file if file in OWN_SERVERS else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Return what hands out the tests to the workers."""
    return _Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are processors: the tests of deployed stacks wait most of their time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1
