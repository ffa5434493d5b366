"""How each malformed message is refused, and that no refusal shows what may be personal."""

import json
import re
from typing import Any

import pytest

from tests.support.order_reading import consignment_with, refusal_of
from tests.support.samples import EVENTS, A, order_event, text_of

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


@pytest.mark.parametrize("name", MALFORMED)
def test_each_malformed_kind_is_refused_with_its_code_and_reason(name: str) -> None:
    code, reason = MALFORMED[name]
    error = refusal_of(text_of(f"malformed/{name}"))
    assert error.code == code
    assert re.search(re.escape(reason).replace(r"\.\*", ".*"), str(error))


def test_no_malformed_file_is_left_out() -> None:
    files = {path.name for path in (EVENTS / "malformed").iterdir()}
    assert files == MALFORMED.keys() | {"one-bad-consignment-among-good.json"}


PACKAGE = {"Weight": {"Value": 1, "Unit": "kg"}}


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
