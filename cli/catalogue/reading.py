"""Reads a catalogue from YAML or JSON, and finds everything that is wrong with its form."""

import re
from decimal import Decimal
from typing import Any

import yaml
from pydantic import ValidationError

from cli.catalogue.consistency import find_problems
from cli.catalogue.document import CatalogueDocument
from cli.catalogue.problems import InvalidDocumentError, Problem
from cli.catalogue.sound_parts import problems_between_sound_parts
from cli.catalogue.validation import problem_of


class _Loader(yaml.SafeLoader):
    """YAML without surprises: numbers are decimals, `NO` and `16:00` are text, and each key is text and comes once."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[Problem] = []
        """The keys that come twice in one mapping: of these the first is kept."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuses a key that is no text, and notes one that comes twice: the first would be lost without a word."""
        once: dict[str, tuple[yaml.ScalarNode, yaml.Node]] = {}
        merged = [(key, value) for key, value in node.value if getattr(key, "value", None) == "<<"]
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be text: put what has braces or brackets in quotes", key.start_mark
                )
            if key.value in once:
                fix = f"{key.value!r} comes twice in one mapping: keep one"
                self.repeated.append(Problem(place_of(key.start_mark), None, fix))
            elif key.value != "<<":
                once[key.value] = (as_text(key), value)
        node.value = [*merged, *once.values()]
        return super().construct_mapping(node, deep=deep)


def as_text(key: yaml.ScalarNode) -> yaml.ScalarNode:
    """A key as the text that it is written as, also where it looks like a number."""
    return yaml.ScalarNode("tag:yaml.org,2002:str", key.value, key.start_mark, key.end_mark)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", "^(?:true|false)$", "tf"),
    ("null", "^(?:null|~)?$", ["n", "~", ""]),
    ("merge", "^<<$", "<"),
    ("float", r"^[0-9]+(?:\.[0-9]+)?$", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value)))


def read_document(text: str) -> CatalogueDocument:
    """The document of a YAML or JSON text.

    Raises `InvalidDocumentError` where it has mistakes of form, with them and with all that is wrong beside them.
    """
    loader = _Loader(text)
    content = _parse(loader)
    try:
        document = CatalogueDocument.model_validate(content)
    except ValidationError as error:
        of_form = [*loader.repeated, *(problem_of(details) for details in error.errors())]
        raise InvalidDocumentError([*of_form, *problems_between_sound_parts(content, error)]) from error
    if loader.repeated:
        raise InvalidDocumentError([*loader.repeated, *find_problems(document)])
    return document


def place_of(mark: yaml.Mark | None) -> str:
    """A place in the text, as people count."""
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the document"


def _parse(loader: _Loader) -> Any:
    try:
        return loader.get_single_data()
    except yaml.YAMLError as error:
        place = place_of(getattr(error, "problem_mark", None))
        what = getattr(error, "problem", None) or "this is not YAML"
        raise InvalidDocumentError([Problem(place, None, what)]) from error
    except ValueError as error:  # a tag that does not fit its value, as !!int x
        what = f"can't be read ({error}): leave tags out"
        raise InvalidDocumentError([Problem("the document", None, what)]) from error
    except RecursionError as error:
        raise InvalidDocumentError([Problem("the document", None, "nest it less deeply")]) from error
