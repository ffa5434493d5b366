"""The recipe: the function of an order queue as the documentation of Powertools for AWS Lambda leads to it.

Batch processing of SQS, an idempotent function with its table, the parser, Logger, Tracer and Metrics; for each
consignment one allocate call, one `put_item` and one `publish`.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.benchmarks.recipe.models import Consignment, Order

if os.environ.get("PRO_BASE_URL"):
    from tests.benchmarks.recipe.sorted_pro import allocate
else:
    from tests.benchmarks.recipe.cheapest import allocate

logger = Logger()
tracer = Tracer()
metrics = Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(event_key_jmespath="order_reference", expires_after_seconds=14 * 24 * 3600)
table = boto3.resource("dynamodb").Table(os.environ["RECORDS_TABLE"])
sns = boto3.client("sns")
topic = os.environ["ALLOCATIONS_TOPIC_ARN"]


@idempotent_function(data_keyword_argument="order", config=config, persistence_store=persistence)  # type: ignore[untyped-decorator]
def process_order(order: Order) -> dict[str, Any]:
    """Allocate an order's consignments, keep their summaries and publish them."""
    for consignment in order.consignments:
        record_and_publish(order, consignment, allocate(consignment))
    metrics.add_metric(name="ConsignmentsAllocated", unit=MetricUnit.Count, value=len(order.consignments))
    return {"orderReference": order.order_reference, "consignments": len(order.consignments)}


@tracer.capture_method(capture_response=False)
def record_and_publish(order: Order, consignment: Consignment, summary: dict[str, Any]) -> None:
    """Keep one summary in the table, and publish it."""
    record: dict[str, Any] = {
        "consignmentReference": consignment.reference,
        "orderReference": order.order_reference,
        "state": "Allocated",
        "allocationSummary": summary,
        "allocatedAt": datetime.now(UTC).isoformat(),
    }
    table.put_item(Item=record)
    attributes: Any = {"type": {"DataType": "String", "StringValue": "consignment.allocated"}}
    sns.publish(TopicArn=topic, Message=json.dumps(record), MessageAttributes=attributes)
    logger.info("consignment allocated", extra={"consignment": consignment.reference})


@tracer.capture_method(capture_response=False)
def record_handler(record: SQSRecord) -> None:
    """Process one message."""
    process_order(order=parse(event=json.loads(record.body), model=Order))


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Process a batch of messages. Only those that fail return to the queue."""
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
