"""The published schemas of messages say what the code does: what they accept is read, what they refuse is refused."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import OrderCancellation
from allocation.exact_json import written
from allocation.orders.order_created import read_order
from allocation.orders.order_requests import read_request
from cli.event_schemas import schema_of
from tests.support.samples import A, json_of, order_event

CREATED: Final = schema_of("order-created-v1.schema.json")
CANCELLED: Final = schema_of("order-cancelled-v1.schema.json")
PARTS: Final = CREATED["$defs"] | CANCELLED["$defs"]
VALIDATOR: Final = Draft202012Validator(CREATED)
CANCELLED_VALIDATOR: Final = Draft202012Validator(CANCELLED)
CHARACTERS: Final = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS: Final = st.text(CHARACTERS, max_size=70) | st.sampled_from(
    ["a\n", "GB\n", "\u212ag", "ß", "kg ", "..", "Lbs", "GB"]
)
NUMBERS: Final = (
    st.integers(-2, 10**11)
    | st.decimals(-1, 10**11, allow_nan=False, places=20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.1 + 0.2, Decimal("9999999999.9999999999"), Decimal("1E-400"), 10**10, Decimal("-0.0")])
).map(lambda number: Decimal(str(number)))
ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def accepted(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a part of the schema accepts, drawn from its own bounds."""
    if "$ref" in schema:
        return accepted(PARTS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of(*map(accepted, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "number":
            return NUMBERS.filter(lambda number: schema["minimum"] <= number < schema["exclusiveMaximum"])
        case "string":
            return _texts(schema)
        case "array":
            return st.lists(accepted(schema["items"]), min_size=schema.get("minItems", 0), max_size=3)
        case "object":
            required = schema.get("required", ())
            fields = {name: accepted(part) for name, part in schema["properties"].items()}
            optional = {name: fields[name] for name in fields if name not in required}
            return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)
        case _:
            return ANYTHING


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 100)
    if "pattern" in schema:
        # Only ECMA 262's `$` is meant: Python's stands before a last line feed too.
        texts = st.from_regex(schema["pattern"].replace("$", r"\Z"), alphabet=CHARACTERS)
        return texts.filter(lambda text: least <= len(text) <= most)
    return st.text(CHARACTERS, min_size=least, max_size=most)


def _with_one_change(event: dict[str, Any], number: int, value: Any) -> dict[str, Any]:
    """Return an event with another value in one place, whichever the number chooses."""
    places: list[tuple[Any, Any]] = []

    def visit(part: Any) -> None:
        steps = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for step, inner in steps:
            places.append((part, step))
            visit(inner)

    visit(event)
    part, step = places[number % len(places)]
    part[step] = value
    return event


def _is_read(event: Any) -> bool:
    try:
        return read_order(written(event)).invalid is None
    except InvalidMessageError:
        return False


def _is_read_as_cancellation(event: Any) -> bool:
    try:
        return isinstance(read_request(written(event)).request, OrderCancellation)
    except InvalidMessageError:
        return False


def _has_unique_references(event: dict[str, Any]) -> bool:
    named = [each.get("Reference") for each in event["consignments"] if isinstance(each, dict)]
    named = [each for each in named if each is not None]
    return len({str(each) for each in named}) == len(named)


EVENTS: Final = accepted(CREATED)
CANCELLATIONS: Final = accepted(CANCELLED)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(EVENTS)
def test_what_the_schema_accepts_is_read(event: dict[str, Any]) -> None:
    assume(VALIDATOR.is_valid(event) and _has_unique_references(event))
    assert _is_read(event)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(EVENTS, st.integers(0, 10**6), ANYTHING)
@example(order_event(A), 0, "order.created.v1")
@example(order_event(A), 0, "orders/create")
def test_the_schema_and_the_reader_agree_on_an_event_with_one_change(
    event: dict[str, Any], number: int, value: Any
) -> None:
    changed = _with_one_change(event, number, value)
    consignments = changed["consignments"]
    assume(not isinstance(consignments, list) or _has_unique_references(changed))
    assert _is_read(changed) == VALIDATOR.is_valid(changed)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(CANCELLATIONS)
def test_what_the_schema_of_a_cancellation_accepts_is_read(event: dict[str, Any]) -> None:
    assume(CANCELLED_VALIDATOR.is_valid(event))
    assert _is_read_as_cancellation(event)


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(CANCELLATIONS, st.integers(0, 10**6), ANYTHING)
@example(json_of("order-cancelled-v1.json"), 0, "com.example.shop.order.canceled.v1")
@example(json_of("order-cancelled-v1.json"), 0, "OrderCancelled")
@example(json_of("order-cancelled-v1.json"), 0, "reorder-cancelled")
@example(json_of("order-cancelled-v1.json"), 0, "order-cancelled" + "!" * 250)
def test_the_schema_and_the_reader_agree_on_a_cancellation_with_one_change(
    event: dict[str, Any], number: int, value: Any
) -> None:
    changed = _with_one_change(event, number, value)
    assert _is_read_as_cancellation(changed) == CANCELLED_VALIDATOR.is_valid(changed)
