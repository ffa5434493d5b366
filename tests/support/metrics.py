"""Every metric that the functions can emit, by the name that CloudWatch sees."""

from collections.abc import Iterator

from allocation.domain.metric import OTHER, MetricName, kind_metric
from allocation.domain.outcome import DeferralCause, FailureCode


def every_metric() -> Iterator[str]:
    yield from MetricName
    yield from (kind_metric(MetricName.MESSAGES_RETURNED, cause) for cause in DeferralCause)
    yield from (kind_metric(MetricName.CONSIGNMENTS_FAILED, code) for code in (*FailureCode, OTHER))
