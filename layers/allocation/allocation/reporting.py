"""Log lines and metrics of a batch, and its partial batch response: references and codes, never payloads."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from allocation.domain.errors import RetryableError
from allocation.domain.outcomes import Allocated
from allocation.observability import logger, metrics
from allocation.publishing import PublishReport
from allocation.workflow import BatchReport

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def report_batch(report: BatchReport) -> None:
    """Logs every outcome, refusal and return of a batch of orders, and counts them."""
    for reference, outcome in report.outcomes.items():
        detail = outcome.summary.carrier_service_reference if isinstance(outcome, Allocated) else outcome.failure.code
        logger.info("recorded", extra={"consignment": reference, "state": outcome.state, "detail": detail})
    for message_id, error in report.refused.items():
        logger.error("message refused", extra={"sqs_message": message_id, "code": error.code})
    for message_id, deferred in report.returned.items():
        logger.warning("message returned", extra={"sqs_message": message_id, "cause": deferred.cause})
    allocated = sum(isinstance(outcome, Allocated) for outcome in report.outcomes.values())
    count("ConsignmentsAllocated", allocated)
    count("ConsignmentsFailed", len(report.outcomes) - allocated)
    count("MessagesRefused", len(report.refused))
    count("MessagesReturned", len(report.returned))


def report_published(report: PublishReport) -> None:
    """Logs the changes of a batch that have no event yet, and counts both kinds."""
    for sequence_number, cause in report.failed.items():
        logger.error("change not published", extra={"sequence_number": sequence_number, "cause": cause})
    count("EventsPublished", report.published)
    count("EventsNotPublished", len(report.failed))


def count(metric: str, value: int) -> None:
    """Adds a count; zeros are written too, so that an alarm sees a function that works on nothing but failures."""
    metrics.add_metric(metric, MetricUnit.Count, value)


def message_check(report: BatchReport) -> Callable[["SQSRecord"], None]:
    """A record handler that raises `RetryableError` for each message that must come back."""

    def check(record: "SQSRecord") -> None:
        if record.message_id in report.returned:
            raise RetryableError(report.returned[record.message_id].cause)

    return check


def change_check(report: PublishReport) -> Callable[["DynamoDBRecord"], None]:
    """A record handler that raises `RetryableError` for each change without a published event."""

    def check(record: "DynamoDBRecord") -> None:
        sequence_number = record["dynamodb"]["SequenceNumber"]
        if sequence_number in report.failed:
            raise RetryableError(report.failed[sequence_number])

    return check
