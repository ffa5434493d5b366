"""The recipe's counterpart of the authorizer: the key's hash from a secret, a policy from the data classes."""

import hashlib
import hmac
import os
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import event_source
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerResponse,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics()


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics(capture_cold_start_metric=True)
@event_source(data_class=APIGatewayAuthorizerRequestEvent)
def handler(event: APIGatewayAuthorizerRequestEvent, _context: LambdaContext) -> dict[str, Any]:
    """Allow or deny one request."""
    hashes = parameters.get_secret(os.environ["API_KEYS_SECRET_NAME"], transform="json", max_age=30)
    digest = hashlib.sha256(event.headers.get("ocp-apim-subscription-key", "").encode()).hexdigest()
    known = any(hmac.compare_digest(digest, each) for each in hashes.values())
    arn = event.parsed_arn
    policy = APIGatewayAuthorizerResponse(
        "caller" if known else "unknown",
        region=arn.region,
        aws_account_id=arn.aws_account_id,
        api_id=arn.api_id,
        stage=arn.stage,
    )
    policy.allow_all_routes() if known else policy.deny_all_routes()
    return policy.asdict()
