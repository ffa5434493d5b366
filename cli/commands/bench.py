"""`carrier bench`: the engine's speed beside that of others."""

import os
import subprocess

import click

from cli.commands.options import ExampleCommand, json_option
from cli.environments import install
from cli.paths import LOCAL, ROOT


@click.command(
    cls=ExampleCommand, examples=["carrier bench", "carrier bench --quick", "carrier bench --json > figures.jsonl"]
)
@click.option("--quick", is_flag=True, help="Only catalogues of up to 1,000 services: a minute instead of several.")
@json_option
def bench(*, quick: bool, as_json: bool) -> int:
    """Compare the engine's speed with karrio and zen-engine. This takes minutes."""
    install("rivals")
    command = [
        str(LOCAL / "rivals" / "bin" / "python"),
        "-m",
        "tests.benchmarks.bench",
        *(["--json"] * as_json),
        *(["--quick"] * quick),
    ]
    path = os.pathsep.join([str(ROOT / "layers" / "allocation"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - ours
