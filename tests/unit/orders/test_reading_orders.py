"""Order-created messages: what is read of them, in each wrapping, and how each malformed kind is refused."""

import gc
import json
import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.consignment import Address, AddressFlags, Dimensions, Direction, Package, RequestedDelivery
from allocation.domain.currencies import Money
from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import Order
from allocation.domain.reference import OrderReference, issued_reference
from allocation.orders import order_created, wrappings
from allocation.orders.order_created import ReadingRules, read_order
from tests.support.samples import EVENTS, A, B, C, json_of, order_event, reference, text_of

WRAPPINGS = ("sns", "eventbridge", "cloudevent")
SHAPES = sorted(path.name for path in EVENTS.glob("order-created-v1.*"))
MALFORMED = {
    "not-json.txt": ("NotJson", "the body is not JSON: "),
    "not-a-number.txt": ("NotJson", "NaN is not JSON"),
    "not-an-object.json": ("NotAnObject", "the body is an array: send an object"),
    "unknown-event-type.json": ("UnknownEventType", "eventType is \"order-cancelled\": send 'order-created'"),
    "unknown-major-version.json": ("UnknownEventVersion", "eventVersion is 2: send 1"),
    "version-as-text.json": ("InvalidMessage", 'eventVersion: must be a number, as 1 (got "1")'),
    "missing-event-id.json": ("InvalidMessage", "eventId: is missing"),
    "missing-order-reference.json": ("InvalidMessage", "orderReference: is missing"),
    "missing-consignments.json": ("InvalidMessage", "consignments: is missing"),
    "order-reference-with-control-character.json": ("InvalidMessage", "orderReference has a null character"),
    "order-reference-too-long.json": ("InvalidMessage", "orderReference: must have 128 or fewer characters"),
    "reference-with-slash.json": ("InvalidMessage", 'consignments[0].Reference: .*(got "EC-000/05B-MMA")'),
    "reference-with-dot-dot.json": ("InvalidMessage", "consignments[0].Reference: must be a consignment reference"),
    "reference-with-space.json": ("InvalidMessage", "consignments[0].Reference: must be a consignment reference"),
    "reference-with-line-feed.json": ("InvalidMessage", "consignments[0].Reference: must be a consignment reference"),
    "reference-too-long.json": ("InvalidMessage", "consignments[0].Reference: must have 64 or fewer characters"),
    "no-consignments.json": ("InvalidMessage", "consignments: must have 1 or more entries"),
    "consignments-not-a-list.json": ("InvalidMessage", "consignments: must be a list (got 5)"),
    "consignment-not-an-object.json": ("InvalidMessage", "consignments[0]: must be an object"),
    "duplicate-consignments.json": ("DuplicateConsignment", "send each reference once, not again EC-000-07A-AAA"),
    "wrong-types.json": ("InvalidMessage", "eventId: .*orderReference: .*consignments[0].Tags: "),
    "numbers-as-text.json": ("InvalidMessage", 'Weight.Value: must be a number (got "0.5")'),
    "negative-weight.json": ("InvalidMessage", "Weight.Value: must be at least 0 (got -"),
    "unknown-unit.json": ("InvalidMessage", 'Weight.Unit: must be one of kg, g, lb, oz, in any case (got "stone")'),
    "huge-number.json": ("InvalidMessage", "Weight.Value: must be less than 10,000,000,000 (got 1"),
    "two-origins.json": ("InvalidMessage", "consignments[0]: Addresses has more than one Origin: keep one"),
    "too-deeply-nested.json": ("TooDeeplyNested", "the body is nested too deeply to be read"),
    "too-many-wrappings.json": ("TooDeeplyNested", "the event is inside more than 4 wrappings"),
    "sns-message-not-json.json": ("NotJson", "the body is not JSON: "),
    "eventbridge-without-detail.json": ("NotAnObject", "the EventBridge event's detail is null: send an object"),
    "cloudevent-data-not-base64.json": ("NotJson", "the CloudEvent's data_base64 is not text in UTF-8 and Base64"),
    "s3-pointer.json": ("S3Pointer", "(software.amazon.payloadoffloading.PayloadS3Pointer): send the order itself"),
    "s3-pointer-of-an-older-client.json": ("S3Pointer", "(com.amazon.sqs.javamessaging.MessageS3Pointer): send"),
    "duplicate-key.json": ("DuplicateKey", 'the key "consignments" stands twice: send each key'),
    "null-character.json": ("InvalidMessage", "consignments[0].Addresses[0].Postcode has a null character"),
    "cloudevent-without-data.json": ("NotAnObject", "the CloudEvent's data is null: send an object"),
}


