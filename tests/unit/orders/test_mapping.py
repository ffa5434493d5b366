"""A shop's own order format becomes an order-created event before it is read."""

import json
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import Order, OrderCancellation, OrderLeftOut
from allocation.exact_json import parsed, written
from allocation.orders.mapping import InvalidMappingError, OrderMapping, packaged_mapping, read_mapping
from allocation.orders.order_created import ReadingRules
from allocation.orders.order_requests import read_request
from tests.support.orders import Orders
from tests.support.samples import EVENTS, A, B, message

SHOPS = EVENTS / "shops"


def mapping(order: str, when: str = "shop") -> OrderMapping:
    return read_mapping(json.dumps({"format": 1, "name": "mine", "when": when, "order": order}))


def mapped(name: str, file: str) -> dict[str, Any]:
    return packaged_mapping(name).applied(parsed((SHOPS / file).read_text("utf-8")))


def test_an_order_of_shopify_becomes_one_package_with_the_weight_of_all_that_is_shipped() -> None:
    order = mapped("shopify", "shopify-orders-create.json")
    [consignment] = order["consignments"]
    [package] = consignment["Packages"]
    assert (order["orderReference"], order["deliveryOption"]) == ("#1042", "standard")
    # Two pairs of socks of 320 g and a hat of 300 g; the download weighs nothing.
    assert package["Weight"] == {"Value": 940, "Unit": "g"}
    assert package["Value"] == {"Amount": Decimal("31.97"), "Currency": "GBP"}
    assert consignment["Addresses"][1]["Postcode"] == "M1 5WG"


def test_an_order_of_shopify_without_weights_has_the_weight_that_stands_for_one() -> None:
    order = parsed((SHOPS / "shopify-orders-create.json").read_text("utf-8"))
    for line in order["line_items"]:
        line["grams"] = 0
    [consignment] = packaged_mapping("shopify").applied(order)["consignments"]
    assert consignment["Packages"][0]["Weight"] == {"Value": 500, "Unit": "g"}


def test_an_order_of_shopify_is_found_in_the_payload_that_eventbridge_brings() -> None:
    order = parsed((SHOPS / "shopify-orders-create.json").read_text("utf-8"))
    brought = packaged_mapping("shopify").applied({"metadata": {"X-Shopify-Topic": "orders/create"}, "payload": order})
    assert brought == packaged_mapping("shopify").applied(order)


def test_an_order_of_woocommerce_has_half_a_kilogram_for_each_item() -> None:
    order = mapped("woocommerce", "woocommerce-order-created.json")
    [consignment] = order["consignments"]
    assert order["orderReference"] == "WC-727"
    assert consignment["Packages"][0]["Weight"] == {"Value": Decimal("1.5"), "Unit": "kg"}
    assert consignment["ConsignmentReferenceProvidedByCustomer"] == "727"


@pytest.mark.parametrize(
    ("name", "file", "cancelled"),
    [
        ("shopify", "shopify-orders-create.json", {"cancelled_at": "2026-11-23T10:02:00+00:00"}),
        ("woocommerce", "woocommerce-order-created.json", {"status": "cancelled"}),
    ],
)
def test_an_order_that_is_cancelled_in_the_shop_is_cancelled_whole(
    name: str, file: str, cancelled: dict[str, str]
) -> None:
    order = parsed((SHOPS / file).read_text("utf-8"))
    read = read_request(written(order | cancelled), ReadingRules(mapping=packaged_mapping(name).applied))
    created = mapped(name, file)
    assert read.request == OrderCancellation(created["eventId"], created["orderReference"])


@pytest.mark.parametrize(
    ("name", "file", "state", "left_out"),
    [
        ("shopify", "shopify-orders-create.json", {"financial_status": "pending"}, True),
        ("shopify", "shopify-orders-create.json", {"financial_status": "voided"}, True),
        ("shopify", "shopify-orders-create.json", {"financial_status": "authorized"}, False),
        ("shopify", "shopify-orders-create.json", {"financial_status": "paid"}, False),
        ("shopify", "shopify-orders-create.json", {"financial_status": None}, False),
        ("shopify", "shopify-orders-create.json", {"shipping_address": None}, True),
        ("woocommerce", "woocommerce-order-created.json", {"status": "pending"}, True),
        ("woocommerce", "woocommerce-order-created.json", {"status": "on-hold"}, True),
        ("woocommerce", "woocommerce-order-created.json", {"status": "failed"}, True),
        ("woocommerce", "woocommerce-order-created.json", {"status": "processing"}, False),
        ("woocommerce", "woocommerce-order-created.json", {"status": "completed"}, False),
    ],
)
def test_an_order_that_is_not_paid_is_left_out(name: str, file: str, state: dict[str, Any], *, left_out: bool) -> None:
    order = parsed((SHOPS / file).read_text("utf-8"))
    read = read_request(written(order | state), ReadingRules(mapping=packaged_mapping(name).applied))
    assert isinstance(read.request, OrderLeftOut if left_out else Order)
    assert read.request.reference == mapped(name, file)["orderReference"]


