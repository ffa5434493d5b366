"""`carrier bench`: the engine's speed beside that of others."""

import os
import subprocess

import click

from cli.commands.options import ExampleCommand
from cli.environments import install
from cli.paths import LOCAL, ROOT


@click.command(cls=ExampleCommand, examples=["carrier bench"])
def bench() -> int:
    """Measure the engine beside karrio and zen-engine."""
    install("rivals")
    python = LOCAL / "rivals" / "bin" / "python"
    path = os.pathsep.join([str(ROOT / "layers" / "allocation"), str(ROOT)])
    return subprocess.run(  # noqa: S603 - the command is ours
        [str(python), "-m", "tests.benchmarks.bench"], cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=False
    ).returncode
