"""DynamoDB stream of allocation records to SNS events."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from allocation.aws.lambda_events import changes
from allocation.composition import publish_allocations
from allocation.observability import logger, metrics
from allocation.orders.reporting import change_check, report_published

processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Publishes a batch of changed records; the stream delivers again from the first that failed."""
    report = publish_allocations().process(changes(event))
    report_published(report)
    return process_partial_response(event, change_check(report), processor, context)
