"""The functions are given what the code reads, and keep their logs for a while."""

from typing import Any
from unittest.mock import MagicMock

import pytest
from samtranslator.yaml_helper import yaml_parse

from allocation import authorizer_settings, settings
from cli.operations.target import target
from cli.stack import deploy
from tests.infrastructure.stack import FUNCTIONS, ROOT, Stack, alias_of

# Each function has settings of its own, under its own name.
SETTINGS: dict[str, list[str]] = {
    f"{name}Function": [*vars(authorizer_settings)["_ApiAuthorizerSettings"].__dataclass_fields__]
    if name == "ApiAuthorizer"
    else [*getattr(settings, f"{name}Settings").model_fields]
    for name in FUNCTIONS
}


def variables(stack: Stack, function: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.properties(function)["Environment"]["Variables"]
    return found


def test_every_function_is_under_test(stack: Stack) -> None:
    assert sorted(stack.of_type("AWS::Lambda::Function")) == sorted(SETTINGS)


@pytest.mark.parametrize(("function", "read"), SETTINGS.items())
def test_every_setting_is_given_and_nothing_that_is_not_read(stack: Stack, function: str, read: list[str]) -> None:
    given = {name for name in variables(stack, function) if not name.startswith("POWERTOOLS_")}

    assert given - {"SETTINGS_VERSION"} == {name.upper() for name in read}


def test_logs_and_metrics_tell_the_functions_and_the_stacks_of_an_account_apart(stack: Stack) -> None:
    given = [variables(stack, function) for function in SETTINGS]

    assert len({each["POWERTOOLS_SERVICE_NAME"] for each in given}) == len(SETTINGS)
    assert all("${AWS::StackName}" in each["POWERTOOLS_METRICS_NAMESPACE"]["Fn::Sub"] for each in given)


@pytest.mark.parametrize("function", SETTINGS)
def test_logs_go_to_a_group_of_its_own_that_forgets(stack: Stack, function: str) -> None:
    _, made, existing = stack.properties(function)["LoggingConfig"]["LogGroup"]["Fn::If"]
    group = made["Ref"]
    service = variables(stack, function)["POWERTOOLS_SERVICE_NAME"]

    assert stack.properties(group)["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/${{AWS::StackName}}-{service}"
    assert existing == stack.properties(group)["LogGroupName"]
    assert stack.properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert 1 <= stack.parameters["LogRetentionDays"]["Default"] <= 90


def test_handler_is_where_the_template_says(template_text: str) -> None:
    template = yaml_parse(template_text)
    module, name = template["Globals"]["Function"]["Handler"].split(".")
    functions = [part for part in template["Resources"].values() if part.get("Type") == "AWS::Serverless::Function"]

    assert len(functions) == len(SETTINGS)
    for function in functions:
        assert f"def {name}(" in (ROOT / function["Properties"]["CodeUri"] / f"{module}.py").read_text("utf-8")


def test_the_program_finds_the_outputs_that_it_reads(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [{"OutputKey": name, "OutputValue": name} for name in stack.template["Outputs"]]
    session = MagicMock()
    session.return_value.client.return_value.describe_stacks.return_value = {"Stacks": [{"Outputs": outputs}]}
    monkeypatch.setattr("boto3.Session", session)

    assert target("shop").stream_failure_queue_url == "StreamFailureQueueUrl"
    assert {*deploy.OUTPUTS.values(), *deploy.API_OUTPUTS} <= stack.template["Outputs"].keys()


@pytest.mark.parametrize("writer", ["AllocateOrdersFunction", "AllocationApiFunction"])
def test_an_update_replaces_who_reads_records_before_who_writes_them(stack: Stack, writer: str) -> None:
    resource = stack.template["Resources"][writer]
    after = {resource["DependsOn"], resource["Metadata"]["After"]["Fn::If"][1]["Ref"]}
    assert after == {alias_of("PublishAllocationsFunction"), alias_of("IndexAllocationsFunction")}


def test_every_variable_is_text(stack: Stack) -> None:
    """The local AWS starts no function that has a number."""
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        assert [each for each, value in variables.items() if isinstance(value, int)] == [], name
