"""`carrier orders check` and `carrier orders mapping`: a shop's own format, tried before it is deployed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from allocation.orders.mapping import read_mapping
from cli.commands.orders import orders
from cli.errors import CommandError, UsageError
from cli.order_mappings import WRITTEN
from tests.support.samples import EVENTS, json_of

SHOPIFY = str(WRITTEN / "shopify.yaml")
ORDER = str(EVENTS / "shops" / "shopify-orders-create.json")


@pytest.mark.parametrize(
    ("mapping", "order", "reference"),
    [
        ("shopify", "shopify-orders-create", "#1042"),
        ("woocommerce", "woocommerce-order-created", "WC-727"),
    ],
)
def test_an_order_of_a_shop_can_be_allocated_after_its_mapping(mapping: str, order: str, reference: str) -> None:
    asked = ["check", "--json", "--mapping", str(WRITTEN / f"{mapping}.yaml"), str(EVENTS / "shops" / f"{order}.json")]
    result = CliRunner().invoke(orders, asked, standalone_mode=False)
    told = json.loads(result.stdout)
    assert (result.return_value, told["orderReference"], told["refused"]) == (0, reference, None)
    assert len(told["consignments"]) == 1


def test_an_order_in_a_format_of_its_own_is_refused_without_a_mapping() -> None:
    result = CliRunner().invoke(orders, ["check", ORDER], standalone_mode=False)
    assert result.return_value == 1
    assert result.stdout.startswith("UnknownEventType")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "WEB-100045: EC-000-05B-MMA is to be cancelled.\n"),
        ({"consignments": None}, "WEB-100045: the whole order is to be cancelled.\n"),
    ],
)
def test_a_cancellation_is_checked_as_the_function_reads_it(
    tmp_path: Path, changes: dict[str, None], told: str
) -> None:
    message = tmp_path / "cancelled.json"
    message.write_text(json.dumps(json_of("order-cancelled-v1.json") | changes), encoding="utf-8")
    result = CliRunner().invoke(orders, ["check", str(message)], standalone_mode=False)
    assert (result.return_value, result.stdout) == (0, told)


def test_an_update_is_checked_as_the_function_reads_it() -> None:
    result = CliRunner().invoke(orders, ["check", str(EVENTS / "order-updated-v1.json")], standalone_mode=False)
    told = "WEB-100045: EC-000-05B-MMA can be allocated, unless it is already.\n"
    assert (result.return_value, result.stdout) == (0, told)


def test_a_mapping_is_written_as_the_functions_read_it(tmp_path: Path) -> None:
    output = tmp_path / "shop.json"
    result = CliRunner().invoke(orders, ["mapping", SHOPIFY, "--output", str(output)], standalone_mode=False)
    assert (result.return_value, read_mapping(output.read_text("utf-8")).name) == (0, "shopify")


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("format: 1\nname: a\nwhen: a\norder: '{'", CommandError, "order is not a JMESPath expression"),
        ("format: [1", UsageError, "is not YAML"),
        ("- 1", CommandError, "a mapping is an object"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_with_what_to_write(
    tmp_path: Path, text: str, error: type[CommandError], told: str
) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(orders, ["check", "--mapping", str(mapping), ORDER], standalone_mode=False)
    assert isinstance(result.exception, error)
    assert told in str(result.exception)
