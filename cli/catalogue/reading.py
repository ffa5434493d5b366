"""Reads a written catalogue from YAML or JSON: first its form, with all mistakes at once, then its consistency.

Each problem carries its position in the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from allocation import exact_json
from allocation.domain.reference import SERVICE_REFERENCE_PATTERN
from cli.catalogue.catalogue_problems import (
    CatalogueProblem,
    CatalogueProblemsError,
    KeyPath,
    Position,
    key_path,
    suggestion,
)
from cli.catalogue.consistency import AllocatorName, find_contradictions
from cli.catalogue.written_calendars import CLOSED, HOURS, SEVERAL
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_zones import LANE, PLACE
from cli.catalogue.zone_files import with_zone_files

# Brackets in brackets: PyYAML's scanner takes the square of their number.
_MAX_BRACKETS: Final = 100
# How many parts a catalogue may have after each alias and merge is written out.
_MAX_PARTS: Final = 1_000_000
# How many problems are told: no one corrects more at a time, and each is looked for in the text.
_MAX_PROBLEMS: Final = 500
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


def read_catalogue(
    text: str, allocator: AllocatorName | None = "engine", folder: Path | None = None
) -> WrittenCatalogue:
    """Return the catalogue of a YAML or JSON text. Only for the engine are routing's references this catalogue's.

    Zones may have files of their own below `folder`, where the catalogue's file is.

    Raises `CatalogueProblemsError` with every mistake of form. Where there is none, it raises it with every
    contradiction between the parts.
    """
    root, content, repeated = _parse(text)
    repeated += with_zone_files(content, folder)
    try:
        catalogue = WrittenCatalogue.model_validate(content)
    except ValidationError as error:
        problems = [*repeated, *map(_problem_of_form, error.errors()[:_MAX_PROBLEMS])]
        raise CatalogueProblemsError(_located(problems, root)) from error
    if problems := repeated or find_contradictions(catalogue, allocator):
        raise CatalogueProblemsError(_located(problems, root))
    return catalogue


def with_positions(problems: Iterable[CatalogueProblem], text: str) -> list[CatalogueProblem]:
    """Return the problems, at most 500, with where in the text of the catalogue they are."""
    found = list(problems)
    return list(_located(found, _parse(text)[0])) if found else []


def self_contained(text: str, folder: Path) -> str:
    """Return the text of a catalogue that `read_catalogue` takes, with the rows of the files that its zones name.

    Without such zones it is the text itself. With them it is JSON.
    """
    _, content, _ = _parse(text)
    zones = content.get("zones") or {}
    if not any(isinstance(zone, dict) and "file" in zone for zone in zones.values()):
        return text
    with_zone_files(content, folder)
    return exact_json.written(content)


class _Loader(yaml.SafeLoader):
    """YAML without surprises: numbers are decimals, `NO` and `16:00` are text, and every key is text."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        # A key that is written twice in one mapping. YAML would silently use the second value.
        self.repeated: list[CatalogueProblem] = []

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 - PyYAML's
        """Refuse brackets that are nested too deeply."""
        if self.flow_level >= _MAX_BRACKETS:
            raise yaml.scanner.ScannerError(None, None, "is nested too deeply: nest it less", self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuse a key that is not text, and note one that is written twice."""
        once: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        merged = [(key, value) for key, value in node.value if getattr(key, "value", None) == "<<"]
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text: put braces and brackets in quotes", key.start_mark
                )
            if key.value in once:
                fix = f"{key.value!r} is written twice in one mapping: keep one"
                self.repeated.append(CatalogueProblem((), None, fix, _position(key.start_mark)))
            elif key.value != "<<":
                once[key.value] = (_as_text(key), value)
        node.value = [*merged, *once.values()]
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


def _require_bounded(root: yaml.Node) -> None:
    """Raise `ConstructorError` for a node that contains itself, or more parts than anyone writes by aliases alone."""
    parts: dict[int, int | None] = {}  # by the id of a node; None while it is counted

    def count(node: yaml.Node) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) not in parts:
            parts[id(node)] = None
            inner = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
            parts[id(node)] = 1 + sum(map(count, inner))
        found = parts[id(node)]
        if found is None:
            raise yaml.constructor.ConstructorError(None, None, "contains itself: remove the alias", node.start_mark)
        if found > _MAX_PARTS:
            fix = f"has more than {_MAX_PARTS:,} parts with its aliases: use fewer"
            raise yaml.constructor.ConstructorError(None, None, fix, node.start_mark)
        return found

    count(root)


def _as_text(key: yaml.ScalarNode) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", key.value, key.start_mark, key.end_mark)


def _parse(text: str) -> tuple[yaml.Node | None, Any, list[CatalogueProblem]]:
    """Return the text's tree of nodes, which know their positions, its content, and the keys that are repeated."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            return root, None, loader.repeated
        _require_bounded(root)
        return root, loader.construct_document(root), loader.repeated
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or f"is not YAML ({getattr(error, 'reason', error)})"
        raise CatalogueProblemsError([CatalogueProblem((), None, what, mark and _position(mark))]) from error
    except ValueError as error:  # a tag that does not fit its value, such as !!int x
        what = f"can't be read ({error}): leave tags out"
        raise CatalogueProblemsError([CatalogueProblem((), None, what)]) from error
    except RecursionError as error:
        raise CatalogueProblemsError([CatalogueProblem((), None, "is nested too deeply: nest it less")]) from error


def _located(problems: Iterable[CatalogueProblem], root: yaml.Node | None) -> Iterator[CatalogueProblem]:
    for problem in islice(problems, _MAX_PROBLEMS):
        yield problem if problem.position or root is None else replace(problem, position=_find(problem.key_path, root))


def _find(path: KeyPath, node: yaml.Node) -> Position:
    """Return the position of a part; where it is not written, that of the closest part that contains it."""
    mark = node.start_mark
    for name in path:
        found = next(((key, value) for key, value in _parts(node) if key[0] == name), None)
        if found is None:
            break
        (_, mark), node = found
    return _position(mark)


def _parts(node: yaml.Node) -> Iterator[tuple[tuple[str, yaml.Mark], yaml.Node]]:
    """Yield each part of a mapping or list with its name and where it begins."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (key.value, key.start_mark), value
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (str(number), value.start_mark), value


def _position(mark: yaml.Mark) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _problem_of_form(details: ErrorDetails) -> CatalogueProblem:
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