def refusal_of(body: str) -> InvalidMessageError:
    with pytest.raises(InvalidMessageError) as refused:
        read_order(body)
    return refused.value


def whole_order(body: str) -> Order:
    read = read_order(body)
    assert read.invalid is None
    return read.order


def wrapped(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    carriers: dict[str, dict[str, Any]] = {
        "sns": {"Type": "Notification", "Message": json.dumps(event)},
        "eventbridge": {"detail-type": "order-created", "id": "lent", "time": "2026-11-23T09:15:00Z", "detail": event},
        "cloudevent": {"specversion": "1.0", "type": "order-created", "id": "lent", "data": event},
    }
    return carriers[kind]


def test_an_order_is_read_in_metric_units_without_contact_data() -> None:
    order = whole_order(text_of("order-created-v1.json"))
    (consignment,) = order.consignments
    assert (order.reference, order.event_id) == ("WEB-100045", "0d4c7a2e-5b1f-4f0e-9a63-1c2b7d9e8f01")
    assert consignment.packages == (
        Package(Decimal("0.5"), Dimensions(Decimal(10), Decimal(10), Decimal(10)), None, Money(Decimal("5.99"), "GBP")),
    )
    assert consignment.origin == Address(shipping_location_reference="Sorted1")
    guessed = AddressFlags(residential=True)
    assert consignment.destination == Address(
        country="GB", postcode="M1 5WG", region="Greater Manchester", guessed=guessed
    )
    assert consignment.direction is Direction.OUTBOUND
    assert "Robin" not in repr(order)


def test_an_order_of_many_consignments_keeps_their_order() -> None:
    order = whole_order(text_of("order-created-v1-many-consignments.json"))
    sent = [item["Reference"] for item in json_of("order-created-v1-many-consignments.json")["consignments"]]
    assert [consignment.reference for consignment in order.consignments] == sent
    assert len(sent) == 12


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


@pytest.mark.parametrize("name", MALFORMED)
def test_each_malformed_kind_is_refused_with_its_code_and_reason(name: str) -> None:
    code, reason = MALFORMED[name]
    error = refusal_of(text_of(f"malformed/{name}"))
    assert error.code == code
    assert re.search(re.escape(reason).replace(r"\.\*", ".*"), str(error))


def test_no_malformed_file_is_left_out() -> None:
    files = {path.name for path in (EVENTS / "malformed").iterdir()}
    assert files == MALFORMED.keys() | {"one-bad-consignment-among-good.json"}


def test_the_good_consignments_beside_a_bad_one_are_read_and_the_bad_one_named() -> None:
    read = read_order(text_of("malformed/one-bad-consignment-among-good.json"))
    assert [item.reference for item in read.order.consignments] == ["EC-000-07A-AAA", "EC-000-07C-CCC"]
    assert read.invalid is not None
    assert "consignments[1].Reference" in str(read.invalid)
    assert 'got "EC-000-07B/BBB"' in str(read.invalid)


def test_a_problem_of_the_order_itself_refuses_its_good_consignments_too() -> None:
    body = json.dumps(order_event(A, B, "EC/1", orderReference=""))
    assert refusal_of(body).code == "InvalidMessage"


def test_the_other_consignments_beside_a_repeated_one_are_read() -> None:
    read = read_order(json.dumps(order_event(A, B, A)))
    assert [item.reference for item in read.order.consignments] == [B]
    assert read.invalid is not None
    assert read.invalid.code == "DuplicateConsignment"


def test_a_repeated_and_a_malformed_consignment_are_both_named() -> None:
    read = read_order(json.dumps(order_event(A, B, A, "EC/1")))
    assert [item.reference for item in read.order.consignments] == [B]
    assert "consignments[3].Reference" in str(read.invalid)
    assert f"not again {A};" in str(read.invalid)


def test_neither_of_two_of_one_reference_is_read_where_one_of_them_is_malformed() -> None:
    malformed = {"Reference": A, "Packages": "two"}
    read = read_order(json.dumps(order_event(consignments=[{"Reference": A}, {"Reference": B}, malformed])))
    assert [item.reference for item in read.order.consignments] == [B]


@pytest.mark.parametrize("value", [5, 5.5, True, "text", None, {"a": 1}, [[]], [None], [5], [True]])
def test_consignments_of_any_other_type_are_refused(value: object) -> None:
    assert refusal_of(json.dumps(order_event(consignments=value))).code == "InvalidMessage"


def test_a_reason_is_short_and_plain_however_bad_the_message() -> None:
    many = [{"Reference": "\u0000\u2028\ud800" + "x" * 10_000, "Tags": [7] * 50} for _ in range(200)]
    error = refusal_of(json.dumps(order_event(consignments=many, occurredAt="\u0007" * 10_000)))
    assert len(str(error)) <= 1000
    assert str(error).isascii()
    assert str(error).isprintable()


def test_a_long_value_does_not_crowd_out_the_other_problems() -> None:
    error = refusal_of(json.dumps(order_event(A, eventVersion="1" * 4000, orderReference="")))
    assert "eventVersion: must be a number" in str(error)
    assert "orderReference: " in str(error)


@pytest.mark.parametrize("moment", [None, "yesterday", "2026-11-23T09:15:00", 1779533700, {"at": 1}])
def test_when_an_event_occurred_is_not_read(moment: object) -> None:
    assert whole_order(json.dumps(order_event(A, occurredAt=moment))).reference == "WEB-1"
    event = {name: value for name, value in order_event(A).items() if name != "occurredAt"}
    assert whole_order(json.dumps(event)).reference == "WEB-1"


def test_hundreds_of_repeated_consignments_give_a_short_reason() -> None:
    repeated = [reference(number) for number in range(250)]
    error = refusal_of(json.dumps(order_event(*repeated, *repeated)))
    assert len(str(error)) <= 1000
    assert "EC-000-000-000" in str(error)
    assert "and 240 more" in str(error)


PACKAGE = {"Weight": {"Value": 1, "Unit": "kg"}}


def test_an_order_may_have_five_hundred_consignments_and_a_thousand_packages() -> None:
    consignments = [{"Reference": reference(number), "Packages": [PACKAGE] * 2} for number in range(500)]
    order = read_order(json.dumps(order_event(consignments=consignments))).order
    assert sum(len(consignment.packages) for consignment in order.consignments) == 1000


@pytest.mark.parametrize(
    ("consignments", "reason"),
    [
        ([{"Reference": reference(number)} for number in range(501)], "consignments: must have 500 or fewer entries"),
        ([1] * 300_000, "consignments: must have 500 or fewer entries"),
        ([{"Reference": reference(1), "Packages": [PACKAGE] * 1001}], "has 1001 packages: send at most 1000"),
        ([{"Reference": reference(number), "Packages": [PACKAGE] * 3} for number in range(334)], "has 1002 packages"),
        (
            [{"Reference": reference(1), "Addresses": [{"AddressType": "X"}] * 11}],
            "Addresses: must have 10 or fewer",
        ),
        ([{"Reference": reference(1), "Packages": [PACKAGE, 1, 2]}], "consignments[0].Packages[1]: "),
    ],
    ids=["consignments", "no consignments", "packages", "packages in all", "addresses", "the first wrong one"],
)
def test_what_would_take_long_to_read_is_refused_at_once(consignments: list[Any], reason: str) -> None:
    error = refusal_of(json.dumps(order_event(consignments=consignments)))
    assert error.code == "InvalidMessage"
    assert reason in str(error)
    assert str(error).count(";") == 0


def test_a_reference_that_could_lead_a_url_elsewhere_is_never_read() -> None:
    for text in ("EC-000-05B-MMA/../..", "..", "EC-000-05B-MM%2F", "EC-000-05B-MMA?x", "é" * 14, "EC-000-05B-MMA\n"):
        assert refusal_of(json.dumps(order_event(text))).code == "InvalidMessage"


EXACTLY = {"Date": "2026-11-25", "IsToBeExactlyOnTheDateSpecified": True}


@pytest.mark.parametrize(
    "promise",
    [
        {"RequestedDeliveryDate": EXACTLY},
        {"RequiredDeliveryDate": EXACTLY},
        {
            "RequestedDeliveryDate": None,
            "RequiredDeliveryDate": EXACTLY,
        },
    ],
    ids=["requested", "required", "requested null"],
)
def test_a_delivery_promise_is_read_under_both_of_its_names(promise: dict[str, Any]) -> None:
    (consignment,) = whole_order(json.dumps(order_event(consignments=[{"Reference": A, **promise}]))).consignments
    assert consignment.requested_delivery == RequestedDelivery(date(2026, 11, 25), exactly=True)


def test_a_date_is_the_day_that_is_written_whatever_its_offset() -> None:
    sent = {"Reference": A, "ShippingDate": "2026-11-24T23:30:00-05:00", "Direction": "Inbound"}
    (consignment,) = whole_order(json.dumps(order_event(consignments=[sent]))).consignments
    assert consignment.shipping_date == date(2026, 11, 24)
    assert consignment.direction is Direction.INBOUND


def test_null_lists_are_empty_lists() -> None:
    body = order_event(consignments=[{"Reference": C, "Tags": None, "Packages": None, "Addresses": None}])
    (consignment,) = whole_order(json.dumps(body)).consignments
    assert (consignment.tags, consignment.packages, consignment.origin) == (frozenset(), (), None)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "tomorrow", 20261124, "2026-02-30"])
