"""`up` and `down` know whether a stack is up by the lock that it holds, whatever files or process ids are left."""

import fcntl
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.errors import UsageError
from cli.operations.publications import Candidate
from cli.stack import detached

HOLDER = """
import fcntl, sys, time
lock = open(sys.argv[1], "a+")
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the test's files apart from those of a stack that is really up."""
    monkeypatch.setattr(detached, "LOCAL", tmp_path)
    monkeypatch.setattr(detached, "STACK_LOCK", tmp_path / "stack.lock")
    monkeypatch.setattr(detached, "STACK_ENVIRONMENT", tmp_path / "stack.env")
    monkeypatch.setattr(detached, "folder_of", lambda port: tmp_path / f"port-{port}")
    return tmp_path


@pytest.fixture
def holder(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock, as an emulator does."""
    command = [sys.executable, "-c", HOLDER, str(place / "stack.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield process
        process.kill()


def write_note(place: Path, note: str) -> None:
    (place / "stack.lock").write_text(note)


def told(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def test_down_without_a_stack_says_so_and_clears_what_a_dead_one_left(place: Path, console: Console) -> None:
    write_note(place, f'{{"port": 4566, "pid": {os.getpid()}}}')
    (place / "stack.env").touch()
    assert detached.stack_port() is None
    assert detached.down(console, as_json=False) == 0
    assert "No stack is up" in told(console)
    assert not (place / "stack.env").exists()


def test_down_ends_the_process_that_holds_the_lock(
    place: Path, console: Console, holder: subprocess.Popen[bytes]
) -> None:
    write_note(place, f'{{"port": 4567, "pid": {holder.pid}}}')
    (place / "port-4567" / "tmp").mkdir(parents=True)
    (place / "stack.env").touch()
    assert detached.stack_port() == 4567
    assert detached.down(console, as_json=False) == 0
    assert holder.wait(30) != 0
    assert "The stack has ended" in told(console)
    assert not (place / "stack.env").exists()
    assert not (place / "port-4567" / "tmp").exists()
    assert detached.stack_port() is None


@pytest.mark.usefixtures("holder")
def test_down_does_not_touch_a_stack_that_is_coming_up(place: Path, console: Console) -> None:
    write_note(place, '{"port": 4566}')
    with pytest.raises(UsageError, match="still coming up"):
        detached.down(console, as_json=False)


@pytest.mark.usefixtures("holder")
def test_up_leaves_a_stack_that_is_up_as_it_is(place: Path, console: Console) -> None:
    write_note(place, '{"port": 4568, "pid": 1}')
    (place / "stack.env").touch()
    assert detached.up({}, 4566, console, as_json=False) == 0
    assert "already up, on port 4568" in told(console)
    assert (place / "stack.env").exists()


@pytest.mark.usefixtures("holder")
def test_programs_are_told_of_a_stack_as_json(
    place: Path, console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    write_note(place, '{"port": 4568, "pid": 1}')
    assert detached.up({}, 4566, console, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"port": 4568, "isNew": False}
    assert told(console) == ""


def test_programs_are_told_that_no_stack_was_up(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    assert detached.down(console, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"wasUp": False}


def test_the_lock_is_free_again_after_a_look(place: Path) -> None:
    assert detached.stack_port() is None
    with (place / "stack.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_up_does_not_pass_over_a_catalogue_where_a_stack_is_up(
    place: Path, console: Console, holder: subprocess.Popen[bytes]
) -> None:
    write_note(place, f'{{"port": 4567, "pid": {holder.pid}}}')
    with pytest.raises(UsageError, match=r"keeps its catalogue.*`carrier catalogue publish FILE`"):
        detached.up({}, 4567, console, as_json=False, catalogue=Candidate("", "", "1", [], []))
