"""Pydantic's errors as problems for people."""

from typing import Final

from pydantic_core import ErrorDetails

from allocation.catalogue.document import CLOSED, HOURS, CatalogueDocument, Part
from allocation.catalogue.problems import Problem, path_of, suggestion

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
    "date_type": "write a date, as 2026-12-24",
    "date_from_datetime_parsing": "write a date, as 2026-12-24",
    "date_parsing": "write a date, as 2026-12-24",
    "too_short": "write at least one item",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "string_type": "write text; put it in quotes if it is made of digits",
}


def problem_of(details: ErrorDetails) -> Problem:
    """What is wrong at one place."""
    location, kind = location_of(details), details["type"]
    value = None if kind == "missing" or isinstance(details["input"], dict | list) else details["input"]
    if kind == "extra_forbidden":
        return Problem(path_of(*location), None, f"is unknown: remove it, or {suggestion(location[-1], _names())}")
    return Problem(path_of(*location), value, _FIXES.get(kind) or _plain(details["msg"]))


def location_of(details: ErrorDetails) -> Location:
    """Where an error is."""
    return tuple(str(name) for name in details["loc"] if name not in _NOT_IN_DOCUMENTS)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "should")


def _names() -> list[str]:
    """Every name that some part of a document has."""
    parts: list[type[Part]] = [CatalogueDocument, *Part.__subclasses__()]
    return sorted({field.alias or name for part in parts for name, field in part.model_fields.items()})
