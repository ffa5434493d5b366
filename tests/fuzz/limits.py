"""What AWS takes, by its documented limits: the size and depth of an item, the size and characters of a message."""

import re
from collections.abc import Mapping
from typing import Any, Final

from allocation.ports import AllocationEvent

ITEM_BYTES: Final = 400 * 1024
ITEM_DEPTH: Final = 32
MESSAGE_BYTES: Final = 256 * 1024
CHARACTERS: Final = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
"""What SQS, which subscribes to SNS, takes as the value of an attribute; never nothing."""


def fits_dynamodb(item: Mapping[str, Any]) -> bool:
    """Whether DynamoDB takes an item (Constraints, "Item size", "Nested attribute depth", "Attribute names")."""
    # Whatever is flat has a name and the depth of 1.
    deep = [value for value in item.values() if "M" in value or "L" in value]
    return map_bytes(item) <= ITEM_BYTES and all(depth(value) <= ITEM_DEPTH and named(value) for value in deep)


def map_bytes(attributes: Mapping[str, Any]) -> int:
    """The bytes of named attributes: their names and their values."""
    names = "".join(attributes)
    return (len(names) if names.isascii() else len(names.encode())) + sum(map(value_bytes, attributes.values()))


def value_bytes(value: Mapping[str, Any]) -> int:
    """The bytes of one attribute value, at the most ("DynamoDB item sizes and formats")."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content) if content.isascii() else len(content.encode())
        case "N":
            return 21
        case "L":
            return 3 + sum(1 + value_bytes(each) for each in content)
        case "M":
            return 3 + sum(1 for _ in content) + map_bytes(content)
        case _:
            return 1


def depth(value: Mapping[str, Any]) -> int:
    """How many levels deep a value is nested; 1 for text."""
    [(kind, content)] = value.items()
    inner = content.values() if kind == "M" else content if kind == "L" else ()
    return 1 + max(map(depth, inner), default=0)


def named(value: Mapping[str, Any]) -> bool:
    """Whether every attribute inside a value has a name."""
    [(kind, content)] = value.items()
    inner = content.values() if kind == "M" else content if kind == "L" else ()
    return (kind != "M" or "" not in content) and all(map(named, inner))


def fits_sns(event: AllocationEvent) -> bool:
    """Whether SNS takes an event, and SQS does after it."""
    attributes = sum(len(name) + len("String") + len(value.encode()) for name, value in event.attributes.items())
    plain = all(CHARACTERS.fullmatch(value) for value in (event.body, *event.attributes.values()))
    return plain and len(event.body.encode()) + attributes <= MESSAGE_BYTES
