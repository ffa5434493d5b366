"""Alarms and the dashboard watch metrics that exist, and each alarm is explained to whoever it wakes."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner

from allocation.domain.metric import MetricName
from allocation.orders.redelivery import MAX_ASKED_WAIT_SECONDS
from allocation.records.canary import canary_sent_at
from cli.main import carrier
from tests.infrastructure.emitted import (
    Metric,
    allocate_orders,
    allocation_api,
    api_authorizer,
    emitted,
    follow_pro,
    publish_allocations,
)
from tests.infrastructure.stack import NO_VALUE, ROOT, Properties, Stack

OPERATIONS: Final = ROOT / "docs" / "operations.md"
ROWS: Final = yaml.safe_load((ROOT / "monitoring" / "alarm_rows.yaml").read_text("utf-8"))
TOPIC: Final = {"AlarmTopicArn": "arn:aws:sns:eu-west-2:123456789012:alarms"}
FUNCTIONS: Final = {
    "AllocateOrdersFunction": allocate_orders,
    "PublishAllocationsFunction": publish_allocations,
    "AllocationApiFunction": allocation_api,
    "ApiAuthorizerFunction": api_authorizer,
    "FollowProFunction": follow_pro,
}
OF_AWS: Final = {
    # Amazon SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS"
    "AWS/SQS": (
        "QueueName",
        "AWS::SQS::Queue",
        "${%s.QueueName}",
        {
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesVisible",
        },
    ),
    # AWS Lambda Developer Guide, "Types of metrics for Lambda functions"
    "AWS/Lambda": (
        "FunctionName",
        "AWS::Lambda::Function",
        "${%s}",
        {"ConcurrentExecutions", "Duration", "Errors", "IteratorAge", "Throttles"},
    ),
    # Amazon SNS Developer Guide, "CloudWatch metrics for Amazon SNS"
    "AWS/SNS": ("TopicName", "AWS::SNS::Topic", "${%s.TopicName}", {"NumberOfNotificationsFailed"}),
    # Amazon DynamoDB Developer Guide, "DynamoDB metrics and dimensions"
    "AWS/DynamoDB": ("TableName", "AWS::DynamoDB::Table", "${%s}", {"ReadThrottleEvents", "WriteThrottleEvents"}),
    # Amazon API Gateway Developer Guide, "Amazon API Gateway dimensions and metrics"; an API is named by its title
    "AWS/ApiGateway": (
        "ApiName",
        "AWS::ApiGateway::RestApi",
        "${AWS::StackName}",
        {"4XXError", "5XXError", "Count", "Latency"},
    ),
}
"""By namespace: the dimension, the type of the resource, how a resource is named, and the metrics used of it."""


def text_of(value: Any) -> Any:
    """Return a value with its intrinsic function as `Fn::Sub` has it in a text; other values as they are."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": text}:
            return text
        case {"Fn::If": [_, *either]}:  # the stack's own, or an adopted one
            return next(text for text in map(text_of, either) if "Existing" not in text)
        case _:
            return value


@pytest.fixture(scope="module")
def known(stack: Stack) -> set[Metric]:
    """The metrics that AWS has for the stack's resources, and those that its functions emit."""
    found = {
        Metric(namespace, metric, frozenset({(dimension, naming.replace("%s", name))}))
        for namespace, (dimension, kind, naming, names) in OF_AWS.items()
        for metric in names
        for name in stack.of_type(kind)
    }
    for function, work in FUNCTIONS.items():
        variables = stack.properties(function)["Environment"]["Variables"]
        namespace, service = variables["POWERTOOLS_METRICS_NAMESPACE"], variables["POWERTOOLS_SERVICE_NAME"]
        found |= emitted(text_of(namespace), service, work)
    return found


def alarms(stack: Stack) -> dict[str, Properties]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def metric_of(described: Properties) -> Metric:
    dimensions = frozenset((each["Name"], text_of(each["Value"])) for each in described["Dimensions"])
    return Metric(text_of(described["Namespace"]), described["MetricName"], dimensions)


def watched(alarm: Properties) -> list[Metric]:
    if "Metrics" not in alarm:
        return [metric_of(alarm)]
    metrics = [each["Fn::If"][1] if "Fn::If" in each else each for each in alarm["Metrics"]]
    return [metric_of(each["MetricStat"]["Metric"]) for each in metrics if "MetricStat" in each]


