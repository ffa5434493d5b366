"""Order-created messages in each wrapping, and what tells that an event is one."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from allocation.orders.order_created import ReadingRules, read_order
from tests.support.order_reading import refusal_of, whole_order
from tests.support.samples import EVENTS, A, order_event, text_of

WRAPPINGS = ("sns", "eventbridge", "cloudevent")
SHAPES = sorted(path.name for path in EVENTS.glob("order-created-v1.*"))


def wrapped(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    carriers: dict[str, dict[str, Any]] = {
        "sns": {"Type": "Notification", "Message": json.dumps(event)},
        "eventbridge": {"detail-type": "order-created", "id": "lent", "time": "2026-11-23T09:15:00Z", "detail": event},
        "cloudevent": {"specversion": "1.0", "type": "order-created", "id": "lent", "data": event},
    }
    return carriers[kind]


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_carries_the_same_order(name: str) -> None:
    assert whole_order(text_of(name)) == whole_order(text_of("order-created-v1.json"))


def test_each_shape_has_an_example() -> None:
    assert len(SHAPES) == 12


@pytest.mark.parametrize("outer", WRAPPINGS)
@pytest.mark.parametrize("inner", WRAPPINGS)
def test_a_wrapping_inside_another_is_taken_off_too(outer: str, inner: str) -> None:
    body = json.dumps(wrapped(outer, wrapped(inner, order_event(A))))
    assert whole_order(body) == whole_order(json.dumps(order_event(A)))


def test_four_wrappings_are_taken_off() -> None:
    event = order_event(A)
    for kind in (*WRAPPINGS, "sns"):
        event = wrapped(kind, event)
    assert [item.reference for item in whole_order(json.dumps(event)).consignments] == [A]


@pytest.mark.parametrize("detail", [order_event(A), json.dumps(order_event(A)), {"body": json.dumps(order_event(A))}])
def test_a_detail_is_read_of_which_an_input_transformer_dropped_the_type(detail: Any) -> None:
    assert whole_order(json.dumps({"detail": detail})) == whole_order(json.dumps(order_event(A)))


@pytest.mark.parametrize("wrapping", ["eventbridge", "cloudevent"])
def test_a_wrapping_lends_its_id_and_keeps_back_where_the_event_has_one(wrapping: str) -> None:
    assert whole_order(json.dumps(wrapped(wrapping, order_event(A)))).event_id == "event-1"
    without = {name: value for name, value in order_event(A).items() if name != "eventId"}
    assert whole_order(json.dumps(wrapped(wrapping, without))).event_id == "lent"


def test_minor_versions_and_unknown_fields_are_read() -> None:
    assert whole_order(json.dumps(order_event(A, eventVersion=1.7, giftWrap=True))).reference == "WEB-1"


@pytest.mark.parametrize(
    "kind",
    [
        "OrderCreated",
        "order.created",
        "ORDER_CREATED",
        "ordercreated",
        "Order Created",
        "com.example.shop.order.created.v1",
        "com.example.shop.OrderCreated",
        "com.example.shop/orderCreated/v2.1",
        "shopOrderCreatedV3",
        "order.created.2026-11",
    ],
)
def test_the_event_type_is_known_in_each_spelling(kind: str) -> None:
    assert whole_order(json.dumps(order_event(A, eventType=kind))).reference == "WEB-1"


@pytest.mark.parametrize(
    "kind",
    [
        "preordercreated",
        "backorder.created",
        "order.not.created",
        "order.created.again",
        "orders/create",
        "created.order",
    ],
)
def test_an_event_type_of_other_words_is_refused(kind: str) -> None:
    assert refusal_of(json.dumps(order_event(A, eventType=kind))).code == "UnknownEventType"
    assert read_order(json.dumps(order_event(A, eventType=kind)), ReadingRules(own_types={kind})).invalid is None


def test_an_event_of_no_version_is_of_the_first() -> None:
    event = {name: value for name, value in order_event(A).items() if name != "eventVersion"}
    assert whole_order(json.dumps(event)).reference == "WEB-1"


def test_a_record_of_a_stream_carries_its_order_in_base64() -> None:
    data = b64encode(json.dumps(order_event(A)).encode()).decode()
    for record in ({"eventSource": "aws:kinesis", "data": data}, {"eventSource": "aws:kafka", "value": data}):
        assert whole_order(json.dumps(record)) == whole_order(json.dumps(order_event(A)))


@pytest.mark.parametrize("in_base64", [True, False])
def test_a_request_of_api_gateway_carries_its_order(in_base64: bool) -> None:
    text = json.dumps(order_event(A))
    body = b64encode(text.encode()).decode() if in_base64 else text
    request = {"body": body, "isBase64Encoded": in_base64, "requestContext": {"stage": "prod"}}
    assert whole_order(json.dumps(request)) == whole_order(text)


def test_a_record_inside_an_event_is_lent_what_the_event_lends() -> None:
    event = {name: value for name, value in order_event(A).items() if name not in ("eventId", "eventType")}
    carrier = {"detail-type": "Order Created", "id": "lent", "detail": {"body": json.dumps(event)}}
    assert whole_order(json.dumps(carrier)).event_id == "lent"


@pytest.mark.parametrize("version", [0, 0.9, 2, -1, 1e400, 10**4000])
def test_another_major_version_is_refused(version: float) -> None:
    body = json.dumps(order_event(A)).replace('"eventVersion": 1', f'"eventVersion": {version}'.replace("inf", "1e400"))
    assert refusal_of(body).code == "UnknownEventVersion"


@pytest.mark.parametrize(
    "carrier",
    [
        lambda text: {"detail-type": "Order Created", "detail": text},
        lambda text: {"detail-type": "Event from aws:sqs", "detail": {"body": text}},
        lambda text: {"specversion": "1.0", "type": "order-created", "data": text},
    ],
    ids=["eventbridge", "pipes", "cloudevent"],
)
def test_text_in_a_wrapping_may_be_a_json_string_and_a_pointer_to_s3_is_named(
    carrier: Callable[[str], dict[str, Any]],
) -> None:
    event = order_event(A)
    quoted_twice = json.dumps(json.dumps(event))
    assert whole_order(json.dumps(carrier(quoted_twice))) == whole_order(json.dumps(event))
    pointer = json.dumps(["com.amazon.sqs.javamessaging.MessageS3Pointer", {"s3BucketName": "b", "s3Key": "k"}])
    assert refusal_of(json.dumps(carrier(pointer))).code == "S3Pointer"
