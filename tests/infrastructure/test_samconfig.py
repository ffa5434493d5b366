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


@pytest.mark.parametrize("environment", ["default", "local", *STAGES])
def test_a_deployment_that_changes_nothing_is_no_failure_of_a_pipeline(environment: str) -> None:
    """`sam deploy` exits with 1 by default where the change set is empty."""
    assert CONFIG[environment]["deploy"]["parameters"]["fail_on_empty_changeset"] is False


def created_with(config: dict[str, Any], stack: Stack, command_line: dict[str, str]) -> dict[str, str]:
    """The values with which `sam deploy` makes a stack. Raises `ValueError` where CloudFormation refuses to.

    `--parameter-overrides` replaces the file's list, and SAM CLI leaves out what nothing names
    (`samcli/lib/deploy/deployer.py`). CloudFormation then takes the default, or refuses.
    """
    overrides = config.get("global", {}).get("parameters", {}).get("parameter_overrides", [])
    given = command_line or dict(override.split("=", 1) for override in overrides)
    defaults = {name: str(each["Default"]) for name, each in stack.parameters.items() if "Default" in each}
    missing = stack.parameters.keys() - defaults.keys() - given.keys()
    if missing:
        raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
    return defaults | given


def test_a_first_deployment_to_production_never_makes_a_stack_of_another_stage(stack: Stack) -> None:
    assert created_with(CONFIG["prod"], stack, {})["Stage"] == "prod"

    with pytest.raises(ValueError, match="Stage"):
        created_with(CONFIG["prod"], stack, {"Allocator": "pro", "ProSecretName": "pro/key"})
    with pytest.raises(ValueError, match="Stage"):
        created_with(CONFIG["default"], stack, {})
