"""A function as Lambda runs it: a process of Lambda's own runtime client, served by a small Runtime API.

One process is one execution environment. It has a whole processor while it starts, as on Lambda, and its share of one
from the first event on (Lambda Developer Guide, "Runtime API" and "Lambda execution environment lifecycle").
"""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.processor_share import ProcessorShare, processor_share

_VERSION: Final = "/2018-06-01/runtime"
_START_SECONDS: Final = 60.0
_ANSWER_SECONDS: Final = 600.0
_END_SECONDS: Final = 5.0
# How often it is looked whether a process, or the server, has ended.
_LOOK_SECONDS: Final = 0.1
# How long an invocation may take, as the function is told.
_DEADLINE_MILLISECONDS: Final = 60_000
_REGION: Final = "eu-west-2"


class FunctionFailedError(Exception):
    """A function did not start, or its answer is an error."""


@dataclass(frozen=True, slots=True)
class Function:
    """What runs: a handler, where its code is found, and its settings as a template would have them."""

    name: str
    python: Path
    """The Python of Lambda's runtime, with its client and boto3."""
    handler: str
    code: Sequence[Path]
    environment: Mapping[str, str]
    megabytes: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation: how long it took at the function's share, how much processor, and what it answered."""

    seconds: float
    processor_seconds: float
    answer: Any


class _RuntimeApi(ThreadingHTTPServer):
    """Serves one function. The process asks for an event, and answers it before it asks again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: queue.Queue[bytes] = queue.Queue()
        # What the process does, as it comes: ("next" | "answer" | "error", when, body).
        self.steps: queue.Queue[tuple[str, float, bytes]] = queue.Queue()
        self.given_at = 0.0
        self.number = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _RuntimeApi

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Wait for an event, and give it."""
        self.server.steps.put(("next", time.perf_counter(), b""))
        event = self.server.events.get()
        self.server.number += 1
        headers = {
            "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{self.server.number:012d}",
            "Lambda-Runtime-Deadline-Ms": str(round(time.time() * 1000) + _DEADLINE_MILLISECONDS),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{_REGION}:000000000000:function:bench",
            "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
        }
        self.server.given_at = time.perf_counter()
        self._reply(200, event, headers)

    def do_POST(self) -> None:
        """Take an answer, or an error."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = "answer" if self.path.endswith("/response") else "error"
        self.server.steps.put((kind, time.perf_counter(), body))
        self._reply(202, b"", {})

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass(slots=True)
class LambdaProcess:
    """A function's process that has started, and waits for events."""

    process: subprocess.Popen[bytes]
    megabytes: int
    init_seconds: float
    init_processor_seconds: float
    _api: _RuntimeApi
    _share: ProcessorShare
    _log: Path

    def invoke(self, event: Any) -> Invocation:
        """Give the function an event. Raises `FunctionFailedError` if it answers with an error."""
        before = processor_seconds(self.process.pid)
        self._api.events.put(json.dumps(event).encode())
        kind, at, body = _step(self._api, self.process, self._log)
        if kind != "answer":
            raise FunctionFailedError(f"{body.decode()}\n{_end(self._log)}")
        wall = at - self._api.given_at
        # The client is busy for a moment after its answer: the invocation ends when it asks for the next event.
        _step(self._api, self.process, self._log)
        processor = processor_seconds(self.process.pid) - before
        return Invocation(self._share.seconds(wall, processor), processor, json.loads(body or b"null"))

    def peak_megabytes(self) -> float:
        """Return the most memory that the process ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024

    def logged_bytes(self) -> int:
        """Return how much it has written to its log so far."""
        return self._log.stat().st_size


def processor_seconds(process: int) -> float:
    """Return the processor time of a process with all its threads, those that have ended too, in nanosecond steps."""
    # The clock of another process: clock_getcpuclockid(3).
    return time.clock_gettime(~process << 3 | 2)


@contextmanager
def started(function: Function, folder: Path) -> Iterator[LambdaProcess]:
    """Start a function, which ends with the block. Raises `FunctionFailedError` if it does not start."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{function.name}-{os.urandom(4).hex()}.log"
    api = _RuntimeApi()
    threading.Thread(target=api.serve_forever, args=(_LOOK_SECONDS,), daemon=True).start()
    with processor_share(function.megabytes) as share:
        began = time.perf_counter()
        process = _launch(function, api, log)
        try:
            kind, at, body = _step(api, process, log, _START_SECONDS)
            if kind != "next":
                raise FunctionFailedError(f"{function.name} did not start: {body.decode()}\n{_end(log)}")
            share.hold(process.pid)
            processor = processor_seconds(process.pid)
            yield LambdaProcess(process, function.megabytes, at - began, processor, api, share, log)
        finally:
            _end_process(process)
            api.shutdown()
            api.server_close()


def _launch(function: Function, api: _RuntimeApi, log: Path) -> subprocess.Popen[bytes]:
    own = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.megabytes),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.python.name}",
        "LAMBDA_TASK_ROOT": str(function.code[0]),
        "PYTHONPATH": os.pathsep.join(map(str, function.code)),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
    }
    command = [str(function.python), "-m", "awslambdaric", function.handler]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - ours
            command, env={**own, **function.environment}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def _step(
    api: _RuntimeApi, process: subprocess.Popen[bytes], log: Path, seconds: float = _ANSWER_SECONDS
) -> tuple[str, float, bytes]:
    """Return what the process does next. Raises `FunctionFailedError` if it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return api.steps.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if process.poll() is not None or time.monotonic() > deadline:
                raise FunctionFailedError(f"the function ended or hangs ({process.poll()})\n{_end(log)}") from None


def _end(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")[-3000:]


def _end_process(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
