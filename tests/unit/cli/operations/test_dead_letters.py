"""What a message of the DLQ says of itself, and which messages are selected."""

import gzip
from dataclasses import replace
from typing import Any

import pytest

from cli.operations.dead_letters import DeadLetterQueue, dead_letter
from cli.operations.redrive import Selection
from cli.operations.trace import mentions
from tests.support.samples import text_of


def message(body: str = "{}", **attributes: str) -> Any:
    """A message of the DLQ as SQS delivers it."""
    return {
        "MessageId": "dead-1",
        "ReceiptHandle": "handle",
        "Body": body,
        "Attributes": {"SentTimestamp": "1795425301000"},
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


REFUSED = dead_letter(message(RefusalCode="NotJson", RefusalReason="the body is not JSON", OriginalMessageId="live-1"))
GIVEN_UP = dead_letter(message())


def test_a_refused_message_tells_its_code_and_the_id_that_it_had() -> None:
    assert (REFUSED.reason, REFUSED.original_message_id, REFUSED.message_id) == ("NotJson", "live-1", "dead-1")
    assert REFUSED.sent_at.isoformat() == "2026-11-23T09:15:01+00:00"


def test_a_message_that_sqs_gave_up_keeps_its_id_and_has_a_reason_too() -> None:
    assert (GIVEN_UP.reason, GIVEN_UP.original_message_id) == ("NoSuccess", "dead-1")


def test_only_the_attributes_of_its_sender_go_with_a_message() -> None:
    letter = dead_letter(message(RefusalCode="NotJson", RefusalReason="no", OriginalMessageId="live-1", tenant="acme"))
    assert letter.attributes == {"tenant": {"DataType": "String", "StringValue": "acme"}}


def test_a_reason_that_left_no_room_for_its_explanation_is_explained_again() -> None:
    full = " " * (1024 * 1024 - 60)
    assert dead_letter(message(full)).reason == "NotJson"
    refused = dead_letter(message(full, RefusalCode="NotJson"))
    assert refused.explanation.startswith("the body is not JSON")
    given_up = dead_letter(message(full, RefusalCode="GivenUp_outage"))
    assert (given_up.reason, given_up.explanation.startswith("the body is not JSON")) == ("GivenUp_outage", False)


def test_a_reason_that_somebody_made_endless_is_cut() -> None:
    endless = dead_letter(message(RefusalCode="x" * 9999, RefusalReason="y" * 9999))
    assert (len(endless.reason), len(endless.explanation)) == (1000, 1000)


def packed(body: bytes) -> Any:
    """A message of the DLQ whose body is an attribute."""
    return {
        **message("see there"),
        "MessageAttributes": {"CompressedBody": {"DataType": "Binary", "BinaryValue": body}},
    }


def test_a_compressed_body_is_read_as_it_was() -> None:
    assert dead_letter(packed(gzip.compress('{"naïve": 1}'.encode()))).body == '{"naïve": 1}'


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip",
        gzip.compress(b"order")[:-9],
        gzip.compress(b"order")[:-20] + bytes(30),
        gzip.compress(b"\xff"),
        gzip.compress(b"[" * (1024 * 1024 + 1)),
    ],
    ids=["no gzip", "cut short", "damaged", "no text", "larger than SQS takes"],
)
def test_a_body_that_can_not_be_read_is_none_at_all(body: bytes) -> None:
    assert dead_letter(packed(body)).body is None


@pytest.mark.parametrize(
    "name",
    [
        "order-created-v1.json",
        "order-created-v1.sns.json",
        "order-created-v1.eventbridge.json",
        "order-created-v1.cloudevent.json",
    ],
)
def test_the_order_of_a_message_is_found_however_it_is_wrapped(name: str) -> None:
    letter = dead_letter(message(text_of(name)))
    assert letter.order_reference.startswith("WEB-")
    assert mentions(letter, [letter.order_reference])


def test_the_order_of_a_message_that_is_cut_short_is_found() -> None:
    assert dead_letter(message('{"orderReference": "WEB-1", "consign')).order_reference == "WEB-1"


@pytest.mark.parametrize("body", ["not JSON", "{}", '{"orderReference": 7}'])
def test_a_message_without_an_order_has_none(body: str) -> None:
    assert dead_letter(message(body)).order_reference == ""


@pytest.mark.parametrize(
    ("body", "mentioned"),
    [
        ('{"orderReference": "WEB-1"}', True),
        (r'{"Message": "{\"orderReference\":\"WEB-1\"}"}', True),
        ('{"orderReference": "WEB-10"}', False),
        ('{"orderReference": "A-WEB-1"}', False),
        ('{"orderReference": "WEB-2"}', False),
    ],
)
def test_an_order_is_mentioned_by_its_whole_reference(body: str, mentioned: bool) -> None:
    assert mentions(dead_letter(message(body)), ["WEB-1"]) is mentioned


def test_a_reference_is_found_as_json_writes_it() -> None:
    assert mentions(dead_letter(message(r'{"orderReference": "Stra\u00dfe/\"7\""}')), ['Straße/"7"'])


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), []),
        (Selection(everything=True), ["refused", "given up"]),
        (Selection(reason="NotJson"), ["refused"]),
        (Selection(reason="NoSuccess"), ["given up"]),
        (Selection(message_id="live-1"), ["refused"]),
        (Selection(message_id="dead-1"), ["refused"]),
        (Selection(reason="NoSuccess", message_id="live-1"), []),
        (Selection(reason="NotJson", everything=True), ["refused"]),
        (Selection(reason="Not"), []),
    ],
)
def test_what_is_selected_fits_all_that_was_given(selection: Selection, taken: list[str]) -> None:
    letters = {"refused": REFUSED, "given up": replace(GIVEN_UP, message_id="dead-2", original_message_id="dead-2")}
    assert [name for name, letter in letters.items() if selection.takes(letter)] == taken


class ForgetfulQueue:
    """A queue whose messages are hidden for only a few receives: a long one, to whom reading it takes minutes."""

    def __init__(self, count: int, hidden_for: int) -> None:
        self.names = [f"m{number}" for number in range(count)]
        self.hidden_for = hidden_for
        self.received_at: dict[str, int] = {}
        self.receives = 0

    def receive_message(self, **_: Any) -> dict[str, Any]:
        self.receives += 1
        last = {name: self.received_at.get(name, -99) for name in self.names}
        visible = [name for name in last if self.receives - last[name] > self.hidden_for]
        # One receive brings only what was seen before, as chance has it among SQS's servers.
        visible = sorted(visible, key=last.__getitem__, reverse=self.receives == self.hidden_for + 2)[:10]
        self.received_at |= dict.fromkeys(visible, self.receives)
        return {"Messages": [{**message(), "MessageId": name, "ReceiptHandle": name} for name in visible]}

    def change_message_visibility_batch(self, **_: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("hidden_for", [3, 99])
def test_a_dlq_that_takes_longer_to_read_than_messages_are_hidden_is_read_to_its_end(hidden_for: int) -> None:
    sqs: Any = ForgetfulQueue(45, hidden_for)
    with DeadLetterQueue(sqs, "dlq") as queue:
        found = [letter.message_id for letters in queue.read() for letter in letters]
    assert sorted(found) == sorted(sqs.names)
    assert sqs.receives < 20
