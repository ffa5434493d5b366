"""The functions are given what the code reads, and keep their logs for a while."""

from typing import Any

import pytest
from pydantic import BaseModel

from allocation.settings import AllocateOrdersSettings, PublishAllocationsSettings
from tests.infrastructure.stack import ROOT, Stack
from tests.infrastructure.test_api_template import API_FUNCTIONS

FUNCTIONS = ["AllocateOrdersFunction", "PublishAllocationsFunction"]


def variables(stack: Stack, function: str) -> dict[str, Any]:
    found: dict[str, Any] = stack.properties(function)["Environment"]["Variables"]
    return found


@pytest.mark.parametrize(
    ("function", "settings"),
    [("AllocateOrdersFunction", AllocateOrdersSettings), ("PublishAllocationsFunction", PublishAllocationsSettings)],
)
def test_every_setting_is_given_and_nothing_that_is_not_read(
    stack: Stack, function: str, settings: type[BaseModel]
) -> None:
    given = {name for name in variables(stack, function) if not name.startswith("POWERTOOLS_")}

    assert given == {name.upper() for name in settings.model_fields}


def test_logs_and_metrics_tell_the_functions_and_the_stacks_of_an_account_apart(stack: Stack) -> None:
    names = [variables(stack, function)["POWERTOOLS_SERVICE_NAME"] for function in FUNCTIONS]
    namespaces = [variables(stack, function)["POWERTOOLS_METRICS_NAMESPACE"] for function in FUNCTIONS]

    assert len(set(names)) == len(FUNCTIONS)
    assert namespaces == [{"Fn::Sub": "CarrierAllocation/${AWS::StackName}"}] * len(FUNCTIONS)


def test_every_function_is_under_test(stack: Stack) -> None:
    assert sorted(stack.of_type("AWS::Lambda::Function")) == sorted([*FUNCTIONS, *API_FUNCTIONS])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_logs_go_to_a_group_of_its_own_that_forgets(stack: Stack, function: str) -> None:
    group = stack.properties(function)["LoggingConfig"]["LogGroup"]["Ref"]

    assert group == function.replace("Function", "Logs")
    assert 1 <= stack.properties(group)["RetentionInDays"] <= 90


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_at_most_a_minute(stack: Stack, function: str) -> None:
    assert 30 <= stack.properties(function)["Timeout"] <= 60


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_the_packages_and_the_code_beneath_it(stack: Stack, function: str) -> None:
    layers = [reference["Ref"] for reference in stack.properties(function)["Layers"]]

    assert [stack.properties(layer)["LayerName"] for layer in layers] == ["DependenciesLayer", "AllocationLayer"]


@pytest.mark.parametrize("folder", ["allocate_orders", "publish_allocations"])
def test_handler_is_where_the_template_says(folder: str) -> None:
    assert "def handler(" in (ROOT / "functions" / folder / "app.py").read_text("utf-8")


def test_outputs_say_where_everything_is(stack: Stack) -> None:
    assert stack.template["Outputs"].keys() >= {
        "OrderQueueUrl",
        "OrderDlqUrl",
        "AllocationsTableName",
        "AllocationsTopicArn",
        "StreamFailureQueueUrl",
        "AllocateOrdersFunctionName",
        "AllocateOrdersFunctionArn",
        "PublishAllocationsFunctionName",
        "PublishAllocationsFunctionArn",
    }
