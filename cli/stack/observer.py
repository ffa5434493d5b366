"""Watches a deployed stack from outside: the table's records, the topic's events and the messages in the DLQ."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer

from cli.stack.account import Account, Event, Record, Refusal, SentOrder
from cli.stack.clients import Clients
from cli.stack.queues import take_all
from cli.stack.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

OBSERVER_QUEUE: Final = "local-run-observer"
MAX_KEYS: Final = 100
"""Keys that one BatchGetItem takes."""


class Observer:
    """Collects what a stack does, from the moment it is made. It takes the messages off the DLQ."""

    def __init__(self, clients: Clients, stack: Stack) -> None:
        """Subscribes a queue of its own to the topic."""
        self._clients = clients
        self._stack = stack
        self._queue_url = subscribed_queue(clients, stack.allocations_topic_arn)
        self._events: list[Event] = []
        self._refusals: dict[str, Refusal] = {}
        self._records: dict[str, Record] = {}

    def look(self, sent: Sequence[SentOrder]) -> Account:
        """Everything known by now of the orders that were sent."""
        self._events += [read_event(message) for message in take_all(self._clients.sqs, self._queue_url)]
        refusals = [read_refusal(message) for message in take_all(self._clients.sqs, self._stack.order_dlq_url)]
        self._refusals |= {refusal.message_id: refusal for refusal in refusals}
        account = Account(sent, self._records, self._refusals, self._events)
        self._read_records(unrecorded(account))
        return account

    def _read_records(self, references: Sequence[str]) -> None:
        table = self._stack.allocations_table
        for start in range(0, len(references), MAX_KEYS):
            keys = [{"consignmentReference": {"S": item}} for item in references[start : start + MAX_KEYS]]
            answer = self._clients.dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
            for item in answer["Responses"].get(table, []):
                record = read_record(item)
                self._records[record["consignmentReference"]] = record


def unrecorded(account: Account) -> list[str]:
    """The references to ask the table for. None with half a surrogate pair: no key has one, being UTF-8 (DynamoDB)."""
    references = (reference for reference in account.consignments if reference not in account.records)
    return [reference for reference in references if not any("\ud800" <= letter <= "\udfff" for letter in reference)]


def subscribed_queue(clients: Clients, topic_arn: str) -> str:
    """A new queue that receives the topic's events as they were published; returns its URL."""
    url = clients.sqs.create_queue(QueueName=OBSERVER_QUEUE)["QueueUrl"]
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
    clients.sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    return url


def read_event(message: "MessageTypeDef") -> Event:
    """A CloudEvent as the topic delivered it."""
    event = json.loads(message["Body"])
    return Event(event["id"], event["type"], event["subject"])


def read_refusal(message: "MessageTypeDef") -> Refusal:
    """A message of the DLQ; without attributes it was not refused but given up after its deliveries."""
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    if "RefusalCode" not in attributes:
        return Refusal(message["MessageId"], "NoSuccess", "every delivery of it failed")
    reason = attributes.get("RefusalReason", "")
    return Refusal(attributes.get("OriginalMessageId", message["MessageId"]), attributes["RefusalCode"], reason)


def read_record(item: dict[str, Any]) -> dict[str, Any]:
    """A table item as plain data."""
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in item.items()}
