"""What a person is told of a message's body, whatever it holds."""

import json

import pytest

from cli.operations.message_body import order_reference, pretty, problem_with
from tests.support.samples import text_of

SCRIPTS = ["WEB-1", "Заказ-7", "注文/7", 'Straße "7"', "\U0001f600"]


@pytest.mark.parametrize("reference", SCRIPTS)
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("cut", [True, False])
def test_a_reference_of_any_script_is_decoded_however_deep_and_cut_short(
    reference: str, escaped: bool, depth: int, cut: bool
) -> None:
    text = json.dumps({"orderReference": reference, "consignments": []}, ensure_ascii=escaped)
    for _ in range(depth):
        text = json.dumps({"Type": "Notification", "Message": text}, ensure_ascii=escaped)
    assert order_reference(text[: text.index("consignments")] if cut else text) == reference


@pytest.mark.parametrize(
    "body",
    [
        "\\" * 200_000,
        '"orderReference' + "\\" * 900_000,
        '"orderReference' * 60_000,
        '"orderReference" ' * 60_000,
        '"orderReference":"' + "a" * 1_000_000,
        '{"orderReference": ' + "[" * 500_000,
    ],
    ids=["backslashes", "a name and backslashes", "names", "quoted names", "an endless value", "brackets"],
)
def test_a_body_that_only_looks_like_an_order_has_no_reference(body: str) -> None:
    assert order_reference(body) == ""


def test_the_reference_of_the_order_itself_is_shown_not_that_of_a_text_in_it() -> None:
    body = json.dumps({"note": '"orderReference": "WEB-9"', "orderReference": "WEB-1"})
    assert order_reference(body) == "WEB-1"


def test_json_is_shown_with_a_line_for_each_value_and_nothing_changed() -> None:
    body = r'{"a":1.10,"a":1E400,"b":[{},[],"{\"x\":[1,2]}"],"c":"\u0417"}'
    told = pretty(body)
    assert [line.strip().rstrip(",") for line in told.split("\n")[1:-1]] == [
        '"a": 1.10',
        '"a": 1E400',
        '"b": [',
        "{}",
        "[]",
        r'"{\"x\":[1,2]}"',
        "]",
        r'"c": "\u0417"',
    ]
    assert json.loads(told) == json.loads(body)


@pytest.mark.parametrize("body", ["not JSON", '{"a": ', "", "[" * 100_000])
def test_text_that_is_no_json_is_shown_as_it_is(body: str) -> None:
    assert pretty(body) == body


def test_deep_json_is_not_shown_as_a_gigabyte() -> None:
    deep = "[" * 500 + "[]," * 20_000 + "[]" + "]" * 500
    assert len(pretty(deep)) < 40 * len(deep)


def test_what_the_function_would_refuse_is_said_before() -> None:
    assert problem_with(text_of("order-created-v1.json")) is None
    assert problem_with(text_of("order-cancelled-v1.json")) is None
    for name in ("negative-weight.json", "one-bad-consignment-among-good.json"):
        problem = problem_with(text_of(f"malformed/{name}"))
        assert problem is not None
        assert problem.code == "InvalidMessage"
