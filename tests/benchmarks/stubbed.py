"""Runs the stub as a process, and speaks to it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

from allocation.engine.compiled_catalogue import write_compiled
from cli.cost.prices import Used
from cli.paths import ROOT
from tests.benchmarks.catalogues import full_catalogue
from tests.benchmarks.events import API_KEY

_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Counted:
    """What was asked of the stub since the last time."""

    used: dict[Used, Decimal]
    requests: dict[str, int]
    bytes_received: dict[str, int]
    items: list[tuple[str, dict[str, Any]]]
    """The items that were written, with their table."""
    calls: list[tuple[dict[str, str], str]]
    """The requests to AWS as they came: headers and body."""


@dataclass(frozen=True, slots=True)
class StubProcess:
    """The stub that runs."""

    port: int

    def taken(self) -> Counted:
        """Return what was counted since the last time."""
        found = json.loads(self._call("GET", "taken", None))
        used = {Used[name]: Decimal(amount) for name, amount in found["used"].items()}
        items, calls = ([(one, other) for one, other in found[name]] for name in ("items", "calls"))
        return Counted(used, found["requests"], found["bytes"], items, calls)

    def put_catalogue(self, services: int) -> None:
        """Put a catalogue of so many services into its bucket."""
        content = write_compiled(full_catalogue(services)).encode()
        self._call("PUT", f"object/catalogues-{services}/catalogue.json", content)

    def put_secrets(self) -> None:
        """Put the key of SortedPRO there, and those of the API."""
        self._call("PUT", "secret/pro-key", b"bench-subscription-key")
        self._call("PUT", "secret/api-keys", json.dumps({"bench": sha256(API_KEY.encode()).hexdigest()}).encode())

    def _call(self, method: str, what: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/_bench/{what}", body, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=_WAIT_SECONDS) as reply:
            return bytes(reply.read())


@contextmanager
def running_stub() -> Iterator[StubProcess]:
    """Start the stub, which ends with the block."""
    command = [sys.executable, "-m", "tests.benchmarks.stub"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        assert process.stdout
        stub = StubProcess(int(process.stdout.readline()))
        stub.put_secrets()
        yield stub
    finally:
        process.terminate()
        process.wait()
