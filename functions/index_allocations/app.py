"""DynamoDB stream of allocation records to the search index of the console."""

from typing import Any

from allocation import init_phase
from allocation.aws.lambda_events import LambdaContext
from allocation.aws.stream_events import changes, stream_response
from allocation.composition.background import index_allocations
from allocation.console.indexing import report_indexed
from allocation.observability import logger, metrics

# Wired here, in the function's init, where Lambda gives a whole processor: the first event waits for nothing of it.
index_allocations()
init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ARG001 - Lambda's signature
    """Index a batch of changed records. The stream delivers again from the first that failed."""
    report = index_allocations().process(changes(event))
    report_indexed(report)
    return stream_response(event, report.failed)
