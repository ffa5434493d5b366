"""Messages reach the queue in batches that SQS takes, and come back with the ids that it gave them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from cli.stack.observer import take_all
from cli.stack.orders import MAX_BYTES, OrderMessage, send_orders

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


def test_messages_share_no_batch_that_sqs_would_find_too_large(
    sqs: "SQSClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sizes: list[int] = []

    def take(**request: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"].encode()) for entry in request["Entries"]))
        return {"Successful": [{"Id": entry["Id"], "MessageId": "new"} for entry in request["Entries"]]}

    monkeypatch.setattr(sqs, "send_message_batch", take)
    half = OrderMessage("é" * (MAX_BYTES // 4), None, ())
    assert len(list(send_orders(sqs, queue_url, [half, half, half]))) == 3
    assert sizes == [MAX_BYTES, MAX_BYTES // 2]


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
