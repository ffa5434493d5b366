"""JSON whose numbers go in and out as they are."""

import gc
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.exact_json import parsed, parsed_by_item, written

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(DATA)
def test_what_is_written_is_read_as_the_same(data: Any) -> None:
    assert parsed(written(data)) == data
    json.loads(written(data))


@pytest.mark.parametrize("read", [parsed, lambda text: parsed_by_item(text, "consignments", dict)])
def test_a_text_that_was_read_is_not_kept(read: Callable[[str], Any]) -> None:
    gc.collect()
    gc.disable()
    try:
        read('{"consignments": [{"Reference": "A"}], "padding": {"a": [1.5]}}')
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("text", ["0.10", "27.690", "1E+30", "-0.00001", "12345678901234567890.12345"])
def test_a_number_keeps_its_digits(text: str) -> None:
    assert Decimal(written(parsed(text))).as_tuple() == Decimal(text).as_tuple()


def test_a_short_number_that_stands_for_a_long_one_stays_short() -> None:
    assert written(parsed("1E+999999999")) == "1E+999999999"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "", "{", "[" * 100_000, "1" * 5000, "01"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed(text)


@given(st.dictionaries(st.sampled_from(["items", "other", '"items":[']), DATA))
def test_what_is_read_item_by_item_is_the_same(data: dict[str, Any]) -> None:
    for text in (written(data), json.dumps(json.loads(written(data)), indent=2)):
        whole = parsed(text)
        listed = whole.get("items")
        expected = whole | {"items": [[item] for item in listed]} if isinstance(listed, list) else whole
        assert parsed_by_item(text, "items", lambda item: [item]) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"items":[1 2]}',
        '{"items":[1,]}',
        '{"items":[1}',
        '{"items":[1]',
        '{"items":[1]} 2',
        '{"items":[1],}',
        '{"items":[1] "a":2}',
        '{"items" [1]}',
        "{items:[1]}",
        "{1:[1]}",
        '{"items":[{"a":1,"a":2}]}',
        '{"items":[1],"items":[2]}',
        '{"items":[NaN]}',
        "",
        "{",
    ],
)
def test_what_is_no_json_is_refused_item_by_item(text: str) -> None:
    for read in (parsed, lambda text: parsed_by_item(text, "items", lambda item: item)):
        with pytest.raises(ValueError, match=r".+"):
            read(text)
