"""SQS order-created messages to recorded allocation outcomes."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from allocation.aws.lambda_events import LambdaDeadline, queue_messages
from allocation.composition import allocate_orders
from allocation.observability import logger, metrics
from allocation.orders.reporting import message_check, report_batch

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Allocates a batch of orders; the messages that are not done go back to the queue, those alone."""
    report = allocate_orders().process(queue_messages(event), LambdaDeadline(context))
    report_batch(report)
    return process_partial_response(event, message_check(report), processor, context)
