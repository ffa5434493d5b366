"""Watches a deployed stack from outside: the table's records, the topic's events and the messages in the DLQ."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.batches import batches
from allocation.records.items import from_item
from cli.stack.account import Account, Event, Record, Refusal
from cli.stack.clients import Clients
from cli.stack.deploy import Stack
from cli.stack.orders import MAX_ENTRIES, SentOrder

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# How long `follow` waits without any progress before it gives up.
PATIENCE_SECONDS: Final = 30.0

# The reason of a message that SQS itself moved to the DLQ.
NO_SUCCESS: Final = "NoSuccess"

_OBSERVER_QUEUE: Final = "local-run-observer"
_LOOK_SECONDS: Final = 0.2


class TalksToTopics(Protocol):
    """Clients that can subscribe a queue to a topic."""

    @property
    def sns(self) -> "SNSClient":
        """The topics."""

    @property
    def sqs(self) -> "SQSClient":
        """The queues."""


class Observer:
    """A collection of what a stack does from now on. It takes the messages off the DLQ."""

    def __init__(self, clients: Clients, stack: Stack) -> None:
        """Subscribe a queue of its own to the topic."""
        self._clients = clients
        self._stack = stack
        self._queue_url, _ = subscribed_queue(clients, stack.allocations_topic_arn)
        self._events: list[Event] = []
        self._refusals: dict[str, Refusal] = {}
        self._records: dict[str, Record] = {}

    def look(self, sent: Sequence[SentOrder]) -> Account:
        """Return all that is known by now of the orders that were sent."""
        self._events += [_read_event(message) for message in take_all(self._clients.sqs, self._queue_url)]
        refusals = [refusal_of(message, sent) for message in take_all(self._clients.sqs, self._stack.order_dlq_url)]
        self._refusals |= {refusal.message_id: refusal for refusal in refusals}
        account = Account(sent, self._records, self._refusals, self._events)
        self._read_records(unrecorded(account))
        return account

    def _read_records(self, references: Sequence[str]) -> None:
        table = self._stack.allocations_table
        for batch in batches(references, MAX_KEYS):
            keys = [{"consignmentReference": {"S": reference}} for reference in batch]
            answer = self._clients.dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
            for item in answer["Responses"].get(table, []):
                record = read_record(item)
                self._records[record["consignmentReference"]] = record


def unrecorded(account: Account) -> list[str]:
    """Return the references to ask the table for.

    One with half a surrogate pair is left out: DynamoDB's keys are UTF-8, which has none.
    """
    references = (reference for reference in account.consignments if reference not in account.records)
    return [reference for reference in references if not any("\ud800" <= letter <= "\udfff" for letter in reference)]


def subscribed_queue(clients: TalksToTopics, topic_arn: str, name: str = _OBSERVER_QUEUE) -> tuple[str, str]:
    """Make a queue that receives the topic's messages as they were published. Return its URL and the subscription."""
    url = clients.sqs.create_queue(QueueName=name)["QueueUrl"]
    with ExitStack() as undo:
        undo.callback(clients.sqs.delete_queue, QueueUrl=url)  # if it may not be subscribed
        arn = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        answer = clients.sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
        undo.pop_all()
    return url, answer["SubscriptionArn"]


@contextmanager
def subscribed(clients: TalksToTopics, topic_arn: str, name: str) -> Iterator[str]:
    """Yield the URL of a queue that receives the topic's messages, and remove it with the block."""
    url, subscription = subscribed_queue(clients, topic_arn, name)
    try:
        yield url
    finally:
        clients.sns.unsubscribe(SubscriptionArn=subscription)
        clients.sqs.delete_queue(QueueUrl=url)


def _read_event(message: "MessageTypeDef") -> Event:
    """Return a CloudEvent as the topic delivered it."""
    event = json.loads(message["Body"])
    return Event(event["id"], event["type"], event["subject"])


def read_refusal(message: "MessageTypeDef") -> Refusal:
    """Return why a message is in the DLQ. Without attributes it was not refused: all its deliveries failed."""
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    if "RefusalCode" not in attributes:
        return Refusal(message["MessageId"], NO_SUCCESS, "every delivery of it failed")
    reason = attributes.get("RefusalReason", "")
    return Refusal(attributes.get("OriginalMessageId", message["MessageId"]), attributes["RefusalCode"], reason)


def refusal_of(message: "MessageTypeDef", sent: Sequence[SentOrder]) -> Refusal:
    """Return why a message is in the DLQ. Its order is known by its body if that left no room for the id it had."""
    refusal = read_refusal(message)
    ids = [order.message_id for order in sent if order.message.body == message["Body"]]
    known = "OriginalMessageId" in message.get("MessageAttributes", {}) or refusal.message_id in ids
    return refusal if known or not ids else replace(refusal, message_id=ids[0])


def read_record(item: dict[str, Any]) -> dict[str, Any]:
    """Return a record's item as plain data, as `docs/events/README.md` says it: the packed parts unpacked."""
    return from_item(item)


def take_all(sqs: "SQSClient", queue_url: str) -> Iterator["MessageTypeDef"]:
    """Take messages off a queue, with their attributes, until it has none to give."""
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=MAX_ENTRIES, MessageAttributeNames=["All"]
    ).get("Messages"):
        yield from messages
        handles = [{"Id": str(place), "ReceiptHandle": item["ReceiptHandle"]} for place, item in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=handles)  # type: ignore[arg-type]


def follow(
    look: Callable[[], Account],
    show: Callable[[Account], None],
    patience_seconds: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Account:
    """Look again and again until the account is settled. Give up after `patience_seconds` without progress.

    `look` may raise, which ends the following. `show` gets every account.
    """
    seen, moved_at = -1, clock()
    while True:
        looked_at = clock()
        account = look()
        show(account)
        if account.is_settled:
            return account
        if account.arrived != seen:
            seen, moved_at = account.arrived, clock()
        elif clock() - moved_at > patience_seconds:
            return account
        pause(max(_LOOK_SECONDS, clock() - looked_at))
