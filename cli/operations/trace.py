"""One order's history: its records, which of their events were published, and the messages in the DLQ that name it.

References only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import aws_text
from cli.operations.dead_letters import DeadLetter, DeadLetterQueue
from cli.operations.message_body import has_word
from cli.operations.published import published_at
from cli.operations.records import KEY, Record, records_of
from cli.operations.target import Target

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an order."""

    records: Sequence[Record]
    """By consignment reference."""
    dead_letters: Sequence[DeadLetter]
    waiting: int
    """Messages on the order queue, of any order: nobody can look into those."""
    in_work: int
    """Messages that a function works on, or that are held back."""
    unpublished: int
    """Places in the table's stream where events were given up, of any order."""
    published: Mapping[str, datetime] = field(default_factory=dict)
    """By event id: when the records' events were published, as far as the log says."""
    log_trouble: str = ""
    """Why the log could not be read; empty where it was."""


def history_of(target: Target, order: str) -> History:
    """Read all there is about an order."""
    records = records_of(target.dynamodb, target.allocations_table, order)
    with DeadLetterQueue(target.sqs, target.order_dlq_url) as queue:
        names = [order, *(record[KEY] for record in records)]
        found = [letter for letters in queue.read() for letter in letters if mentions(letter, names)]
    waiting, in_work = _depth(target.sqs, target.order_queue_url)
    unpublished = sum(_depth(target.sqs, target.stream_failure_queue_url))
    history = History(records, found, waiting, in_work, unpublished)
    try:
        return replace(history, published=published_at(target.logs, target.publisher_log, records))
    except (ClientError, BotoCoreError) as error:  # who may not read logs still gets the rest
        return replace(history, log_trouble=aws_text(error))


def mentions(letter: DeadLetter, names: Sequence[str]) -> bool:
    """Return whether a message has one of the names as a word of its own, written plainly or as JSON writes it."""
    spellings = {spelling for name in names for spelling in (name, json.dumps(name)[1:-1])}
    return letter.order_reference in names or any(has_word(letter.body or "", spelling) for spelling in spellings)


def _depth(sqs: "SQSClient", url: str) -> tuple[int, int]:
    """Return how many messages of a queue can be received, and how many are out of sight."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])
