"""An update reaches the functions by their alias: whole, in order, and back again when an alarm starts."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.stack import FUNCTIONS, Stack, alias_of, translated

GRADUAL = "Canary10Percent15Minutes"
ALIASES = [alias_of(f"{name}Function") for name in FUNCTIONS]


@pytest.fixture(scope="module")
def gradual(template_text: str) -> Stack:
    """The stack whose updates are gradual."""
    off = 'GradualDeployment: {Type: String, Default: "off"'
    assert off in template_text
    return Stack(translated(template_text.replace(off, f"GradualDeployment: {{Type: String, Default: {GRADUAL}")))


def named(value: Any) -> set[str]:
    """The resources and parameters that a value names, in `Ref`, `GetAtt` and `Sub`."""
    if isinstance(value, list):
        return {name for part in value for name in named(part)}
    if not isinstance(value, dict):
        return set()
    found = {name for part in value.values() for name in named(part)}
    text = json.dumps(value.get("Fn::Sub", ""))
    attribute = value.get("Fn::GetAtt", [])
    return found | {*re.findall(r"\$\{(\w+)", text), *attribute[:1]} | ({value["Ref"]} if "Ref" in value else set())


def decided_by(stack: Stack, value: Any) -> set[str]:
    """The parameters that decide the conditions of a value."""
    if isinstance(value, list):
        return {name for part in value for name in decided_by(stack, part)}
    if not isinstance(value, dict):
        return set()
    conditions = [value["Fn::If"][0]] if "Fn::If" in value else [value["Condition"]] if "Condition" in value else []
    texts = [stack.template["Conditions"][name] for name in conditions if isinstance(name, str)]
    found = {name for text in texts for name in named(text) | decided_by(stack, text)}
    return found | {name for part in value.values() for name in decided_by(stack, part)}


def callers(stack: Stack) -> Iterator[tuple[str, Any]]:
    """What calls functions, by its name: event sources, permissions to call, schedules and the API."""
    kinds = ("Lambda::EventSourceMapping", "Lambda::Permission", "Events::Rule", "ApiGateway::RestApi")
    called = {f"AWS::{kind}" for kind in kinds}
    return ((name, found["Properties"]) for name, found in stack.resources.items() if found["Type"] in called)


def test_the_role_that_shifts_traffic_has_the_boundary_and_is_there_only_for_gradual_updates(gradual: Stack) -> None:
    groups = gradual.of_type("AWS::CodeDeploy::DeploymentGroup").values()
    named_roles = {group["ServiceRoleArn"]["Fn::GetAtt"][0] for group in groups}
    roles = gradual.deployed(Stage="dev", PermissionsBoundaryArn="arn", GradualDeployment=GRADUAL).of_type(
        "AWS::IAM::Role"
    )

    assert named_roles == {"GradualDeploymentRole"}
    assert {role["PermissionsBoundary"] for role in roles.values()} == {"arn"}
    assert "GradualDeploymentRole" not in gradual.deployed(Stage="dev", GradualDeployment="off").resources


def test_whatever_calls_a_function_calls_its_alias(stack: Stack) -> None:
    functions = {f"{name}Function" for name in FUNCTIONS}
    found = {name: named(properties) for name, properties in callers(stack)}

    assert {name: called & functions for name, called in found.items() if called & functions} == {}
    assert set(ALIASES) == {alias for called in found.values() for alias in called} & set(ALIASES)


def test_a_parameter_that_a_function_is_given_makes_a_new_version_of_all(stack: Stack) -> None:
    """SAM publishes a version where the template's text changes, and none where only a parameter's value does."""
    functions = list(stack.of_type("AWS::Lambda::Function").values())
    given = (named(functions) | decided_by(stack, functions)) & stack.parameters.keys()

    assert given - named(stack.properties("Settings")["Content"]) == set(), "add them to Settings in template.yaml"
    for version in stack.of_type("AWS::Lambda::Version").values():
        assert version["Description"] == {"Fn::Sub": "Settings ${Settings}"}, "CloudFormation replaces it"
    for function in stack.of_type("AWS::Lambda::Function").values():
        settings = function["Environment"]["Variables"]["SETTINGS_VERSION"]
        assert settings == {"Ref": "Settings"}, "Lambda publishes no version of a function that has not changed"


def test_the_versions_of_earlier_updates_stay(stack: Stack) -> None:
    """CloudFormation would delete the one before, which `carrier rollback` goes back to."""
    for version in (found for found in stack.resources.values() if found["Type"] == "AWS::Lambda::Version"):
        assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_new_code_of_a_layer_makes_a_new_version_of_every_function(stack: Stack, template_text: str) -> None:
    """Almost all code is in a layer, which is no part of a function's own code."""
    before = set(stack.of_type("AWS::Lambda::Version"))
    after = Stack(translated(template_text, AllocationLayer="s3://bucket/another"))

    assert before.isdisjoint(after.of_type("AWS::Lambda::Version"))


def test_updates_are_at_once_unless_asked_for(stack: Stack) -> None:
    assert stack.of_type("AWS::CodeDeploy::DeploymentGroup") == {}
    assert [name for name in ALIASES if "UpdatePolicy" in stack.resources[name]] == []


def test_a_gradual_update_ends_where_a_function_fails(gradual: Stack) -> None:
    groups = gradual.of_type("AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(FUNCTIONS)
    for name in FUNCTIONS:
        group = groups[f"{name}FunctionDeploymentGroup"]
        alarms = [gradual.properties(alarm["Name"]["Ref"]) for alarm in group["AlarmConfiguration"]["Alarms"]]
        own = [alarm for alarm in alarms if alarm["Dimensions"][0]["Value"] == {"Ref": f"{name}Function"}]
        assert [alarm["MetricName"] for alarm in own] == ["Errors"]
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


@pytest.mark.parametrize("name", ["AllocateOrders", "PublishAllocations", "AllocationApi"])
def test_an_alarm_starts_while_the_update_is_a_tenth(gradual: Stack, name: str) -> None:
    (error,) = (
        alarm
        for alarm in gradual.of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "Errors" and alarm["Dimensions"][0]["Value"] == {"Ref": f"{name}Function"}
    )

    assert error["Period"] * error["DatapointsToAlarm"] < 15 * 60


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_belongs_to_a_function_that_is_not_there_is_not_there(gradual: Stack, name: str) -> None:
    condition = gradual.resources[f"{name}Function"].get("Condition")

    assert gradual.resources[f"{name}FunctionDeploymentGroup"].get("Condition") == condition


def test_no_resource_waits_for_itself(gradual: Stack) -> None:
    """A gradual update lets aliases wait for alarms, which wait for functions."""
    waits = {
        name: (named({key: part for key, part in found.items() if key != "Type"}) | set(depends(found)))
        & gradual.resources.keys()
        for name, found in gradual.resources.items()
    }
    while free := {name for name, others in waits.items() if not others & waits.keys()}:
        waits = {name: others for name, others in waits.items() if name not in free}

    assert waits == {}


def depends(resource: dict[str, Any]) -> list[str]:
    found = resource.get("DependsOn", [])
    return found if isinstance(found, list) else [found]
