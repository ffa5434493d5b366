"""What AWS refuses for its size, where the local AWS is kind: with a long stack name and the longest values.

Sources: CloudFormation, Lambda, IAM, API Gateway and SQS quotas in AWS's documents; where botocore's service models
have a bound, it is read from there.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from typing import Any, Final

import botocore.session
import pytest
from samtranslator.yaml_helper import yaml_parse

from allocation.api import open_id, replies, requests, resolver
from allocation.aws import sns, sqs
from allocation.aws.dynamodb import (
    bulk_calls,
    catalogue_archive,
    consignments,
    insertions,
    ordered_consignments,
    records,
    search_index,
    tracked_events,
)
from allocation.consignments import pickup_options, searching, steps
from allocation.domain.metric import MetricName
from allocation.events import allocation_event
from tests.infrastructure.stack import ROOT, Stack

LONGEST: Final = {
    # CloudFormation's own names: of stacks, tables (a stack's name, a resource's and 12 characters), queues, buckets
    "AWS::StackName": 128,
    "AWS::Partition": 10,
    "AWS::Region": 14,
    "AWS::AccountId": 12,
    "AWS::URLSuffix": 16,
    "AWS::NoValue": 0,
    # ARNs, whose partition, region and path have no bound of ours. No function is given one of a parameter.
    "EncryptionKeyArn": 120,
    "PermissionsBoundaryArn": 200,
    "OrderTopicArns": 150,
    "OrderRuleArns": 200,
    "DecryptionKeyArns": 120,
    "AlarmTopicArn": 150,
    "WebAclArn": 200,
}
MAX_PARAMETER: Final = 4096  # what CloudFormation takes as a parameter's value
NAME: Final = 64  # how long CloudFormation makes the names of most resources at most
PARAMETERS: Final = {
    **dict.fromkeys(("Console", "FollowPro", "Replays"), "on"),
    "Allocator": "pro",
    "ProSecretName": "key",
    "DeployApi": "true",
    "Stage": "prod",
    "AlarmTopicArn": "arn",
}


def bound(service: str, shape: str) -> int:
    """The most that a service takes, by its model in botocore."""
    most: int = botocore.session.get_session().get_service_model(service).shape_for(shape).metadata["max"]
    return most


def longest(stack: Stack, name: str) -> str:
    """A value as long as the template allows for a parameter, or as the name of a resource can be expected to get."""
    return "x" * (
        LONGEST[name] if name in LONGEST else most_of(stack.parameters[name]) if name in stack.parameters else NAME
    )


def most_of(parameter: dict[str, Any]) -> int:
    """The characters that a parameter's value may have."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if "AllowedPattern" not in parameter or "MaxLength" in parameter:
        return int(parameter.get("MaxLength", NAME))
    width: int = import_module("re._parser").parse(parameter["AllowedPattern"]).getwidth()[1]
    return min(width, MAX_PARAMETER)


