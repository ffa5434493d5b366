"""Pydantic's errors as problems for people."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from pydantic_core import ErrorDetails

from allocation.domain.reference import SERVICE_REFERENCE_PATTERN
from cli.catalogue.document import CLOSED, HOURS, CatalogueDocument
from cli.catalogue.problems import Problem, path_of, suggestion

Location = tuple[str, ...]
"""The names and numbers that lead from a document's root to a part of it."""

_NOT_IN_DOCUMENTS: Final = frozenset({CLOSED, HOURS, "[key]"})
_FIXES: Final = {
    "missing": "is missing: add it",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": "write a list, as [GB, FR]",
    "dict_type": "write a mapping, as name: value",
    "model_type": "write a mapping, as name: value",
    "model_attributes_type": "write a mapping, as name: value",
    "tuple_type": 'write a list of two, as ["08:00", "18:00"]',
    "too_long": "write fewer items; a window has two",
    "too_short": "write at least one item",
    "string_type": "write text; put it in quotes if it is made of digits",
}


def problem_of(details: ErrorDetails) -> Problem:
    """What is wrong at one place."""
    location, kind = location_of(details), details["type"]
    value = None if kind == "missing" or isinstance(details["input"], dict | list) else details["input"]
    if kind == "extra_forbidden":
        known = names_at(location[:-1])
        return Problem(path_of(*location), None, f"is unknown here: remove it, or {suggestion(location[-1], known)}")
    if kind == "string_pattern_mismatch":
        return Problem(path_of(*location), value, pattern_fix(location, details["ctx"]["pattern"]))
    return Problem(path_of(*location), value, _FIXES.get(kind) or _plain(details["msg"]))


def location_of(details: ErrorDetails) -> Location:
    """Where an error is."""
    return tuple(str(name) for name in details["loc"] if name not in _NOT_IN_DOCUMENTS)


def pattern_fix(location: Location, pattern: str) -> str:
    """What to write instead of a text that is not of its form."""
    if location[-1] == "country":
        return "write a two-letter code of ISO 3166, as GB"
    if pattern == SERVICE_REFERENCE_PATTERN:
        return "write 1 to 64 letters, digits, '_' or '-', a letter or a digit first"
    return "write it without control characters"


def names_at(location: Location) -> list[str]:
    """The names that the part of a document at a location may have."""
    parts = [_schema()]
    for name in location:
        parts = [inner for part in parts for inner in _inner(part, name)]
    return sorted({name for part in parts for name in part.get("properties", {})})


@cache
def _schema() -> dict[str, Any]:
    return CatalogueDocument.model_json_schema(by_alias=True)


def _inner(part: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """What stands under a name, or a number, of a part."""
    patterns = part.get("patternProperties", {}).values()
    found = [part.get("properties", {}).get(name), part.get("items"), part.get("additionalProperties"), *patterns]
    for inner in found:
        if isinstance(inner, dict):
            yield from _resolved(inner)


def _resolved(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema itself, or those that it stands for."""
    if "$ref" in part:
        yield _schema()["$defs"][part["$ref"].rpartition("/")[2]]
    for choice in (*part.get("anyOf", ()), *part.get("oneOf", ())):
        yield from _resolved(choice)
    yield part


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "should")
