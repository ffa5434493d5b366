"""One order's life: its records, which events of them were published, and the messages in the DLQ that mention it.

References only.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.reads import MAX_KEYS
from allocation.batches import batches
from cli.errors import aws_text
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.published import published_at
from cli.operations.target import Target
from cli.stack.observer import read_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

INDEX: Final = "consignments-by-order"
KEY: Final = "consignmentReference"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of an order."""

    records: Sequence[Record]
    """By consignment reference."""
    dead_letters: Sequence[DeadLetter]
    waiting: int
    """Messages on the order queue, of whatever order: nobody can look into those."""
    in_work: int
    """Messages that are being worked on, or held back."""
    unpublished: int
    """Places in the table's stream where events were given up, of whatever order."""
    published: Mapping[str, datetime] = field(default_factory=dict)
    """By event id: when the records' events were published, as far as the log tells."""
    log_trouble: str = ""
    """Why the log could not be read; empty where it was."""


def life_of(target: Target, order: str) -> Life:
    """Reads all there is about an order."""
    records = records_of(target.dynamodb, target.allocations_table, order)
    with DeadLetterQueue(target.sqs, target.order_dlq_url) as queue:
        names = [order, *(record[KEY] for record in records)]
        found = [letter for letters in queue.read() for letter in letters if mentions(letter, names)]
    waiting, in_work = depth(target.sqs, target.order_queue_url)
    unpublished = sum(depth(target.sqs, target.stream_failure_queue_url))
    life = Life(records, found, waiting, in_work, unpublished)
    try:
        return replace(life, published=published_at(target.logs, target.publisher_log, records))
    except (ClientError, BotoCoreError) as error:  # whoever may not read logs is told all else
        return replace(life, log_trouble=aws_text(error))


def records_of(dynamodb: "DynamoDBClient", table: str, order: str) -> list[Record]:
    """The records of an order's consignments, in the order of their references."""
    return sorted(map(read_record, items_of(dynamodb, table, order)), key=lambda record: str(record[KEY]))


def items_of(dynamodb: "DynamoDBClient", table: str, order: str) -> Iterator[dict[str, Any]]:
    """The table's items of an order's consignments."""
    for keys in batches(keys_of(dynamodb, table, order), MAX_KEYS):
        wanted: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}}
        while wanted:
            answer = dynamodb.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, [])
            wanted = answer.get("UnprocessedKeys", {})


def keys_of(dynamodb: "DynamoDBClient", table: str, order: str) -> Iterator[dict[str, Any]]:
    """The keys of an order's records, page by page."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=INDEX,
        KeyConditionExpression="orderReference = :order",
        ExpressionAttributeValues={":order": {"S": order}},
    )
    return ({KEY: item[KEY]} for page in pages for item in page["Items"])


def mentions(letter: DeadLetter, names: Sequence[str]) -> bool:
    """Whether a message has one of the names as a word of its own, written plainly or as JSON writes it."""
    spellings = {spelling for name in names for spelling in (name, json.dumps(name)[1:-1])}
    words = "|".join(map(re.escape, spellings))
    return re.search(rf"(?<![\w-])(?:{words})(?![\w-])", letter.body or "") is not None


def depth(sqs: "SQSClient", url: str) -> tuple[int, int]:
    """How many messages of a queue can be received, and how many are out of sight."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])
