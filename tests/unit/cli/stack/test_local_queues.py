"""Messages reach the queue in batches that SQS takes, and come back with the ids that it gave them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from cli.stack.following import send_orders
from cli.stack.orders import OrderMessage
from cli.stack.queues import MAX_BYTES, batches, take_all

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator["SQSClient"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-west-2")


def test_a_batch_has_no_more_entries_and_no_more_bytes_than_sqs_takes() -> None:
    assert [len(batch) for batch in batches(["x"] * 25)] == [10, 10, 5]
    half = "é" * (MAX_BYTES // 4)
    assert [len(batch) for batch in batches([half, half, "x", half + half])] == [2, 1, 1]


def test_every_order_is_sent_once_in_its_order_with_its_message_id(sqs: "SQSClient") -> None:
    queue_url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    messages = [OrderMessage(f'{{"number": {number}}}', f"WEB-{number}", ()) for number in range(23)]

    sent = list(send_orders(sqs, queue_url, messages))

    assert [order.message for order in sent] == messages
    assert {order.message_id: order.message.body for order in sent} == {
        taken["MessageId"]: taken["Body"] for taken in take_all(sqs, queue_url)
    }


def test_what_was_taken_is_gone(sqs: "SQSClient") -> None:
    queue_url = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=queue_url, MessageBody="x")
    assert [message["Body"] for message in take_all(sqs, queue_url)] == ["x"]
    assert list(take_all(sqs, queue_url)) == []
