"""Writes the OpenAPI document of the allocation API from its operations into `docs/openapi.json`.

PYTHONPATH=layers/allocation .venv/bin/python -m cli.openapi
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from allocation.api.allocation_requests import MAX_REFERENCES
from allocation.api.authorizer import HEADER
from allocation.api.operations import Operation
from allocation.api.replies import ApiError
from allocation.api.requests import MAX_BYTES
from allocation.api.table import OPERATIONS
from allocation.api.xml_writing import write_xml
from allocation.consignments.full_consignment import FullConsignment
from cli.event_schemas import UntitledSchema

ROOT: Final = Path(__file__).parent.parent
FILE: Final = ROOT / "docs" / "openapi.json"
SCHEMAS: Final = "#/components/schemas/"
DESCRIPTIONS: Final = {
    400: "The request can't be carried out; `Code` and `Message` say why, `Details` names fields.",
    401: "There is no key, or none that is known.",
    404: "There is no such consignment, group or format.",
    405: "The method can't be used here.",
    409: "Others changed the consignment again and again meanwhile; nothing was done: try again.",
    413: f"The body has more than {MAX_BYTES} bytes.",
    415: "The content-type is neither JSON nor XML.",
    429: "Too many requests: try again later.",
    503: "The service can't answer at the moment: try again.",
}
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "consignment": {
        "description": "A consignment reference, in any case.",
        "schema": {"type": "string", "minLength": 1},
        "example": "EC-000-05B-MMA",
    },
    "group": {
        "description": "An MPD carrier service group reference.",
        "schema": {"type": "string", "minLength": 1},
        "example": "valuableGoods",
    },
    "quoteReference": {
        "description": "A quote reference.",
        "schema": {"type": "string", "minLength": 1},
        "example": "49a01165-e512-4287-9a6a-ab8400f3600b",
    },
    "format": {
        "description": "PDF, PNG, ZPL or ZPLII, in any case.",
        "schema": {"type": "string", "minLength": 1},
        "example": "PNG",
    },
}
NEW_CONSIGNMENT: Final = {
    "ConsignmentReferenceProvidedByCustomer": "WEB-100045-1",
    "Packages": [
        {
            "Weight": {"Value": 0.5, "Unit": "Kg"},
            "Dimensions": {"Unit": "Cm", "Width": 10.0, "Length": 10.0, "Height": 10.0},
            "Description": "Socks",
            "Value": {"Amount": 5.99, "Currency": {"IsoCode": "GBP"}},
        }
    ],
    "Addresses": [
        {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"},
        {
            "AddressType": "Destination",
            "Contact": {"FirstName": "Peter", "LastName": "McPetersson", "Telephone": "07702123456"},
            "AddressLine1": "13 Porter Street",
            "Town": "Manchester",
            "Postcode": "M1 5WG",
            "Country": {"Name": "Great Britain", "IsoCode": {"TwoLetterCode": "GB"}},
        },
    ],
}
REFERENCES: Final = ["EC-000-05B-MMA"]
LIST_OF_REFERENCES: Final = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "maxItems": MAX_REFERENCES,
}
XML_ROOTS: Final = {"NewConsignment": "Consignment"}
EXAMPLES: Final[dict[str, Any]] = {
    "NewConsignment": NEW_CONSIGNMENT,
    "AllocateConsignments": {"ConsignmentReferences": REFERENCES},
    "AllocateWithCarrierService": {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": REFERENCES},
    "AllocateWithServiceGroup": {
        "MpdCarrierServiceGroupReference": "valuableGoods",
        "ConsignmentReferences": REFERENCES,
    },
    "AllocateWithServiceFilters": {
        "ConsignmentReferences": REFERENCES,
        "Filters": {"ServiceDirection": "Outbound", "IsPickup": False, "IsDropOff": True},
    },
}
VERSION: Final = {
    "name": "electio-api-version",
    "in": "header",
    "description": "The version whose names are wanted; without one, the names of earlier versions are there too.",
    "schema": {"type": "string", "enum": ["1.1", "1.0"], "default": "1.1"},
}
INFO: Final = {
    "title": "Carrier allocation",
    "version": "1.1",
    "description": (
        "SortedPRO's consignment allocation API, version 1.1, over the engine of this stack. "
        "JSON is shown; `application/xml` and `text/xml` are taken and answered as well."
    ),
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    described: list[tuple[tuple[str, str], Any, TypeAdapter[Any]]] = [
        (("error", ""), "serialization", TypeAdapter(ApiError))
    ]
    for operation in OPERATIONS:
        if operation.gives is not None:
            described.append((("gives", operation.name), "serialization", TypeAdapter(operation.gives)))
        if operation.takes is not None:
            described.append((("takes", operation.name), "validation", TypeAdapter(operation.takes)))
    schemas, definitions = TypeAdapter.json_schemas(
        described, ref_template=SCHEMAS + "{model}", schema_generator=UntitledSchema
    )
    named = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = described_operation(operation, named)
    key = {"type": "apiKey", "in": "header", "name": HEADER}
    whole = {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": definitions["$defs"], "securitySchemes": {"key": key}},
    }
    definitions["$defs"]["NewConsignment"] = new_consignment(definitions["$defs"]["FullConsignment"])
    for schema in definitions["$defs"].values():
        schema.pop("title", None)  # two of one title, as what is taken and what is given have, break generators
    return with_plain_names(whole)


def new_consignment(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a consignment that is to be given its reference, which has to have packages and addresses."""
    properties = {name: property_ for name, property_ in schema["properties"].items() if name != "Reference"}
    filled = {name: {**properties[name], "minItems": 1} for name in ("Packages", "Addresses")}
    text = "A consignment to be created. Its addresses are an Origin and a Destination at least."
    return {
        **schema,
        "description": text,
        "properties": {**properties, **filled},
        "required": ["Packages", "Addresses"],
        "example": NEW_CONSIGNMENT,
    }


