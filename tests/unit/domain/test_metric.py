"""The names of metrics: CloudWatch charges for each, and alarms and the dashboard look for them."""

from allocation.domain.metric import MetricName, kind_metric
from allocation.domain.outcome import DeferralCause, FailureCode
from tests.support.metrics import every_metric


def test_no_two_causes_or_codes_share_a_metric() -> None:
    names = list(every_metric())
    assert len(names) == len(set(names)) == len(MetricName) + len(DeferralCause) + len(FailureCode) + 1
    assert kind_metric(MetricName.MESSAGES_RETURNED, DeferralCause.NOT_KEPT_IN_DLQ) in names
