"""Replays the records of one file of a table's export."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from allocation.composition.background import replay_in_parts
from allocation.observability import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ARG001 - Lambda's signature
    """Replay one file. Step Functions tries again what fails."""
    return replay_in_parts().replay_part(event["replay"], event["file"])