def test_a_day_that_the_calendar_cannot_reckon_with_is_refused(day: object) -> None:
    body = order_event(consignments=[{"Reference": A, "ShippingDate": day}])
    assert "ShippingDate: must be " in str(refusal_of(json.dumps(body)))


def test_an_exponent_beyond_all_numbers_is_refused() -> None:
    assert refusal_of('{"eventType": 1e9999999999999999999}').code == "NotJson"


@pytest.mark.parametrize("field", ["eventId", "orderReference"])
@pytest.mark.parametrize("character", ["\x00", "\x1f", "\x7f", "\x85", "\x9f"])
def test_control_characters_are_refused(field: str, character: str) -> None:
    assert refusal_of(json.dumps(order_event(A, **{field: f"a{character}b"}))).code == "InvalidMessage"


def test_refused_messages_do_not_stay_in_memory() -> None:
    body = json.dumps(order_event(A, eventVersion="1"))
    before = refusals_in_memory()
    for _ in range(10):
        refusal_of(body)
    assert refusals_in_memory() <= before


def refusals_in_memory() -> int:
    gc.collect()
    return sum(isinstance(each, InvalidMessageError) for each in gc.get_objects())


@pytest.mark.parametrize("body", [text_of("order-created-v1.json"), "[1]", "not JSON"])
@pytest.mark.parametrize("is_on", [True, False])
def test_reading_leaves_the_garbage_collector_as_it_was(body: str, is_on: bool) -> None:
    (gc.enable if is_on else gc.disable)()
    try:
        with suppress(InvalidMessageError):
            read_order(body)
        assert gc.isenabled() is is_on
    finally:
        gc.enable()


