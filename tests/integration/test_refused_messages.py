"""Messages that can never be worked on, in the DLQ with the reason beside them."""

import gzip
import json
from random import Random
from string import printable
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.sqs import SqsRefusedMessages
from allocation.domain.errors import InvalidMessageError
from allocation.orders.order_created import read_order
from allocation.ports import QueueMessage, RefusedMessage
from tests.integration.conftest import UNANSWERED, Queue
from tests.support.samples import order_event, reference

MIB = 1024 * 1024


@pytest.fixture
def refused_messages(dlq: Queue) -> SqsRefusedMessages:
    return SqsRefusedMessages(dlq.client, dlq.url)


def refused(message_id: str, body: str, reason: str = "the body is not JSON") -> RefusedMessage:
    return RefusedMessage(QueueMessage(message_id, body), InvalidMessageError("NotJson", reason))


def attributes(message: Any) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_a_message_is_kept_as_it_came_beside_the_reason(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    assert refused_messages.keep([refused("m1", '{"naïve": \n')]) == {"m1"}
    (message,) = dlq.messages()
    assert message["Body"] == '{"naïve": \n'
    assert attributes(message) == {
        "RefusalCode": "NotJson",
        "RefusalReason": "the body is not JSON",
        "OriginalMessageId": "m1",
    }


def test_a_refusal_without_a_text_still_has_a_reason(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    assert refused_messages.keep([refused("m1", "x", reason="")]) == {"m1"}
    assert attributes(dlq.messages()[0])["RefusalReason"] == "NotJson"


def test_more_messages_than_one_call_takes_are_kept(refused_messages: SqsRefusedMessages) -> None:
    ids = {f"m{number}" for number in range(23)}
    assert refused_messages.keep([refused(each, "[]") for each in sorted(ids)]) == ids


def test_large_messages_share_no_batch_that_would_be_too_large(refused_messages: SqsRefusedMessages) -> None:
    large = [refused(f"m{number}", "x" * (MIB // 2)) for number in range(3)]
    assert refused_messages.keep(large) == {"m0", "m1", "m2"}


DENSE = "".join(Random(1).choices(printable, k=MIB))
"""Text without a pattern, which base64 of gzip would only make longer."""


@pytest.mark.parametrize("body", ["x" * MIB, "é" * (MIB // 2), DENSE], ids=["one byte", "two bytes", "dense"])
def test_a_body_that_leaves_no_room_for_the_reason_is_compressed(
    refused_messages: SqsRefusedMessages, dlq: Queue, body: str
) -> None:
    assert refused_messages.keep([refused("m1", body), refused("m2", "[]")]) == {"m1", "m2"}
    (message,) = [each for each in dlq.messages() if "CompressedBody" in each["MessageAttributes"]]
    assert message["MessageAttributes"]["OriginalMessageId"]["StringValue"] == "m1"
    assert gzip.decompress(message["MessageAttributes"]["CompressedBody"]["BinaryValue"]).decode() == body


def test_the_reason_of_an_order_of_repeated_consignments_fits(refused_messages: SqsRefusedMessages) -> None:
    twice = [reference(number % 1000) for number in range(20_000)]
    body = json.dumps(order_event(*twice))
    with pytest.raises(InvalidMessageError) as error:
        read_order(body)
    assert refused_messages.keep([RefusedMessage(QueueMessage("m1", body), error.value)]) == {"m1"}


def test_messages_that_the_dlq_does_not_take_are_not_counted_as_kept(
    refused_messages: SqsRefusedMessages, dlq: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(**_: Any) -> Any:
        return {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "Code": "InternalError"}]}

    monkeypatch.setattr(dlq.client, "send_message_batch", send)
    assert refused_messages.keep([refused("m1", "[]"), refused("m2", "[]")]) == {"m1"}


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_a_call_that_fails_keeps_none_of_its_messages(
    refused_messages: SqsRefusedMessages,
    dlq: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: ClientError | BotoCoreError,
) -> None:
    monkeypatch.setattr(dlq.client, "send_message_batch", Mock(side_effect=error))
    assert refused_messages.keep([refused("m1", "[]"), refused("m2", "[]")]) == frozenset()
    (line,) = caplog.records
    assert (line.message, vars(line)["cause"]) == ("messages not set aside", cause_of(error))
