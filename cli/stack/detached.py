"""`up` and `down`: a stack that stays.

The emulator holds a lock on `.local/stack.lock` for as long as it lives, inherited from `up`. So a lock that is free
means that no stack is up, whatever the files say and whoever has the process id by now.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from rich.console import Console

from allocation.domain.mode import AllocationMode
from cli.api_page import publish_page
from cli.environments import install
from cli.errors import CommandError, UsageError
from cli.paths import EMULATOR_PYTHON, LOCAL, SAMPLE_ORDERS, STACK_ENVIRONMENT, STACK_LOCK, folder_of, shown
from cli.progress import Progress
from cli.stack.deployment import deployed
from cli.stack.emulator import POLL_SECONDS, require_free_port
from cli.stack.environment import endpoint
from cli.stack.processes import end_group_of
from cli.stack.stack import Stack, mode_parameters

END_SECONDS: Final = 10.0
USAGE: Final = """
The stack is up at {endpoint} and stays until `make down`. Any AWS SDK or CLI can talk to it. In a shell:

  unset AWS_PROFILE AWS_REGION; set -a; . {environment}; set +a

An order in, and the records it leads to:

  {python} -c 'import boto3, os; boto3.client("sqs").send_message(
      QueueUrl=os.environ["ORDER_QUEUE_URL"], MessageBody=open("{orders}").readline())'
  {python} -c 'import boto3, os; print(*boto3.client("dynamodb").scan(
      TableName=os.environ["ALLOCATIONS_TABLE"])["Items"], sep="\\n")'

The allocation API, to be tried in a browser (docs/api.md has it in curl): {page}

The emulator and the functions log into {log}.
"""


def stack_port() -> int | None:
    """The port of the stack that is up or coming up; None if there is none."""
    with opened_lock() as lock:
        if acquired(lock):
            return None
        return stack_process(lock).get("port")


@contextmanager
def opened_lock() -> Iterator[IO[str]]:
    """The lock's file, open for reading and writing."""
    LOCAL.mkdir(exist_ok=True)
    with STACK_LOCK.open("a+") as lock:
        yield lock


def acquired(lock: IO[str]) -> bool:
    """Takes the lock if nobody has it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stack_process(lock: IO[str]) -> dict[str, int]:
    """The `pid` and `port` that the lock's holder wrote into it; empty if it has not yet."""
    lock.seek(0)
    written = lock.read()
    return dict(json.loads(written)) if written else {}


def note(lock: IO[str], process: dict[str, int]) -> None:
    """Writes into the lock's file who holds it."""
    lock.seek(0)
    lock.truncate()
    lock.write(json.dumps(process))
    lock.flush()


def up(mode: AllocationMode, port: int, console: Console) -> int:
    """Leaves a stack running and tells how to talk to it; returns the exit code."""
    progress = Progress(console)
    with opened_lock() as lock:
        if not acquired(lock):
            tell_already_up(stack_process(lock), progress)
            return 0
        STACK_ENVIRONMENT.unlink(missing_ok=True)
        require_free_port(port)
        install("emulator", "sam")
        note(lock, {"port": port})
        with deployed(port, mode_parameters(mode), folder_of(port), progress, kept_open=(lock.fileno(),)) as deployment:
            write_environment(deployment.stack)
            page = publish_page(deployment.clients, deployment.stack)
            note(lock, {"port": port, "pid": deployment.emulator.process.pid})
            deployment.emulator.keep()
    progress.tell(usage(port, page))
    return 0


def down(console: Console) -> int:
    """Ends the stack that `up` left running, if there is one; returns the exit code."""
    progress = Progress(console)
    with opened_lock() as lock:
        was_up = not acquired(lock)
        process = stack_process(lock)
        if was_up:
            end(lock, process)
        STACK_ENVIRONMENT.unlink(missing_ok=True)
        if "port" in process:
            shutil.rmtree(folder_of(process["port"]) / "tmp", ignore_errors=True)
        lock.truncate(0)
    progress.tell("The stack has ended." if was_up else "No stack is up: there was nothing to end.")
    return 0


def end(lock: IO[str], process: dict[str, int]) -> None:
    """Ends the lock's holder. Raises `UsageError` while it is coming up, `CommandError` if it does not end."""
    if "pid" not in process:
        raise UsageError("The stack is still coming up: wait until `make up` is done, or end that with Ctrl-C.")
    end_group_of(process["pid"])
    deadline = time.monotonic() + END_SECONDS
    while not acquired(lock):
        if time.monotonic() > deadline:
            raise CommandError(f"The stack did not end; its process is {process['pid']}.")
        time.sleep(POLL_SECONDS)


def write_environment(stack: Stack) -> None:
    """Writes `.local/stack.env`, which a shell can source and other programs can read."""
    lines = (f"{name}={value}\n" for name, value in stack.environment().items())
    STACK_ENVIRONMENT.write_text("".join(lines), encoding="utf-8")


def tell_already_up(process: dict[str, int], progress: Progress) -> None:
    """Says that there is a stack, which `up` does not touch."""
    state = "already up" if "pid" in process else "coming up already"
    progress.tell(
        f"The stack is {state}, on port {process.get('port')}. It keeps its code and its mode: "
        "to change them, `make down` first."
    )


def usage(port: int, page: str) -> str:
    """How to talk to the stack, as lines to copy; `page` is where the API can be tried."""
    return USAGE.format(
        endpoint=endpoint(port),
        page=page,
        environment=shown(STACK_ENVIRONMENT),
        python=shown(EMULATOR_PYTHON),
        orders=shown(SAMPLE_ORDERS),
        log=shown(folder_of(port) / "emulator.log"),
    ).rstrip()
