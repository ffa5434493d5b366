"""Writes the JSON Schemas of both contracts from their models into `docs/events/`.

PYTHONPATH=layers/allocation .venv/bin/python -m cli.event_schemas
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from allocation.events.allocation_event import ConsignmentEvent
from allocation.orders.order_cancelled import OrderCancelled
from allocation.orders.order_messages import OrderCreated, OrderUpdated

FOLDER: Final = Path(__file__).parent.parent / "docs" / "events"
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


def main() -> None:
    """Writes every schema."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in CONTRACTS:
        (FOLDER / name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
