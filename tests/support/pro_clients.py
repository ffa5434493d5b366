"""Clients of SortedPRO and allocators over them, in real time unless a test sets the clock."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from allocation.pro.allocator import ProAllocator
from allocation.pro.calls import Pauses
from allocation.pro.client import ProClient
from allocation.pro.credentials import KeySource
from allocation.pro.ports import Circuit, Claims
from tests.support.pro_server import KEY


class ClosedCircuit:
    """A circuit that never opens."""

    def run(self, work: Callable[[], None]) -> None:
        work()


def utc_now() -> datetime:
    return datetime.now(UTC)


def client_at(
    url: str,
    key: KeySource = lambda: KEY,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = utc_now,
) -> ProClient:
    """The client of a PRO at a base URL."""
    return ProClient(url, key, monotonic=monotonic, now=now)


def allocator_over(
    client: ProClient,
    claims: Claims,
    *,
    patience_seconds: float,
    circuit: Circuit | None = None,
    count: Callable[[str, int], None] = lambda _metric, _value: None,
    measure: Callable[[str, int], None] = lambda _metric, _value: None,
    pauses: Pauses | None = None,
    now: Callable[[], datetime] = utc_now,
) -> ProAllocator:
    """An allocator whose metrics go nowhere and whose circuit never opens, unless a test gives its own."""
    return ProAllocator(
        client=client,
        claims=claims,
        circuit=circuit or ClosedCircuit(),
        patience_seconds=patience_seconds,
        now=now,
        count=count,
        measure=measure,
        pauses=pauses or Pauses(time.sleep, random.random),
    )
