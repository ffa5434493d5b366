"""On a schedule: what was done in SortedPRO since the last look reaches the records."""

from typing import Any

from allocation import init_phase
from allocation.aws.lambda_events import LambdaContext, LambdaDeadline
from allocation.composition.background import follow_pro
from allocation.observability import logger, metrics
from allocation.pro.following import report_followed

init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001 - Lambda's signature
    """Follow SortedPRO until now. A run that fails is an error of the function; the next one goes on from there."""
    report_followed(follow_pro().run(LambdaDeadline(context)))
