"""The Runtime API of `make bench`, with a client that speaks it as Lambda's own does."""

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks.lambda_process import Function, FunctionFailedError, started
from tests.benchmarks.processor_share import ProcessorShare, share_of

# It answers an event with itself, and fails for one that says so.
CLIENT = """
import json, os, sys, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
if sys.argv[1] == "broken":
    sys.exit("no such handler")
while True:
    with urllib.request.urlopen(f"{base}/invocation/next") as event:
        identity, body = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    kind = "error" if body == "fail" else "response"
    answer = json.dumps({"event": body, "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]}).encode()
    urllib.request.urlopen(f"{base}/invocation/{identity}/{kind}", answer).close()
"""


@pytest.fixture
def client(tmp_path: Path) -> Path:
    package = tmp_path / "awslambdaric"
    package.mkdir()
    (package / "__main__.py").write_text(CLIENT, "utf-8")
    return tmp_path


def function(client: Path, handler: str = "app.handler") -> Function:
    return Function("it", Path(sys.executable), handler, [client], {}, 1024)


def test_a_function_is_given_events_and_its_times_are_told(client: Path) -> None:
    with started(function(client), client / "logs") as process:
        answers = [process.invoke(number) for number in range(3)]
        assert [each.answer for each in answers] == [{"event": number, "memory": "1024"} for number in range(3)]
        assert process.init_seconds > 0
        assert all(0 < each.processor_seconds < process.init_seconds * 10 for each in answers)
        assert process.peak_megabytes() > 1
        running = process.process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(running, 0)


def test_an_error_of_a_function_ends_the_measurement(client: Path) -> None:
    with started(function(client), client / "logs") as process, pytest.raises(FunctionFailedError, match="fail"):
        process.invoke("fail")


def test_a_function_that_does_not_start_says_why(client: Path) -> None:
    with pytest.raises(FunctionFailedError, match="no such handler"), started(function(client, "broken"), client):
        pass


def test_without_a_control_group_the_processors_time_is_stretched_to_the_share() -> None:
    assert ProcessorShare(0.5, None).seconds(1.0, 0.2) == pytest.approx(1.2)
    assert share_of(1024) == pytest.approx(0.579, abs=0.001)
    assert share_of(10_240) == 1.0