def described_operation(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """One operation of the document."""
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": (operation.handler.__doc__ or "").strip(),
        "tags": [operation.path.split("/")[1]],
        "parameters": [
            {"name": name, "in": "path", "required": True, **PARAMETERS[name]} for name in operation.parameters
        ]
        + [{"name": name, "in": "query", "schema": {"type": "string", "minLength": 1}} for name in operation.query]
        + [VERSION],
        "responses": responses(operation, schemas),
    }
    if operation.takes is not None:
        described["requestBody"] = {"required": True, "content": content(taken(operation, schemas))}
    if not operation.needs_key:
        described["security"] = []
    return described


def taken(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """The schema of an operation's body; what is posted has no reference yet."""
    if operation.method == "POST" and operation.takes is FullConsignment:
        return {"$ref": SCHEMAS + "NewConsignment"}
    schema: dict[str, Any] = schemas[("takes", operation.name)]
    return schema


def responses(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """What an operation may answer."""
    success: dict[str, Any] = {"description": "Done."}
    if operation.gives is not None:
        success["content"] = content(schemas[("gives", operation.name)])
    statuses = {*operation.errors, 503}
    if operation.needs_key:
        statuses |= {401, 429}
    if operation.takes is not None:
        statuses |= {413, 415}
    errors = {
        str(status): {"description": DESCRIPTIONS[status], "content": content(schemas[("error", "")])}
        for status in sorted(statuses)
    }
    return {str(operation.status): success, **errors}


def content(schema: dict[str, Any]) -> dict[str, Any]:
    """A body in either language, with an example where there is one; what a schema says of XML is its names alone."""
    name = str(schema.get("$ref", "")).removeprefix(SCHEMAS)
    example = REFERENCES if schema == LIST_OF_REFERENCES else EXAMPLES.get(name)
    if example is None:
        return {"application/json": {"schema": schema}, "application/xml": {"schema": schema}}
    xml = write_xml(example, XML_ROOTS.get(name, name or "string")).decode()
    return {
        "application/json": {"schema": schema, "example": example},
        "application/xml": {"schema": schema, "example": xml},
    }


def with_plain_names(whole: dict[str, Any]) -> dict[str, Any]:
    """The same document, its schemas called by their own names where Pydantic put the module's before them."""
    text = re.sub(r"allocation__\w+?__([A-Z]\w*)", r"\1", json.dumps(whole))
    plain: dict[str, Any] = json.loads(text)
    return plain


def text() -> str:
    """The text of the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the document."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
