"""`carrier bench`: the engine's speed beside that of others."""

import os
import subprocess

import click

from cli.commands.options import ExampleCommand, json_option
from cli.environments import install
from cli.paths import LOCAL, ROOT


@click.command(cls=ExampleCommand, examples=["carrier bench", "carrier bench --json > figures.jsonl"])
@json_option
def bench(*, as_json: bool) -> int:
    """Compare the engine's speed with karrio and zen-engine. This takes minutes."""
    install("rivals")
    command = [str(LOCAL / "rivals" / "bin" / "python"), "-m", "tests.benchmarks.bench", *(["--json"] * as_json)]
    path = os.pathsep.join([str(ROOT / "layers" / "allocation"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - ours
