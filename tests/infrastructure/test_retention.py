"""What a deleted stack leaves behind, and how another stack takes it up."""

import json
import re
from typing import Any, Final

import pytest

from tests.infrastructure.stack import Stack

PRO: Final = {"Allocator": "pro", "ProSecretName": "pro/key", "DeployApi": "true"}
EXISTING: Final = {
    "ExistingAllocationsTable": "old-allocations",
    "ExistingAllocationsStream": "2026-11-26T09:15:00.000",
    "ExistingLimitsTable": "old-limits",
    "ExistingCataloguesTable": "old-catalogues",
    "ExistingCancelledOrdersTable": "old-cancelled-orders",
    "ExistingProClaimsTable": "old-claims",
    "ExistingConsignmentsTable": "old-consignments",
    "ExistingConsignmentsKeyId": "old-key",
    "ExistingCatalogueBucket": "old-catalogues",
    "ExistingLogs": "true",
}
HOLDS_DATA: Final = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
}
WORTHLESS: Final = {"ProCircuitsTable", "SearchIndexTable", "IndexFailureQueue"}
"""Losing them costs nothing (docs/pro-client.md), or a command makes them again (docs/console.md)."""
ADOPTABLE: Final = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
}


def holding_data(stack: Stack) -> set[str]:
    return {name for name, found in stack.resources.items() if found["Type"] in HOLDS_DATA} - WORTHLESS


def kept(stack: Stack, attribute: str, stage: str) -> set[str]:
    """The resources that are kept in a stage, when they are deleted or when they are replaced."""
    policies = {
        name: found.get(attribute, "Delete")
        for name, found in stack.resources.items()
        if not found["Type"].startswith(("AWS::Lambda::", "AWS::Events::"))  # they hold no data
    }
    return {
        name
        for name, policy in policies.items()
        if stack.resolved(policy, {"Stage": stage}) in {"Retain", "RetainExceptOnCreate"}
    }


def exists(stack: Stack, name: str, parameters: dict[str, str]) -> bool:
    """Whether a stack with these parameters has the resource."""
    condition = stack.resources[name].get("Condition")
    return condition is None or stack.holds({"Condition": condition}, parameters)


