"""Order-created messages: what is read of them, and of which parts good ones are read beside bad ones."""

import gc
import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.consignment import Address, AddressFlags, Dimensions, Direction, Package, RequestedDelivery
from allocation.domain.currencies import Money
from allocation.domain.errors import InvalidMessageError
from allocation.orders import order_created, wrappings
from allocation.orders.order_created import read_order
from tests.support.order_reading import consignment_with, refusal_of, whole_order
from tests.support.samples import A, B, C, json_of, order_event, reference, text_of


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
