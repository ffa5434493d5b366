"""The orders file: what is read of a line, and what a user is told of a bad one."""

import json
import re
from pathlib import Path

import pytest

from allocation.orders.order_created import read_order
from cli.errors import UsageError
from cli.paths import SAMPLE_ORDERS
from cli.stack.orders import MAX_BYTES, OrderMessage, load_orders

EVENT = {"eventType": "order-created", "orderReference": "WEB-1", "consignments": [{"Reference": "EC-000-000-001"}]}


def orders_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "orders.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "message",
    [
        EVENT,
        {"Type": "Notification", "Message": json.dumps(EVENT)},
        {"detail-type": "order-created", "detail": EVENT},
        {"specversion": "1.0", "data": EVENT},
        {"Type": "Notification", "Message": json.dumps({"detail-type": "order-created", "detail": EVENT})},
    ],
    ids=["bare", "SNS", "EventBridge", "CloudEvent", "EventBridge inside SNS"],
)
def test_an_order_is_recognized_in_every_wrapping_and_sent_as_it_stands(tmp_path: Path, message: object) -> None:
    line = json.dumps(message, indent=None)
    assert load_orders(orders_file(tmp_path, line)) == (OrderMessage(line, "WEB-1", ("EC-000-000-001",)),)


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps(EVENT)
    messages = load_orders(orders_file(tmp_path, f"\ufeff{line}\r\n\r\n{line}\r\n"))
    assert [message.body for message in messages] == [line, line]


def test_a_line_separator_inside_a_text_does_not_end_the_line(tmp_path: Path) -> None:
    line = json.dumps({**EVENT, "note": "one\u2028two"}, ensure_ascii=False)
    assert [message.body for message in load_orders(orders_file(tmp_path, line))] == [line]


def test_a_message_that_says_little_of_itself_is_still_sent(tmp_path: Path) -> None:
    content = '{"consignments": "none"}\n{"consignments": [{"Reference": 7}, 8], "orderReference": null}'
    assert [message.consignments for message in load_orders(orders_file(tmp_path, content))] == [(), ()]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty: put one order-created message on each line"),
        ("\n \n", "is empty"),
        ('{"a": 1}\n\n{"a": \n', "Line 3 of .* is not JSON .*: put one whole message on each line"),
        ('{"a": NaN}', "Line 1 of .* is not JSON .NaN is not JSON."),
        ('[{"a": 1}]', "Line 1 of .* is not a JSON object"),
        ("[" * 100_000, "Line 1 of .* is not JSON"),
        (b'{"a": "\xff"}', "is not UTF-8 text: save it as UTF-8"),
        (json.dumps({"a": "x" * MAX_BYTES}), "Line 1 of .* is larger than the 1 MiB that SQS takes"),
    ],
    ids=["empty", "blank", "cut off", "NaN", "list", "deep", "latin-1", "huge"],
)
def test_a_bad_file_is_told_by_line_with_what_to_do(tmp_path: Path, content: str | bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        load_orders(orders_file(tmp_path, content))


@pytest.mark.parametrize("line", ["# Orders", "[]", json.dumps({"a": "x" * MAX_BYTES})])
def test_a_file_is_named_as_it_is_written(tmp_path: Path, line: str) -> None:
    path = tmp_path / "README.md"
    path.write_text(line)
    with pytest.raises(UsageError, match=f"^Line 1 of {re.escape(str(path))} is "):
        load_orders(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Can't read .*gone\.jsonl: No such file .*--orders "):
        load_orders(tmp_path / "gone.jsonl")


def test_the_sample_orders_are_all_readable_and_name_each_consignment_once() -> None:
    messages = load_orders(SAMPLE_ORDERS)
    orders = [read_order(message.body) for message in messages]
    references = [consignment.reference for order in orders for consignment in order.order.consignments]
    assert [order.invalid for order in orders] == [None] * len(messages)
    assert [reference for message in messages for reference in message.consignments] == references
    assert len(set(references)) == len(references)
