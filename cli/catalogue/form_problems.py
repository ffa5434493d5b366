"""What is wrong with the form of a written catalogue, and what to write: the problems of one read by its model."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from pydantic_core import ErrorDetails

from allocation.domain.reference import SERVICE_REFERENCE_PATTERN
from cli.catalogue.catalogue_problems import (
    CatalogueProblem,
    KeyPath,
    key_path,
    suggestion,
)
from cli.catalogue.written_calendars import CLOSED, HOURS, SEVERAL
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_zones import LANE, PLACE

_NOT_IN_THE_TEXT: Final = frozenset({CLOSED, HOURS, LANE, PLACE, SEVERAL, "[key]"})
_FIXES: Final = {
    "missing": "is missing: add it",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": "write a list, such as [GB, FR]",
    "dict_type": "write a mapping, such as name: value",
    "model_type": "write a mapping, such as name: value",
    "model_attributes_type": "write a mapping, such as name: value",
    "tuple_type": 'write a list of two, such as ["08:00", "18:00"]',
    "too_long": "write fewer items; a window has two",
    "too_short": "write at least one item",
    "string_too_short": "write at least one character",
    "string_type": "write text; put it in quotes if it consists of digits",
}


def problem_of_form(details: ErrorDetails) -> CatalogueProblem:
    """Return the problem of one error of Pydantic's: where, what stands there, and what to write."""
    path = key_path(*(name for name in details["loc"] if name not in _NOT_IN_THE_TEXT))
    kind = details["type"]
    value = None if kind == "missing" or isinstance(details["input"], dict | list) else details["input"]
    match kind:
        case "extra_forbidden":
            return CatalogueProblem(path, None, _unknown_key_fix(path, details["input"]))
        case "string_pattern_mismatch":
            fix = _pattern_fix(path, details["ctx"]["pattern"])
        case "literal_error" | "enum":
            fix = f"write {details['ctx']['expected']}"
        case "greater_than_equal":
            fix = f"write {details['ctx']['ge']} or more"
        case "less_than_equal":
            fix = f"write {details['ctx']['le']} or less"
        case "string_too_long":
            fix = f"write at most {details['ctx']['max_length']} characters"
        case _:
            fix = _FIXES.get(kind) or details["msg"].removeprefix("Value error, ")
    return CatalogueProblem(path, value, fix)


def _pattern_fix(path: KeyPath, pattern: str) -> str:
    if path[-1] == "country":
        return "write a two-letter code of ISO 3166, such as GB"
    if pattern == SERVICE_REFERENCE_PATTERN:
        return "write 1 to 64 letters, digits, '_', '-' or '.', a letter or a digit first"
    return "write it without control characters"


def _unknown_key_fix(path: KeyPath, value: Any) -> str:
    """Return what to write instead of a key that its part does not have."""
    name = path[-1]
    if value is None and re.fullmatch("[0-9]+", name):
        return f"is what follows a comma: write a decimal point, such as 4.{name}"
    for part in _names_at(path[:-1]):
        if name in _names_at((*path[:-1], part, "0")):
            return f"is unknown here: write it under {part}, such as {part}: [{{{name}: ...}}]"
    for part in _names_at(path[:-1]):
        if name in _names_at((*path[:-1], part)):
            return f"is unknown here: write it under {part}, such as {part}: {{{name}: ...}}"
    return f"is unknown here: remove it; {suggestion(name, _names_at(path[:-1]))}"


def _names_at(path: KeyPath) -> list[str]:
    """Return the names that the part of a catalogue at a path may have."""
    parts = [_schema()]
    for name in path:
        parts = [inner for part in parts for inner in _inner_schemas(part, name)]
    return sorted({name for part in parts for name in part.get("properties", {})})


@cache
def _schema() -> dict[str, Any]:
    return WrittenCatalogue.model_json_schema(by_alias=True)


def _inner_schemas(part: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the schemas of what is under a name, or a list index, of a part."""
    patterns = part.get("patternProperties", {}).values()
    found = [part.get("properties", {}).get(name), part.get("items"), part.get("additionalProperties"), *patterns]
    for inner in found:
        if isinstance(inner, dict):
            yield from _resolved(inner)


def _resolved(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schema itself, or those that it stands for."""
    if "$ref" in part:
        yield _schema()["$defs"][part["$ref"].rpartition("/")[2]]
    for choice in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _resolved(choice)
    yield part
