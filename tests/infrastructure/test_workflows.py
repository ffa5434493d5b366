"""The pipeline: what it runs exists, what it uses can't be exchanged, and only a deployment gets a role of AWS's."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.infrastructure.stack import ROOT

WORKFLOWS = {path.stem: path.read_text("utf-8") for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
READ_ONLY = {"contents": "read"}


def steps(text: str) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(text)["jobs"].values():
        yield from job["steps"]


def test_there_is_a_pipeline_from_a_change_to_a_release() -> None:
    assert set(WORKFLOWS) == {"ci", "deploy", "release"}


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_actions_are_those_that_were_looked_at(text: str) -> None:
    """A tag of somebody else's may point at other code tomorrow."""
    used = [step["uses"] for step in steps(text) if "uses" in step]

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_every_target_of_make_is_one(text: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    called = {name for line in re.findall(r"run: make ([a-z -]+)$", text, re.MULTILINE) for name in line.split()}

    assert called
    assert called <= targets


def test_a_change_passes_what_any_other_machine_asks_of_it() -> None:
    def checks(text: str) -> set[str]:
        return set(" ".join(re.findall(r"make ([a-z -]+)$", text, re.MULTILINE)).split())

    asked = checks((ROOT / ".ci" / "run").read_text("utf-8")) - {"bench"}
    assert asked <= checks(WORKFLOWS["ci"])


@pytest.mark.parametrize(
    ("name", "more"), [("ci", {}), ("deploy", {"id-token": "write"}), ("release", {"contents": "write"})]
)
def test_a_workflow_may_do_what_it_is_for(name: str, more: dict[str, str]) -> None:
    workflow = yaml.safe_load(WORKFLOWS[name])

    assert workflow["permissions"] == READ_ONLY
    for job in workflow["jobs"].values():
        assert job.get("permissions", READ_ONLY) in (READ_ONLY, more, READ_ONLY | more)


def test_no_pull_request_deploys() -> None:
    events = yaml.safe_load(WORKFLOWS["deploy"])[True]  # YAML reads the key `on` as true

    assert events.keys() == {"workflow_run", "workflow_dispatch"}
    assert events["workflow_run"]["branches"] == ["main"]


def test_a_deployment_names_its_stage_and_is_tried() -> None:
    commands = "\n".join(step["run"] for step in steps(WORKFLOWS["deploy"]) if "run" in step)

    assert '--parameter-overrides "Stage=$STAGE"' in commands
    assert "--enable-termination-protection" in commands
    assert './carrier smoke --stack "$STACK"' in commands


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_no_text_from_outside_is_run_as_a_command(text: str) -> None:
    """GitHub puts `${{ }}` into a script as it is."""
    assert [step["run"] for step in steps(text) if "${{" in step.get("run", "")] == []
