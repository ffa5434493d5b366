"""Each function may do what it does, to the resources that it does it to, and nothing else.

That a role allows enough is shown where the stack runs under `AUTH=true` (`tests/end_to_end`).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from allocation.aws.file_stores import REFUSED_PREFIX
from tests.infrastructure.stack import FUNCTIONS, Stack, alias_of, as_list, texts

ROLES = [f"{name}Role" for name in FUNCTIONS]
PRO = {"Allocator": "pro", "ProSecretName": "pro/key", "DeployApi": "true", "FollowPro": "on"}
IN_S3 = {"CatalogueObject": "bucket/folder/live.json"}
IN_APPCONFIG = {"CatalogueConfiguration": "abcd123/abcd124/abcd125"}
WITH_A_WILDCARD = {
    # What AWS gives no exact name: a log group's streams, a table's streams, the suffix of a secret's name, and the
    # version of a catalogue that is noted as refused.
    "s3:PutObject",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "dynamodb:ListStreams",
    "secretsmanager:GetSecretValue",
}


def granted(stack: Stack, role: str, **parameters: str) -> set[tuple[str, str]]:
    """Each action that a role allows, with the resource that it is allowed on, as JSON."""
    return {
        (action, json.dumps(resource))
        for statement in stack.statements(role, **parameters)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def named(stack: Stack, value: Any) -> set[str]:
    """The stack's own resources that a value names."""
    return set(re.findall(r"\w+", json.dumps(value))) & stack.resources.keys()


def service(stack: Stack, role: str) -> dict[str, Any]:
    """The properties of the function that has this role."""
    (function,) = (
        found for found in stack.of_type("AWS::Lambda::Function").values() if found["Role"]["Fn::GetAtt"][0] == role
    )
    return function


def sources(stack: Stack, role: str) -> Iterator[Any]:
    """The event source mappings of the function that has this role."""
    (name,) = (
        name for name in stack.of_type("AWS::Lambda::Function") if stack.properties(name) == service(stack, role)
    )
    return (
        each
        for each in stack.of_type("AWS::Lambda::EventSourceMapping").values()
        if each["FunctionName"]["Ref"] == alias_of(name)
    )


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    roles = [json.dumps(function["Role"]) for function in stack.of_type("AWS::Lambda::Function").values()]

    assert sorted(roles) == sorted(json.dumps({"Fn::GetAtt": [role, "Arn"]}) for role in ROLES)
    assert sorted(stack.deployed(**PRO, Console="on").of_type("AWS::IAM::Role")) == ROLES


@pytest.mark.parametrize("role", ROLES)
def test_role_is_only_for_lambda_and_has_only_policies_of_this_stack(stack: Stack, role: str) -> None:
    properties = stack.resolved(stack.properties(role), PRO | IN_S3)
    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert {policy["Ref"] for policy in properties.get("ManagedPolicyArns", [])} <= set(
        stack.of_type("AWS::IAM::ManagedPolicy")
    )


@pytest.mark.parametrize("role", ROLES)
def test_function_may_touch_only_what_it_is_told_of_or_triggered_by(stack: Stack, role: str) -> None:
    function = service(stack, role)
    known = named(stack, [function["Environment"], function["LoggingConfig"], *sources(stack, role)])
    encrypting = named(stack, [stack.properties(name).get("SSESpecification", {}) for name in known])
    touched = named(stack, [statement["Resource"] for statement in stack.statements(role, **PRO)])

    assert touched <= known | encrypting
    assert stack.properties(role)["Policies"], "no statement at all"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", [{}, IN_S3, IN_APPCONFIG])
def test_no_wildcard_stands_where_aws_takes_a_name(stack: Stack, role: str, place: dict[str, str]) -> None:
    statements = stack.statements(role, **PRO, **place)

    assert [action for statement in statements for action in as_list(statement["Action"]) if "*" in action] == []
    assert [
        statement["Sid"]
        for statement in statements
        if any(character in text for text in texts(statement["Resource"]) for character in "*?")
        if not set(as_list(statement["Action"])) <= WITH_A_WILDCARD
    ] == []
    assert all(text != "*" for statement in statements for text in texts(statement["Resource"]))


