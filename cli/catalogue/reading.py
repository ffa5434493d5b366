"""Reads a written catalogue from YAML or JSON: first its form, with all mistakes at once, then its consistency.

Each problem carries its position in the text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from allocation import exact_json
from cli.catalogue.catalogue_problems import (
    CatalogueProblem,
    CatalogueProblemsError,
    KeyPath,
    Position,
)
from cli.catalogue.consistency import AllocatorName, find_contradictions
from cli.catalogue.form_problems import problem_of_form
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.yaml_problems import is_no_catalogue, yaml_problem
from cli.catalogue.zone_files import with_zone_files

# Brackets in brackets: PyYAML's scanner takes the square of their number.
_MAX_BRACKETS: Final = 100
# How many parts a catalogue may have after each alias and merge is written out.
_MAX_PARTS: Final = 1_000_000
# How many problems are told: no one corrects more at a time, and each is looked for in the text.
_MAX_PROBLEMS: Final = 500
_NAMES: Final = [field.alias or name for name, field in WrittenCatalogue.model_fields.items()]


def read_catalogue(
    text: str, allocator: AllocatorName | None = "engine", folder: Path | None = None
) -> WrittenCatalogue:
    """Return the catalogue of a YAML or JSON text. Only for the engine are routing's references this catalogue's.

    Zones may have files of their own below `folder`, where the catalogue's file is.

    Raises `CatalogueProblemsError` with every mistake of form. Where there is none, it raises it with every
    contradiction between the parts.
    """
    root, content, repeated = _parse(text)
    if what := is_no_catalogue(content, _NAMES):
        raise CatalogueProblemsError([CatalogueProblem((), None, what, Position(1, 1))])
    repeated += with_zone_files(content, folder)
    try:
        catalogue = WrittenCatalogue.model_validate(content)
    except ValidationError as error:
        problems = [*repeated, *map(problem_of_form, error.errors()[:_MAX_PROBLEMS])]
        raise CatalogueProblemsError(_located(problems, root)) from error
    if problems := repeated or find_contradictions(catalogue, allocator):
        raise CatalogueProblemsError(_located(problems, root))
    return catalogue.with_content(content)


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

    def scan_tag(self) -> yaml.TagToken:
        """Refuse a tag, but for `!!str`: PyYAML would construct what does not fit it, or crash."""
        token: yaml.TagToken = super().scan_tag()
        if token.value != ("!!", "str"):
            raise yaml.scanner.ScannerError(None, None, "has a tag (!): leave tags out", token.start_mark)
        return token

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
        what = yaml_problem(error, text, _NAMES)
        raise CatalogueProblemsError([CatalogueProblem((), None, what, mark and _position(mark))]) from error
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
