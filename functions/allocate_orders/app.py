"""SQS order-created messages to recorded allocation outcomes."""

from typing import Any

from allocation import init_phase
from allocation.aws.lambda_events import LambdaContext, LambdaDeadline, partial_batch_response, queue_messages
from allocation.composition.catalogues import CATALOGUE_QUESTION, catalogue_status
from allocation.composition.orders import allocate_orders, warm
from allocation.observability import logger, metrics
from allocation.orders.batch_report import report_batch

# Wired here, in the function's init, where Lambda gives a whole processor: the first event waits for nothing of it.
allocate_orders()
catalogue_status()
warm()
init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Allocate a batch of orders, or say which catalogue is used. Only unfinished messages return to the queue."""
    if event == CATALOGUE_QUESTION:
        return catalogue_status()
    report = allocate_orders().process(queue_messages(event), LambdaDeadline(context))
    report_batch(report)
    return partial_batch_response(report.returned)
