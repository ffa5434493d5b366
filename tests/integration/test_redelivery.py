"""Messages that are not done, held back on moto's SQS."""

import logging

import pytest

from allocation.adapters.aws import client
from allocation.adapters.sqs_redelivery import SqsRedelivery
from tests.integration.conftest import Queue


@pytest.fixture
def orders() -> Queue:
    sqs = client("sqs")
    return Queue(sqs, sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "0"})["QueueUrl"])


def test_a_postponed_message_is_not_delivered_and_the_others_are(orders: Queue) -> None:
    for number in range(3):
        orders.client.send_message(QueueUrl=orders.url, MessageBody=f"order {number}")
    handles = {message["Body"]: message["ReceiptHandle"] for message in orders.messages()}
    SqsRedelivery(orders.client, orders.url).postpone({handles["order 0"]: 600, handles["order 2"]: 600})
    assert [message["Body"] for message in orders.messages()] == ["order 1"]


def test_a_message_that_can_not_be_held_back_is_logged_and_harms_no_other(
    orders: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    orders.client.send_message(QueueUrl=orders.url, MessageBody="order")
    (received,) = orders.messages()
    with caplog.at_level(logging.WARNING):
        SqsRedelivery(orders.client, orders.url).postpone({"no such receipt": 600, received["ReceiptHandle"]: 600})
    assert orders.messages() == []
    assert "message not postponed" in caplog.text


def test_a_queue_that_does_not_answer_is_logged(orders: Queue, caplog: pytest.LogCaptureFixture) -> None:
    orders.client.delete_queue(QueueUrl=orders.url)
    with caplog.at_level(logging.WARNING):
        SqsRedelivery(orders.client, orders.url).postpone({"receipt": 600})
    assert "messages not postponed" in caplog.text