def test_the_garbage_collector_is_paused_while_a_message_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def watched(body: str) -> dict[str, Any]:
        seen.append(gc.isenabled())
        return wrappings.read_event(body)

    monkeypatch.setattr(order_created, "read_event", watched)
    read_order(text_of("order-created-v1.json"))
    assert seen == [False]


def consignment_with(**fields: Any) -> str:
    return json.dumps(order_event(consignments=[{"Reference": A, **fields}]))


def test_the_delivery_option_is_the_consignments_else_the_orders() -> None:
    consignments = [{"Reference": A, "DeliveryOption": "economy"}, {"Reference": B, "deliveryOption": "locker"}]
    body = json.dumps(order_event(consignments=[*consignments, {"Reference": C}], deliveryOption="next-day"))
    assert [item.delivery_option for item in whole_order(body).consignments] == ["economy", "locker", "next-day"]
    assert [item.delivery_option for item in whole_order(json.dumps(order_event(A))).consignments] == [None]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("0.30000000000000004", "0.3"),
        ("1.2100000000000002", "1.21"),
        ("29.999999999999996", "30"),
        ("99999999.99000001", "99999999.99"),
        ("0.50", "0.50"),
        ("0.1234567885", "0.123456788"),
        ("1E-30", "0"),
        ("-0.0", "0.0"),
    ],
)
def test_a_number_is_rounded_as_it_is_read(sent: str, read: str) -> None:
    body = consignment_with(Packages=[{"Weight": {"Value": 0, "Unit": "kg"}}]).replace('"Value": 0', f'"Value": {sent}')
    (consignment,) = whole_order(body).consignments
    assert str(consignment.packages[0].weight_kg) == read


