"""What `make` does: the flags that it passes on, the variables that it refuses, and nothing of its surroundings."""

import os
import re
import subprocess

import pytest

from tests.infrastructure.stack import ROOT


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What make says that it would do."""
    return subprocess.run(  # noqa: S603
        ["make", "--dry-run", *arguments],  # noqa: S607
        cwd=ROOT,
        env={**without_make(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def planned(*arguments: str, **environment: str) -> list[str]:
    """The commands that make would run, set-up left out."""
    result = make(*arguments, **environment)
    assert result.returncode == 0, result.stderr
    return [" ".join(line.split()) for line in result.stdout.splitlines() if "./carrier" in line]


def without_make() -> dict[str, str]:
    """The environment without what make adds, in case make runs these tests."""
    return {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ([], ""),
        (["MODE=service_group", "GROUP=valuableGoods"], '--mode "$MODE" --group "$GROUP"'),
        (["MODE=carrier_service", "SERVICE=CX_NDS"], '--mode "$MODE" --service "$SERVICE"'),
        (["CATALOGUE=my catalogue.yaml"], '--catalogue "$CATALOGUE"'),
        (["ORDERS=my orders.jsonl"], '--orders "$ORDERS"'),
        (["JSON=1"], "--json"),
        (["JSON=yes"], "--json"),
        (["JSON=True"], "--json"),
        (["JSON=0"], ""),
        (["JSON=no"], ""),
        (["JSON=False"], ""),
        (["JSON="], ""),
        (["PORT=4599"], '--port "$PORT"'),
        (["MODE="], ""),
    ],
)
def test_run_passes_on_what_stands_on_the_command_line(given: list[str], flags: str) -> None:
    assert planned("run", *given) == [f"exec ./carrier run {flags}".strip()]


def test_run_takes_no_option_from_the_environment() -> None:
    surroundings = {"PORT": "80", "MODE": "production", "GROUP": "staff", "JSON": "1", "SERVICE": "web", "ORDERS": "x"}

    assert planned("run", **surroundings) == planned("run")


def test_up_takes_the_mode_and_the_port() -> None:
    (command,) = planned("up", "MODE=default_rules", "PORT=4599")

    assert command == 'exec ./carrier up --mode "$MODE" --port "$PORT"'


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["run", "COLOUR=x"],
            "does not know COLOUR. It knows ALLOCATOR CATALOGUE GROUP JSON MODE ORDERS PORT PRO_KEY PRO_URL",
        ),
        (["run", "GROUPE=x", "MODE=service_group"], "does not know GROUPE."),
        (
            ["up", "JSON=1"],
            "`make up` does not know JSON. It knows ALLOCATOR CATALOGUE CONSOLE GROUP MODE PORT PRO_KEY PRO_URL",
        ),
        (["down", "PORT=4599"], "`make down` does not know PORT. It knows no variables."),
        (["test", "ORDERS=x"], "does not know ORDERS."),
        (["run", "JSON=2"], "JSON=2: write 1 or 0."),
    ],
)
def test_a_variable_that_a_target_does_not_know_is_refused(arguments: list[str], complaint: str) -> None:
    result = make(*arguments)

    assert result.returncode == 2
    assert complaint in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("target", ["run", "up", "bench"])
def test_the_page_of_the_program_names_every_variable(target: str) -> None:
    page = (ROOT / "docs" / "carrier.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| `make {target}` \| (.*) \|$", page, re.MULTILINE)
    known = make(target, "COLOUR=x").stderr.partition("It knows ")[2].partition(".")[0]
    assert sorted(re.findall(r"`(\w+)`", row)) == sorted(known.split())


def test_run_installs_nothing_that_only_developers_need() -> None:
    result = make("--always-make", ".local/carrier/.synced", ".local/emulator/.synced", ".local/sam/.synced")

    assert "requirements/sam.txt" in result.stdout
    assert "requirements/development.txt" not in result.stdout


def test_clean_ends_a_running_stack_before_it_removes_anything() -> None:
    (command, *_) = make("clean").stdout.splitlines()

    assert "./carrier down" in command


def test_make_without_a_target_lists_the_targets() -> None:
    result = subprocess.run(["make"], cwd=ROOT, env=without_make(), capture_output=True, text=True, check=True)  # noqa: S607

    assert {"make run", "make test", "make up", "make down", "make check", "make lock"} <= {
        " ".join(line.split()[:2]) for line in result.stdout.splitlines() if line
    }
