"""Whatever comes from the queue is read or refused, never a crash; and what is valid is read as it was sent."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from allocation.consignments.strict_values import CENTIMETRES, KILOGRAMS
from allocation.domain.errors import InvalidMessageError
from allocation.orders.order_created import ReadOrder, read_order
from allocation.orders.refusals import MAX_REASON
from tests.support.samples import order_event

CODES = {
    "NotJson",
    "NotAnObject",
    "TooDeeplyNested",
    "DuplicateKey",
    "S3Pointer",
    "UnknownEventType",
    "UnknownEventVersion",
    "InvalidMessage",
    "DuplicateConsignment",
}
FIELDS = """
Type Message detail-type detail specversion type data data_base64 id time
body isBase64Encoded responsePayload eventSource value
eventType eventVersion eventId occurredAt orderReference consignments
Reference Tags Direction ShippingDate RequestedDeliveryDate RequiredDeliveryDate Date
Packages Weight Value Unit Dimensions Width Length Height Amount Currency IsoCode PackageSizeReference
Addresses AddressType Country TwoLetterCode Postcode Region ShippingLocationReference
"""
VALUES = ["order-created", "Notification", "EC-000-000-AAA", "2026-11-23T09:15:00Z", "2026-11-23", "kg", "Cm", "Origin"]
NAMES = st.sampled_from(FIELDS.split())
WORDS = st.sampled_from(VALUES)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=15,
)
EVENTS = st.builds(
    lambda event, changes: {name: value for name, value in (event | changes).items() if value != "removed"},
    st.just(order_event("EC-000-000-AAA", "EC-000-000-AAB")),
    st.dictionaries(NAMES, JSON | st.just("removed"), max_size=4),
)
CONSIGNMENTS = st.lists(
    st.dictionaries(NAMES, JSON, max_size=5) | st.builds(dict, Reference=WORDS, Packages=JSON, Addresses=JSON) | JSON,
    max_size=5,
)
REFERENCES = st.lists(st.from_regex(r"EC(-[A-Z0-9]{3}){3}", fullmatch=True), min_size=1, max_size=8, unique=True)
QUANTITIES = st.decimals(0, 10**9, places=4)


def read_or_refused(body: str) -> ReadOrder | None:
    """What was read; None where the message was refused as it should be."""
    try:
        return read_order(body)
    except InvalidMessageError as error:
        refusal = error
    assert refusal.code in CODES
    assert 0 < len(str(refusal)) <= MAX_REASON
    assert str(refusal).isprintable()
    return None


@given(st.text())
@example("")
@example("\ufeff{}")
@example('{"eventType": "\\ud800"}')
@example("1" * 5000)
@example('{"eventType": "order-created", "eventVersion": 1e-99999}')
@example("[" * 100_000)
def test_any_text_is_refused(body: str) -> None:
    assert read_or_refused(body) is None


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    read_or_refused(json.dumps(value))


@given(EVENTS)
def test_any_change_of_an_order_is_read_or_refused(event: dict[str, Any]) -> None:
    read_or_refused(json.dumps(event))


@given(CONSIGNMENTS)
@example([{"Reference": "EC-000-000-AAA", "Packages": [{"Weight": {"Value": 10**25, "Unit": "kg"}}]}])
@example([{"Reference": ["EC-000-000-AAA"]}])
def test_any_consignments_are_read_or_refused(consignments: list[Any]) -> None:
    read = read_or_refused(json.dumps(order_event(consignments=consignments)))
    if read is not None and read.invalid is None:
        assert len(read.order.consignments) == len(consignments)


@given(REFERENCES, st.lists(st.integers(), max_size=3))
def test_every_good_consignment_is_read_in_order_however_many_bad_ones_are_among_them(
    references: list[str], bad: list[int]
) -> None:
    consignments: list[dict[str, Any]] = [{"Reference": each} for each in references]
    for number in bad:
        consignments.insert(number % (len(consignments) + 1), {"Reference": number})
    read = read_order(json.dumps(order_event(consignments=consignments)))
    assert [item.reference for item in read.order.consignments] == references
    assert (read.invalid is not None) == bool(bad)


@given(QUANTITIES, st.sampled_from(sorted(KILOGRAMS)), st.booleans())
def test_a_weight_is_the_same_in_kilograms(value: Decimal, unit: str, upper: bool) -> None:
    weight = {"Value": 0, "Unit": unit.upper() if upper else unit}
    body = json.dumps(order_event(consignments=[{"Reference": "EC-000-000-AAA", "Packages": [{"Weight": weight}]}]))
    (consignment,) = read_order(body.replace('"Value": 0', f'"Value": {value:f}')).order.consignments
    assert consignment.packages[0].weight_kg / KILOGRAMS[unit] == pytest.approx(value)
    assert (unit != "kg") or consignment.packages[0].weight_kg == value


@given(QUANTITIES, st.sampled_from(sorted(CENTIMETRES)))
def test_a_side_is_the_same_in_centimetres(value: Decimal, unit: str) -> None:
    sides = f'{{"Unit": "{unit}", "Width": {value:f}, "Length": 2, "Height": 3}}'
    package = {"Weight": {"Value": 1, "Unit": "kg"}, "Dimensions": "SIDES"}
    body = json.dumps(order_event(consignments=[{"Reference": "EC-000-000-AAA", "Packages": [package]}]))
    (consignment,) = read_order(body.replace('"SIDES"', sides)).order.consignments
    dimensions = consignment.packages[0].dimensions
    assert dimensions is not None
    assert dimensions.width_cm == value * CENTIMETRES[unit]
    assert (dimensions.length_cm, dimensions.height_cm) == (2 * CENTIMETRES[unit], 3 * CENTIMETRES[unit])
