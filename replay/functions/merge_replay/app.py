"""Adds the parts of a replay up to its result."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from allocation.composition.background import replay_in_parts
from allocation.observability import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ARG001 - Lambda's signature
    """Add the parts up. Step Functions tries again what fails."""
    return replay_in_parts().add_up(event["replay"])