def test_an_order_that_is_cancelled_before_it_is_paid_is_cancelled() -> None:
    order = parsed((SHOPS / "shopify-orders-create.json").read_text("utf-8"))
    order |= {"financial_status": "voided", "cancelled_at": "2026-11-23T10:02:00+00:00"}
    read = read_request(written(order), ReadingRules(mapping=packaged_mapping("shopify").applied))
    assert isinstance(read.request, OrderCancellation)


def test_a_message_of_an_order_that_is_left_out_is_done_and_nothing_is_recorded() -> None:
    world = Orders()
    left_out = message("m1", A, eventType="order-left-out", orderReference="WC-1")
    report = world.process(left_out, message("m2", B))
    assert (report.returned, report.refused, report.left_out) == ({}, {}, ["WC-1"])
    assert set(report.outcomes) == {B}
    assert world.dlq.kept == []


def test_an_empty_delivery_option_is_none() -> None:
    event = parsed((SHOPS / "woocommerce-order-created.json").read_text("utf-8"))
    event["shipping_lines"] = [{"method_id": ""}]
    read = read_request(written(event), ReadingRules(mapping=packaged_mapping("woocommerce").applied))
    assert read.invalid is None
    assert isinstance(read.request, Order)
    assert read.request.consignments[0].delivery_option is None


def test_an_order_that_is_left_out_must_say_which_it_is() -> None:
    with pytest.raises(InvalidMessageError, match="orderReference"):
        read_request('{"eventType": "order-left-out", "eventId": "1"}')


def test_an_order_of_woocommerce_without_a_shipping_address_goes_to_the_billing_address() -> None:
    order = parsed((SHOPS / "woocommerce-order-created.json").read_text("utf-8"))
    order["shipping"] = dict.fromkeys(order["shipping"], "")
    order["billing"] |= {"postcode": "EH1 1AA", "country": "GB"}
    [consignment] = packaged_mapping("woocommerce").applied(order)["consignments"]
    destination = consignment["Addresses"][1]
    assert (destination["Postcode"], destination["Country"]) == ("EH1 1AA", "GB")


@pytest.mark.parametrize("name", ["shopify", "woocommerce"])
def test_a_message_in_another_format_stays_as_it_is(name: str) -> None:
    event = parsed((EVENTS / "order-created-v1.json").read_text("utf-8"))
    assert packaged_mapping(name).applied(event) is event


def test_a_number_is_not_changed_by_its_way_through_an_expression() -> None:
    event = {"shop": {"grams": Decimal("0.1"), "items": 3, "price": Decimal("19.99")}}
    order = mapping("shop.{grams: grams, items: items, price: price, all: product([grams, items])}").applied(event)
    assert (order["grams"], order["items"], order["price"]) == (Decimal("0.1"), 3, Decimal("19.99"))
    assert abs(order["all"] - Decimal("0.3")) < Decimal("1e-15")


def test_text_inside_a_message_can_be_read_as_json() -> None:
    event = {"shop": '{"number": 7}'}
    assert mapping("powertools_json(shop).{orderReference: to_string(number)}").applied(event) == {
        "orderReference": "7"
    }


def test_a_message_that_is_nested_too_deep_for_a_mapping_is_refused() -> None:
    nested: list[object] = []
    for _ in range(1_500):
        nested = [nested]
    with pytest.raises(InvalidMessageError) as refusal:
        mapping("shop").applied({"shop": nested})
    assert refusal.value.code == "NotMappable"


@pytest.mark.parametrize("order", ["shop.name", "shop.missing", "sum(shop.name)", "product(['a'])"])
def test_a_message_that_the_expression_makes_nothing_of_is_refused_without_its_values(order: str) -> None:
    with pytest.raises(InvalidMessageError) as refusal:
        mapping(order).applied({"shop": {"name": "Robin Example"}})
    assert refusal.value.code == "NotMappable"
    assert "'mine'" in str(refusal.value)
    assert "Robin" not in str(refusal.value)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("[]", "object"),
        ("{", "not JSON"),
        ('{"format": 2, "name": "a", "when": "a", "order": "a"}', "format must be 1"),
        ('{"format": 1, "name": "", "when": "a", "order": "a"}', "name"),
        ('{"format": 1, "name": "a", "when": "a[", "order": "a"}', "when is not a JMESPath expression"),
        ('{"format": 1, "name": "a", "when": "a", "order": 7}', "order must be a JMESPath expression"),
        ('{"format": 1, "name": "a", "when": "a", "order": "a", "ordre": "b"}', "unknown key 'ordre'"),
    ],
)
def test_a_mapping_that_can_not_be_used_is_refused_with_its_key(document: str, told: str) -> None:
    with pytest.raises(InvalidMappingError, match=told):
        read_mapping(document)


def test_an_unknown_packaged_mapping_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidMappingError, match="there are shopify, woocommerce"):
        packaged_mapping("magento")