def drawn(stack: Stack) -> Iterator[Metric]:
    """The metrics of the dashboard, its abbreviations written out ("." is what stands above, "..." all of it)."""
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    for widget in dashboard["DashboardBody"]["Fn::ToJsonString"]["widgets"]:
        above: list[str] = []
        for line in widget["properties"].get("metrics", []):
            parts = [part for part in map(text_of, line) if isinstance(part, str)]
            above = above if parts == ["..."] else [above[at] if part == "." else part for at, part in enumerate(parts)]
            namespace, name, *pairs = above
            yield Metric(namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True)))


def test_every_alarm_watches_metrics_that_exist(stack: Stack, known: set[Metric]) -> None:
    unknown = {name: set(watched(alarm)) - known for name, alarm in alarms(stack).items()}

    assert len(unknown) >= 17
    assert {name: missing for name, missing in unknown.items() if missing} == {}


def test_the_dashboard_draws_metrics_that_exist(stack: Stack, known: set[Metric]) -> None:
    assert set(drawn(stack)) - known == set()


def test_the_dashboard_draws_every_metric_that_the_code_emits(stack: Stack, known: set[Metric]) -> None:
    own = {metric for metric in known if metric.namespace not in OF_AWS}

    assert {metric.name for metric in own - set(drawn(stack))} == {"MessagesReturned"}, "which is drawn by cause"


def test_every_metric_of_the_domain_is_emitted_and_so_drawn(known: set[Metric]) -> None:
    assert set(MetricName) <= {metric.name for metric in known if metric.namespace not in OF_AWS}


def test_orders_in_the_dlq_are_seen_for_as_long_as_they_are_there(stack: Stack) -> None:
    alarm = alarms(stack)["OrderDlqAlarm"]

    assert metric_of(alarm).name == "ApproximateNumberOfMessagesVisible", (
        "what is sent by a redrive counts as sent, too"
    )
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 1)


def test_concurrency_is_at_its_limit_where_the_queue_is_given_no_more(stack: Stack) -> None:
    limit = stack.mapping("AllocateOrdersFunction")["ScalingConfig"]["MaximumConcurrency"]

    assert alarms(stack)["OrderConcurrencyAlarm"]["Threshold"] == limit


@pytest.mark.parametrize("name", ["ReturnedOrderAlarm", "ProOutageAlarm", "ProCredentialsAlarm"])
def test_an_alarm_that_each_try_starts_again_does_not_end_while_orders_wait_for_the_next_one(
    stack: Stack, name: str
) -> None:
    """Where few orders wait, nothing is measured between two tries of one of them."""
    alarm = alarms(stack)[name]
    longest_pause = MAX_ASKED_WAIT_SECONDS + stack.properties("AllocateOrdersFunction")["Timeout"]

    assert alarm["Period"] * alarm["EvaluationPeriods"] > longest_pause
    assert (alarm["Statistic"], alarm["DatapointsToAlarm"]) == ("Maximum", 1)


def test_the_failure_ratio_is_made_of_its_own_metrics_and_not_of_a_handful_of_orders(stack: Stack) -> None:
    *_, ratio = metrics = alarms(stack)["FailureRatioAlarm"]["Metrics"]
    names = {each["Id"] for each in metrics if "MetricStat" in each}

    assert names == set(re.findall(r"[a-z]+", ratio["Expression"]))
    assert "allocated + failed >= 20" in ratio["Expression"]
    assert [each.get("ReturnData", True) for each in metrics] == [False, False, True]


@pytest.mark.parametrize("actions", ["AlarmActions", "OKActions"])
def test_the_topic_is_told_where_there_is_one(stack: Stack, actions: str) -> None:
    for alarm in alarms(stack).values():
        assert stack.resolved(alarm[actions], TOPIC) == [{"Ref": "AlarmTopicArn"}]
        assert stack.resolved(alarm[actions], {}) == NO_VALUE


