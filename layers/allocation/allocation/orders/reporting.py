"""Log lines and metrics of a batch of orders: references and codes, never payloads."""

from typing import Final

from allocation.domain.metric import OTHER, MetricName
from allocation.domain.outcome import Allocated, FailureCode
from allocation.observability import count, count_kinds, logger, measure_seconds
from allocation.orders.allocate_orders import BatchReport

_OWN_FAILURE_CODES: Final = frozenset(FailureCode)


def report_batch(report: BatchReport) -> None:
    """Log every outcome, refusal and return of a batch of orders, and count them."""
    for reference, outcome in report.outcomes.items():
        detail = outcome.summary.carrier_service_reference if isinstance(outcome, Allocated) else outcome.failure.code
        logger.info("recorded", extra={"consignment": reference, "state": outcome.state, "detail": detail})
    for message_id, error in report.refused.items():
        logger.error("message refused", extra={"sqs_message": message_id, "code": error.code})
    for message_id, deferred in report.returned.items():
        logger.warning("message returned", extra={"sqs_message": message_id, "cause": deferred.cause})
    _count_outcomes(report)
    count(MetricName.MESSAGES_REFUSED, len(report.refused))
    count(MetricName.MESSAGES_RETURNED, len(report.returned))
    count_kinds(MetricName.MESSAGES_RETURNED, (deferred.cause for deferred in report.returned.values()))
    _measure_ages(report)


def _count_outcomes(report: BatchReport) -> None:
    """Count what was allocated and what failed, the failures also by their codes."""
    codes = [outcome.failure.code for outcome in report.outcomes.values() if not isinstance(outcome, Allocated)]
    count(MetricName.CONSIGNMENTS_ALLOCATED, len(report.outcomes) - len(codes))
    count(MetricName.CONSIGNMENTS_FAILED, len(codes))
    count_kinds(MetricName.CONSIGNMENTS_FAILED, (code if code in _OWN_FAILURE_CODES else OTHER for code in codes))


def _measure_ages(report: BatchReport) -> None:
    """Measure how old messages were when they were done, and how old those are that return."""
    for message_id, seconds in report.seconds_since_sent.items():
        if message_id in report.returned:
            measure_seconds(MetricName.RETURNED_MESSAGE_AGE_SECONDS, seconds)
        elif message_id not in report.refused:
            measure_seconds(MetricName.ORDER_LATENCY_SECONDS, seconds)
