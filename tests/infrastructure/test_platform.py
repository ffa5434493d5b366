"""What a platform team sets reaches every resource that it concerns, and a stack without it is as it always was."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.infrastructure.stack import FUNCTIONS, ROOT, Stack, as_list

KEY = "arn:aws:kms:eu-west-2:111111111111:key/aaaa-bbbb"
FOREIGN_KEY = "arn:aws:kms:eu-west-2:222222222222:key/cccc"
BOUNDARY = "arn:aws:iam::111111111111:policy/platform/boundary"
WHOLE = {"Allocator": "pro", "ProSecretName": "pro/key", "DeployApi": "true", "FollowPro": "on", "Console": "on"}
WHOLE |= {"Stage": "dev", "Replays": "on", "ApiAccessLogs": "on"}
IN_VPC = {"SubnetIds": "subnet-0000000a,subnet-0000000b", "SecurityGroupIds": "sg-0000000a"}


@pytest.fixture(scope="module")
def nested() -> dict[str, Any]:
    """The parameters and resources of the stack that replays."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "replay" / "template.yaml").read_text("utf-8"))
    return parsed


def replays(nested: dict[str, Any], stack: Stack) -> Stack:
    """The nested stack as this stack makes it."""
    given: dict[str, Any] = stack.properties("ReplayOfRecords")["Parameters"]
    texts = {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in given.items()}
    for name in ("SubnetIds", "SecurityGroupIds"):
        texts[name] = ",".join(given[name]["Fn::Join"][1])
    return Stack({"Conditions": {}, **nested}).deployed(**texts)


def both(stack: Stack, nested: dict[str, Any], **parameters: str) -> list[Stack]:
    """The stack with everything in it, and its nested one."""
    made = stack.deployed(**WHOLE, **parameters)
    return [made, replays(nested, made)]


def granted_by(stack: Stack, role: str) -> list[dict[str, Any]]:
    properties = stack.properties(role)
    policies = [*properties["Policies"], *(stack.properties(each["Ref"]) for each in properties["ManagedPolicyArns"])]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def test_a_key_of_yours_encrypts_everything_that_keeps_data_and_no_other_key_is_made(
    stack: Stack, nested: dict[str, Any]
) -> None:
    places: dict[str, Callable[[Any], Any]] = {
        "AWS::SQS::Queue": lambda found: found["KmsMasterKeyId"],
        "AWS::SNS::Topic": lambda found: found["KmsMasterKeyId"],
        "AWS::DynamoDB::Table": lambda found: found["SSESpecification"]["KMSMasterKeyId"],
        "AWS::Logs::LogGroup": lambda found: found["KmsKeyId"],
        "AWS::Lambda::Function": lambda found: found["KmsKeyArn"],
        "AWS::SecretsManager::Secret": lambda found: found["KmsKeyId"],
        "AWS::S3::Bucket": lambda found: found["BucketEncryption"]["ServerSideEncryptionConfiguration"][0][
            "ServerSideEncryptionByDefault"
        ]["KMSMasterKeyID"],
    }
    stacks = both(stack, nested, EncryptionKeyArn=KEY)

    for kind, key_of in places.items():
        keys = [key_of(found) for each in stacks for found in each.of_type(kind).values()]
        assert keys, kind
        assert set(keys) == {KEY}, kind
    assert not any("SqsManagedSseEnabled" in queue for queue in stacks[0].of_type("AWS::SQS::Queue").values())
    assert stacks[0].of_type("AWS::KMS::Key") == {}


