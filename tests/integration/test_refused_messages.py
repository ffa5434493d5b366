"""Messages that can never be worked on, in the DLQ with the reason beside them."""

import gzip
import json
from base64 import b64encode
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.lambda_events import queue_messages
from allocation.aws.sqs import SqsRefusedMessages
from allocation.domain.errors import InvalidMessageError
from allocation.orders.order_created import read_order
from allocation.ports import QueueMessage, RefusedMessage
from tests.integration.conftest import UNANSWERED, Queue
from tests.integration.handlers import sqs_record
from tests.support.samples import order_event, queue_message, reference

MIB = 1024 * 1024


@pytest.fixture
def refused_messages(dlq: Queue) -> SqsRefusedMessages:
    return SqsRefusedMessages(dlq.client, dlq.url)


def refused(message_id: str, body: str, reason: str = "the body is not JSON") -> RefusedMessage:
    return RefusedMessage(queue_message(message_id, body), InvalidMessageError("NotJson", reason))


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


@pytest.mark.parametrize("size", [MIB, MIB // 2], ids=["one byte", "two bytes"])
def test_a_body_that_leaves_no_room_for_the_reason_is_kept_as_it_came(
    refused_messages: SqsRefusedMessages, dlq: Queue, size: int
) -> None:
    body = ("x" if size == MIB else "é") * size
    assert refused_messages.keep([refused("m1", body), refused("m2", "[]")]) == {"m1", "m2"}
    (message,) = [each for each in dlq.messages() if each["Body"] != "[]"]
    assert message["Body"] == body
    assert "MessageAttributes" not in message


def test_a_reason_is_cut_to_the_room_that_the_body_leaves(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    refused_messages.keep([refused("m1", "x" * (MIB - 80), reason="not JSON, " * 99)])
    (message,) = dlq.messages()
    assert attributes(message) == {"RefusalCode": "NotJson", "OriginalMessageId": "m1", "RefusalReason": "not JSON, no"}


def test_a_reason_of_any_characters_is_kept(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    assert refused_messages.keep([refused("m1", "x", reason="key \0\ud800 twice: \U0001f600")]) == {"m1"}
    assert attributes(dlq.messages()[0])["RefusalReason"] == "key \\x00\\ud800 twice: \U0001f600"


TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def delivered(body: str, **attributes: dict[str, Any]) -> QueueMessage:
    """A message as the function gets it, with attributes in Lambda's form."""
    record = sqs_record(queue_message("m1", body))
    record["messageAttributes"] = attributes
    record["attributes"] = record["attributes"] | {"AWSTraceHeader": TRACE}
    (message,) = queue_messages({"Records": [record]})
    return message


def text(value: str) -> dict[str, Any]:
    return {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}


def test_the_attributes_of_its_sender_stay_on_a_message(
    refused_messages: SqsRefusedMessages, dlq: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Mock(wraps=dlq.client.send_message_batch)  # moto forgets system attributes of a batch
    monkeypatch.setattr(dlq.client, "send_message_batch", send)
    message = delivered("[]", traceparent=text("00-1-2-01"), key={"dataType": "Binary.raw", "binaryValue": "AP8="})
    refused_messages.keep([RefusedMessage(message, InvalidMessageError("NotAnObject", "no"))])
    (kept,) = dlq.messages()
    assert kept["MessageAttributes"]["traceparent"] == {"DataType": "String", "StringValue": "00-1-2-01"}
    assert kept["MessageAttributes"]["key"] == {"DataType": "Binary.raw", "BinaryValue": b"\x00\xff"}
    (entry,) = send.call_args.kwargs["Entries"]
    assert entry["MessageSystemAttributes"] == {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}}


def test_of_ten_attributes_the_trace_is_kept_before_others(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    others = {f"a{number}": text("x") for number in range(8)}
    message = delivered("[]", **others, traceparent=text("00-1-2-01"), tracestate=text("vendor=1"))
    assert refused_messages.keep([RefusedMessage(message, InvalidMessageError("NotAnObject", "no"))]) == {"m1"}
    kept = attributes(dlq.messages()[0])
    assert len(kept) == 10
    assert {"RefusalCode", "RefusalReason", "OriginalMessageId", "traceparent", "tracestate"} <= kept.keys()


def test_a_message_that_was_moved_back_and_refused_again_has_its_new_reason(
    refused_messages: SqsRefusedMessages, dlq: Queue
) -> None:
    message = delivered("[]", RefusalCode=text("NotJson"), OriginalMessageId=text("m0"), RefusalReason=text("before"))
    refused_messages.keep([RefusedMessage(message, InvalidMessageError("NotAnObject", "now"))])
    assert attributes(dlq.messages()[0]) == {
        "RefusalCode": "NotAnObject",
        "RefusalReason": "now",
        "OriginalMessageId": "m1",
    }


def test_an_order_that_version_0_2_compressed_and_the_console_moved_back_is_not_lost(
    refused_messages: SqsRefusedMessages, dlq: Queue
) -> None:
    compressed = {"dataType": "Binary", "binaryValue": b64encode(gzip.compress(b"order")).decode()}
    message = delivered("The body is in the attribute CompressedBody, as gzip.", CompressedBody=compressed)
    assert refused_messages.keep([RefusedMessage(message, InvalidMessageError("NotJson", "no"))]) == {"m1"}
    (kept,) = dlq.messages()
    assert gzip.decompress(kept["MessageAttributes"]["CompressedBody"]["BinaryValue"]) == b"order"


def test_an_attribute_for_which_there_is_no_room_is_left_out(refused_messages: SqsRefusedMessages, dlq: Queue) -> None:
    message = delivered("x" * (MIB // 2), large=text("y" * (MIB // 2 - 11)), small=text("z"))
    assert refused_messages.keep([RefusedMessage(message, InvalidMessageError("NotJson", "no"))]) == {"m1"}
    assert attributes(dlq.messages()[0]).keys() == {"RefusalCode", "RefusalReason", "OriginalMessageId", "small"}


def test_the_reason_of_an_order_of_repeated_consignments_fits(refused_messages: SqsRefusedMessages) -> None:
    twice = [reference(number % 1000) for number in range(20_000)]
    body = json.dumps(order_event(*twice))
    with pytest.raises(InvalidMessageError) as error:
        read_order(body)
    assert refused_messages.keep([RefusedMessage(queue_message("m1", body), error.value)]) == {"m1"}


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
