"""Children end with their purpose, and a failure shows the end of their log."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stack import emulator_process
from cli.stack.processes import end_group, run_logged, without_signals

WAIT_SECONDS = 30.0
GUARDED = f"""
import threading, {emulator_process.__name__} as emulator_process
threading.Thread(target=emulator_process.end_with_starter).start()
print("started", flush=True)
threading.Event().wait()
"""
WITH_A_GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def python(code: str) -> subprocess.Popen[bytes]:
    """A Python process that leads its own group."""
    return subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=Path(emulator_process.__file__).parents[2],
    )


def told_by(process: subprocess.Popen[bytes]) -> bytes:
    """The next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_running(process_id: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    status = Path(f"/proc/{process_id}/stat")
    if status.parent.parent.joinpath("self").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ending_a_process_ends_what_it_started() -> None:
    with python(WITH_A_GRANDCHILD) as process:
        grandchild = int(told_by(process))
        assert is_running(grandchild)
        end_group(process)
        wait_until(lambda: not is_running(grandchild))


def test_ending_a_process_that_has_ended_is_no_error() -> None:
    with python("pass") as process:
        process.wait(WAIT_SECONDS)
        end_group(process)
        assert process.returncode == 0


def test_a_guarded_process_ends_when_its_starter_is_gone() -> None:
    with python(GUARDED) as process:
        assert told_by(process) == b"started"
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == -signal.SIGKILL


def test_a_guarded_process_stays_when_its_starter_said_so() -> None:
    with python(GUARDED + "\n") as process:
        assert told_by(process) == b"started"
        assert process.stdin is not None
        process.stdin.write(emulator_process.KEEP)
        process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        end_group(process)


def test_a_failure_names_its_purpose_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    code = "print('\\n'.join(f'line {number}' for number in range(100))); raise SystemExit(3)"
    with pytest.raises(CommandError, match=r"sam build failed \(exit code 3\)") as caught:
        run_logged([sys.executable, "-c", code], "sam build", log, os.environ)
    assert "line 99" in str(caught.value)
    assert "line 0\n" not in str(caught.value)
    assert str(log) in str(caught.value)


def test_a_signal_does_not_interrupt_the_cleaning_up() -> None:
    # A shell's background job starts with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    done = []
    with without_signals():
        signal.raise_signal(signal.SIGINT)
        done.append("cleaned up")
    assert done == ["cleaned up"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