def written(stack: Stack, value: Any) -> Any:
    """A value as CloudFormation writes it, with the longest names."""
    if isinstance(value, list):
        return [written(stack, part) for part in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return longest(stack, value["Ref"])
    if "Fn::GetAtt" in value:
        return "x" * (NAME + 60)  # an ARN
    if "Fn::Sub" in value:
        text, names = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        given = {name: str(written(stack, part)) for name, part in names.items()}
        return re.sub(r"\$\{([^!}]+)\}", lambda found: given.get(found[1], longest(stack, found[1])), text)
    if "Fn::Join" in value:
        return "".join(map(str, written(stack, value["Fn::Join"][1])))
    if "Fn::Select" in value or "Fn::Split" in value:
        return "x" * NAME
    return {name: written(stack, part) for name, part in value.items()}


def deployed(stack: Stack, kind: str) -> dict[str, Any]:
    """The resources of a type in a stack that has everything."""
    return {
        name: written(stack, stack.resolved(properties, PARAMETERS)) for name, properties in stack.of_type(kind).items()
    }


def test_the_template_fits_cloudformation(stack: Stack, template_text: str) -> None:
    assert len(stack.resources) <= 500
    assert len(stack.parameters) <= 200
    assert len(stack.template["Outputs"]) <= 200
    assert len(stack.template["Description"].encode()) <= 1024
    assert len(json.dumps(stack.template).encode()) <= 1_000_000, "as SAM makes it, which CloudFormation bounds too"
    assert len(template_text.encode()) <= 1_000_000
    described = [*stack.parameters.values(), *stack.template["Outputs"].values()]
    assert [each for each in described if len(each.get("Description", "")) > 1024] == []


def test_a_template_that_is_too_large_for_a_call_is_sent_by_s3() -> None:
    """CreateChangeSet takes 51,200 bytes in the call itself."""
    config = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
    deployments = [each["deploy"]["parameters"] for each in config.values() if isinstance(each, dict)]

    assert [each["stack_name"] for each in deployments if not each["resolve_s3"]] == []


def given_values(stack: Stack) -> Iterator[dict[str, str]]:
    """Every choice of parameters that decides which values the functions are given."""
    existing = {name: "table" for name in stack.parameters if name.startswith("Existing") and name.endswith("Table")}
    urls = dict.fromkeys(("ApiBaseUrl", "ConsoleOpenIdIssuer", "ConsoleOpenIdClientId"), "given")
    catalogues: tuple[dict[str, str], ...] = ({}, {"CatalogueObject": "given"}, {"CatalogueConfiguration": "given"})
    mappings = [{name: "given"} for name in ("OrderMapping", "OrderMappingObject", "OrderMappingConfiguration")]
    adopted: tuple[dict[str, str], ...] = ({}, existing)
    for tables, catalogue, mapping in product(adopted, catalogues, mappings):
        yield {**PARAMETERS, **urls, **tables, **catalogue, **mapping}


def test_no_values_of_the_parameters_are_too_long_for_a_function(stack: Stack) -> None:
    """4 KB of variables a function. Lambda refuses more at the update, where it takes the whole deployment back."""
    functions = stack.of_type("AWS::Lambda::Function")
    sizes: dict[str, int] = {}
    for parameters in given_values(stack):
        for name, function in functions.items():
            variables = written(stack, stack.resolved(function["Environment"]["Variables"], parameters))
            size = sum(len(key) + len(str(value)) for key, value in variables.items())
            sizes[name] = max(size, sizes.get(name, 0))

    assert {name: size for name, size in sizes.items() if size > 4096} == {}


def test_every_function_fits_lambda(stack: Stack) -> None:
    for name, function in deployed(stack, "AWS::Lambda::Function").items():
        assert len(function["Layers"]) <= 5, name
        assert len(function["Description"]) <= bound("lambda", "Description"), name
        assert 1 <= function["Timeout"] <= 900, name


def test_every_event_source_fits_lambda(stack: Stack) -> None:
    for name, source in deployed(stack, "AWS::Lambda::EventSourceMapping").items():
        is_queue = "StartingPosition" not in source
        window = source.get("MaximumBatchingWindowInSeconds", 0)
        assert source["BatchSize"] <= (10 if is_queue and not window else bound("lambda", "BatchSize")), name
        assert window <= bound("lambda", "MaximumBatchingWindowInSeconds"), name
        for pattern in source.get("FilterCriteria", {}).get("Filters", []):
            assert len(pattern["Pattern"]) <= bound("lambda", "Pattern"), name
        if not is_queue:
            assert source["MaximumRecordAgeInSeconds"] in range(60, bound("lambda", "MaximumRecordAgeInSeconds")), name


def test_who_may_call_a_function_fits_its_policy(stack: Stack) -> None:
    """20 KB a function; a statement of AddPermission has some 300 bytes around its ARNs."""
    sizes: dict[str, int] = {}
    for permission in stack.of_type("AWS::Lambda::Permission").values():
        called = json.dumps(permission["FunctionName"])
        sizes[called] = sizes.get(called, 0) + 300 + len(json.dumps(written(stack, permission)))

    assert max(sizes.values()) <= 20 * 1024


def test_the_policies_of_every_role_fit_iam(stack: Stack) -> None:
    """10,240 characters a role inline and 6,144 a managed policy, white space not counted; 10 of those a role."""
    for name, role in deployed(stack, "AWS::IAM::Role").items():
        inline = [json.dumps(policy["PolicyDocument"], separators=(",", ":")) for policy in role.get("Policies", [])]
        assert sum(map(len, inline)) <= 10_240, name
        assert len(role.get("ManagedPolicyArns", [])) <= 10, name
        assert "RoleName" not in role, "64 characters, which a long stack name exceeds"
    for name, policy in deployed(stack, "AWS::IAM::ManagedPolicy").items():
        assert len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) <= 6_144, name


