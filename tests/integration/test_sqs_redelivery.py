"""Messages that are not done, held back on moto's SQS."""

import logging
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of, client
from allocation.aws.sqs import SqsRedelivery
from tests.integration.conftest import UNANSWERED, Queue


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


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_messages_that_the_queue_does_not_hold_back_are_left_to_its_own_timeout_and_logged(
    orders: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: ClientError | BotoCoreError,
) -> None:
    monkeypatch.setattr(orders.client, "change_message_visibility_batch", Mock(side_effect=error))
    with caplog.at_level(logging.WARNING):
        SqsRedelivery(orders.client, orders.url).postpone({"receipt": 600})
    (line,) = caplog.records
    assert (line.message, vars(line)["cause"]) == ("messages not postponed", cause_of(error))
