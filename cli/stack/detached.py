"""`carrier up` and `carrier down`: a stack that stays.

The emulator inherits a lock on `.local/stack.lock` from `up`, and holds it while it lives. A free lock means that no
stack is up, whatever the files say and whatever process has the id by now.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from rich.console import Console

from cli.environments import install
from cli.errors import CommandError, UsageError
from cli.operations.publications import Candidate
from cli.output import Progress, print_json
from cli.paths import LOCAL, SAMPLE_ORDERS, STACK_ENVIRONMENT, STACK_LOCK, folder_of, shown
from cli.stack.api_page import publish_page
from cli.stack.clients import endpoint
from cli.stack.deploy import Stack, deployed
from cli.stack.emulator import POLL_SECONDS, require_free_port
from cli.stack.local_pro import LocalPro
from cli.stack.processes import end_group_of

# What a local stack needs beside the program: the emulator and the SAM CLI.
ENVIRONMENTS: Final = ("emulator", "sam")

_END_SECONDS: Final = 10.0
_USAGE: Final = """
The stack is up at {endpoint} and stays until `carrier down`.
Any AWS SDK or CLI can talk to it. In a shell:

  unset AWS_PROFILE AWS_REGION; set -a; . {environment}; set +a

Orders in, and the records they lead to (docs/walk.md goes on to a label):

  ./carrier dlq send {orders}
  ./carrier orders list

"""
_API: Final = """The allocation API, to be tried in a browser (docs/api.md has it in curl):
  {page}

"""
_PRO: Final = """The imitation of SortedPRO, which knows every reference (docs/with-sortedpro.md):

  curl -H "ocp-apim-subscription-key: $PRO_KEY" {url}/consignments/EC-000-1SA-M00

"""
_CONSOLE: Final = """The console, in a browser (docs/console.md). Its key: grep API_KEY {environment}
  {api}/console

"""


def stack_port() -> int | None:
    """Return the port of the stack that is up or coming up. None if there is none."""
    with _opened_lock() as lock:
        if _acquired(lock):
            return None
        return _stack_process(lock).get("port")


@contextmanager
def _opened_lock() -> Iterator[IO[str]]:
    """Open the lock's file for reading and writing."""
    LOCAL.mkdir(exist_ok=True)
    with STACK_LOCK.open("a+") as lock:
        yield lock


def _acquired(lock: IO[str]) -> bool:
    """Take the lock if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stack_process(lock: IO[str]) -> dict[str, int]:
    """Return the `pid` and `port` that the lock's holder wrote into it. Empty if it has not yet."""
    lock.seek(0)
    written = lock.read()
    return dict(json.loads(written)) if written else {}


def _note(lock: IO[str], process: dict[str, int]) -> None:
    """Write into the lock's file who holds it."""
    lock.seek(0)
    lock.truncate()
    lock.write(json.dumps(process))
    lock.flush()


def up(
    parameters: Mapping[str, str],
    port: int,
    console: Console,
    *,
    as_json: bool,
    catalogue: Candidate | None = None,
    pro: LocalPro | None = None,
) -> int:
    """Leave a stack with these parameters running, and say how to talk to it. Return the exit code.

    It has a `catalogue` of one's own, or the packaged one. `pro` allocates for it, instead of the engine. Raises
    `UsageError` for a catalogue if a stack is up already.
    """
    progress = Progress(console)
    with _opened_lock() as lock:
        if not _acquired(lock):
            if catalogue is not None:
                raise UsageError(
                    "A stack is up already, and keeps its catalogue. Give it this one with `carrier catalogue publish "
                    "FILE`, or end it with `carrier down` first."
                )
            _say_already_up(_stack_process(lock), progress, as_json=as_json)
            return 0
        STACK_ENVIRONMENT.unlink(missing_ok=True)
        require_free_port(port)
        install(*ENVIRONMENTS)
        _note(lock, {"port": port})
        kept_open = (lock.fileno(),)
        with deployed(port, parameters, folder_of(port), progress, kept_open, catalogue, pro) as deployment:
            stack = deployment.stack
            _write_environment(stack)
            page = publish_page(deployment.clients, stack) if stack.api_url else ""
            _note(lock, {"port": port, "pid": deployment.emulator.process.pid})
            deployment.emulator.keep()
    if as_json:
        print_json({"port": port, "isNew": True, "apiPage": page or None, "environment": stack.environment()})
    else:
        progress.print(_usage(stack, page, has_console=parameters.get("Console") == "on"))
    return 0


def down(console: Console, *, as_json: bool) -> int:
    """End the stack that `up` left running, if there is one. Return the exit code."""
    progress = Progress(console)
    with _opened_lock() as lock:
        was_up = not _acquired(lock)
        process = _stack_process(lock)
        if was_up:
            _end(lock, process)
        STACK_ENVIRONMENT.unlink(missing_ok=True)
        if "port" in process:
            shutil.rmtree(folder_of(process["port"]) / "tmp", ignore_errors=True)
        lock.truncate(0)
    if as_json:
        print_json({"wasUp": was_up})
    else:
        progress.print("The stack has ended." if was_up else "No stack is up.")
    return 0


def _end(lock: IO[str], process: dict[str, int]) -> None:
    """End the lock's holder. Raises `UsageError` while it is coming up, `CommandError` if it does not end."""
    if "pid" not in process:
        raise UsageError("The stack is still coming up: wait until `carrier up` is done, or end that with Ctrl-C.")
    end_group_of(process["pid"])
    deadline = time.monotonic() + _END_SECONDS
    while not _acquired(lock):
        if time.monotonic() > deadline:
            raise CommandError(f"The stack did not end: end its process {process['pid']} yourself.")
        time.sleep(POLL_SECONDS)


def _write_environment(stack: Stack) -> None:
    """Write `.local/stack.env`, which a shell can source and other programs can read."""
    lines = (f"{name}={value}\n" for name, value in stack.environment().items())
    STACK_ENVIRONMENT.write_text("".join(lines), encoding="utf-8")


def _say_already_up(process: dict[str, int], progress: Progress, *, as_json: bool) -> None:
    """Say that there is a stack, which `up` does not touch."""
    if as_json:
        print_json({"port": process.get("port"), "isNew": False})
        return
    state = "already up" if "pid" in process else "coming up already"
    progress.print(
        f"The stack is {state}, on port {process.get('port')}. It keeps its code and its parameters:\n"
        "to change them, `carrier down` first."
    )


def _usage(stack: Stack, page: str, *, has_console: bool) -> str:
    """Return how to talk to the stack, as lines to copy. `page` is where the API can be tried, if it can."""
    environment = shown(STACK_ENVIRONMENT)
    parts = [
        _USAGE.format(endpoint=endpoint(stack.port), environment=environment, orders=shown(SAMPLE_ORDERS)),
        _PRO.format(url=stack.pro.url) if stack.pro and stack.pro.listening else "",
        _API.format(page=page) if page else "",
        _CONSOLE.format(environment=environment, api=stack.api_url) if has_console else "",
        f"The emulator and the functions log into {shown(folder_of(stack.port) / 'emulator.log')}.",
    ]
    return "".join(parts)
