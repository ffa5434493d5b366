"""What a person can be told of a message's body, whatever it holds: its order, what is wrong with it, its lines.

A body comes from anybody. Everything here takes time in proportion to its length, at most.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from allocation.domain.errors import InvalidMessageError
from allocation.orders.order_created import USUAL_RULES, ReadingRules
from allocation.orders.order_requests import read_request
from allocation.orders.wrappings import read_event

_NAME: Final = "orderReference"
# What follows the name in any JSON: quote, colon, quote. In JSON that is written as text, and in text within that,
# each quote stands behind the same number of backslashes.
_OPENING: Final = re.compile(r'(\\{0,63})"\s{0,20}:\s{0,20}\1"')
# The characters after a name in which its value must end: 128, each escaped several times.
_WINDOW: Final = 4000
_MAX_REFERENCE: Final = 128
# A name that occurs more often than this is no order's.
_MAX_TRIES: Final = 100

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_OPEN: Final = frozenset("{[")
_CLOSE: Final = frozenset("}]")
_INDENT: Final = "  "
# Deeper lines are not indented more: a body of nothing but brackets would become a gigabyte.
_MAX_INDENTS: Final = 32


def order_reference(body: str) -> str:
    """Return the order that a body names, also if it is not JSON or is cut short. Empty if it names none."""
    try:
        found = read_event(body).get(_NAME)
    except InvalidMessageError:
        found = None
    return found[:_MAX_REFERENCE] if isinstance(found, str) and found else next(_references_in(body), "")


def _references_in(text: str) -> Iterator[str]:
    """Yield the values that seem to be order references, decoded, the first first."""
    at = text.find(_NAME)
    for _ in range(_MAX_TRIES):
        if at == -1:
            return
        window = text[at + len(_NAME) : at + len(_NAME) + _WINDOW]
        if (opening := _OPENING.match(window)) and (value := _value_in(window[opening.end() :], len(opening[1]))):
            yield value
        at = text.find(_NAME, at + 1)


def _value_in(text: str, backslashes: int) -> str:
    """Return the text up to the quote behind so many backslashes, with every escape undone."""
    closing = re.search(rf'(?<!\\)\\{{{backslashes}}}"', text)
    value = text[: closing.start()] if closing else ""
    for _ in range((backslashes + 1).bit_length()):
        try:
            value = str(json.loads(f'"{value}"', strict=False))
        except ValueError:
            return value[:_MAX_REFERENCE]
    return value[:_MAX_REFERENCE]


def has_word(text: str, word: str) -> bool:
    """Return whether a text has a word, not as a part of a longer one. References have hyphens."""
    at = text.find(word)
    while at != -1:
        end = at + len(word)
        if not (_is_of_word(text[at - 1 : at]) or _is_of_word(text[end : end + 1])):
            return True
        at = text.find(word, at + 1)
    return False


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character in {"_", "-"}


def problem_with(body: str, rules: ReadingRules = USUAL_RULES) -> InvalidMessageError | None:
    """Return why the queue function of a stack would refuse a body, or a part of it. None if it reads all of it."""
    try:
        return read_request(body, rules).invalid
    except InvalidMessageError as error:
        return error


def pretty(body: str) -> str:
    """Return JSON with a line for each value, its names, texts and numbers as they came. Other text stays as it is."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    parts: list[str] = []
    depth, previous = 0, ""
    for token in _TOKEN.findall(body):
        depth -= token in _CLOSE
        parts += [_lead(previous, token, depth), token]
        depth += token in _OPEN
        previous = token
    return "".join(parts)


def _lead(previous: str, token: str, depth: int) -> str:
    """Return what stands between two tokens."""
    if previous == ":":
        return " "
    is_first = previous in _OPEN and token not in _CLOSE
    is_last = token in _CLOSE and previous not in _OPEN
    return "\n" + _INDENT * min(depth, _MAX_INDENTS) if is_first or is_last or previous == "," else ""
