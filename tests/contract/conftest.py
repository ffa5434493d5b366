"""The API over its own tables; SortedPRO over one connection, so that few consignments go in one bulk call."""

from collections.abc import Iterator

import pytest

from allocation.pro import calls
from tests.support.allocation_api import Api, served_api


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_CONNECTIONS", 1)


@pytest.fixture
def api() -> Iterator[Api]:
    with served_api() as api:
        yield api
