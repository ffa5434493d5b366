"""The authorizer of the API: lets requests with a known key pass."""

from typing import TYPE_CHECKING, Any

from allocation import init_phase
from allocation.composition.authorizer import api_authorizer
from allocation.observability import logger, metrics

if TYPE_CHECKING:
    from allocation.aws.lambda_events import LambdaContext

# Wired here, in the function's init, where Lambda gives a whole processor: the first event waits for nothing of it.
api_authorizer()
init_phase.end()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Allow or deny one request."""
    return api_authorizer().decide(event)
