"""The OpenAPI document of the allocation API, generated from its operations into `docs/openapi.json`."""

import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from allocation.api.authorizer import HEADER
from allocation.api.operations import Operation
from allocation.api.replies import ApiError
from allocation.api.requests import MAX_BYTES, MAX_REFERENCES
from allocation.api.resolver import OPERATIONS
from allocation.api.xml_writing import write_xml
from allocation.consignments.full_consignment import FullConsignment
from cli.event_schemas import PublishedSchema

ROOT: Final = Path(__file__).parent.parent
FILE: Final = ROOT / "docs" / "openapi.json"
_SCHEMAS: Final = "#/components/schemas/"
# PRO's name. Clients in Go have a function `NewConsignment`, which makes a `Consignment`.
_NEW: Final = "CreateConsignmentRequest"
_DESCRIPTIONS: Final = {
    400: "The request is refused. `Code` and `Message` say why, `Details` lists the invalid fields.",
    401: "The API key is missing or unknown.",
    404: "No such consignment, package, group, format or document exists.",
    405: "The method is not allowed here.",
    409: "Other requests kept changing the consignment, so this one changed nothing. Try again.",
    413: f"The body is larger than {MAX_BYTES} bytes.",
    415: "The content-type is neither JSON nor XML.",
    429: "Too many requests. Try again later.",
    501: "SortedPRO has this, and this service does not.",
    503: "The service is temporarily unavailable. Try again.",
}


def _text(description: str, example: str) -> dict[str, Any]:
    """Return a parameter that is text and not empty."""
    return {"description": description, "schema": {"type": "string", "minLength": 1}, "example": example}


def _whole_number(description: str, example: int) -> dict[str, Any]:
    """Return a parameter that is a number from 0 on."""
    return {"description": description, "schema": {"type": "integer", "minimum": 0}, "example": example}


_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "carrier": _text("A carrier's reference.", "CARRIER_X"),
    "count": _whole_number("How many to add.", 2),
    "country": _text("A country's code of ISO 3166-1, in any case.", "GB"),
    "date": _text("A day, or a time.", "2026-11-27"),
    "day": _text("A day of the month.", "27"),
    "month": _text("A month as a number.", "11"),
    "year": _text("A year, with a time if one is meant.", "2026"),
    "from": _text("A day, or a time.", "2026-11-01"),
    "to": _text("A day, or a time.", "2026-11-27"),
    "item": _text("An item's reference, in any case.", "EP-000-05F-1E8-1"),
    "consignment": _text("A consignment reference, in any case.", "EC-000-05B-MMA"),
    "group": _text("An MPD carrier service group reference.", "valuableGoods"),
    "location": _text("A shipping location's reference.", "Sorted1"),
    "option": _text("A delivery option's reference, in any case.", "EDO-000-79G-RXC"),
    "order": _text("An order reference, in any case.", "EO-000-002-0TS"),
    "reference": _text("The sender's own reference.", "WEB-100045-1"),
    "quoteReference": _text("A quote reference.", "49a01165-e512-4287-9a6a-ab8400f3600b"),
    "package": _text("A package reference, in any case.", "EP-000-05F-1E8"),
    "customsDocumentType": _text("CN22 or CN23, in any case.", "CN22"),
    "take": _whole_number("The most to return.", 100),
    "skip": _whole_number("How many to pass over.", 0),
    "manifest": _text("A manifest's reference.", "019ac3f2b1c03837b862e2ab47de95f1"),
    "format": _text("PDF, PNG, ZPL or ZPLII, for a manifest PDF or CSV, in any case.", "PNG"),
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
_REFERENCES: Final = ["EC-000-05B-MMA"]
_LIST_OF_REFERENCES: Final = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "maxItems": MAX_REFERENCES,
}
_XML_ROOTS: Final = {_NEW: "Consignment"}
EXAMPLES: Final[dict[str, Any]] = {
    _NEW: NEW_CONSIGNMENT,
    "AllocateConsignments": {"ConsignmentReferences": _REFERENCES},
    "AllocateWithCarrierService": {"MpdCarrierServiceReference": "CX_NDS", "ConsignmentReferences": _REFERENCES},
    "AllocateWithServiceGroup": {
        "MpdCarrierServiceGroupReference": "valuableGoods",
        "ConsignmentReferences": _REFERENCES,
    },
    "PackOrder": {"Packages": [{"Items": [{"Sku": "SKU093434", "Quantity": 1}]}], "GenerateReturn": False},
    "SelectOrder": {
        "DeliveryOptions": [{"Reference": "EDO-000-79G-RXC", "OrderReferenceProvidedByCustomer": "WEB-100045"}]
    },
    "AllocateWithServiceFilters": {
        "ConsignmentReferences": _REFERENCES,
        "Filters": {"ServiceDirection": "Outbound", "IsPickup": False, "IsDropOff": True},
    },
}
_VERSION: Final = {
    "name": "electio-api-version",
    "in": "header",
    # Generated clients send it only if it is required. Without it, replies have the forms of earlier versions.
    "required": True,
    "description": "The version of the API that this document describes.",
    "schema": {"type": "string", "enum": ["1.1"], "default": "1.1"},
}
_INFO: Final = {
    "title": "Carrier allocation",
    "version": "1.1",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "description": (
        "SortedPRO's consignment allocation API, version 1.1, served by this stack's own engine. "
        "The examples are JSON. Requests and replies can also be `application/xml` or `text/xml`."
    ),
}