def test_names_that_are_ours_fit_with_the_longest_stack_name(stack: Stack) -> None:
    for group in deployed(stack, "AWS::Logs::LogGroup").values():
        assert len(group.get("LogGroupName", "")) <= bound("logs", "LogGroupName")
    for board in deployed(stack, "AWS::CloudWatch::Dashboard").values():
        assert len(board["DashboardName"]) <= 255
    for alarm in deployed(stack, "AWS::CloudWatch::Alarm").values():
        assert len(alarm["AlarmDescription"]) <= bound("cloudwatch", "AlarmDescription")
        assert len(str(alarm.get("Namespace", ""))) <= bound("cloudwatch", "Namespace")
    for application in deployed(stack, "AWS::AppConfig::Application").values():
        assert len(application["Name"]) <= bound("appconfig", "Name")
    named = {"FunctionName", "QueueName", "TableName", "TopicName", "BucketName", "RoleName", "AlarmName"}
    kinds = ("Lambda::Function", "SQS::Queue", "DynamoDB::Table", "SNS::Topic", "S3::Bucket", "CloudWatch::Alarm")
    made = [properties for kind in kinds for properties in stack.of_type(f"AWS::{kind}").values()]
    assert [properties for properties in made if named & properties.keys()] == [], "CloudFormation makes them fit"


def test_no_name_of_a_replay_s_stack_grows_with_the_stack_s() -> None:
    """Step Functions takes 80 characters (Developer Guide, "Service quotas"), a stack's name has up to 128.

    A name that CloudFormation makes is cut to what its service takes.
    """
    nested = yaml_parse((ROOT / "replay" / "template.yaml").read_text("utf-8"))["Resources"]
    named = {"StateMachineName", "FunctionName", "RoleName", "ManagedPolicyName"}
    assert {name: found for name, found in nested.items() if named & found["Properties"].keys()} == {}
    definition = nested["StateMachine"]["Properties"]["Definition"]
    assert len(json.dumps(definition).encode()) <= 1_000_000
    assert all(len(state.get("Label", "")) <= 40 for state in definition["States"].values()), "of a distributed map"
    assert len("/aws/lambda/-replay") + LONGEST["AWS::StackName"] <= bound("logs", "LogGroupName")


def test_the_policies_of_queues_and_topics_fit(stack: Stack) -> None:
    """SQS Developer Guide, "Amazon SQS policy quotas"; SNS takes 30 KB.

    Lists of senders are as long as whoever deploys makes them: CloudFormation refuses a longer policy at once.
    """
    lists = dict.fromkeys(("OrderTopicArns", "OrderRuleArns", "OrderAccountIds"), "a")
    given = {**PARAMETERS, **lists, "OrderOrganizationId": "o", "SubscriberAccountIds": "1", "Canary": "on"}
    for policy in stack.deployed(**given).of_type("AWS::SQS::QueuePolicy").values():
        document = written(stack, policy["PolicyDocument"])
        assert len(json.dumps(document).encode()) <= 8_192
        assert len(document["Statement"]) <= 20
        assert sum(len(each.get("Condition", {})) for each in document["Statement"]) <= 10
        assert all(len(each["Action"]) <= 7 for each in document["Statement"] if isinstance(each["Action"], list))
    for policy in stack.deployed(**given).of_type("AWS::SNS::TopicPolicy").values():
        assert len(json.dumps(written(stack, policy["PolicyDocument"])).encode()) <= 30 * 1024


