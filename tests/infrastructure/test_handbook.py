"""The handbook says of each alarm where to look and what to do, and quotes the code as it is."""

import re
from collections.abc import Callable
from typing import Final

import pytest

from allocation.aws.maintained_files import PAUSE_SECONDS
from allocation.aws.publisher_log import LOG_DAYS, publisher_log
from allocation.orders.redelivery import FIRST_SECONDS, MAX_ASKED_WAIT_SECONDS, MAX_RECEIVES, MAX_SECONDS
from allocation.pro.circuit import OUTAGE_FAILURES, OUTAGE_SECONDS
from cli.operations.dead_letters import HIDDEN_SECONDS
from cli.operations.target import allocator_log
from tests.infrastructure.stack import Stack
from tests.infrastructure.test_alarms import OPERATIONS, text_of

HANDBOOK: Final = OPERATIONS.read_text("utf-8")
SECTIONS: Final = dict(re.findall(r"^### `(\w+Alarm)`\n(.*?)(?=^##)", HANDBOOK, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("alarm", SECTIONS)
@pytest.mark.parametrize("instruction", ["Look at", "Do"])
def test_each_alarm_s_section_says_where_to_look_and_what_to_do(alarm: str, instruction: str) -> None:
    assert f"\n- **{instruction}**" in SECTIONS[alarm]


@pytest.mark.parametrize("alarm", SECTIONS)
def test_each_alarm_s_section_begins_with_the_urgency_and_the_command_of_its_row(alarm: str, stack: Stack) -> None:
    described = stack.properties(alarm)["AlarmDescription"]
    row = re.fullmatch(r"(\w+): .*? Run (.*) \(docs/operations\.md\)", described)

    assert row
    urgency, command = row.groups()
    assert one_line(SECTIONS[alarm]).startswith(f"**{urgency}:** run `{command}`. ")


def test_every_alarm_that_the_handbook_names_has_a_section() -> None:
    assert set(re.findall(r"`(\w+Alarm)`", HANDBOOK)) == SECTIONS.keys()


@pytest.mark.parametrize(
    "quoted",
    [
        f"it was received {MAX_RECEIVES} times in more than 6 hours",
        f"towards the {MAX_RECEIVES} that a message has",
        f"not a single outcome for {OUTAGE_FAILURES} batches in a row",
        f"No batch calls SortedPRO for {OUTAGE_SECONDS} s at a time",
        f"lets up to {MAX_ASKED_WAIT_SECONDS // 60} minutes pass between two tries",
        f"orders that have waited long follow within {MAX_SECONDS // 60} minutes",
        f"wait: {FIRST_SECONDS} seconds at first, doubling up to {MAX_SECONDS // 60} minutes,",
        f"{MAX_ASKED_WAIT_SECONDS // 60} at most where SortedPRO asks for that",
        f"it looks again after {PAUSE_SECONDS:.0f} s",
        f"hidden from others, for {HIDDEN_SECONDS // 60} minutes at the most",
        f"the log group `{publisher_log('<stack>')}` and on `{allocator_log('<stack>')}`",
    ],
)
def test_the_handbook_quotes_the_code_as_it_is(quoted: str) -> None:
    assert quoted in one_line(HANDBOOK)


def test_the_handbook_quotes_the_template_as_it_is(stack: Stack) -> None:
    alarms = {name: one_line(text) for name, text in SECTIONS.items()}
    orders, publisher = stack.properties("AllocateOrdersFunction"), stack.properties("PublishAllocationsFunction")
    concurrency = stack.parameters["OrderConcurrency"]["Default"]
    days = stack.properties("OrderDlq")["MessageRetentionPeriod"] // 86400
    given_up = stack.mapping("PublishAllocationsFunction")["MaximumRecordAgeInSeconds"] // 3600
    kept = stack.parameters["LogRetentionDays"]["Default"]

    assert f"(`OrderConcurrency`, {concurrency} by default)" in alarms["OrderConcurrencyAlarm"]
    assert f"runs into its {orders['Timeout']} s." in alarms["OrderErrorAlarm"]
    assert f"runs into its {publisher['Timeout']} s." in alarms["PublisherErrorAlarm"]
    assert f"It stays there for {days} days" in alarms["OrderDlqAlarm"]
    assert f"has taken nothing for {given_up} hours" in alarms["StreamFailureAlarm"]
    assert f"is kept for {kept} days" in one_line(HANDBOOK)
    for name in ("ProOutageAlarm", "ProCredentialsAlarm"):
        alarm = stack.properties(name)
        minutes = alarm["Period"] * alarm["EvaluationPeriods"] // 60
        assert f"The alarm lasts for {minutes} minutes after the last batch" in alarms[name]


@pytest.mark.parametrize(
    ("logs", "group"), [("PublishAllocationsLogs", publisher_log), ("AllocateOrdersLogs", allocator_log)]
)
def test_the_logs_that_a_trace_reads_are_those_of_the_functions(
    stack: Stack, logs: str, group: Callable[[str], str]
) -> None:
    assert text_of(stack.properties(logs)["LogGroupName"]) == group("${AWS::StackName}")
    assert stack.properties(logs)["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert stack.parameters["LogRetentionDays"]["Default"] == LOG_DAYS


def one_line(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())
