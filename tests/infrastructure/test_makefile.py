"""What `make` would do: the flags that it passes on, and nothing of the environment it happens to run in."""

import os
import subprocess

import pytest

from tests.infrastructure.stack import ROOT


def planned(*arguments: str, **environment: str) -> list[str]:
    """The commands that make would run, set-up left out."""
    result = subprocess.run(  # noqa: S603
        ["make", "--dry-run", *arguments],  # noqa: S607
        cwd=ROOT,
        env={**without_make(), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [" ".join(line.split()) for line in result.stdout.splitlines() if "python -m cli.stack" in line]


def without_make() -> dict[str, str]:
    """The environment without what make adds, in case make runs these tests."""
    return {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ([], ""),
        (["MODE=service_group", "GROUP=valuableGoods"], '--mode "$MODE" --group "$GROUP"'),
        (["MODE=carrier_service", "SERVICE=CX_NDS"], '--mode "$MODE" --service "$SERVICE"'),
        (["ORDERS=my orders.jsonl"], '--orders "$ORDERS"'),
        (["JSON=1"], "--json"),
        (["PORT=4599"], '--port "$PORT"'),
        (["MODE="], ""),
    ],
)
def test_run_passes_on_what_stands_on_the_command_line(given: list[str], flags: str) -> None:
    assert planned("run", *given) == [f"exec .local/emulator/bin/python -m cli.stack run {flags}".strip()]


def test_run_takes_no_option_from_the_environment() -> None:
    surroundings = {"PORT": "80", "MODE": "production", "GROUP": "staff", "JSON": "1", "SERVICE": "web", "ORDERS": "x"}

    assert planned("run", **surroundings) == planned("run")


def test_up_takes_the_mode_and_the_port() -> None:
    (command,) = planned("up", "MODE=default_rules", "PORT=4599", "JSON=1")

    assert command == 'exec .local/emulator/bin/python -m cli.stack up --mode "$MODE" --port "$PORT"'


def test_run_installs_nothing_that_only_developers_need() -> None:
    result = subprocess.run(
        ["make", "--dry-run", "--always-make", "run"],  # noqa: S607
        cwd=ROOT,
        env=without_make(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "requirements/sam.txt" in result.stdout
    assert "requirements/development.txt" not in result.stdout


def test_make_alone_tells_what_there_is() -> None:
    result = subprocess.run(["make"], cwd=ROOT, env=without_make(), capture_output=True, text=True, check=True)  # noqa: S607

    assert {"make run", "make test", "make up", "make down", "make check", "make lock"} <= {
        " ".join(line.split()[:2]) for line in result.stdout.splitlines() if line
    }
