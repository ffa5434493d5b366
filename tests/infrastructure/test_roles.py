"""Each function may do what it does, to the resources that it does it to, and nothing else."""

import json
from typing import Any

import pytest

from tests.infrastructure.stack import Stack, as_list, texts

ORDERS, PUBLISHER = "AllocateOrdersRole", "PublishAllocationsRole"
WITH_A_WILDCARD = {
    # What AWS gives no exact name: a log group's streams, a table's streams, the suffix of a secret's name.
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "dynamodb:ListStreams",
    "secretsmanager:GetSecretValue",
}


def arn(resource: str) -> str:
    return json.dumps({"Fn::GetAtt": [resource, "Arn"]})


def allowed(statements: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Resource, as JSON, to the actions allowed on it."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        for resource in as_list(statement["Resource"]):
            found.setdefault(json.dumps(resource), set()).update(as_list(statement["Action"]))
    return found


def test_order_function_may_take_orders_keep_records_and_set_messages_aside(stack: Stack) -> None:
    assert allowed(stack.statements(ORDERS)) == {
        arn("OrderQueue"): {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        },
        arn("OrderDlq"): {"sqs:SendMessage"},
        arn("AllocationsTable"): {"dynamodb:BatchGetItem", "dynamodb:PutItem"},
        arn("LimitsTable"): {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        arn("AllocateOrdersLogs"): {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


def test_order_function_may_read_the_pro_key_and_share_circuits_only_where_pro_allocates(stack: Stack) -> None:
    with_pro, with_engine = stack.statements(ORDERS, Allocator="pro"), stack.statements(ORDERS, Allocator="engine")
    circuits, claims, key = (statement for statement in with_pro if statement not in with_engine)

    assert allowed([circuits]) == {
        arn("ProCircuitsTable"): {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
    }
    assert allowed([claims]) == {arn("ProClaimsTable"): {"dynamodb:BatchGetItem", "dynamodb:PutItem"}}
    assert key["Action"] == "secretsmanager:GetSecretValue"
    assert key["Resource"]["Fn::Sub"].endswith(":secret:${ProSecretName}-??????")


@pytest.mark.parametrize(
    ("place", "actions"),
    [
        ({}, set()),
        (
            {"CatalogueObject": "bucket/folder/live.json"},
            {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucketVersions"},
        ),
        (
            {"CatalogueConfiguration": "abcd123/abcd124/abcd125"},
            {"appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"},
        ),
    ],
)
def test_order_function_may_read_the_catalogue_where_it_is_and_nowhere_else(
    stack: Stack, place: dict[str, str], actions: set[str]
) -> None:
    without = stack.statements(ORDERS)
    added = [item for item in stack.statements(ORDERS, **place) if item not in without]
    assert {action for statement in added for action in as_list(statement["Action"])} == actions
    assert all("*" not in text for statement in added for text in texts(statement["Resource"]))


def test_publisher_may_read_the_stream_publish_and_report_what_it_could_not(stack: Stack) -> None:
    assert allowed(stack.statements(PUBLISHER)) == {
        json.dumps({"Fn::GetAtt": ["AllocationsTable", "StreamArn"]}): {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
        },
        json.dumps({"Fn::Sub": "${AllocationsTable.Arn}/stream/*"}): {"dynamodb:ListStreams"},
        json.dumps({"Ref": "AllocationsTopic"}): {"sns:Publish"},
        arn("StreamFailureQueue"): {"sqs:SendMessage"},
        arn("PublishAllocationsLogs"): {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


def test_every_function_has_a_role_of_its_own(stack: Stack) -> None:
    roles = [json.dumps(function["Role"]) for function in stack.of_type("AWS::Lambda::Function").values()]

    assert sorted(roles) == sorted(arn(role) for role in stack.of_type("AWS::IAM::Role"))


@pytest.mark.parametrize("role", [ORDERS, PUBLISHER])
def test_role_is_for_lambda_alone_and_has_no_policy_made_elsewhere(stack: Stack, role: str) -> None:
    properties = stack.properties(role)
    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in properties


@pytest.mark.parametrize("role", [ORDERS, PUBLISHER])
def test_no_wildcard_stands_where_aws_takes_a_name(stack: Stack, role: str) -> None:
    statements = stack.statements(role, Allocator="pro")

    assert [action for statement in statements for action in as_list(statement["Action"]) if "*" in action] == []
    assert [
        statement["Sid"]
        for statement in statements
        if any(character in text for text in texts(statement["Resource"]) for character in "*?")
        if not set(as_list(statement["Action"])) <= WITH_A_WILDCARD
    ] == []
    assert all(text != "*" for statement in statements for text in texts(statement["Resource"]))
