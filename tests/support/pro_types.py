"""PRO's types as facts: names and types of its .NET SDKs, and whether a reply is of its type.

`facts/pro_types.json` has each type by its full name: what it inherits, its members by their types (an enum's in
order), and which of them a client of 2016 can't do without. `facts/pro_operations.txt` says which type an operation
replies with. Both are from PRO's SDK reference of version 1.1 and, where that is silent, from its SDK of 2016 and the
examples of PRO's help.
"""

import json
import re
from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

FOLDER: Final = Path(__file__).parent / "facts"
Form = tuple[str, ...]
# Enums whose values are flags: several are written with commas.
FLAGS: Final = frozenset({"ServiceDirection", "MpdCarrierServiceType", "ContentClassificationDetails"})
# What we write beside PRO's members.
OURS: Final = {
    "DataTypes.Consignments.AllocationSummary": {"Code"},  # docs/decisions/0051-how-a-failed-allocation-answers.md
}
# Enums whose members PRO's pages also show as numbers: from 0, in order.
NUMBERED: Final = frozenset({"MpdCarrierServiceSource"})
ERROR: Final = "ApiError"


@dataclass(frozen=True)
class OperationFact:
    """What is documented of an operation: its statuses, and the type of its reply, None for no body."""

    method: str
    path: str
    statuses: frozenset[int]
    reply: str | None
    is_current: bool

    @property
    def form(self) -> Form:
        """The method and the segments of the path in lower case, with `{}` for each parameter."""
        return self.method, *("{}" if "{" in part else part for part in self.path.strip("/").lower().split("/"))


@cache
def operation_facts() -> list[OperationFact]:
    """Every operation that is known, those of version 1.1 first."""
    current, _, earlier = (FOLDER / "pro_operations.txt").read_text("utf-8").partition("\n\n#")
    return [
        OperationFact(method, path, frozenset(map(int, statuses)), reply or None, is_current)
        for text, is_current in ((current, True), (earlier, False))
        for line in text.splitlines()
        if line.startswith(("GET ", "PUT ", "POST ", "DELETE "))
        for told, _, reply in [line.partition(" -> ")]
        for method, path, *statuses in [told.split()]
    ]


@cache
def types() -> dict[str, Any]:
    """Every type by its full name."""
    found: dict[str, Any] = json.loads((FOLDER / "pro_types.json").read_text("utf-8"))
    return found


@cache
def full_name(name: str, home: str) -> str:
    """The full name of a type that is named in the type `home`: of several, the one that is nearest to it."""
    if name in types():
        return name
    found = [each for each in types() if each.endswith(f".{name}")]

    def distance(candidate: str) -> tuple[int, bool]:
        ours, theirs = home.split("."), candidate.split(".")
        common = next((at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), len(ours))
        return -common, not candidate.startswith("DataTypes.Consignments.")

    return min(found, key=distance)


@cache
def declared(full: str) -> dict[str, str]:
    """The members of a class with those that it inherits, each by its type."""
    kind = types()[full]
    members = {name: told for parent in kind.get("inherits") or () for name, told in declared(parent).items()}
    return {**members, **kind["members"]}


@cache
def required(full: str) -> set[str]:
    """The members that a client of 2016 can't do without."""
    kind = types()[full]
    return {name for parent in kind.get("inherits") or () for name in required(parent)} | set(kind.get("required", ()))


def problems(told: str, data: Any, own: Collection[str] = (), at: str = "$", home: str = "") -> Iterator[str]:
    """What is wrong with data of a type, as JSON has it. `own` are names that senders gave to fields of their own."""
    if data is None:
        if told.removesuffix("?") == told and is_value(told, home):
            yield f"{at}: null is no {told}"
    elif listed := re.fullmatch(r"(?:List|HashSet|IList)<(.+)>", told):
        if not isinstance(data, list):
            yield f"{at}: no list"
            return
        for number, item in enumerate(data):
            yield from problems(listed[1], item, own, f"{at}[{number}]", home)
    elif pair := re.fullmatch(r"KeyValuePair<(\w+), (.+)>", told):
        yield from _pair(pair[1], pair[2], data, own, at, home)
    else:
        yield from _plain(told.removesuffix("?"), data, own, at, home)


