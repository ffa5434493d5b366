"""Log lines and metrics of a batch, and its partial batch response: references and codes, never payloads."""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import MetricUnit

from allocation.domain.errors import RetryableError
from allocation.domain.outcome import Allocated
from allocation.observability import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

    from allocation.events.publish_allocations import PublishReport
    from allocation.orders.allocate_orders import BatchReport

RETURN_CAUSES: Final = frozenset(
    {
        "allocator_crashed",
        "allocator_unavailable",
        "credentials",
        "killed",
        "no_answer",
        "not_kept_in_dlq",
        "not_recorded",
        "out_of_time",
        "outage",
        "outcome_unknown",
        "records_not_read",
        "state_forbidden",
        "throttled",
    }
)
"""The causes of `Deferred` that have a metric of their own."""
FAILURE_CODES: Final = frozenset(
    {
        "AllocationRefused",
        "ConsignmentIncomplete",
        "ConsignmentNotFoundException",
        "MpdCarrierServiceNotFoundException",
        "NoCarrierServiceAvailable",
        "ServiceGroupNotFoundException",
    }
)
"""The codes of `Failure` that have a metric of their own; SortedPRO may give any."""


def report_batch(report: "BatchReport") -> None:
    """Logs every outcome, refusal and return of a batch of orders, and counts them."""
    for reference, outcome in report.outcomes.items():
        detail = outcome.summary.carrier_service_reference if isinstance(outcome, Allocated) else outcome.failure.code
        logger.info("recorded", extra={"consignment": reference, "state": outcome.state, "detail": detail})
    for message_id, error in report.refused.items():
        logger.error("message refused", extra={"sqs_message": message_id, "code": error.code})
    for message_id, deferred in report.returned.items():
        logger.warning("message returned", extra={"sqs_message": message_id, "cause": deferred.cause})
    count_outcomes(report)
    count("MessagesRefused", len(report.refused))
    count("MessagesReturned", len(report.returned))
    count_each("MessagesReturned", (deferred.cause for deferred in report.returned.values()), RETURN_CAUSES)
    time_messages(report)


def count_outcomes(report: "BatchReport") -> None:
    """Counts what was allocated and what failed, the failures also by their codes."""
    codes = [outcome.failure.code for outcome in report.outcomes.values() if not isinstance(outcome, Allocated)]
    count("ConsignmentsAllocated", len(report.outcomes) - len(codes))
    count("ConsignmentsFailed", len(codes))
    count_each("ConsignmentsFailed", codes, FAILURE_CODES)


def time_messages(report: "BatchReport") -> None:
    """Measures how old messages were when they were done, and how old those are that go back."""
    for message_id, seconds in report.seconds_since_sent.items():
        if message_id in report.returned:
            metrics.add_metric("ReturnedMessageAgeSeconds", MetricUnit.Seconds, seconds)
        elif message_id not in report.refused:
            metrics.add_metric("OrderLatencySeconds", MetricUnit.Seconds, seconds)


def report_published(report: "PublishReport") -> None:
    """Logs the ids of a batch's events, all in one line, and the changes that have no event; counts both kinds.

    The line is the evidence of an event for as long as logs are kept: `make trace` looks for it.
    """
    if report.published:
        logger.info("published", extra={"event_ids": report.published})
    for sequence_number, cause in report.failed.items():
        logger.error("change not published", extra={"sequence_number": sequence_number, "cause": cause})
    for sequence_number, cause in report.set_aside.items():
        logger.error("change set aside", extra={"sequence_number": sequence_number, "cause": cause})
    count("EventsPublished", len(report.published))
    count("EventsNotPublished", len(report.failed) + len(report.set_aside))


def catalogue_refused(error: Exception) -> None:
    """Logs and counts a catalogue that could not be used or read; the last good one, if there is one, stays in use."""
    logger.error("catalogue refused", extra={"error": type(error).__name__, "reason": str(error)[:500]})
    count("CatalogueRefused", 1)


def count(metric: str, value: int) -> None:
    """Adds a count; zeros are written too, so that an alarm sees a function that works on nothing but failures."""
    metrics.add_metric(metric, MetricUnit.Count, value)


def count_each(metric: str, words: Iterable[str], known: Container[str]) -> None:
    """Adds a count for each word that occurs, as `MessagesReturnedOutOfTime`, and `Other` for those not known.

    Each name is a metric that CloudWatch keeps and charges for: what others can choose must not make new ones.
    """
    for name, times in Counter(in_pascal_case(word) if word in known else "Other" for word in words).items():
        count(metric + name, times)


def in_pascal_case(word: str) -> str:
    """`out_of_time` as `OutOfTime`; what has no underscores keeps its inner capitals."""
    return "".join(part[:1].upper() + part[1:] for part in word.split("_"))


def measure(metric: str, milliseconds: int) -> None:
    """Adds a duration; each one is kept apart, so that percentiles can be drawn."""
    metrics.add_metric(metric, MetricUnit.Milliseconds, milliseconds)


def message_check(report: "BatchReport") -> Callable[["SQSRecord"], None]:
    """A record handler that raises `RetryableError` for each message that must come back."""

    def check(record: "SQSRecord") -> None:
        if record.message_id in report.returned:
            raise RetryableError(report.returned[record.message_id].cause)

    return check


def change_check(report: "PublishReport") -> Callable[["DynamoDBRecord"], None]:
    """A record handler that raises `RetryableError` for each change without a published event."""

    def check(record: "DynamoDBRecord") -> None:
        sequence_number = record["dynamodb"]["SequenceNumber"]
        if sequence_number in report.failed:
            raise RetryableError(report.failed[sequence_number])

    return check
