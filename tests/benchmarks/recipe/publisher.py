"""The recipe's counterpart of the publisher: batch processing of a table's stream, one `publish` a record."""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger()
tracer = Tracer()
metrics = Metrics()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)
sns = boto3.client("sns")
topic = os.environ["ALLOCATIONS_TOPIC_ARN"]


@tracer.capture_method(capture_response=False)
def record_handler(record: DynamoDBRecord) -> None:
    """Publish one changed record."""
    image = record.dynamodb.new_image if record.dynamodb else {}
    sns.publish(TopicArn=topic, Message=json.dumps(image, default=str))
    metrics.add_metric(name="EventsPublished", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Publish a batch of changes. The stream delivers again from the first that failed."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
