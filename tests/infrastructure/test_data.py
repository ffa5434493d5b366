"""Data is encrypted where it lies and on its way, expires where it should, and is not lost by a slip."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from allocation.records.record_document import record_document
from cli.cost.metering import INDEXED
from tests.infrastructure.stack import Stack, as_list
from tests.support.samples import A, record_of

TLS_MISSING = {"Bool": {"aws:SecureTransport": "false"}}
KEPT = ("AllocationsTable", "ConsignmentsTable")


def test_everything_that_keeps_data_is_encrypted(stack: Stack) -> None:
    stack = stack.deployed(Console="on")
    encrypted = {
        "AWS::DynamoDB::Table": {"SSESpecification"},
        "AWS::SQS::Queue": {"SqsManagedSseEnabled"},
        "AWS::SNS::Topic": {"KmsMasterKeyId"},
        "AWS::S3::Bucket": {"BucketEncryption"},
    }

    for kind, properties in encrypted.items():
        assert [name for name, found in stack.of_type(kind).items() if not properties <= found.keys()] == []
    assert all(queue["SqsManagedSseEnabled"] is True for queue in stack.of_type("AWS::SQS::Queue").values())
    assert all(
        table["SSESpecification"]["SSEEnabled"] is True for table in stack.of_type("AWS::DynamoDB::Table").values()
    )


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
        for statement in stack.resolved(policy["PolicyDocument"]["Statement"], {})
        if statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement["Condition"] == TLS_MISSING
        if action in as_list(statement["Action"])
        for target in stack.resolved(policy[targets], {"Console": "on"})
    }

    assert refusing == set(stack.of_type(resources))


def test_the_bucket_is_closed_to_the_public_keeps_versions_and_refuses_what_does_not_come_over_tls(
    stack: Stack,
) -> None:
    ((name, bucket),) = stack.of_type("AWS::S3::Bucket").items()
    ((_, policy),) = stack.of_type("AWS::S3::BucketPolicy").items()
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert policy["Bucket"] == {"Ref": name}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == TLS_MISSING
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_only_what_can_be_made_again_can_not_be_restored_to_any_second(stack: Stack) -> None:
    """Losing the circuits costs nothing, and the index is made of the records (docs/console.md)."""
    tables = stack.of_type("AWS::DynamoDB::Table")

    assert sorted(name for name, table in tables.items() if "PointInTimeRecoverySpecification" not in table) == [
        "ProCircuitsTable",
        "SearchIndexTable",
    ]


def test_records_expire_by_the_attribute_that_the_code_writes(stack: Stack) -> None:
    attribute = stack.properties("AllocationsTable")["TimeToLiveSpecification"]["AttributeName"]
    expiry = datetime(2027, 11, 25, 12, tzinfo=UTC)

    assert record_document(replace(record_of(A), expires_at=expiry))[attribute] == int(expiry.timestamp())


@pytest.mark.parametrize("stage", ["prod", "dev"])
@pytest.mark.parametrize("name", [*KEPT, "ConsignmentsKey"])
def test_records_and_personal_data_outlive_their_stack(stack: Stack, name: str, stage: str) -> None:
    resource = stack.resources[name]

    assert stack.resolved(resource["DeletionPolicy"], {"Stage": stage}) in {"Retain", "RetainExceptOnCreate"}
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_personal_data_is_encrypted_with_a_key_that_only_its_policies_give_away(stack: Stack) -> None:
    stack = stack.deployed()
    (key,) = stack.of_type("AWS::KMS::Key")

    assert stack.properties("ConsignmentsTable")["SSESpecification"]["KMSMasterKeyId"] == {"Ref": key}
    assert stack.properties(key)["EnableKeyRotation"] is True


@pytest.mark.parametrize(("stage", "protected"), [("prod", True), ("staging", False), ("dev", False), ("local", False)])
def test_no_table_that_can_be_restored_can_be_deleted_in_production(stack: Stack, stage: str, protected: bool) -> None:
    """Without the claims or the cancelled orders, an order that comes again is allocated again."""
    tables = stack.resolved(stack.of_type("AWS::DynamoDB::Table"), {"Stage": stage})

    for name, table in tables.items():
        lasts = "PointInTimeRecoverySpecification" in table
        assert table.get("DeletionProtectionEnabled", False) is (lasts and protected), name


def test_the_cost_of_writes_counts_the_indexes_that_the_tables_have(stack: Stack) -> None:
    indexed = {
        name: tuple(index["KeySchema"][0]["AttributeName"] for index in stack.resolved(indexes, {}))
        for name, table in stack.of_type("AWS::DynamoDB::Table").items()
        if (indexes := table.get("GlobalSecondaryIndexes")) and name in INDEXED
    }

    assert indexed == {name: tuple(keys) for name, keys in INDEXED.items()}
