"""Reads a catalogue from YAML or JSON, and finds everything that is wrong with its form."""

import re
from decimal import Decimal
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from allocation.catalogue.document import CatalogueDocument, Part
from allocation.catalogue.problems import InvalidDocumentError, Problem, path_of, suggestion


class _Loader(yaml.SafeLoader):
    """YAML without surprises: numbers are decimals, `NO` and `16:00` are text, and each key is text and comes once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuses a key that is no text, and one that comes twice: the first would be lost without a word."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text: put what has braces or brackets in quotes", key.start_mark
                )
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} comes twice in one mapping: keep one", key.start_mark
                )
            if key.value != "<<":
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", "^(?:true|false)$", "tf"),
    ("null", "^(?:null|~)?$", ["n", "~", ""]),
    ("merge", "^<<$", "<"),
    ("float", r"^[0-9]+(?:\.[0-9]+)?$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value)))

_FIXES: Final = {
    "missing": "is missing: add it",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": "write a list, as [GB, FR]",
    "dict_type": "write a mapping, as name: value",
    "model_type": "write a mapping, as name: value",
    "model_attributes_type": "write a mapping, as name: value",
    "tuple_type": 'write a list of two, as ["08:00", "18:00"]',
    "date_type": "write a date, as 2026-12-24",
    "date_from_datetime_parsing": "write a date, as 2026-12-24",
    "date_parsing": "write a date, as 2026-12-24",
    "too_short": "write at least one item",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "string_type": "write text; put it in quotes if it is made of digits",
}


def read_document(text: str) -> CatalogueDocument:
    """The document of a YAML or JSON text. Raises `InvalidDocumentError` with every mistake of form."""
    content = _parse(text)
    try:
        return CatalogueDocument.model_validate(content)
    except ValidationError as error:
        raise InvalidDocumentError(_problem(details) for details in error.errors()) from error


def _parse(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the document"
        what = getattr(error, "problem", None) or "this is not YAML"
        raise InvalidDocumentError([Problem(place, None, what)]) from error
    except RecursionError as error:
        raise InvalidDocumentError([Problem("the document", None, "nest it less deeply")]) from error


def _problem(details: ErrorDetails) -> Problem:
    path, kind = details["loc"], details["type"]
    value = None if kind == "missing" or isinstance(details["input"], dict | list) else details["input"]
    if kind == "extra_forbidden":
        return Problem(path_of(*path), None, f"is unknown: remove it, or {suggestion(str(path[-1]), _names())}")
    return Problem(path_of(*path), value, _FIXES.get(kind) or _plain(details["msg"]))


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "should")


def _names() -> list[str]:
    """Every name that some part of a document has."""
    parts: list[type[Part]] = [CatalogueDocument, *Part.__subclasses__()]
    return sorted({field.alias or name for part in parts for name, field in part.model_fields.items()})
