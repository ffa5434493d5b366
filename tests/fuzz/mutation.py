"""Mutates JSON as JSON, so that most inputs get past the parser: a node is replaced, repeated, nested or lost."""

import json
from copy import deepcopy
from random import Random
from typing import Any, Final

LARGE: Final = 16 << 10
"""Bytes beyond which an input is cut down again: large ones are slow to mutate, and seldom wanted."""
LEAVES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 200, 1.5, -0.0, 1e308, 10**19, 10**40, 2**63, "", "1", "NaN", "kg", "CM", "M"),
    *(
        "\u0000",
        "\x7f",
        "\u2028",
        "\ufffe",
        "\U0001f600" * 50,
        "\u00e9" * 200,
        "a" * 2000,
        "../..",
        "%2e%2e/",
        "?",
        "#",
    ),
    *("order-created", "Notification", "EC-000-000-AAA", "EC-000-000-AAB", "Origin", "Destination", "Allocated"),
    *("AllocationFailed", "Unallocated", "Allocating", "Cancelled", "detail", "Detail", "1.0", "GB", "GBP"),
    *("Postfach", "PO Box 1", "p.o."),
    *("2026-11-23T09:15:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-W01-1", "20261123"),
    *([], {}, [[]], [None], {"": 1}, {"S": "text"}, {"N": "1E+130"}, {"M": {}}, {"L": [{"NULL": True}]}, {"BOOL": 1}),
)
RUN: Final = 8000
NAMES: Final = ("", "Extra", "IsSuccess", "Data", "Message", "type", "data", "detail", "Code", "S", "N", "M", "L")
SPELLINGS: Final = (
    b"1e999",
    b"1E-400",
    b"-0",
    b"NaN",
    b"Infinity",
    b'"\\ud800"',
    b"1" * 400,
    b"0." + b"3" * 60,
    b"1.0",
)
"""JSON that `json.dumps` never writes."""
Place = tuple[Any, Any]
_CONTAINERS: Final = (list, dict)


def mutate(data: bytes, random: Random, most_bytes: int) -> bytes:
    """Another input made of this one; what is no JSON, or too deep for Python's, is damaged somewhere."""
    try:
        root = [cut_down(json.loads(data)) if len(data) > LARGE else json.loads(data)]
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            change(root, random, most_bytes)
        return spelled(root[0], random)[:most_bytes]
    except (ValueError, RecursionError):
        return damaged(data, random)[:most_bytes]


def change(root: list[Any], random: Random, most_bytes: int) -> None:
    """Changes one node in place."""
    places = all_places(root)
    container, key = random.choice(places)
    value = container[key]
    match random.randrange(10):
        case 0 | 1:
            container[key] = leaf(random)
        case 2:
            other, name = random.choice(places)
            container[key] = deepcopy(other[name])
        case 3 if container is not root:
            del container[key]
        case 4:
            container[key] = nested(value, random)
        case 5 if isinstance(value, list):
            value.extend(repeated(value or [1], random, most_bytes))
        case 6 if isinstance(value, dict):
            value[random.choice(NAMES)] = leaf(random)
        case 7 if isinstance(container, dict):
            container[random.choice((key.upper(), key.lower(), key + "s", key[:-1]))] = container.pop(key)
        case 8 if isinstance(value, str):
            container[key] = damaged(value.encode(errors="replace"), random).decode(errors="replace")
        case 9 if isinstance(value, str):
            container[key] = stretched(value, random)
        case _:
            container[key] = leaf(random)


def stretched(text: str, random: Random) -> str:
    """The text with a long run behind it, of what a pattern may take in more than one way."""
    return text + random.choice((" ", "\t", ".", "-", ",", "\\", "1", "a", "A1", ". ")) * RUN


def leaf(random: Random) -> Any:
    """One of `LEAVES`, nobody else's."""
    return deepcopy(random.choice(LEAVES))


def all_places(root: list[Any]) -> list[Place]:
    """Every container and key inside `root`."""
    places: list[Place] = []
    left: list[Any] = [root]
    while left:
        container = left.pop()
        for key, value in enumerate(container) if type(container) is list else container.items():
            places.append((container, key))
            if type(value) in _CONTAINERS:
                left.append(value)
    return places


def nested(value: Any, random: Random) -> Any:
    """The value inside lists or objects."""
    for _ in range(random.choice((1, 2, 40, 300))):
        value = [value] if random.random() < 0.5 else {"Extra": value}
    return value


def repeated(values: list[Any], random: Random, most_bytes: int) -> list[Any]:
    """The values a few times over; one time in a thousand as often as an input has room for."""
    times = random.choice((1, 2, 20))
    if random.random() < 0.001:
        times = most_bytes // (len(json.dumps(values)) + 1)
    return (values * times)[: most_bytes // 2]


def cut_down(value: Any) -> Any:
    """The value with at most two entries of each list and short texts."""
    if isinstance(value, list):
        return [cut_down(each) for each in value[:2]]
    if isinstance(value, dict):
        return {name: cut_down(each) for name, each in value.items()}
    return value[:100] if isinstance(value, str) else value


def spelled(document: Any, random: Random) -> bytes:
    """The document as JSON; now and then with a number or text that is spelt as no encoder does."""
    text = json.dumps(document, ensure_ascii=random.random() < 0.5, separators=(",", ":")).encode(errors="replace")
    if random.random() < 0.05 and b":" in text:
        at = random.choice([at for at, byte in enumerate(text[:2000]) if byte == ord(":")] or [0])
        return text[: at + 1] + random.choice(SPELLINGS) + text[at + 1 :].lstrip(b'0123456789."')
    return damaged(text, random) if random.random() < 0.03 else text


def damaged(data: bytes, random: Random) -> bytes:
    """The bytes with some cut out, changed or repeated."""
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 2, 8)))
    return (
        data[:start] + random.choice((b"", random.randbytes(2), data[start:end] * 2, b"\xff", b'"', b"[")) + data[end:]
    )
