"""Data is encrypted where it lies and on its way, found by its keys, and not lost by a slip."""

from typing import Any

import pytest

from tests.infrastructure.stack import Stack, as_list

TLS_MISSING = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.fixture
def table(stack: Stack) -> dict[str, Any]:
    return stack.properties("AllocationsTable")


def test_table_is_encrypted_and_can_be_restored_to_any_second(table: dict[str, Any]) -> None:
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_every_queue_and_topic_is_encrypted(stack: Stack) -> None:
    queues, topics = stack.of_type("AWS::SQS::Queue"), stack.of_type("AWS::SNS::Topic")

    assert [name for name, queue in queues.items() if queue.get("SqsManagedSseEnabled") is not True] == []
    assert [name for name, topic in topics.items() if not topic.get("KmsMasterKeyId")] == []


@pytest.mark.parametrize(
    ("policies", "resources", "targets", "action"),
    [
        ("AWS::SQS::QueuePolicy", "AWS::SQS::Queue", "Queues", "sqs:*"),
        ("AWS::SNS::TopicPolicy", "AWS::SNS::Topic", "Topics", "sns:Publish"),
    ],
)
def test_every_queue_and_topic_refuses_what_does_not_come_over_tls(
    stack: Stack, policies: str, resources: str, targets: str, action: str
) -> None:
    refusing = {
        target["Ref"]
        for policy in stack.of_type(policies).values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement["Condition"] == TLS_MISSING
        if action in as_list(statement["Action"])
        for target in policy[targets]
    }

    assert refusing == set(stack.of_type(resources))


def test_no_queue_or_topic_policy_lets_anyone_in(stack: Stack) -> None:
    policies = [*stack.of_type("AWS::SQS::QueuePolicy").values(), *stack.of_type("AWS::SNS::TopicPolicy").values()]

    assert {statement["Effect"] for policy in policies for statement in policy["PolicyDocument"]["Statement"]} == {
        "Deny"
    }


def test_consignment_is_the_key_and_an_index_finds_those_of_an_order(table: dict[str, Any]) -> None:
    index, _by_state = table["GlobalSecondaryIndexes"]

    assert keys(table) == {"consignmentReference": "HASH"}
    assert keys(index) == {"orderReference": "HASH", "consignmentReference": "RANGE"}


def keys(schema: dict[str, Any]) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in schema["KeySchema"]}


def test_records_expire_by_the_attribute_that_the_code_writes(table: dict[str, Any]) -> None:
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_records_outlive_their_stack(stack: Stack) -> None:
    resource = stack.resources["AllocationsTable"]

    assert resource["DeletionPolicy"] in {"Retain", "RetainExceptOnCreate"}
    assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(("stage", "protected"), [("prod", True), ("staging", False), ("dev", False), ("local", False)])
def test_table_can_not_be_deleted_in_production(stack: Stack, stage: str, protected: bool) -> None:
    switch = stack.properties("AllocationsTable")["DeletionProtectionEnabled"]

    assert stack.resolved(switch, {"Stage": stage}) is protected
