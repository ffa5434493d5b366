"""Documents come back from DynamoDB as they went in."""

from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from allocation.exact_json import parsed, written
from allocation.records.items import from_item, to_item

LARGE = 10**15
NUMBERS = (
    st.integers(-(10**37), 10**37)
    | st.floats(-LARGE, LARGE).filter(lambda value: abs(value) > 1e-100 or not value)
    | st.decimals(-LARGE, LARGE, places=6)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES))
@example({"Price": 4.95, "Legs": [{"Leg": 1, "Kilometres": 12.5, "Express": True, "Via": None}]})
@example({"Price": Decimal("12345678901234567890.123456789"), "Tonnes": 0.1, "Id": 12345678901234567890123456789})
def test_a_document_round_trips_with_its_exact_numbers(document: dict[str, Any]) -> None:
    assert from_item(to_item(document)) == parsed(written(document))


@given(st.floats() | st.integers())
@example(1e300)
@example(float("nan"))
@example(10**60)
def test_any_number_can_be_kept(number: float) -> None:
    (kept,) = from_item(to_item({"number": number})).values()
    assert kept == str(number) or float(kept) == float(number)


@given(VALUES)
def test_what_comes_back_is_json(value: Any) -> None:
    assert parsed(written(from_item(to_item({"value": value})))) == parsed(written({"value": value}))
