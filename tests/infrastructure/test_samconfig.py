"""`sam deploy --config-env` deploys each stage without further questions about what it is."""

import tomllib
from typing import Any

import pytest

from tests.infrastructure.stack import ROOT, Stack

STAGES = ["dev", "staging", "prod"]
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))


def test_every_environment_is_there() -> None:
    assert {"local", *STAGES} <= CONFIG.keys()


@pytest.mark.parametrize("environment", ["local", *STAGES])
def test_environment_can_make_its_roles_and_upload_its_code(environment: str) -> None:
    deploy = CONFIG[environment]["deploy"]["parameters"]

    assert set(deploy["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert deploy["resolve_s3"] is True


def test_every_environment_has_a_stack_of_its_own() -> None:
    names = [CONFIG[environment]["deploy"]["parameters"]["stack_name"] for environment in ["local", *STAGES]]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("environment", STAGES)
def test_build_and_deployment_read_the_same_parameters(stack: Stack, environment: str) -> None:
    overrides = CONFIG[environment]["global"]["parameters"]["parameter_overrides"]
    given = dict(override.split("=", 1) for override in overrides)

    assert given["Stage"] == environment
    assert given.keys() <= stack.parameters.keys()
    assert not any(
        "parameter_overrides" in CONFIG[environment].get(command, {}).get("parameters", {})
        for command in ("build", "deploy")
    )


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_changes_are_shown_before_they_are_made(environment: str) -> None:
    assert CONFIG[environment]["deploy"]["parameters"]["confirm_changeset"] is True