@pytest.mark.parametrize("place", [{}, IN_S3, IN_APPCONFIG])
def test_no_statement_is_written_twice(stack: Stack, place: dict[str, str]) -> None:
    """What two functions both need stands in a policy that both of them name."""
    managed = stack.resolved(stack.of_type("AWS::IAM::ManagedPolicy"), place)
    roles = stack.resolved(stack.of_type("AWS::IAM::Role"), place)
    policies = [policy for properties in roles.values() for policy in properties.get("Policies", [])]
    documents = [policy["PolicyDocument"] for policy in [*policies, *managed.values()]]
    written = [json.dumps(statement) for document in documents for statement in document["Statement"]]

    # The queue's function and the API's count towards the same limits; everything else of theirs differs.
    assert len(written) - len(set(written)) <= 1


@pytest.mark.parametrize("role", ROLES)
def test_no_function_may_delete_a_record_or_read_all_of_them(stack: Stack, role: str) -> None:
    on_records = {
        action
        for action, resource in granted(stack, role, **PRO)
        if '"AllocationsTable", "Arn"' in resource and not re.search("[$]{Table}/(index|stream)/", resource)
    }

    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:PartiQLInsert", "dynamodb:ConditionCheckItem"}
    assert on_records <= writes | {"dynamodb:BatchGetItem"}


def test_only_the_publisher_may_publish(stack: Stack) -> None:
    publishing = {role for role in ROLES if any(action == "sns:Publish" for action, _ in granted(stack, role, **PRO))}

    assert publishing == {"PublishAllocationsRole"}


def test_a_function_receives_messages_only_from_the_queue_that_triggers_it(stack: Stack) -> None:
    taken = {resource for role in ROLES for action, resource in granted(stack, role) if action == "sqs:DeleteMessage"}

    assert taken == {json.dumps(stack.mapping("AllocateOrdersFunction")["EventSourceArn"])}


def test_only_what_changes_records_may_call_pro_and_only_where_pro_allocates(stack: Stack) -> None:
    added = {role: granted(stack, role, **PRO) - granted(stack, role) for role in ROLES}

    # `FollowProRole` is there only where PRO allocates.
    assert {role for role, found in added.items() if found} == {"AllocateOrdersRole", "AllocationApiRole"}
    # Both read claims also where the engine allocates.
    assert added["AllocationApiRole"] == added["AllocateOrdersRole"]
    assert {action for action, _ in added["AllocateOrdersRole"]} == {
        "dynamodb:GetItem",
        "dynamodb:PartiQLInsert",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "secretsmanager:GetSecretValue",
    }


@pytest.mark.parametrize(
    ("place", "actions"),
    [
        ({}, {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:PutObject"}),
        (IN_S3, {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucketVersions"}),
        (IN_APPCONFIG, {"appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"}),
    ],
    ids=["own bucket", "S3", "AppConfig"],
)
def test_the_functions_that_run_the_engine_may_read_the_catalogue_where_it_is_and_nowhere_else(
    stack: Stack, place: dict[str, str], actions: set[str]
) -> None:
    reading = {
        role: {each for each in granted(stack, role, **place) if each[0].startswith(("s3:", "appconfig:"))}
        for role in ROLES
    }

    assert {role for role, found in reading.items() if found} == {"AllocateOrdersRole", "AllocationApiRole"}
    assert reading["AllocateOrdersRole"] == reading["AllocationApiRole"]
    assert {action for action, _ in reading["AllocateOrdersRole"]} == actions


def test_no_function_may_put_a_catalogue_where_it_is_read(stack: Stack) -> None:
    written = {where for role in ROLES for action, where in granted(stack, role) if action == "s3:PutObject"}

    own = ["arn:${AWS::Partition}:s3:::${Own}/" + REFUSED_PREFIX + "*", {"Own": {"Ref": "CatalogueBucket"}}]
    assert written == {json.dumps({"Fn::Sub": own})}
