"""`carrier bench`: what orders cost and how long they take, measured beside other ways to do the same."""

import os
import subprocess
import sys
from pathlib import Path

import click

from cli.commands.options import ExampleCommand, json_option
from cli.environments import install
from cli.paths import LOCAL, ROOT


@click.command(
    cls=ExampleCommand,
    examples=["carrier bench", "carrier bench --quick", "carrier bench --rivals", "carrier bench --json > rows.jsonl"],
)
@click.option("--quick", is_flag=True, help="Measure everything a few times only, and write no document.")
@click.option("--rivals", is_flag=True, help="Compare the engine with karrio and zen-engine instead.")
@json_option
def bench(*, quick: bool, rivals: bool, as_json: bool) -> int:
    """Measure cost, waits and cold starts, and write docs/performance.md. This takes many minutes.

    The functions run under Lambda's own runtime client, beside those that a tutorial leads to and beside the limit.
    """
    if rivals:
        install("rivals")
        python, module = LOCAL / "rivals" / "bin" / "python", "tests.benchmarks.bench"
    else:
        install("emulator", "sam", "runtime", "recipe")
        python, module = Path(sys.executable), "tests.benchmarks"
    command = [str(python), "-m", module, *(["--json"] * as_json), *(["--quick"] * quick)]
    path = os.pathsep.join([str(ROOT / "layers" / "allocation"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - ours