@pytest.mark.parametrize(
    "country", ["GB", "gb", " G.B.\u200b", {"IsoCode": "GB"}, {"IsoCode": {"TwoLetterCode": "GB"}}]
)
@pytest.mark.parametrize("currency", ["GBP", "gbp", {"IsoCode": "GBP"}])
def test_a_country_and_a_currency_may_be_their_codes(country: object, currency: object) -> None:
    package = PACKAGE | {"Value": {"Amount": 5, "Currency": currency}}
    destination = {"AddressType": "Destination", "Country": country}
    (consignment,) = whole_order(consignment_with(Packages=[package], Addresses=[destination])).consignments
    assert consignment.destination == Address(country="GB")
    assert consignment.packages[0].value == Money(Decimal(5), "GBP")


@pytest.mark.parametrize(
    ("text", "key", "where"),
    [
        ('{"eventId": "1", "eventId": "2"}', "eventId", ""),
        ('{"consignments": [{}, {"Reference": "A", "Reference": "B"}]}', "Reference", " in consignments[1]"),
        ('{"consignments": [1], "consignments": [2]}', "consignments", ""),
        ('{"a": {"b": [{"c": {"x": 1, "y": 2, "x": 3}}]}}', "x", " in a.b[0].c"),
    ],
)
def test_a_key_that_stands_twice_refuses_the_message(text: str, key: str, where: str) -> None:
    for body, path in ((text, where), (json.dumps({"Type": "Notification", "Message": text}), where)):
        error = refusal_of(body)
        assert error.code == "DuplicateKey"
        assert f'the key "{key}" stands twice{path}:' in str(error)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"Tags": ["a\0b"]}, "consignments[0].Tags[0]"),
        ({"MetaData": [{"a\0": 1}]}, 'consignments[0].MetaData[0]."a\\u0000"'),
        ({"Addresses": [{"AddressType": "Origin", "Postcode": "\0"}]}, "consignments[0].Addresses[0].Postcode"),
    ],
)
def test_a_null_character_anywhere_refuses_the_message(fields: dict[str, Any], path: str) -> None:
    body = consignment_with(**fields)
    for sent in (body, json.dumps({"Type": "Notification", "Message": body})):
        error = refusal_of(sent)
        assert error.code == "InvalidMessage"
        assert str(error) == f"{path} has a null character: remove it"


def test_a_backslash_before_zeros_is_no_null_character() -> None:
    assert whole_order(consignment_with(Tags=["\\u0000"])).consignments[0].tags == {"\\u0000"}


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


SECRET = "SECRETNAME Jane"
DESTINATION = {"AddressType": "Destination", "Country": "GB", "Postcode": "M1 5WG", "Region": "Kent"}


@pytest.mark.parametrize(
    "fields",
    [
        {"Reference": SECRET},
        {"Direction": SECRET},
        {"Tags": SECRET},
        {"Tags": [SECRET * 10]},
        {"ShippingDate": SECRET},
        {"RequestedDeliveryDate": SECRET},
        {"DeliveryOption": SECRET * 10},
        {"Packages": SECRET},
        {"Packages": [{"Weight": {"Value": SECRET, "Unit": SECRET}, "PackageSizeReference": SECRET}]},
        {"Packages": [PACKAGE | {"Value": {"Amount": SECRET, "Currency": SECRET}}]},
        {"Packages": [PACKAGE | {"Dimensions": SECRET}]},
        {"Addresses": [DESTINATION | {"AddressType": SECRET * 10}]},
        {"Addresses": [DESTINATION | {"Country": SECRET}]},
        {"Addresses": [DESTINATION | {"Country": {"IsoCode": {"TwoLetterCode": SECRET}}}]},
        {"Addresses": [DESTINATION | {"Postcode": SECRET * 10, "Region": SECRET * 10}]},
        {"Addresses": [DESTINATION | {"ShippingLocationReference": SECRET}]},
    ],
    ids=str,
)
def test_a_refusal_names_the_field_and_never_a_value_that_may_be_personal(fields: dict[str, Any]) -> None:
    error = refusal_of(consignment_with(**fields))
    assert f"consignments[0].{next(iter(fields))}" in str(error)
    assert "SECRETNAME" not in str(error)


