"""The recipe's counterpart of the API: a resolver of REST APIs with one route over the table."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics()
app = APIGatewayRestResolver(enable_validation=True)
table = boto3.resource("dynamodb").Table(os.environ["RECORDS_TABLE"])


@app.get("/consignments/<reference>")
@tracer.capture_method(capture_response=False)
def consignment(reference: str) -> dict[str, Any]:
    """Return one record."""
    found = table.get_item(Key={"consignmentReference": reference})
    if "Item" not in found:
        raise NotFoundError(f"{reference} is not there")
    return dict(found["Item"])


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Serve one request."""
    return app.resolve(event, context)