def test_every_alarm_fits_cloudwatch(stack: Stack) -> None:
    """CloudWatch User Guide, "CloudWatch service quotas": 10 metrics, 5 actions of a kind, a day looked back on."""
    for name, alarm in deployed(stack, "AWS::CloudWatch::Alarm").items():
        measured = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        assert len(measured) <= 10, name
        for actions in ("AlarmActions", "OKActions"):
            assert len(alarm[actions]) <= 5, name
        longest_period = max([alarm.get("Period", 0), *(each["Period"] for each in measured)])
        assert longest_period * alarm["EvaluationPeriods"] <= 86_400, name


def test_every_rule_fits_eventbridge(stack: Stack) -> None:
    """Amazon EventBridge User Guide, "Quotas": names of 64 characters are CloudFormation's, 5 targets a rule."""
    rules = stack.of_type("AWS::Events::Rule")
    assert {"CanaryRule"} < rules.keys(), "that of FollowPro, too"
    for rule in rules.values():
        assert "Name" not in rule
        assert len(rule["Targets"]) <= 5
        for target in rule["Targets"]:
            assert len(target["Id"]) <= bound("events", "TargetId")
            assert len(target.get("InputTransformer", {}).get("InputTemplate", "")) <= bound(
                "events", "TransformerInput"
            )


def test_every_queue_fits_sqs(stack: Stack) -> None:
    for queue in deployed(stack, "AWS::SQS::Queue").values():
        assert queue.get("VisibilityTimeout", 30) <= 12 * 3600
        assert 60 <= queue["MessageRetentionPeriod"] <= 14 * 24 * 3600
        assert queue.get("RedrivePolicy", {}).get("maxReceiveCount", 1) <= 1000


def test_the_api_answers_before_api_gateway_gives_up(stack: Stack) -> None:
    timeout = stack.properties("AllocationApiFunction")["Timeout"]
    for bounded in (replies.MAX_DURATION, searching._MAX_DURATION, steps._MAX_DURATION, pickup_options._MAX_DURATION):
        assert bounded.total_seconds() + 10 <= timeout, "what is begun last takes some seconds, too"

    assert timeout < 29


@pytest.mark.parametrize(
    ("ours", "most"),
    [
        (bulk_calls.MAX_KEYS, bound("dynamodb", "KeyList")),
        (insertions.MAX_STATEMENTS, bound("dynamodb", "PartiQLBatchRequest")),
        (records._MAX_RECORDS_A_TRANSACTION * 3, bound("dynamodb", "TransactWriteItemList")),
        (consignments._MAX_ACTIONS, bound("dynamodb", "TransactWriteItemList")),
        (search_index._MAX_PUTS, bound("dynamodb", "WriteRequests")),
        (catalogue_archive.MAX_PART, 400 * 1024 - 1024),
        (sns.MAX_ENTRIES, 10),
        (sns._MAX_BYTES, 256 * 1024),
        (sqs._MAX_ENTRIES, 10),
        (sqs._MAX_MESSAGE_BYTES, 1024 * 1024),
        (sqs._MAX_ATTRIBUTES, 10),
        (ordered_consignments._MAX_BYTES, 4 * 1024**2),  # of a transaction
        (ordered_consignments._MAX_ITEM_BYTES, 400 * 1024),
        (tracked_events._MAX_BYTES, 400 * 1024),
        (allocation_event._MAX_BYTES, sns._MAX_BYTES),
        (len(MetricName), 100),  # of one line in CloudWatch's embedded metric format
        (requests.MAX_BYTES * 4 // 3, 6 * 1024**2),  # in Base64, as Lambda is given it; API Gateway itself takes 10 MB
        (resolver._MAX_REPLY, 6 * 1024**2),
        (open_id._MAX_TOKEN, 10_240 - 1024),  # all headers of a request to API Gateway together
    ],
)
def test_no_call_is_larger_than_its_service_takes(ours: int, most: int) -> None:
    assert ours <= most
