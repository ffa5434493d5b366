"""SortedPRO is asked over one connection, so that a few consignments go in one bulk call, as fifty do otherwise."""

import pytest

from allocation.pro import calls


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_CONNECTIONS", 1)
