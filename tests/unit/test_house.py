"""The rules of the house that a machine can check: names that show who uses them, links that lead somewhere."""

import ast
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel
from typing_extensions import is_typeddict

ROOT = Path(__file__).parents[2]
LAYER = ROOT / "layers" / "allocation" / "allocation"
DECISIONS = ROOT / "docs" / "decisions"
SOURCES = {
    path: path.read_text("utf-8")
    for folder in (LAYER, ROOT / "functions", ROOT / "cli", ROOT / "tests")
    for path in sorted(folder.rglob("*.py"))
}
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")]


@cache
def imported_names() -> set[tuple[str | None, str]]:
    """What any file imports by its name, with the module that it imports it from."""
    return {
        (node.module, name.name)
        for text in SOURCES.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


@cache
def words_of_readers() -> dict[Path, set[str]]:
    """The words of all files and pages: a page that names a constant is a reader of it too."""
    readers = SOURCES | {page: page.read_text("utf-8") for page in PAGES}
    return {path: set(re.findall(r"\w+", text)) for path, text in readers.items()}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(LAYER.parent).with_suffix("").parts)


def names_of(path: Path) -> Iterator[str]:
    """What a module defines at its top, apart from what is known by more than its name: handlers that a decorator
    registers, and models whose names stand in schemas."""
    for node in ast.parse(SOURCES[path]).body:
        match node:
            case ast.FunctionDef(name=name, decorator_list=[]):
                yield name
            case ast.ClassDef(name=name) if not is_in_schemas(path, name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


def is_in_schemas(path: Path, name: str) -> bool:
    defined = getattr(importlib.import_module(module_of(path)), name)
    return is_typeddict(defined) or issubclass(defined, BaseModel)


def is_used_elsewhere(name: str, home: Path) -> bool:
    return any(name in words for path, words in words_of_readers().items() if path != home)


@pytest.mark.parametrize("path", sorted(LAYER.rglob("*.py")), ids=module_of)
def test_a_leading_underscore_marks_what_only_its_own_module_uses(path: Path) -> None:
    names = [name for name in names_of(path) if not name.startswith("__")]
    private = {name for name in names if name.startswith("_")}
    assert [name for name in names if name not in private and not is_used_elsewhere(name, path)] == []
    assert [name for name in private if (module_of(path), name) in imported_names()] == []


def types_of(path: Path) -> Iterator[str]:
    """The classes of a module and the types that it gives a name, which begin as classes do."""
    for node in ast.parse(SOURCES[path]).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and not name.isupper():
                yield name
            case _:
                pass


def test_the_name_of_a_type_stands_in_one_module_of_the_layer() -> None:
    homes: dict[str, list[str]] = {}
    for path in sorted(LAYER.rglob("*.py")):
        for name in types_of(path):
            homes.setdefault(name, []).append(module_of(path))
    assert len(homes) > 300
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text("utf-8"))
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)", page.read_text("utf-8"))
    to_pages = [((page.parent / file) if file else page, anchor) for file, anchor in links]
    assert [anchor for to, anchor in to_pages if to.suffix == ".md" and anchor not in anchors_of(to)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_by_its_folder_exists(page: Path) -> None:
    """Paths count from the page, the root, the layer or the tests: `engine/rules.py` is a file of the layer."""
    if page.parent == DECISIONS:
        return  # a decision tells what was so on its day
    named = re.findall(r"`(\w[\w.-]*(?:/[\w.-]+)*/[\w-]+\.\w+)`", page.read_text("utf-8"))
    homes = (page.parent, ROOT, LAYER, ROOT / "tests")
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []


def test_no_two_decisions_have_the_same_number() -> None:
    numbers = Counter(path.name[:4] for path in DECISIONS.glob("0*.md"))
    assert [number for number, count in numbers.items() if count > 1] == []


def test_the_index_lists_every_decision() -> None:
    index = (DECISIONS / "README.md").read_text("utf-8")
    assert [path.name for path in DECISIONS.glob("0*.md") if f"]({path.name})" not in index] == []


def test_coverage_does_not_look_into_tests_that_measure_nothing() -> None:
    """This file is one of `UNMEASURED`. pytest-cov starts twice in a worker of xdist, and pausing one is not enough."""
    assert not type(sys.gettrace()).__module__.startswith("coverage")