@pytest.mark.parametrize("word", ["SECRET", "Anna", "Jane.", "Bobby", "07700900123"])
def test_a_word_that_nobody_uses_for_a_unit_a_direction_or_a_currency_is_not_shown(word: str) -> None:
    box = {"Weight": {"Value": word, "Unit": word}, "Value": {"Amount": 1, "Currency": {"IsoCode": word}}}
    error = str(refusal_of(consignment_with(Direction=word, Packages=[PACKAGE | box])))
    assert all(field in error for field in ("Direction", "Weight.Unit", "Weight.Value", "IsoCode"))
    assert word not in error


@pytest.mark.parametrize("word", ["stone", "Stones", "grm", "kilogramm", "tonne"])
def test_a_unit_that_is_nearly_one_is_shown(word: str) -> None:
    error = refusal_of(consignment_with(Packages=[PACKAGE | {"Weight": {"Value": 1, "Unit": word}}]))
    assert f'(got "{word}")' in str(error)


def test_a_name_in_the_place_of_a_country_code_is_not_shown() -> None:
    error = refusal_of(consignment_with(Addresses=[DESTINATION | {"Country": "Anna"}]))
    assert "TwoLetterCode: must be a two-letter country code" in str(error)
    assert "Anna" not in str(error)


@pytest.mark.parametrize("field", ["eventType", "eventVersion", "eventId", "orderReference", "consignments"])
def test_a_refusal_of_the_order_never_shows_a_value_that_may_be_personal(field: str) -> None:
    error = refusal_of(json.dumps(order_event(A) | {field: f"{SECRET}\x01@"}))
    assert field in str(error)
    assert "SECRETNAME" not in str(error)


@pytest.mark.parametrize("text", ["WEB-100045-1", "ec-000-05b-mma", "7", "a.b_c-D", "x" * 64, "EC-000-05B-MMA"])
def test_a_reference_of_the_sender_is_used_as_it_is(text: str) -> None:
    assert [item.reference for item in whole_order(json.dumps(order_event(text))).consignments] == [text]


@pytest.mark.parametrize("text", ["", ".", "..", "-", "a b", "a/b", "é", "x" * 65, "a\n"])
def test_a_reference_of_another_form_is_refused(text: str) -> None:
    assert "consignments[0].Reference: must " in str(refusal_of(json.dumps(order_event(text))))


def test_a_consignment_without_a_reference_is_issued_the_same_one_whenever_its_order_comes() -> None:
    body = json.dumps(order_event(consignments=[{}, {"Reference": A}, {"Reference": None}], eventId="1"))
    again = json.dumps(order_event(consignments=[{}, {"Reference": A}, {}], eventId="2"))
    issued = [item.reference for item in whole_order(body).consignments]
    assert issued == [item.reference for item in whole_order(again).consignments]
    assert issued[1] == A
    assert len(set(issued)) == 3
    assert all(re.fullmatch("CN-[A-Z2-7]{26}", each) for each in (issued[0], issued[2]))
    other = whole_order(json.dumps(order_event(consignments=[{}], orderReference="WEB-2")))
    assert other.consignments[0].reference not in issued


def test_a_reference_is_issued_by_the_position_in_the_list_as_it_came() -> None:
    read = read_order(json.dumps(order_event(consignments=[{"Tags": 5}, {}])))
    (consignment,) = read.order.consignments
    assert consignment.reference == issued_reference(OrderReference("WEB-1"), 1)
    assert "consignments[0].Tags" in str(read.invalid)


def test_the_senders_reference_beside_ours_is_kept() -> None:
    sent = [{"ConsignmentReferenceProvidedByCustomer": "WEB-1/1"}, {"ConsignmentReferenceProvidedByCustomer": ""}, {}]
    order = whole_order(json.dumps(order_event(consignments=sent)))
    assert [item.customer_reference for item in order.consignments] == ["WEB-1/1", None, None]


PROS = ReadingRules(only_pro_references=True)


@pytest.mark.parametrize("consignment", [{}, {"Reference": "WEB-1-1"}, {"Reference": "ec-000-05b-mma"}])
def test_only_pros_references_are_read_where_pro_allocates(consignment: dict[str, Any]) -> None:
    read = read_order(json.dumps(order_event(consignments=[{"Reference": A}, consignment])), PROS)
    assert [item.reference for item in read.order.consignments] == [A]
    assert "consignments[1].Reference: " in str(read.invalid)
    if consignment:
        assert "must be SortedPRO's own, such as EC-000-05B-MMA" in str(read.invalid)


