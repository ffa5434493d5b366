"""The published JSON Schemas: drawn from the models, true of every example, and against what is malformed."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.event_schemas import CONTRACTS, FOLDER, schema_of, text_of
from tests.support.samples import EVENTS, json_of

ORDERS = ("order-created-v1.json", "order-created-v1-many-consignments.json")
PUBLISHED = (
    "consignment-allocated-v1.json",
    "consignment-allocation-failed-v1.json",
    "consignment-delivered-v1.json",
)
ONLY_FOR_THE_READER = {
    "duplicate-consignments.json": "a schema compares no fields of several items",
    "duplicate-key.json": "Python's parser keeps the last of two",
    "null-character.json": "a schema does not look into fields that it does not name",
    "reference-with-line-feed.json": "Python's `$`, unlike ECMA 262's, stands before a last line feed too",
}
"""Malformed files that this validator lets pass, and why."""

MALFORMED = sorted(path.name for path in (EVENTS / "malformed").glob("*.json") if path.name != "too-deeply-nested.json")
"""All but the file that Python's own JSON parser refuses."""


def problems(name: str, document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema_of(name)).iter_errors(document)]


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_schema_in_the_documents_is_the_models(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text_of(name), "run: ./carrier generate"


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_schema_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", ORDERS)
def test_every_bare_order_keeps_to_the_schema(name: str) -> None:
    assert problems("order-created-v1.schema.json", json_of(name)) == []


def test_the_order_inside_sns_keeps_to_the_schema() -> None:
    inside = json.loads(json_of("order-created-v1.sns.json")["Message"])
    assert problems("order-created-v1.schema.json", inside) == []


@pytest.mark.parametrize(("name", "part"), [("eventbridge", "detail"), ("cloudevent", "data")])
def test_the_order_inside_a_wrapping_lacks_only_what_the_wrapping_lends(name: str, part: str) -> None:
    inside = json_of(f"order-created-v1.{name}.json")[part]
    lent = {"eventType": "order-created", "eventId": "1"}
    assert problems("order-created-v1.schema.json", lent | inside) == []
    assert len(problems("order-created-v1.schema.json", inside)) == len(lent)


@pytest.mark.parametrize("name", MALFORMED)
def test_the_schema_refuses_what_the_reader_refuses(name: str) -> None:
    refused = problems("order-created-v1.schema.json", json_of(f"malformed/{name}")) != []
    assert refused == (name not in ONLY_FOR_THE_READER)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_event_keeps_to_the_schema(name: str) -> None:
    assert problems("consignment-allocated-v1.schema.json", json_of(name)) == []


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_a_published_event_without_an_attribute_of_its_own_breaks_the_schema(missing: str) -> None:
    event = json_of("consignment-allocated-v1.json")
    del event[missing]
    assert problems("consignment-allocated-v1.schema.json", event) != []


@pytest.mark.parametrize(("field", "value"), [("type", "consignment.eaten"), ("specversion", "0.3")])
def test_a_published_event_of_another_kind_breaks_the_schema(field: str, value: str) -> None:
    event = json_of("consignment-allocated-v1.json") | {field: value}
    assert problems("consignment-allocated-v1.schema.json", event) != []
