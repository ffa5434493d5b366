"""The JSON Schemas of both contracts, from their models, and the example of an event that a step leads to."""

import json
import re
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from allocation.aws.stream_events import changes
from allocation.events.allocation_event import ConsignmentEvent, allocation_event
from allocation.orders.order_cancelled import OrderCancelled
from allocation.orders.order_messages import OrderCreated, OrderUpdated
from allocation.records.stored_record import StoredRecord
from cli.paths import ROOT

FOLDER: Final = ROOT / "docs" / "events"
DELIVERED_EXAMPLE: Final = ROOT / "events" / "consignment-delivered-v1.json"
_ALLOCATED: Final = ROOT / "events" / "stream-insert-allocated.json"
_DELIVERED_AT: Final = "2026-11-24T10:12:40.000Z"
_DELIVERED: Final = {
    "version": 5,
    "state": "Delivered",
    "movedAt": "2026-11-24T10:15:02.004Z",
    "delivery": {
        "at": _DELIVERED_AT,
        "collectedAt": "2026-11-23T17:20:05.000Z",
        "firstAttemptedAt": _DELIVERED_AT,
        "attemptedAt": _DELIVERED_AT,
        "deliveredAt": _DELIVERED_AT,
    },
}
CONTRACTS: Final[Mapping[str, tuple[type[BaseModel], JsonSchemaMode]]] = {
    "order-created-v1.schema.json": (OrderCreated, "validation"),
    "order-updated-v1.schema.json": (OrderUpdated, "validation"),
    "order-cancelled-v1.schema.json": (OrderCancelled, "validation"),
    "consignment-allocated-v1.schema.json": (ConsignmentEvent, "serialization"),
}
"""What is read is described as it may come, what is written as it goes out."""


# What a class is called beyond its published name, where the domain has that name too.
_OURS: Final = re.compile(r"^Pro(?=[A-Z])|View$")


class PublishedSchema(GenerateJsonSchema):
    """A JSON Schema with PRO's names: `AddressView` is published as `Address`, and so is `ProAddress`.

    Fields have no titles, which would only repeat their names.
    """

    def normalize_name(self, name: str) -> str:
        """Return the name in `$defs` of a class, with its module or without."""
        *module, own = name.split(".")
        return super().normalize_name(".".join([*module, _OURS.sub("", own)]))

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of a model, titled by its published name."""
        described = super().model_schema(schema)
        return described | {"title": _OURS.sub("", described["title"])}

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - Pydantic's signature
        """Never."""
        return False


def schema_of(name: str) -> JsonSchemaValue:
    """The JSON Schema that stands in the file `name`."""
    model, mode = CONTRACTS[name]
    schema = model.model_json_schema(mode=mode, by_alias=True, schema_generator=PublishedSchema)
    return {"$schema": PublishedSchema.schema_dialect, **schema}


def text_of(name: str) -> str:
    """The text of the file `name`."""
    return json.dumps(schema_of(name), indent=2) + "\n"


def delivered_example_text() -> str:
    """Return the event of the example's consignment once it is delivered: its stream record, four versions later."""
    (change,) = changes(json.loads(_ALLOCATED.read_text("utf-8")))
    record = StoredRecord.model_validate({**(change.document or {}), **_DELIVERED})
    return json.dumps(json.loads(allocation_event(record).body), indent=2, ensure_ascii=False) + "\n"