PACKAGE = {"Weight": {"Value": 2, "Unit": "Kg"}}
# What an engine could not use, or would refuse. SortedPRO knows the consignment itself.
ODD: dict[str, dict[str, Any]] = {
    "a package size": {"Packages": [{"PackageSizeReference": "SMALL"}]},
    "a package size without a name": {"Packages": [{"PackageSizeReference": None}]},
    "no weight": {"Packages": [{}]},
    "a null package": {"Packages": [None]},
    "packages that are text": {"Packages": "two"},
    "one package": {"Packages": PACKAGE},
    "many packages": {"Packages": [PACKAGE] * 1001},
    "a weight in text": {"Packages": [{"Weight": {"Value": "2.5", "Unit": "Kg"}}]},
    "a negative weight": {"Packages": [{"Weight": {"Value": -1, "Unit": "Kg"}}]},
    "an unknown unit": {"Packages": [{"Weight": {"Value": 2, "Unit": "Stone"}}]},
    "an unknown currency": {"Packages": [{**PACKAGE, "Value": {"Amount": 1, "Currency": {"IsoCode": "Coins"}}}]},
    "a huge number": {"Packages": [{"Weight": {"Value": 10**40, "Unit": "Kg"}}]},
    "no sides": {"Packages": [{**PACKAGE, "Dimensions": {}}]},
    "items of another shape": {"Packages": [{**PACKAGE, "Items": 7}]},
    "two destinations": {"Addresses": [{"AddressType": "Destination"}] * 2},
    "eleven addresses": {"Addresses": [{"AddressType": "Other"}] * 11},
    "an address that is text": {"Addresses": ["Manchester"]},
    "a country without a code": {"Addresses": [{"AddressType": "Origin", "Country": {"Name": "Atlantis"}}]},
    "a long postcode": {"Addresses": [{"AddressType": "Origin", "Postcode": "M" * 99}]},
    "a location of another form": {"Addresses": [{"AddressType": "Origin", "ShippingLocationReference": "a b/c"}]},
    "tags that are text": {"Tags": "Alcohol"},
    "a null tag": {"Tags": [None]},
    "many tags": {"Tags": ["T"] * 101},
    "a direction of another name": {"Direction": "Sideways"},
    "a numeric direction": {"Direction": 1},
    "a date of another form": {"ShippingDate": "tomorrow"},
    "a promise without a date": {"RequestedDeliveryDate": {}},
    "a promise that is text": {"RequiredDeliveryDate": "soon"},
    "a numeric reference of the sender's": {"ConsignmentReferenceProvidedByCustomer": 5},
    "a long reference of the sender's": {"ConsignmentReferenceProvidedByCustomer": "x" * 257},
    "metadata": {"MetaData": [{"KeyValue": 1}]},
    "unknown fields": {"Whatever": {"Deep": [1, None]}},
}


@pytest.mark.parametrize("odd", ODD)
def test_where_pro_allocates_nothing_is_refused_that_pro_does_not_need(odd: str) -> None:
    sent = {"Reference": A, "DeliveryOption": "next-day", **ODD[odd]}
    read = read_order(json.dumps(order_event(consignments=[sent])), PROS)
    assert read.invalid is None
    [consignment] = read.order.consignments
    assert (consignment.reference, consignment.delivery_option) == (A, "next-day")
    assert read.order.as_sent in ({}, {A: sent})


def test_where_pro_allocates_only_what_the_api_can_read_is_kept() -> None:
    whole = {"Reference": A, "Packages": [PACKAGE]}
    read = read_order(json.dumps(order_event(consignments=[whole, {"Reference": B, "Packages": "two"}])), PROS)
    assert read.order.as_sent == {A: whole}


@pytest.mark.parametrize("option", [5, ["next-day"], "x" * 65])
def test_a_delivery_option_that_can_not_be_routed_is_refused_where_pro_allocates_too(option: Any) -> None:
    read = [{"Reference": A, "DeliveryOption": option}, {"Reference": B}]
    refused = read_order(json.dumps(order_event(consignments=read)), PROS)
    assert [item.reference for item in refused.order.consignments] == [B]
    assert "consignments[0].DeliveryOption" in str(refused.invalid)
