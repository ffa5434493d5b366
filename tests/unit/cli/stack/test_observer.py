"""What the observer reads off the DLQ: refusals under the id that the order had, and messages that were given up."""

from typing import TYPE_CHECKING, Any

from cli.stack.account import Refusal
from cli.stack.observer import read_refusal, refusal_of, unrecorded
from cli.stack.orders import OrderMessage, SentOrder
from tests.unit.cli.stack.accounts import account, record, sent

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def dead(**attributes: str) -> "MessageTypeDef":
    texts: Any = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    return {"MessageId": "in-the-dlq", "Body": "{}", "MessageAttributes": texts}


def test_a_refused_message_is_known_by_the_id_that_it_had_in_the_order_queue() -> None:
    message = dead(RefusalCode="NotJson", RefusalReason="the body is not JSON", OriginalMessageId="m1")
    assert read_refusal(message) == Refusal("m1", "NotJson", "the body is not JSON")


def test_a_message_without_a_reason_was_given_up_after_its_deliveries() -> None:
    assert read_refusal(dead()) == Refusal("in-the-dlq", "NoSuccess", "every delivery of it failed")


def test_a_reason_that_is_missing_is_not_made_up() -> None:
    assert read_refusal(dead(RefusalCode="NotJson")).reason == ""


def test_a_message_whose_body_left_no_room_for_its_first_id_is_known_by_its_body() -> None:
    orders = [SentOrder(OrderMessage(body, None, ()), message_id) for message_id, body in (("m1", "[]"), ("m2", "{}"))]
    assert refusal_of(dead(), orders).message_id == "m2"
    assert refusal_of(dead(OriginalMessageId="m3", RefusalCode="NotJson"), orders).message_id == "m3"
    assert refusal_of({**dead(), "Body": "another"}, orders).message_id == "in-the-dlq"


def test_the_table_is_asked_for_what_it_can_have_and_has_not_told() -> None:
    found = account([sent("m1", "WEB-1", "ONE", "TWO", "EC-\ud800", "Zoë 🚚\n")], record("ONE"), [])
    assert unrecorded(found) == ["TWO", "Zoë 🚚\n"]
