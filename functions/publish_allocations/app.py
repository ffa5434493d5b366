"""DynamoDB stream of allocation records to SNS events."""

from typing import Any

from allocation import init_phase
from allocation.aws.lambda_events import LambdaContext
from allocation.aws.stream_events import changes, stream_response
from allocation.composition import utc_now
from allocation.composition.background import publish_allocations, warm_publisher
from allocation.events.publish_allocations import report_published
from allocation.observability import logger, metrics

# Wired here, in the function's init, where Lambda gives a whole processor: the first event waits for nothing of it.
publish_allocations()
warm_publisher()
init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ARG001 - Lambda's signature
    """Publish a batch of changed records. The stream delivers again from the first that failed."""
    report = publish_allocations().process(changes(event))
    report_published(report, utc_now())
    return stream_response(event, report.failed)
