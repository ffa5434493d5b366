"""The codes, causes and metrics that others rely on are written down where they look for them."""

import re
from pathlib import Path

from allocation.domain.errors import RefusalCode
from allocation.domain.metric import MetricName, kind_metric
from allocation.domain.outcome import DeferralCause, FailureCode
from allocation.events.allocation_event import UnpublishableReason
from tests.support.metrics import every_metric

EVENTS = (Path(__file__).parents[3] / "docs/events/README.md").read_text("utf-8")


def section(heading: str) -> str:
    """The text between one heading and the next."""
    return EVENTS.partition(heading)[2].partition("\n#")[0]


def test_every_refusal_code_is_in_the_document_for_senders_and_no_other() -> None:
    codes = re.findall(r"^\| `(\w+?)(?:_\.\.\.)?` \|", section("### What can't be read").partition("| code |")[2], re.M)
    assert sorted(codes) == sorted(RefusalCode)


def test_every_failure_code_of_ours_is_in_the_document_for_consumers_and_no_other() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", section("### Failure codes"), re.MULTILINE)
    assert sorted(codes) == sorted(FailureCode)


def test_every_reason_to_set_a_change_aside_is_in_the_document() -> None:
    assert [reason for reason in UnpublishableReason if f"`{reason}`" not in section("## Out: ")] == []


def test_no_two_causes_or_codes_share_a_metric() -> None:
    names = list(every_metric())
    assert len(names) == len(set(names)) == len(MetricName) + len(DeferralCause) + len(FailureCode) + 1
    assert kind_metric(MetricName.MESSAGES_RETURNED, DeferralCause.NOT_KEPT_IN_DLQ) in names
