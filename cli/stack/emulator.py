"""Starts and ends MiniStack, the local AWS: one process group that listens on the loopback only."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError, UsageError
from cli.paths import EMULATOR_PYTHON, ROOT
from cli.stack import emulator_process
from cli.stack.clients import HOST, REGION, endpoint, local_environment
from cli.stack.local_pro import LocalPro
from cli.stack.processes import end_group, end_of_log, without_signals

_START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class Emulator:
    """A running MiniStack, and the folder with its log and its temporary files."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    is_kept: bool = False

    @property
    def log(self) -> Path:
        """The file that MiniStack and the functions log into."""
        return self.folder / "emulator.log"

    def environment(self) -> dict[str, str]:
        """Return the environment of a child that talks to this emulator."""
        return local_environment(os.environ, self.port)

    def keep(self) -> None:
        """Leave it running when this process ends."""
        self.is_kept = True
        _close_input(self.process, emulator_process.KEEP)

    def stop(self) -> None:
        """End it and all that it started, whatever signals arrive meanwhile."""
        with without_signals():
            end_group(self.process)
            _close_input(self.process, b"")
            shutil.rmtree(self.folder / "tmp", ignore_errors=True)

    def require_running(self) -> None:
        """Raise `CommandError`, with the log's end, if it has ended."""
        code = self.process.poll()
        if code is not None:
            raise CommandError(f"The local AWS ended by itself (exit code {code}).\n{end_of_log(self.log)}")


def require_free_port(port: int) -> None:
    """Raise `UsageError` if nothing can listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise UsageError(f"Port {port} needs privileges: choose one above 1023, as --port 4567.") from error
        except OSError as error:
            raise UsageError(
                f"Port {port} is busy ({error.strerror}): end what uses it, or choose another with --port {port + 1}."
            ) from error


@contextmanager
def running_emulator(
    port: int, folder: Path, kept_open: tuple[int, ...] = (), pro: LocalPro | None = None
) -> Iterator[Emulator]:
    """Start a MiniStack. It ends with the block, or with this process, unless it is told to `keep`.

    `kept_open` are file descriptors that it inherits. It serves an imitation of SortedPRO beside itself where `pro` is
    one. Raises `CommandError` if it does not come up, or if the block fails because it is gone.
    """
    with _claimed(folder, port):
        shutil.rmtree(folder / "tmp", ignore_errors=True)
        (folder / "tmp").mkdir()
        name = uuid4().hex
        emulator = Emulator(_launch(port, folder, name, kept_open, pro), port, folder)
        try:
            _wait_until_ready(emulator, name)
            yield emulator
        except (CommandError, BotoCoreError, ClientError):
            emulator.require_running()
            raise
        finally:
            if not emulator.is_kept:
                emulator.stop()


@contextmanager
def _claimed(folder: Path, port: int) -> Iterator[None]:
    """Reserve the folder for this run. Raises `UsageError` if another run on the port has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"Port {port} is busy with another run: wait for its end, or choose another with --port {port + 1}."
            ) from error
        yield


def _launch(
    port: int, folder: Path, name: str, kept_open: tuple[int, ...], pro: LocalPro | None
) -> subprocess.Popen[bytes]:
    """Start MiniStack as the leader of a process group."""
    imitated = pro.listening if pro else None
    sockets = (imitated.fileno(),) if imitated else ()
    beside = {emulator_process.PRO_SOCKET: str(*sockets), **pro.shown} if pro else {}
    with (folder / "emulator.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - the command is ours
            [str(EMULATOR_PYTHON), "-m", emulator_process.__name__],
            cwd=ROOT,
            env={**local_environment(os.environ, port), **_emulator_settings(port, folder, name), **beside},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(*kept_open, *sockets),
        )


def _emulator_settings(port: int, folder: Path, name: str) -> dict[str, str]:
    """Return MiniStack's settings: loopback only, roles enforced, nothing kept on disk, no Docker.

    Its health answer repeats `name`, so that another emulator on the port is not taken for this one.
    """
    return {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_EDITION": name,
        "AUTH": "true",
        "TMPDIR": str(folder / "tmp"),
        "S3_DATA_DIR": str(folder / "tmp" / "s3"),
        "STATE_DIR": str(folder / "tmp" / "state"),
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "LOCALSTACK_PERSISTENCE": "0",
        "SERVICES": "",
        "USE_SSL": "0",
        "LOG_LEVEL": "INFO",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }


def _wait_until_ready(emulator: Emulator, name: str) -> None:
    """Wait until this emulator answers. Raises `CommandError` if it ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while _answering_name(emulator.port) != name:
        emulator.require_running()
        if time.monotonic() > deadline:
            raise CommandError(f"The local AWS did not start in {_START_SECONDS:.0f} s.\n{end_of_log(emulator.log)}")
        time.sleep(POLL_SECONDS)


def _answering_name(port: int) -> str | None:
    """Return the name of the emulator that answers on the port, if one does. No proxy is asked."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{endpoint(port)}/_ministack/health", timeout=5) as answer:
            health = json.load(answer)
    except (OSError, ValueError):
        return None
    return str(health.get("edition")) if isinstance(health, dict) else None


def _close_input(process: subprocess.Popen[bytes], last: bytes) -> None:
    """Close the process's input after a last word. The process may have ended already."""
    try:
        if process.stdin:
            process.stdin.write(last)
            process.stdin.close()
    except BrokenPipeError:
        return