def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    described: list[tuple[tuple[str, str], Any, TypeAdapter[Any]]] = [
        (("error", ""), "serialization", TypeAdapter(ApiError))
    ]
    for operation in OPERATIONS:
        if operation.gives is not None:
            described.append((("gives", operation.name), "serialization", TypeAdapter(operation.gives)))
        if operation.takes is not None:
            described.append((("takes", operation.name), "validation", TypeAdapter(operation.takes)))
    schemas, definitions = TypeAdapter.json_schemas(
        described, ref_template=_SCHEMAS + "{model}", schema_generator=PublishedSchema
    )
    named = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described_operation(operation, named)
    key = {"type": "apiKey", "in": "header", "name": HEADER}
    whole = {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": definitions["$defs"], "securitySchemes": {"key": key}},
    }
    definitions["$defs"][_NEW] = _new_consignment(definitions["$defs"]["FullConsignment"])
    for schema in definitions["$defs"].values():
        schema.pop("title", None)  # equal titles of a request and a reply break client generators
        if "properties" in schema:
            schema["properties"] = _distinct(schema["properties"])
        for property_ in schema.get("properties", {}).values():
            property_.pop("default", None)  # openapi-typescript takes a property with a default for a required one
    plain: dict[str, Any] = _in_one_form(_with_plain_names(whole))
    return plain


def _in_one_form(node: Any) -> Any:
    """Return a part of the document with an object only where an object, its short form or a list of it is taken.

    Generated clients in Java and Go do not compile with such a choice, and PRO documents the object.
    """
    if isinstance(node, list):
        return [_in_one_form(each) for each in node]
    if not isinstance(node, dict):
        return node
    choices = node.get("anyOf", [])
    if not any("$ref" in each for each in choices):
        return {name: _in_one_form(value) for name, value in node.items()}
    kept = [each for each in choices if "$ref" in each or each.get("type") == "null"]
    others = {name: value for name, value in node.items() if name != "anyOf"}
    return {**others, **(kept[0] if len(kept) == 1 else {"anyOf": kept})}


def _distinct(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties without those that differ from an earlier one in case only: generated code would clash."""
    first = {name.casefold(): name for name in reversed(properties)}
    return {name: properties[name] for name in properties if first[name.casefold()] == name}


def _new_consignment(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a new consignment: without a reference, with packages and addresses."""
    properties = {name: property_ for name, property_ in schema["properties"].items() if name != "Reference"}
    filled = {name: {**properties[name], "minItems": 1} for name in ("Packages", "Addresses")}
    text = "A new consignment. It needs at least an Origin and a Destination address."
    return {
        **schema,
        "description": text,
        "properties": {**properties, **filled},
        "required": ["Packages", "Addresses"],
        "example": NEW_CONSIGNMENT,
    }


def _described_operation(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Return the entry of one operation."""
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.title,
        "description": (operation.handler.__doc__ or "").strip(),
        "tags": [operation.path.split("/")[1].lower()],
        "parameters": [
            {"name": name, "in": "path", "required": True, **_PARAMETERS[name]} for name in path_parameters(operation)
        ]
        + [{"name": name, "in": "query", "schema": {"type": "string", "minLength": 1}} for name in operation.query]
        + [_VERSION],
        "responses": _responses(operation, schemas),
    }
    if operation.takes is not None:
        described["requestBody"] = {"required": True, "content": _content(_taken(operation, schemas))}
    if not operation.needs_key:
        described["security"] = []
    return described


def _taken(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Return the schema of an operation's body. A posted consignment has no reference yet."""
    if operation.method == "POST" and operation.takes is FullConsignment:
        return {"$ref": _SCHEMAS + _NEW}
    schema: dict[str, Any] = schemas[("takes", operation.name)]
    return schema


def path_parameters(operation: Operation) -> list[str]:
    """Return the names of the path's parameters, in order."""
    return re.findall(r"\{(\w+)\}", operation.path)


def _responses(operation: Operation, schemas: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Return the replies of an operation by status."""
    success: dict[str, Any] = {"description": "Done."}
    if operation.gives is not None:
        success["content"] = _content(schemas[("gives", operation.name)])
    statuses = {*operation.errors, 503}
    if operation.needs_key:
        statuses |= {401, 429}
    if operation.takes is not None:
        statuses |= {413, 415}
    errors = {
        str(status): {"description": _DESCRIPTIONS[status], "content": _content(schemas[("error", "")])}
        for status in sorted(statuses)
    }
    return {**{str(status): success for status in (operation.status, *operation.also)}, **errors}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a body in JSON and XML, with an example if there is one. For XML the schema only gives the names."""
    name = str(schema.get("$ref", "")).removeprefix(_SCHEMAS)
    example = _REFERENCES if schema == _LIST_OF_REFERENCES else EXAMPLES.get(name)
    if example is None:
        return {"application/json": {"schema": schema}, "application/xml": {"schema": schema}}
    xml = write_xml(example, _XML_ROOTS.get(name, name or "string")).decode()
    return {
        "application/json": {"schema": schema, "example": example},
        "application/xml": {"schema": schema, "example": xml},
    }


def _with_plain_names(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the module names that Pydantic puts before schemas of equal names."""
    text = re.sub(r"allocation__\w+?__([A-Z]\w*)", r"\1", json.dumps(whole))
    plain: dict[str, Any] = json.loads(text)
    return plain


def text() -> str:
    """Return the text of `docs/openapi.json`."""
    return json.dumps(openapi(), indent=2, ensure_ascii=False) + "\n"
