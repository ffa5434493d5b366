"""What an order without an outcome waits for: how often it came back and why, and whether SortedPRO was asked.

Nobody can search a queue. The queue function's log names the order of every message that comes back.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.domain.outcome import DeferralCause
from cli.errors import aws_text
from cli.operations.records import KEY
from cli.operations.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

# A message that returns comes again within 20 minutes (`orders/redelivery.py`).
_LOOK_BACK: Final = timedelta(hours=1)
# Why a message came back, in words that go on from "since".
_CAUSES: Final[Mapping[str, str]] = {
    DeferralCause.OUT_OF_TIME: "the function had no time left for it",
    DeferralCause.RECORDS_NOT_READ: "DynamoDB did not give out its records",
    DeferralCause.NOT_RECORDED: "DynamoDB did not take its outcome",
    DeferralCause.NOT_KEPT_IN_DLQ: "a part of it can't be read, and the dead letter queue did not take it",
    DeferralCause.KILLED: "the function was killed while it worked on it",
    DeferralCause.CANCELLING: "it was cancelled, and its consignments are looked for once more",
    DeferralCause.MAPPING_UNAVAILABLE: "there is no usable mapping of orders",
    DeferralCause.ALLOCATOR_UNAVAILABLE: "there is no usable catalogue, or DynamoDB did not answer",
    DeferralCause.ALLOCATOR_CRASHED: "the allocator crashed",
    DeferralCause.NO_ANSWER: "the allocator left it without an answer",
    DeferralCause.THROTTLED: "SortedPRO asks for fewer calls",
    DeferralCause.OUTAGE: "SortedPRO does not answer",
    DeferralCause.CREDENTIALS: "SortedPRO rejects the API key",
    DeferralCause.OUTCOME_UNKNOWN: "nobody knows yet whether SortedPRO allocated it",
    DeferralCause.ALLOCATING: "SortedPRO has accepted it and is allocating",
    DeferralCause.UNDER_WAY: "SortedPRO may still be carrying out an earlier call",
    DeferralCause.REPLY_UNREADABLE: "SortedPRO's reply can't be read",
    DeferralCause.NOT_FOUND_YET: "SortedPRO does not know its consignment, which may still arrive there",
    DeferralCause.MISCONFIGURED: "the stack's set-up does not fit it",
    DeferralCause.STATE_FORBIDDEN: "SortedPRO forbids reading its state",
}


@dataclass(frozen=True, slots=True)
class Return:
    """A message that came back without an outcome. It comes again by itself."""

    at: datetime
    cause: str
    """A `DeferralCause`."""
    sqs_message: str
    why: str = ""
    """Which consignment waits and what for, where the log says so."""

    @property
    def words(self) -> str:
        """Why it came back, in words that go on from "since"."""
        words = _CAUSES.get(self.cause, f"of {self.cause}")
        return f"{words}: {self.why}" if self.why else words


@dataclass(frozen=True, slots=True)
class Kept:
    """A consignment that the stack keeps for labels: when it came first, and whether from an order."""

    at: datetime
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What may still come."""

    on_queue: int
    """Messages on the order queue, of any order."""
    in_work: int
    """Messages that a function works on, or that are held back, of any order."""
    unpublished: int
    """Places in the table's stream where events were given up, of any order."""
    returns: Sequence[Return] = ()
    """Those of the order in the last hour, the oldest first."""
    kept: Mapping[str, Kept] = field(default_factory=dict)
    """By consignment reference."""
    asked_pro: Mapping[str, datetime] = field(default_factory=dict)
    """By consignment reference: until when SortedPRO's answer is waited for, or was."""
    log_trouble: str = ""
    """Why the queue function's log could not be read; empty where it was, or need not be."""


def waiting_for(target: Target, orders: Sequence[str], consignments: Sequence[str], now: datetime) -> Waiting:
    """Return what may still come of orders and consignments. `now` is aware."""
    on_queue, in_work = _depth(target.sqs, target.order_queue_url)
    returns: Sequence[Return] = ()
    trouble = ""
    try:
        returns = list(_returns(target, orders, now - _LOOK_BACK)) if on_queue + in_work else ()
    except (ClientError, BotoCoreError) as error:  # who may not read logs still gets the rest
        trouble = aws_text(error)
    return Waiting(
        on_queue,
        in_work,
        sum(_depth(target.sqs, target.stream_failure_queue_url)),
        returns,
        {key: _kept(item) for key, item in _items(target.dynamodb, target.consignments_table, consignments).items()},
        {key: _held_until(item) for key, item in _items(target.dynamodb, target.claims_table, consignments).items()},
        trouble,
    )


def _returns(target: Target, orders: Sequence[str], since: datetime) -> Iterator[Return]:
    """Yield the returns of the messages that name one of the orders, the oldest first."""
    for order in orders:
        pages = target.logs.get_paginator("filter_log_events").paginate(
            logGroupName=target.allocator_log,
            filterPattern=json.dumps(order),
            startTime=int(since.timestamp() * 1000),
        )
        for line in (line for page in pages for line in page["events"]):
            if found := _return_in(line, order):
                yield found


def _return_in(line: Mapping[str, Any], order: str) -> Return | None:
    try:
        told = json.loads(line["message"])
    except ValueError:
        return None
    if not isinstance(told, dict) or (told.get("message"), told.get("order")) != ("message returned", order):
        return None
    moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
    return Return(moment, str(told.get("cause", "")), str(told.get("sqs_message", "")), str(told.get("why", "")))


def _kept(item: Mapping[str, Any]) -> Kept:
    return Kept(datetime.fromisoformat(item["createdAt"]["S"]), "keptFrom" in item)


def _held_until(item: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(int(item["heldUntil"]["N"]) / 1000, UTC)


def _items(dynamodb: "DynamoDBClient", table: str, consignments: Sequence[str]) -> dict[str, Any]:
    """Return what a table has of consignments, without their content; nothing where it may not be read."""
    fields = "createdAt, keptFrom, heldUntil"
    found: dict[str, Any] = {}
    for reference in consignments if table else ():
        try:
            answer = dynamodb.get_item(TableName=table, Key={KEY: {"S": reference}}, ProjectionExpression=fields)
        except ClientError:
            return found
        if "Item" in answer:
            found[reference] = answer["Item"]
    return found


def _depth(sqs: "SQSClient", url: str) -> tuple[int, int]:
    """Return how many messages of a queue can be received, and how many are out of sight."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])