# What the types of PRO's SDK of 2016 have in the place of those of version 1.1, or beside them. Its clients ignore
# names that they don't know, but not a name or form that they miss.
OF_2016: Final[Mapping[str, dict[str, str]]] = {
    "DataTypes.Common.Weight": {"Kg": "decimal"},
    "DataTypes.Consignments.ConsignmentLeg": {"TrackingReference": "string"},
    "DataTypes.Consignments.ConsignmentSummary": {"Weight": "decimal"},
    "DataTypes.Quotes.QuoteSurcharge": {"Price": "decimal"},
    "DataTypes.Rates.Rate": {"VatRate": "TaxRate"},
    "DataTypes.Consignments.AllocationSummary": {"IsSuccess": "bool", "Message": "string", "Data": "string"},
}
NOT_OF_2016: Final = {"ConsignmentState": {"ReadyToShip", "Dispatched"}, "ShippingTerms": {"DDU"}}
# Replies of another type than in version 1.1.
REPLIES_OF_2016: Final[Mapping[Form, str | None]] = {
    ("GET", "consignments", "customer", "manifest", "{}"): "byte[]",
    ("GET", "consignments", "docs", "{}"): None,  # a dictionary: test_api_older_clients.py
    ("POST", "deliveryoptions", "select", "{}"): "List<ApiLink>",
    ("GET", "orders", "{}"): None,  # there were none
}


def problems_of_2016(told: str, data: Any, at: str = "$", home: str = "") -> Iterator[str]:
    """What a typed client of 2016 can't read of data, or misses in it."""
    told = told.removesuffix("?")
    if listed := re.fullmatch(r"(?:List|HashSet|IList)<(.+)>", told):
        for number, item in enumerate(data or ()):
            yield from problems_of_2016(listed[1], item, f"{at}[{number}]", home)
    elif isinstance(data, dict) and "<" not in told and told not in READERS:
        full = full_name(told, home)
        older = OF_2016.get(full, {})
        yield from (f"{at}.{name}: missing" for name in required(full) | set(older) if data.get(name) is None)
        for name, kind in (declared(full) | older).items():
            yield from problems_of_2016(kind, data.get(name), f"{at}.{name}", full)
    elif data in NOT_OF_2016.get(told, ()):
        yield f"{at}: {data} is no {told}"
    elif data is not None:
        yield from problems(told, data, (), at, home)


def is_value(told: str, home: str) -> bool:
    """Whether a type is one of .NET's value types, of which null is no value."""
    if told in ("string", "byte[]") or "<" in told:
        return False
    return told in READERS or bool(types()[full_name(told, home)]["kind"] == "Enum")


def _pair(key: str, value: str, data: Any, own: Collection[str], at: str, home: str) -> Iterator[str]:
    if not isinstance(data, dict) or data.keys() != {"Key", "Value"}:
        yield f"{at}: no Key and Value"
        return
    yield from problems(key, data["Key"], own, f"{at}.Key", home)
    yield from problems(value, data["Value"], own, f"{at}.Value", home)


def _plain(told: str, data: Any, own: Collection[str], at: str, home: str) -> Iterator[str]:
    if told in READERS:
        if not READERS[told](data):
            yield f"{at}: {data!r} is no {told}"
        return
    full = full_name(told, home)
    if types()[full]["kind"] == "Enum":
        values = data.split(", ") if isinstance(data, str) and told in FLAGS else [data]
        members = types()[full]["members"]
        numbers = range(len(members)) if told in NUMBERED else ()
        if not all(value in members or (type(value) is int and value in numbers) for value in values):
            yield f"{at}: {data!r} is no {told}"
    elif not isinstance(data, dict):
        yield f"{at}: no {told}"
    else:
        yield from _members(full, data, own, at)


def _members(full: str, data: Mapping[str, Any], own: Collection[str], at: str) -> Iterator[str]:
    known = declared(full)
    folded = {name.lower() for name in known}
    yield from (f"{at}: {name} is missing" for name in sorted(required(full) - data.keys()))
    for name, value in data.items():
        if name in known:
            yield from problems(known[name], value, own, f"{at}.{name}", full)
        elif name not in OURS.get(full, own) or name.lower() in folded:
            yield f"{at}: {name} is no member of {full}"


def _is_moment(data: Any, *, with_offset: bool) -> bool:
    try:
        moment = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        return False
    return "T" in data and (moment.tzinfo is not None or not with_offset)


def _is_uuid(data: Any) -> bool:
    try:
        return str(UUID(data)) == str(data).lower()
    except (TypeError, ValueError, AttributeError):
        return False


def _is_base64(data: Any) -> bool:
    try:
        return len(b64decode(data, validate=True)) > 0
    except (TypeError, ValueError):
        return False


READERS: Final = {
    "string": lambda data: isinstance(data, str),
    "int": lambda data: isinstance(data, int) and not isinstance(data, bool),
    "bool": lambda data: isinstance(data, bool),
    "decimal": lambda data: isinstance(data, int | Decimal | float) and not isinstance(data, bool),
    "DateTimeOffset": lambda data: _is_moment(data, with_offset=True),
    "DateTime": lambda data: _is_moment(data, with_offset=False),
    "TimeSpan": lambda data: isinstance(data, str) and bool(re.fullmatch(r"\d\d:\d\d:\d\d", data)),
    "Guid": _is_uuid,
    "byte[]": _is_base64,
}
