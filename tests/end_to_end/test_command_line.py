"""`carrier run` as users and scripts see it: exit code, streams, and nothing left behind."""

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.paths import ROOT, SAMPLE_ORDERS, folder_of
from cli.stack.orders import load_orders
from tests.end_to_end.conftest import free_port
from tests.end_to_end.test_deployed_stack import wait_until

RUN_SECONDS = 120.0


@pytest.fixture
def port() -> Iterator[int]:
    """A free port; what a run on it leaves in its folder is removed."""
    number = free_port()
    yield number
    shutil.rmtree(folder_of(number), ignore_errors=True)


def command(port: int, *options: str) -> list[str]:
    """The command line of a run."""
    return [str(ROOT / "carrier"), "run", "--port", str(port), *options]


def finished_run(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    """A run that has come to its end."""
    return subprocess.run(  # noqa: S603 - the command is ours
        command(port, *options), cwd=ROOT, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )


def is_gone(port: int) -> bool:
    """Whether nothing listens on the port any more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def started_run(port: int) -> Iterator[subprocess.Popen[str]]:
    """A run whose local AWS has just come up; it is ended with the block at the latest."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup a run would inherit that it is ignored
    with subprocess.Popen(  # noqa: S603 - the command is ours
        command(port), cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as run:
        try:
            assert run.stderr is not None
            assert "local AWS runs on" in run.stderr.readline()
            yield run
        finally:
            run.kill()


def test_the_sample_orders_all_have_outcomes_and_stdout_has_only_json(port: int) -> None:
    run = finished_run(port, "--json")

    rows = [json.loads(line) for line in run.stdout.splitlines()]
    wanted = [reference for message in load_orders(SAMPLE_ORDERS) for reference in message.consignments]
    assert run.returncode == 0, run.stderr
    assert [row["consignmentReference"] for row in rows] == wanted
    assert {row["state"] for row in rows} == {"Allocated", "AllocationFailed"}
    assert all((row["failure"] is None) == bool(row["trackingReferences"]) for row in rows)
    assert is_gone(port)


def test_an_order_that_ends_in_the_dlq_makes_the_run_fail(port: int, tmp_path: Path) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text(SAMPLE_ORDERS.read_text("utf-8").splitlines()[0] + '\n{"orderReference": "BAD-1"}\n', "utf-8")

    run = finished_run(port, "--orders", str(orders))

    assert run.returncode == 1, run.stderr
    assert "2 sent = 1 done + 1 in the DLQ + 0 without outcome" in run.stdout
    assert "  BAD-1  UnknownEventType\n    " in run.stdout


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=lambda value: str(value),
)
def test_a_run_that_is_stopped_leaves_nothing_behind(port: int, number: signal.Signals, code: int) -> None:
    with started_run(port) as run:
        run.send_signal(number)
        assert run.wait(RUN_SECONDS) == code
        assert is_gone(port)
        assert not (folder_of(port) / "tmp").exists()


def test_a_run_that_is_killed_takes_its_local_aws_with_it(port: int) -> None:
    with started_run(port) as run:
        run.kill()
        run.wait(RUN_SECONDS)
        wait_until(lambda: is_gone(port), "the local AWS is gone")


def test_a_busy_port_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        run = finished_run(port)
    assert run.returncode == 2
    assert run.stdout == ""
    told = " ".join(run.stderr.split())
    assert told.startswith(f"Port {port} is busy")
    assert f"--port {port + 1}" in told
