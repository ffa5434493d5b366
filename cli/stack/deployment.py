"""Brings a stack up on a port: the local AWS, the build and the deployment, each told as a step."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.progress import Progress
from cli.stack.build import build, build_lock, local_target
from cli.stack.clients import Clients, local_clients
from cli.stack.emulator import Emulator, running_emulator
from cli.stack.environment import HOST
from cli.stack.stack import Stack, deploy, sam_settings


@dataclass(frozen=True, slots=True)
class Deployment:
    """A stack that takes orders, and what it runs on."""

    emulator: Emulator
    clients: Clients
    stack: Stack


@contextmanager
def deployed(
    port: int, parameters: Mapping[str, str], folder: Path, progress: Progress, kept_open: tuple[int, ...] = ()
) -> Iterator[Deployment]:
    """A deployed stack on a free port, which ends with the block unless its emulator is told to `keep`.

    `parameters` are those of `template.yaml`; `folder` gets the logs and the temporary files. Raises `CommandError` if
    a step fails.
    """
    with running_emulator(port, folder, kept_open) as emulator:
        progress.tell(f"The local AWS runs on {HOST}:{port}")
        target, clients = local_target(), local_clients(port)
        with build_lock():
            with progress.step("Building the functions with sam build") as step:
                if not build(target, folder / "build.log", sam_settings(emulator)):
                    step.says("Nothing to build: no source has changed")
            with progress.step("Deploying template.yaml with sam deploy"):
                stack = deploy(emulator, clients, target, parameters)
        yield Deployment(emulator, clients, stack)