def test_who_reads_or_writes_under_a_key_of_yours_may_use_it(stack: Stack, nested: dict[str, Any]) -> None:
    made, replaying = both(stack, nested, EncryptionKeyArn=KEY)

    for role in made.of_type("AWS::IAM::Role"):
        used = {
            (action, resource)
            for statement in granted_by(made, role)
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
            if action.startswith("kms:")
        }
        assert used == {(action, KEY) for action in ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")}, role
    for replaying_role in replaying.of_type("AWS::IAM::Role").values():
        assert "PlatformAccess" in json.dumps(replaying_role["ManagedPolicyArns"])


def test_what_others_encrypted_may_be_decrypted_and_nothing_written_under_their_keys(stack: Stack) -> None:
    made = stack.deployed(**WHOLE, DecryptionKeyArns=f"{FOREIGN_KEY},{KEY}")

    for role in made.of_type("AWS::IAM::Role"):
        (statement,) = (each for each in granted_by(made, role) if FOREIGN_KEY in as_list(each["Resource"]))
        assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
        assert statement["Resource"] == [FOREIGN_KEY, KEY]


def test_an_adopted_table_keeps_the_key_that_encrypts_it(stack: Stack) -> None:
    adopted = {"ExistingConsignmentsTable": "consignments", "ExistingConsignmentsKeyId": "abcd"}
    made = stack.deployed(Stage="dev", EncryptionKeyArn=KEY, **adopted)
    resources = [str(each["Resource"]) for each in granted_by(made, "AllocationApiRole") if "kms" in str(each)]

    assert any("key/${ExistingConsignmentsKeyId}" in resource for resource in resources)


def test_every_role_has_the_boundary(stack: Stack, nested: dict[str, Any]) -> None:
    roles = [
        role
        for each in both(stack, nested, PermissionsBoundaryArn=BOUNDARY)
        for role in each.of_type("AWS::IAM::Role").values()
    ]

    assert len(roles) >= 8
    assert {role["PermissionsBoundary"] for role in roles} == {BOUNDARY}


def test_every_function_is_in_the_vpc_and_may_be(stack: Stack, nested: dict[str, Any]) -> None:
    stacks = both(stack, nested, **IN_VPC)
    functions = [found for each in stacks for found in each.of_type("AWS::Lambda::Function").values()]

    assert len(functions) >= 8
    for function in functions:
        assert function["VpcConfig"] == {name: ids.split(",") for name, ids in IN_VPC.items()}
    for role in stacks[0].of_type("AWS::IAM::Role"):
        assert any("ec2:CreateNetworkInterface" in each["Action"] for each in granted_by(stacks[0], role)), role


def test_every_function_and_the_api_are_traced_and_may_say_so(stack: Stack, nested: dict[str, Any]) -> None:
    stacks = both(stack, nested, Tracing="on")

    functions = [found for each in stacks for found in each.of_type("AWS::Lambda::Function").values()]
    assert {function["TracingConfig"]["Mode"] for function in functions} == {"Active"}
    assert stacks[0].properties("AllocationApiliveStage")["TracingEnabled"] is True
    for role in stacks[0].of_type("AWS::IAM::Role"):
        assert any("xray:PutTraceSegments" in each["Action"] for each in granted_by(stacks[0], role)), role


def test_a_private_api_is_reached_through_its_endpoint_only(template_text: str, stack: Stack) -> None:
    endpoint = "vpce-0123456789abcdef0"
    made = stack.deployed(Stage="dev", ApiVpcEndpointId=endpoint)
    api = made.properties("AllocationApi")
    (statement,) = api["Body"]["x-amazon-apigateway-policy"]["Statement"]

    assert api["EndpointConfiguration"] == {"Types": ["PRIVATE"], "VpcEndpointIds": [endpoint]}
    # SAM itself puts the value of the parameter there.
    assert statement["Condition"].keys() == {"StringEquals"}
    assert statement["Condition"]["StringEquals"].keys() == {"aws:SourceVpce"}
    assert '"aws:SourceVpce": !Ref ApiVpcEndpointId' in template_text


def test_limits_of_the_platform_reach_what_they_limit(stack: Stack) -> None:
    given = {"ApiRequestsPerSecond": "7", "ApiBurst": "8", "OrderConcurrency": "9", "OrderMemory": "512"}
    made = stack.deployed(Stage="dev", ReserveConcurrency="on", ApiMemory="2048", LogRetentionDays="365", **given)
    (settings,) = made.properties("AllocationApiliveStage")["MethodSettings"]
    orders = made.properties("AllocateOrdersFunction")

    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == ("7", "8")
    assert made.mapping("AllocateOrdersFunction")["ScalingConfig"] == {"MaximumConcurrency": "9"}
    assert (orders["ReservedConcurrentExecutions"], orders["MemorySize"]) == ("9", "512")
    assert made.properties("AllocationApiFunction")["MemorySize"] == "2048"
    assert {logs["RetentionInDays"] for logs in made.of_type("AWS::Logs::LogGroup").values()} == {"365"}


def test_a_web_acl_guards_the_stage_of_the_api(stack: Stack) -> None:
    acl = "arn:aws:wafv2:eu-west-2:111111111111:regional/webacl/shop/0123abcd-0123-0123-0123-0123456789ab"
    made = stack.deployed(Stage="dev", WebAclArn=acl)
    (association,) = made.of_type("AWS::WAFv2::WebACLAssociation").values()

    assert association["WebACLArn"] == acl
    assert association["ResourceArn"]["Fn::Sub"].endswith("/restapis/${AllocationApi}/stages/live")
    assert stack.deployed(DeployApi="false", WebAclArn=acl).of_type("AWS::WAFv2::WebACLAssociation") == {}


def test_the_access_log_has_the_caller_s_name_and_nothing_that_the_caller_sent_in_headers_query_or_body(
    stack: Stack,
) -> None:
    stage = stack.deployed(Stage="dev", ApiAccessLogs="on").properties("AllocationApiliveStage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])

    group = stage["AccessLogSetting"]["DestinationArn"]["Fn::Sub"][1]["Group"]
    assert group == {"Ref": "AccessLogs"}, "otherwise the stage may be updated before its log group is there"
    assert logged["caller"] == "$context.authorizer.principalId"
    assert all(value.startswith("$context.") for value in logged.values())
    assert "AccessLogSetting" not in stack.deployed(Stage="dev").properties("AllocationApiliveStage")


def test_without_any_of_it_no_role_gets_more_and_nothing_else_is_made(stack: Stack) -> None:
    made = stack.deployed(Stage="dev")

    assert "PlatformAccess" not in json.dumps(made.resources)
    assert "AccessLogs" not in made.resources
    assert not any("VpcConfig" in function for function in made.of_type("AWS::Lambda::Function").values())


def test_production_is_refused_without_anybody_who_hears_of_an_alarm(stack: Stack) -> None:
    (refusal,) = stack.refusals(Stage="prod")

    assert "AlarmTopicArn" in refusal
    assert stack.refusals(Stage="prod", AlarmTopicArn="arn:aws:sns:eu-west-2:111111111111:alarms") == []


@pytest.mark.parametrize("name", IN_VPC)
def test_subnets_or_security_groups_without_the_other_are_not_silently_left_out(stack: Stack, name: str) -> None:
    """Lambda refuses what is incomplete."""
    assert "VpcConfig" in stack.deployed(Stage="dev", **{name: IN_VPC[name]}).properties("AllocateOrdersFunction")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_near_its_timeout_is_noticed_before_it_runs_into_it(stack: Stack, name: str) -> None:
    (alarm,) = (
        found
        for found in stack.of_type("AWS::CloudWatch::Alarm").values()
        if found.get("MetricName") == "Duration" and found["Dimensions"][0]["Value"] == {"Ref": f"{name}Function"}
    )
    assert alarm["Threshold"] == stack.properties(f"{name}Function")["Timeout"] * 800


@pytest.mark.parametrize("queue", ["OrderDlq", "StreamFailure"])
def test_what_nobody_looks_at_is_noticed_days_before_sqs_deletes_it(stack: Stack, queue: str) -> None:
    (kept,) = {found["MessageRetentionPeriod"] for found in stack.of_type("AWS::SQS::Queue").values()}

    assert stack.properties(f"{queue}AgeAlarm")["Threshold"] == kept - 4 * 86400