@pytest.mark.parametrize("attribute", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_production_keeps_whatever_holds_data(stack: Stack, attribute: str) -> None:
    assert kept(stack, attribute, "prod") == holding_data(stack)


@pytest.mark.parametrize("stage", ["local", "dev", "staging"])
def test_other_stages_leave_nothing_behind_but_records_personal_data_and_catalogues(stack: Stack, stage: str) -> None:
    assert kept(stack, "DeletionPolicy", stage) == {
        "AllocationsTable",
        "CataloguesTable",
        "ConsignmentsTable",
        "ConsignmentsKey",
        "CatalogueBucket",
        "CatalogueBucketOverTlsOnly",
    }


# A stack's own protection against deletion, by type of resource (CloudFormation's resource reference).
PROTECTIONS = {
    "AWS::DynamoDB::Table": "DeletionProtectionEnabled",
    "AWS::DynamoDB::GlobalTable": "DeletionProtectionEnabled",
    "AWS::Logs::LogGroup": "DeletionProtectionEnabled",
    "AWS::Cognito::UserPool": "DeletionProtection",
}


def left_by_a_failed_creation(stack: Stack, stage: str) -> dict[str, str]:
    """The resources that CloudFormation leaves when it takes back a creation that failed, by name: their types.

    It deletes what is `Delete` or `RetainExceptOnCreate`. Where a resource is protected against that, the stack ends as
    ROLLBACK_FAILED, which raises `AssertionError` here (DeletionPolicy in CloudFormation's template reference;
    DeleteTable of DynamoDB: `ResourceInUseException` while deletion protection is on).
    """
    left = {}
    for name, found in stack.resources.items():
        if found["Type"] == "AWS::Lambda::Version":  # a function takes its versions with it
            continue
        if stack.resolved(found.get("DeletionPolicy", "Delete"), {"Stage": stage}) == "Retain":
            left[name] = found["Type"]
            continue
        protection = found.get("Properties", {}).get(PROTECTIONS.get(found["Type"], ""))
        assert stack.resolved(protection, {"Stage": stage}) in {None, False, "INACTIVE"}, f"{name}: ROLLBACK_FAILED"
    return left


@pytest.mark.parametrize("stage", ["local", "dev", "staging", "prod"])
def test_a_stack_that_could_not_be_made_leaves_nothing_in_the_way_of_the_next_try(stack: Stack, stage: str) -> None:
    left = left_by_a_failed_creation(stack, stage)

    # Empty tables, whose names CloudFormation makes up: they cost nothing, and the next try makes others.
    assert set(left.values()) <= {"AWS::DynamoDB::Table"}
    assert [name for name in left if "TableName" in stack.properties(name)] == []
    assert bool(left) is (stage == "prod")


def test_a_stack_that_adopts_makes_no_table_key_log_or_bucket_of_its_own(stack: Stack) -> None:
    made = {
        name
        for name, found in stack.resources.items()
        if found["Type"] in ADOPTABLE and exists(stack, name, PRO | EXISTING)
    }

    assert made == {"ProCircuitsTable"}


def test_a_stack_that_adopts_names_only_what_it_has(stack: Stack) -> None:
    parameters = PRO | EXISTING
    missing = {name for name in stack.resources if not exists(stack, name, parameters)}

    for name in stack.resources.keys() - missing:
        named = words(stack.resolved(stack.resources[name], parameters))
        assert named.isdisjoint(missing), name
    for name, output in stack.template["Outputs"].items():
        if "Condition" not in output or stack.holds({"Condition": output["Condition"]}, parameters):
            assert words(stack.resolved(output["Value"], parameters)).isdisjoint(missing), name


def words(value: Any) -> set[str]:
    return set(re.findall(r"\w+", json.dumps(value)))


@pytest.mark.parametrize(
    ("function", "role", "variable", "parameter"),
    [
        ("AllocateOrdersFunction", "AllocateOrdersRole", "ALLOCATIONS_TABLE", "ExistingAllocationsTable"),
        ("AllocateOrdersFunction", "AllocateOrdersRole", "LIMITS_TABLE", "ExistingLimitsTable"),
        ("AllocateOrdersFunction", "AllocateOrdersRole", "CATALOGUES_TABLE", "ExistingCataloguesTable"),
        ("AllocateOrdersFunction", "AllocateOrdersRole", "CANCELLED_ORDERS_TABLE", "ExistingCancelledOrdersTable"),
        ("AllocateOrdersFunction", "AllocateOrdersRole", "PRO_CLAIMS_TABLE", "ExistingProClaimsTable"),
        ("AllocationApiFunction", "AllocationApiRole", "ALLOCATIONS_TABLE", "ExistingAllocationsTable"),
        ("AllocationApiFunction", "AllocationApiRole", "LIMITS_TABLE", "ExistingLimitsTable"),
        ("AllocationApiFunction", "AllocationApiRole", "CATALOGUES_TABLE", "ExistingCataloguesTable"),
        ("AllocationApiFunction", "AllocationApiRole", "CONSIGNMENTS_TABLE", "ExistingConsignmentsTable"),
    ],
)
def test_function_uses_the_adopted_table_and_may(
    stack: Stack, function: str, role: str, variable: str, parameter: str
) -> None:
    variables = stack.resolved(stack.properties(function)["Environment"]["Variables"], PRO | EXISTING)
    arn = f"table/${{{parameter}}}"
    actions = [
        statement["Action"]
        for statement in stack.statements(role, **PRO, **EXISTING)
        if json.dumps(statement["Resource"]).endswith(f'{arn}"}}')
    ]

    assert variables[variable] == {"Ref": parameter}
    assert actions == [
        statement["Action"]
        for statement in stack.statements(role, **PRO)
        if statement["Resource"] == {"Fn::GetAtt": [parameter.removeprefix("Existing"), "Arn"]}
    ], "the same as on a table of its own"


def test_events_come_from_the_adopted_table_and_all_that_its_stream_still_has(stack: Stack) -> None:
    """The stream holds what the stack before had not published."""
    mapping = stack.resolved(stack.mapping("PublishAllocationsFunction"), EXISTING)
    readable = [
        statement["Resource"]
        for statement in stack.statements("PublishAllocationsRole", **EXISTING)
        if "dynamodb:GetRecords" in statement["Action"]
    ]

    assert mapping["EventSourceArn"]["Fn::Sub"].endswith(
        "table/${ExistingAllocationsTable}/stream/${ExistingAllocationsStream}"
    )
    assert readable == [mapping["EventSourceArn"]]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("ExistingAllocationsTable", "ExistingAllocationsStream"),
        ("ExistingAllocationsStream", "ExistingAllocationsTable"),
        ("ExistingConsignmentsTable", "ExistingConsignmentsKeyId"),
        ("ExistingConsignmentsKeyId", "ExistingConsignmentsTable"),
    ],
)
def test_half_an_adoption_is_refused(stack: Stack, given: str, missing: str) -> None:
    (refusal,) = stack.refusals(**{given: EXISTING[given]})

    assert missing in refusal
    assert stack.refusals(**{name: EXISTING[name] for name in (given, missing)}) == []


@pytest.mark.parametrize("parameter", EXISTING)
def test_adoption_takes_names_and_no_arns(stack: Stack, parameter: str) -> None:
    declared = stack.parameters[parameter]
    if "AllowedPattern" in declared:
        assert re.fullmatch(declared["AllowedPattern"], EXISTING[parameter])
        assert not re.fullmatch(declared["AllowedPattern"], "arn:aws:dynamodb:eu-west-2:111111111111:table/old")
        assert not re.fullmatch(declared["AllowedPattern"], "*")
