"""What is set aside and then moved back by AWS itself, as it is, reads as the same order or is refused the same way."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from allocation.aws.lambda_events import queue_messages
from allocation.aws.sqs import SqsRefusedMessages
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.orders.order_requests import read_request
from allocation.orders.redelivery import MAX_RECEIVES
from allocation.ports import QueueMessage, RefusedMessage
from tests.properties.test_any_message import EVENTS
from tests.support.size import sized

MAX_BYTES = 1024 * 1024
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Cs")), min_size=1, max_size=40)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True) | st.sampled_from(
    ["traceparent", "tracestate", "RefusalCode", "RefusalReason", "OriginalMessageId"]
)
ATTRIBUTES = st.dictionaries(
    NAMES,
    st.builds(lambda text: {"DataType": "String", "StringValue": text}, TEXT)
    | st.builds(lambda value: {"DataType": "Binary", "BinaryValue": value}, st.binary(min_size=1, max_size=2000)),
    max_size=10,
)
CONTENTS = st.builds(json.dumps, EVENTS, ensure_ascii=st.booleans()) | TEXT
# How many bytes of the 1 MiB are left when the sender has filled a message up.
ROOM = st.integers(0, 120) | st.integers(0, 3000) | st.just(MAX_BYTES)


def size_of(entry: Mapping[str, Any]) -> int:
    """What SQS counts: the body, and of each attribute name, type and value."""
    attributes = entry.get("MessageAttributes", {})
    values = (value.get("BinaryValue") or value["StringValue"].encode() for value in attributes.values())
    names = sum(len(name.encode()) + len(value["DataType"]) for name, value in attributes.items())
    return len(entry["MessageBody"].encode()) + names + sum(map(len, values))


class StrictQueue:
    """A queue with SQS's limits, whose messages can be moved as they are."""

    def __init__(self) -> None:
        self.entries: list[Mapping[str, Any]] = []

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: ARG002, N803
        assert len(Entries) <= 10
        assert sum(map(size_of, Entries)) <= MAX_BYTES
        assert all(len(entry["MessageAttributes"]) <= 10 for entry in Entries)
        values = [value for entry in Entries for value in entry["MessageAttributes"].values()]
        assert all(value.get("StringValue") or value.get("BinaryValue") for value in values)
        self.entries += Entries
        return {"Successful": [{"Id": entry["Id"], "MessageId": "moved"} for entry in Entries]}


def delivered(body: str, attributes: Mapping[str, Mapping[str, Any]]) -> QueueMessage:
    """A message of the order queue, as Lambda hands it to the function and the function reads it."""
    written = {
        name: {"dataType": value["DataType"]}
        | ({"stringValue": value["StringValue"]} if "StringValue" in value else {})
        | ({"binaryValue": b64encode(value["BinaryValue"]).decode()} if "BinaryValue" in value else {})
        for name, value in attributes.items()
    }
    attribute = {"ApproximateReceiveCount": str(MAX_RECEIVES), "SentTimestamp": "1795425301000"}
    record = {"messageId": "m1", "body": body, "receiptHandle": "r1", "attributes": attribute}
    (message,) = queue_messages({"Records": [{**record, "messageAttributes": written}]})
    return message


def outcome(body: str) -> Any:
    """The order that a body is read as, and why it is refused."""
    try:
        read = read_request(body)
    except InvalidMessageError as error:
        return error.code, str(error)
    return read.request, (read.invalid.code, str(read.invalid)) if read.invalid else None


@given(content=CONTENTS, room=ROOM, attributes=ATTRIBUTES, reason=TEXT, given_up=st.booleans())
def test_whatever_is_set_aside_and_moved_back_as_it_is_is_the_same_order(
    content: str, room: int, attributes: dict[str, Any], reason: str, given_up: bool
) -> None:
    free = MAX_BYTES - size_of({"MessageBody": content, "MessageAttributes": attributes})
    body = content + " " * (free - room)
    code = f"{RefusalCode.GIVEN_UP}_Outage" if given_up else RefusalCode.NOT_JSON
    dlq: Any = StrictQueue()
    refused = RefusedMessage(delivered(body, attributes), InvalidMessageError(code, reason * sized(3, 30)))
    assert SqsRefusedMessages(dlq, "dlq").keep([refused]) == {"m1"}
    (moved,) = dlq.entries
    again = delivered(moved["MessageBody"], moved["MessageAttributes"])
    assert outcome(again.body) == outcome(body)
    if room >= sum(map(len, ("RefusalCode", "String", code))):
        assert again.attributes["RefusalCode"]["StringValue"] == code
