"""Child processes: they never outlive their purpose, and their output goes to a log file."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.errors import CommandError
from cli.paths import ROOT, shown

STOPPING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What the lines of the emulator's log have that may say why orders have no outcome.
TROUBLE: Final = r"ERROR|WARNING|Traceback|Error\b|denied"

_MAX_LOG_LINES: Final = 15
_MAX_LINE_LENGTH: Final = 240


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own group, and all that it started."""
    end_group_of(process.pid)
    process.wait()


def end_group_of(leader: int) -> None:
    """End the process group that `leader` leads, if there is one."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group that holds only zombies
        return


@contextmanager
def without_signals() -> Iterator[None]:
    """Let no signal interrupt the block: a second Ctrl-C must not leave a process behind."""
    ignored = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in ignored.items():
            signal.signal(number, handler)


def run_logged(command: Sequence[str], purpose: str, log: Path, environment: Mapping[str, str]) -> None:
    """Run a command from the project's root, its output in `log`.

    Raises `CommandError`, which names the `purpose` and shows the log's end, if the command fails.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait()
        finally:
            end_group(process)
    if code != 0:
        raise CommandError(f"{purpose} failed (exit code {code}).\n{end_of_log(log)}")


def end_of_log(log: Path, relevant: str = "") -> str:
    """Return the last lines of a log that match the pattern `relevant`, indented, and the log's path."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    found = [line.rstrip() for line in lines if line.strip() and re.search(relevant, line)][-_MAX_LOG_LINES:]
    return "\n".join([*(f"  | {line[:_MAX_LINE_LENGTH]}" for line in found), f"  The whole log: {shown(log)}"])
