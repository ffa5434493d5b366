"""The references of an order's consignments: the sender's, those that are issued, and SortedPRO's."""

import json
import re
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

import pytest

from allocation.domain.reference import OrderReference, issued_reference
from allocation.orders.order_created import ReadingRules, read_order
from tests.support.order_reading import refusal_of, whole_order
from tests.support.samples import A, B, order_event


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


CREATES = ReadingRules(only_pro_references=True, creates_in_pro=True)


def test_where_pro_creates_consignments_those_that_are_not_its_own_keep_what_was_sent() -> None:
    sent = [{"Reference": A}, {"Reference": "WEB-1-1", "Packages": "odd"}, {"Tags": ["T"]}]
    read = read_order(json.dumps(order_event(consignments=sent)), CREATES)
    assert read.invalid is None
    at_pro, own, issued = read.order.consignments
    assert (at_pro.to_create, own.to_create) == (None, sent[1])
    assert issued.to_create == {"Tags": ["T"], "Reference": issued_reference(OrderReference("WEB-1"), 2)}
    assert "odd" not in repr(read.order)


@pytest.mark.parametrize(
    ("reference", "kind", "problem"),
    [
        ("ec-000-05b-mma", "order-created", "looks like SortedPRO's own"),
        ("ec-000-05b-mma", "order-updated", "looks like SortedPRO's own"),
    ],
)
def test_what_pro_is_not_to_create_is_refused(reference: str, kind: str, problem: str) -> None:
    sent = [{"Reference": A}, {"Reference": reference}]
    read = read_order(json.dumps(order_event(consignments=sent, eventType=kind)), CREATES)
    assert [item.reference for item in read.order.consignments] == [A]
    assert "consignments[1].Reference: " in str(read.invalid)
    assert problem in str(read.invalid)


@pytest.mark.parametrize(("kind", "is_update"), [("order-created", False), ("order-updated", True)])
def test_what_pro_is_to_create_or_change_says_by_which_event(kind: str, is_update: bool) -> None:
    sent = [{"Reference": "WEB-1-1", "Tags": ["T"]}]
    [read] = read_order(json.dumps(order_event(consignments=sent, eventType=kind)), CREATES).order.consignments
    assert (read.event_id, read.is_update, read.to_create) == (order_event()["eventId"], is_update, sent[0])


def test_what_pro_was_to_create_before_that_was_switched_off_is_taken_to_its_end() -> None:
    taken = {"WEB-1-1", issued_reference(OrderReference("WEB-1"), 1)}
    looks: list[Sequence[str]] = []

    def taken_among(references: Sequence[str]) -> Container[str]:
        looks.append(references)
        return taken

    rules = replace(PROS, taken=taken_among)
    sent: list[Any] = [{"Reference": "WEB-1-1"}, {}, {"Reference": "WEB-1-2"}]
    read = read_order(json.dumps(order_event(consignments=sent)), rules)
    assert [(each.reference, each.to_create is not None) for each in read.order.consignments] == [
        ("WEB-1-1", True),
        (issued_reference(OrderReference("WEB-1"), 1), True),
    ]
    assert "WEB-1-2" in str(read.invalid)
    assert len(looks) == 1, "an order of 500 would be looked for until the function ends"
