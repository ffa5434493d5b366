"""What became of a batch of messages: reported to the queue, in log lines and as metrics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Final, TypeVar, assert_never

from allocation.domain.errors import InvalidMessageError
from allocation.domain.frozen import frozen
from allocation.domain.metric import OTHER, MetricName
from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Deferred, FailureCode, Outcome
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.observability import count, count_kinds, logger, measure_seconds

_OWN_FAILURE_CODES: Final = frozenset(FailureCode)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@frozen
class BatchReport:
    """What became of a batch of messages."""

    # By message id: the messages that must be delivered again, and why.
    returned: Mapping[str, Deferred]
    # By message id: the messages that are in the DLQ now, and why.
    refused: Mapping[str, InvalidMessageError]
    # What this batch recorded. Consignments whose record stands are not in it.
    outcomes: Mapping[ConsignmentReference, Outcome | Cancelled]
    # By message id, at the end of the batch: how long ago each message was sent, where that is known.
    seconds_since_sent: Mapping[str, float]
    # By message id: the order that the message names, where it could be read.
    orders: Mapping[str, OrderReference] = field(default_factory=dict)
    # The orders that the mapping leaves out: their messages are done.
    left_out: Sequence[OrderReference] = ()


def together(reports: Sequence[BatchReport]) -> BatchReport:
    """Return the reports on parts of a batch as one."""

    def all_of(of: Callable[[BatchReport], Mapping[_Key, _Value]]) -> dict[_Key, _Value]:
        return {key: value for report in reports for key, value in of(report).items()}

    return BatchReport(
        all_of(lambda report: report.returned),
        all_of(lambda report: report.refused),
        all_of(lambda report: report.outcomes),
        all_of(lambda report: report.seconds_since_sent),
        all_of(lambda report: report.orders),
        [order for report in reports for order in report.left_out],
    )


def report_batch(report: BatchReport) -> None:
    """Log every outcome, refusal and return of a batch by reference and code, and count them."""
    for reference, outcome in report.outcomes.items():
        logger.info("recorded", extra={"consignment": reference, "state": outcome.state, "detail": _detail(outcome)})
    for order in report.left_out:
        logger.info("order left out", extra={"order": order})
    for message_id, error in report.refused.items():
        logger.error("message refused", extra={**_message(report, message_id), "code": error.code})
    for message_id, deferred in report.returned.items():
        why = {"why": deferred.why} if deferred.why else {}
        logger.warning("message returned", extra={**_message(report, message_id), "cause": deferred.cause, **why})
    _count_outcomes(report)
    count(MetricName.ORDERS_LEFT_OUT, len(report.left_out))
    count(MetricName.MESSAGES_REFUSED, len(report.refused))
    count(MetricName.MESSAGES_RETURNED, len(report.returned))
    count_kinds(MetricName.MESSAGES_RETURNED, (deferred.cause for deferred in report.returned.values()))
    _measure_ages(report)


def _message(report: BatchReport, message_id: str) -> dict[str, str]:
    """Return what a log line names a message by. `carrier orders trace` looks for the order."""
    order = report.orders.get(message_id)
    return {"sqs_message": message_id} | ({"order": order} if order else {})


def _detail(outcome: Outcome | Cancelled) -> str | None:
    """Return what a log line says of an outcome: the carrier service, or the failure's code."""
    match outcome:
        case Allocated(summary):
            return summary.carrier_service_reference
        case AllocationFailed(failure):
            return failure.code
        case Cancelled():
            return None
        case _:
            assert_never(outcome)


def _count_outcomes(report: BatchReport) -> None:
    outcomes = report.outcomes.values()
    codes = [outcome.failure.code for outcome in outcomes if isinstance(outcome, AllocationFailed)]
    count(MetricName.CONSIGNMENTS_ALLOCATED, sum(isinstance(outcome, Allocated) for outcome in outcomes))
    count(MetricName.CONSIGNMENTS_FAILED, len(codes))
    count_kinds(MetricName.CONSIGNMENTS_FAILED, (code if code in _OWN_FAILURE_CODES else OTHER for code in codes))


def _measure_ages(report: BatchReport) -> None:
    """Measure how old messages were when they were done, and how old those are that return."""
    for message_id, seconds in report.seconds_since_sent.items():
        if message_id in report.returned:
            measure_seconds(MetricName.RETURNED_MESSAGE_AGE_SECONDS, seconds)
        elif message_id not in report.refused:
            measure_seconds(MetricName.ORDER_LATENCY_SECONDS, seconds)
