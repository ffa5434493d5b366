"""The canary's alarm over what canaries really emit: it starts when they fail, are late or never come, and ends again.

It is evaluated as CloudWatch does (User Guide, "Evaluating an alarm", "Configuring how CloudWatch alarms treat missing
data"): of the last `EvaluationPeriods` periods `DatapointsToAlarm` must breach, and with `breaching` a period without
data does. The local AWS does not know that setting.
"""

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import pytest

from allocation.domain.errors import RetryableError
from allocation.events.publish_allocations import Change, PublishAllocations, report_published
from allocation.observability import metrics
from allocation.records.canary import CANARY_KEY, canary_document
from allocation.records.items import from_item, to_item
from tests.infrastructure.stack import Properties, Stack
from tests.support.orders import Orders
from tests.support.ports import InMemoryEventPublisher, InMemoryUnpublishable
from tests.support.samples import NOON, queue_message

What = Literal["good", "rule", "table", "topic", "late"]
PERIOD: Final = timedelta(minutes=5)
NAMESPACE: Final = "CarrierAllocation/shop"
Datum = tuple[datetime, dict[str, Any]]


def canary(sent_at: datetime, what: What) -> Datum | None:
    """Send a canary the whole way, and return what is measured of it and when. `what` fails, if anything does."""
    if what == "rule":
        return None
    orders = Orders()
    orders.canaries.error = RetryableError("no answer") if what == "table" else None
    body = json.dumps({"eventType": "stack.canary", "occurredAt": sent_at.isoformat()})
    orders.process(queue_message("canary", body.replace(sent_at.isoformat(), NOON.isoformat())))
    items = [canary_document(sent_at) for _ in orders.canaries.kept]
    events = {f"stack.canary#{sent_at:%Y-%m-%dT%H:%M:%S}.000Z"} if what == "topic" else set()
    use_case = PublishAllocations(InMemoryEventPublisher(unpublishable=events), InMemoryUnpublishable())
    report = use_case.process([Change("1", from_item(to_item(item)), CANARY_KEY) for item in items])
    arrived_at = sent_at + timedelta(seconds=150 if what == "late" else 0.8)
    lines = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(lines):
        patch.setattr(metrics.provider, "namespace", NAMESPACE)
        patch.setattr(metrics.provider, "service", "publish-allocations")
        report_published(report, arrived_at)
        metrics.flush_metrics()
    return arrived_at, json.loads(lines.getvalue().splitlines()[-1])


def state(alarm: Properties, data: Sequence[Datum], at: datetime) -> str:
    """The state that the alarm has at a moment, by the definition in the template."""
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    measured = [
        (moment, value)
        for moment, line in data
        if dimensions.items() <= line.items()
        for value in line.get(alarm["MetricName"], [])
    ]
    assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Maximum", "GreaterThanOrEqualToThreshold")
    assert alarm["Namespace"] == {"Fn::Sub": "CarrierAllocation/${AWS::StackName}"}
    period, breaching = timedelta(seconds=alarm["Period"]), 0
    for ago in range(alarm["EvaluationPeriods"]):
        end = at - ago * period
        found = [value for moment, value in measured if end - period <= moment < end]
        breaching += max(found) >= alarm["Threshold"] if found else alarm["TreatMissingData"] == "breaching"
    return "ALARM" if breaching >= alarm["DatapointsToAlarm"] else "OK"


def states(stack: Stack, *whats: What) -> str:
    """The first letters of the alarm's states after each canary, when its period is over."""
    data = [found for at, what in enumerate(whats) if (found := canary(NOON + at * PERIOD, what))]
    alarm = stack.properties("CanaryAlarm")
    return "".join(state(alarm, data, NOON + (at + 1) * PERIOD)[0] for at in range(3, len(whats)))


@pytest.mark.parametrize("what", ["rule", "table", "topic", "late"])
def test_two_canaries_that_fail_start_the_alarm_and_two_good_ones_end_it(stack: Stack, what: What) -> None:
    good: list[What] = ["good"] * 4
    assert states(stack, *good, what, what, what, *good) == "OOAAAOOO"


@pytest.mark.parametrize("what", ["rule", "table", "topic", "late"])
def test_one_canary_that_fails_starts_no_alarm(stack: Stack, what: What) -> None:
    good: list[What] = ["good"] * 4
    assert states(stack, *good, what, *good) == "OOOOOO"


def test_a_canary_that_never_ran_is_in_alarm_from_the_beginning(stack: Stack) -> None:
    never: list[What] = ["rule"] * 5
    assert states(stack, *never) == "AA"


def test_whoever_is_told_of_alarms_is_told_of_the_canary_s(stack: Stack) -> None:
    told = stack.deployed(Canary="on", Stage="prod", AlarmTopicArn="arn:topic").properties("CanaryAlarm")
    assert (told["AlarmActions"], told["OKActions"]) == (["arn:topic"], ["arn:topic"])