def test_silence_is_no_alarm_but_of_the_canary(stack: Stack) -> None:
    silent = {name for name, alarm in alarms(stack).items() if alarm["TreatMissingData"] == "breaching"}

    assert silent == {"CanaryAlarm"}
    assert {alarm["TreatMissingData"] for alarm in alarms(stack).values()} == {"notBreaching", "breaching"}


def test_a_canary_comes_as_often_as_its_alarm_looks_for_it(stack: Stack) -> None:
    rule, alarm = stack.properties("CanaryRule"), alarms(stack)["CanaryAlarm"]
    (target,) = rule["Targets"]
    body = target["InputTransformer"]["InputTemplate"].replace("<at>", '"2026-11-27T09:00:00Z"')

    assert canary_sent_at(body) == datetime(2026, 11, 27, 9, tzinfo=UTC)
    assert rule["ScheduleExpression"] == f"rate({alarm['Period'] // 60} minutes)"
    assert alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"], "one may fall into the next period"


def test_a_request_for_what_is_not_served_is_no_error_of_ours(stack: Stack) -> None:
    *_, failures = alarms(stack)["ApiServerErrorAlarm"]["Metrics"]

    assert failures["Expression"] == "FILL(errors, 0) - FILL(unserved, 0)"


def test_an_alarm_is_there_where_what_it_watches_is(stack: Stack) -> None:
    """An alarm on a function follows the function; one on a metric of ours follows what emits it."""
    for name, alarm in alarms(stack).items():
        condition = stack.resources[name].get("Condition")
        watched_resources = {each["Value"]["Ref"] for each in alarm.get("Dimensions", []) if "Ref" in each["Value"]}
        for resource in watched_resources & stack.resources.keys():
            assert (condition == "HasApi") == (stack.resources[resource].get("Condition") == "HasApi"), name
        services = {value for metric in watched(alarm) for name_, value in metric.dimensions if name_ == "service"}
        by_pro = any(metric.name.startswith("Pro") for metric in watched(alarm))
        assert by_pro == (condition == ("FollowsPro" if "follow-pro" in services else "UsesPro")), name
        if "allocation-api" in services:
            assert condition in {"HasApi", "HasApiOnAws"}


def test_the_alarms_of_the_api_are_named_by_its_title(stack: Stack) -> None:
    (api,) = stack.of_type("AWS::ApiGateway::RestApi").values()

    assert api["Body"]["info"]["title"] == {"Ref": "AWS::StackName"}


def test_every_row_of_the_table_is_an_alarm(stack: Stack) -> None:
    rows = {row for table in ROWS.values() for row in table}

    assert {f"{row}Alarm" for row in rows} <= alarms(stack).keys()


def test_each_alarm_has_a_section_of_its_own_in_the_handbook_and_points_to_it(stack: Stack) -> None:
    sections = re.findall(r"^### `(\w+Alarm)`$", OPERATIONS.read_text("utf-8"), re.MULTILINE)

    assert sorted(sections) == sorted(alarms(stack))
    assert all("docs/operations.md" in alarm["AlarmDescription"] for alarm in alarms(stack).values())


def test_each_alarm_says_how_urgent_it_is_and_one_command_to_run(stack: Stack) -> None:
    for name, alarm in alarms(stack).items():
        assert re.fullmatch(
            r"(NOW|TODAY|WATCH): [^.]+\. Run (\./carrier|aws) [\w -]+.* \(docs/operations\.md\)",
            alarm["AlarmDescription"],
        ), name


def test_each_command_of_an_alarm_is_one_that_carrier_has(stack: Stack) -> None:
    commands = {
        found[1]
        for alarm in alarms(stack).values()
        if (found := re.search(r"\./carrier ((?:[a-z]+ ?)+)", alarm["AlarmDescription"]))
    }

    assert commands
    for command in commands:
        result = CliRunner().invoke(carrier, [*command.split(), "--help"])
        assert result.exit_code == 0, command


def test_each_log_that_an_alarm_names_is_one_of_the_stack(stack: Stack) -> None:
    logs = {text_of(group["LogGroupName"]) for group in stack.of_type("AWS::Logs::LogGroup").values()}
    named = {
        found[0].replace("STACK", "${AWS::StackName}")
        for alarm in alarms(stack).values()
        if (found := re.search(r"/aws/lambda/\S+", alarm["AlarmDescription"]))
    }

    assert named <= logs
