"""The smoke test of a stack that does not do what it is for says what is wrong, and what to do."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from cli import main
from cli.operations import smoke_checks
from cli.operations.smoke import Plan, smoke
from cli.operations.smoke_checks import Check, Result
from cli.operations.target import Target
from cli.paths import EXAMPLE_ORDER

RULED = {"Stage": "dev", "OrderRuleArns": "arn:aws:events:eu-west-2:111111111111:rule/shop/orders"}
ORDER = json.loads(EXAMPLE_ORDER.read_text("utf-8"))


def stack_of(*, is_protected: bool) -> Any:
    """CloudFormation with a stack, which may be protected against its deletion."""
    stacks = {"Stacks": [{"StackName": "shop", "EnableTerminationProtection": is_protected}]}
    return lambda _service: SimpleNamespace(describe_stacks=lambda **_: stacks)


@pytest.fixture
def target(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack whose functions do nothing."""
    topic = target.sns.create_topic(Name="allocations")["TopicArn"]
    monkeypatch.setattr(smoke_checks, "_SLEEP", lambda _seconds: None)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    return replace(target, allocations_topic=topic, make=stack_of(is_protected=False), stack="shop")


def checks(target: Target, **parameters: str) -> dict[str, Check]:
    plan = Plan(ORDER, {}, patience_seconds=0)
    return {check.name: check for check in smoke(replace(target, parameters=parameters), plan)}


def test_an_order_without_a_record_fails_with_the_command_that_tells_why(target: Target) -> None:
    found = checks(target, Stage="dev")

    sent = found["order by queue"]
    assert sent.result is Result.FAILED
    assert "carrier orders trace SMOKE-" in sent.text
    assert "event of order by queue" not in found
    assert found["cancellation"].result is Result.FAILED


def test_a_topic_that_may_not_be_subscribed_leaves_no_queue_behind(target: Target) -> None:
    before = target.sqs.list_queues().get("QueueUrls", [])
    with pytest.raises(ClientError):
        checks(replace(target, allocations_topic=f"{target.allocations_topic}-gone"), Stage="dev")
    assert target.sqs.list_queues().get("QueueUrls", []) == before


def test_sorted_pro_needs_a_consignment_of_its_own(target: Target) -> None:
    found = checks(target, Stage="dev", Allocator="pro")

    assert found["order by queue"].result is Result.SKIPPED
    assert "--consignment" in found["order by queue"].text
    assert found["cancellation"].result is Result.SKIPPED


def test_a_rule_that_can_not_be_read_or_refuses_fails_by_itself_and_what_was_sent_is_cancelled(target: Target) -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeRule")
    pattern = {"EventPattern": '{"source": ["shop"]}'}
    for described, told in ((denied, "DescribeRule"), (pattern, "ThrottlingException")):
        events = Mock()
        events.describe_rule.side_effect = [described]
        events.put_events.return_value = {"Entries": [{"ErrorCode": "ThrottlingException"}]}
        ruled: Any = replace(target, make=Mock(return_value=events), parameters=RULED)

        found = {check.name: check for check in smoke(ruled, Plan(ORDER, {}, is_heard=True, patience_seconds=0))}

        assert found["order by rule shop/orders"].result is Result.FAILED
        assert told in found["order by rule shop/orders"].text
        assert "cancellation" in found


def test_nothing_is_asked_of_a_rule_that_others_listen_to(target: Target) -> None:
    assert checks(replace(target, make=Mock(side_effect=AssertionError)), **RULED)["order by rule shop/orders"].text


class CloudWatch:
    """CloudWatch with one alarm. As on AWS, none reaches a topic under SNS's own managed key, and nothing says so."""

    def __init__(self, target: Target, topic: str) -> None:
        self.target, self.topic, self.states = target, topic, list[str]()

    def set_alarm_state(self, **given: str) -> None:
        self.states.append(given["StateValue"])
        attributes = self.target.sns.get_topic_attributes(TopicArn=self.topic)["Attributes"]
        if attributes.get("KmsMasterKeyId") != "alias/aws/sns":
            self.target.sns.publish(TopicArn=self.topic, Message=json.dumps({"AlarmName": given["AlarmName"]}))


@pytest.mark.parametrize(
    ("attributes", "result"), [({}, Result.PASSED), ({"KmsMasterKeyId": "alias/aws/sns"}, Result.FAILED)]
)
def test_a_topic_that_no_alarm_reaches_is_found_and_the_alarm_ends(
    target: Target, attributes: dict[str, str], result: Result
) -> None:
    topic = target.sns.create_topic(Name="alarms", Attributes=attributes)["TopicArn"]
    cloudwatch = CloudWatch(target, topic)
    stacks = stack_of(is_protected=False)("cloudformation")
    stacks.describe_stack_resource = lambda **_: {"StackResourceDetail": {"PhysicalResourceId": "shop-dlq"}}
    services = {"cloudformation": stacks, "cloudwatch": cloudwatch}
    parameters = {"Stage": "dev", "Allocator": "pro", "AlarmTopicArn": topic}
    asked: Any = replace(target, make=services.__getitem__, parameters=parameters)

    found = {check.name: check for check in smoke(asked, Plan(ORDER, {}, is_heard=True, patience_seconds=0))}["alarm"]

    assert found.result is result
    assert ("its key may refuse CloudWatch" in found.text) is (result is Result.FAILED)
    assert cloudwatch.states == ["ALARM", "OK"]


def test_production_needs_somebody_to_hear_its_alarms(target: Target) -> None:
    assert checks(target, Stage="prod", Allocator="pro")["alarm"].result is Result.FAILED
    assert checks(target, Stage="dev", Allocator="pro")["alarm"].result is Result.SKIPPED


@pytest.mark.parametrize(
    ("terminated", "deleted", "told"),
    [
        (False, True, "update-termination-protection --stack-name shop"),
        (True, False, "update-table --table-name"),
        (True, True, "docs/backup.md"),
    ],
)
def test_production_is_protected(target: Target, terminated: bool, deleted: bool, told: str) -> None:
    target.dynamodb.update_table(TableName=target.allocations_table, DeletionProtectionEnabled=deleted)

    found = checks(replace(target, make=stack_of(is_protected=terminated)), Stage="prod", Allocator="pro")["protection"]

    assert found.result is Result.FAILED
    assert told in found.text


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--order", "gone.json"], 2, "Can't read the order gone.json"),
        (["--order", "README.md"], 2, "README.md is not JSON"),
        (["--patience", "1", "--json"], 1, '"result": "failed"'),
    ],
)
def test_the_command_says_what_failed_or_was_wrong(
    arguments: list[str],
    status: int,
    told: str,
    target: Target,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    unready: Any = replace(target, parameters={"Stage": "prod", "Allocator": "pro"})
    monkeypatch.setattr("cli.commands.smoke.target", lambda _name: unready)

    assert main.main(["smoke", *arguments]) == status
    printed = capsys.readouterr()
    assert told in printed.out + printed.err
