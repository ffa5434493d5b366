"""No expression for DynamoDB names an attribute by a word that DynamoDB reserves: the call would be refused.

The words are those of "Reserved words in DynamoDB" (Amazon DynamoDB Developer Guide), as moto has them. An f-string is
read without what is put into it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.infrastructure.stack import ROOT

SOURCES: Final = sorted(path for place in ("layers/allocation", "cli") for path in (ROOT / place).rglob("*.py"))
RESERVED: Final = frozenset(ReservedKeywords.get_reserved_keywords())
# What an expression itself is made of, beside names and values.
LANGUAGE: Final = frozenset({"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN", "SIZE", "CONTAINS"})


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an expression of Python."""
    yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def expressions(path: Path) -> Iterator[str]:
    """What a source file gives as `...Expression`, by keyword, by key or by name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.keyword(arg=str(name), value=value) if name.endswith("Expression"):
                yield from texts(value)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and str(key.value).endswith("Expression"):
                        yield from texts(value)
            case ast.Assign(value=value) | ast.AugAssign(value=value):
                yield from (text for text in texts(value) if re.match(r"(SET|ADD|REMOVE) ", text))
            case _:
                pass


def reserved(expression: str) -> set[str]:
    """The reserved words that stand in an expression where only a name can be.

    >>> sorted(reserved("SET #state = :state, name = :ttl AND size(Items) > :one"))
    ['ITEMS', 'NAME']
    """
    words = {word.upper() for word in re.findall(r"(?<![#:\w])[A-Za-z_]\w*", expression)}
    return (words & RESERVED) - LANGUAGE


def test_no_expression_names_an_attribute_by_a_reserved_word() -> None:
    found = {(path.name, text) for path in SOURCES for text in expressions(path)}

    assert len(found) >= 30
    assert {each: words for each in found if (words := reserved(each[1]))} == {}


def test_a_reserved_word_would_be_seen() -> None:
    assert reserved("SET state = :state") == {"STATE"}
    assert reserved("SET #state = :state, version = :ttl") == set()
