"""The examples of PRO's help as facts: what is sent and what comes back, and in what a reply of ours differs.

`facts/documented_examples.json` has them by page and title. Their dates lie in 2019 and 2020: they are moved to the
years of the sample catalogue that have the same days of the week.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from tests.support.pro_types import FOLDER

_TEXT: Final = (FOLDER / "documented_examples.json").read_text("utf-8")
EXAMPLES: Final[dict[str, Any]] = json.loads(
    _TEXT.replace('"2019-', '"2030-').replace('"2020-', '"2026-'), parse_float=Decimal
)
# What each system issues by itself: an address, references in PRO's form, GUIDs.
_ISSUED: Final = re.compile(
    r"https://(?:api|apisandbox)\.(?:electioapp|example)\.com"
    r"|\bE[A-Z]{1,2}-[A-Z0-9]{3}-[A-Z0-9]{3}-[A-Z0-9]{3}\b"
    r"|\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b"
)


class Kind(StrEnum):
    """Why a value of ours is another than an example's. The value says what is checked of it all the same."""

    STRUCTURE = "nothing: the names and kinds of fields differ, for a reason that is told"
    CATALOGUE = "its kind: carriers, services, prices and tracking references are the catalogue's own"
    MOMENT = "its form: the moment of the run, or a date that the catalogue's calendars come to"
    FILE = "that it is Base64: what is drawn is our own"
    ROWS = "that each row is like an example's: there are as many as were made or fit"
    UNSET = "its name: one of the two has no value"
    WORDS = "that it is text: said in words of our own"


@dataclass(frozen=True)
class Difference:
    """In what a reply differs from an example, at a path such as `$.Quotes.Price.Net`, whichever row it is in."""

    at: str
    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.at} {self.text}"


@dataclass(frozen=True)
class Allowed:
    """A difference that is expected at paths of a pattern; `of_kind` is what it is, `why` says more."""

    pattern: str
    of_kind: Kind
    why: str = ""

    def covers(self, found: Difference) -> bool:
        is_told = fnmatchcase(str(found), self.pattern) or fnmatchcase(found.at, self.pattern)
        return is_told and (self.of_kind is found.kind or found.kind in _SEEN_AS.get(self.of_kind, ()))


# A value that is checked as one kind may look like these.
_SEEN_AS: Final = {Kind.CATALOGUE: (Kind.WORDS,)}


def compared(documented: Any, ours: Any, at: str = "$") -> Iterator[Difference]:
    """Yield in what a reply of ours differs from an example's. What a system issues is compared by its form."""
    if documented is None or ours is None:
        if documented is not ours:
            yield Difference(at, Kind.UNSET, f"is {ours!r}, and {documented!r} in the example")
    elif isinstance(documented, dict):
        yield from _compared_objects(documented, ours, at)
    elif isinstance(documented, list):
        yield from _compared_lists(documented, ours, at)
    elif isinstance(ours, dict | list) or _kind_of(ours) != _kind_of(documented):
        yield Difference(at, Kind.STRUCTURE, f"is no {_kind_of(documented)}")
    elif _form(ours) != _form(documented):
        yield Difference(at, _judged(documented, ours), f"is {ours!r}, and {documented!r} in the example")


def _compared_objects(documented: dict[str, Any], ours: Any, at: str) -> Iterator[Difference]:
    if not isinstance(ours, dict):
        yield Difference(at, Kind.STRUCTURE, "is no object")
        return
    yield from (Difference(f"{at}.{name}", Kind.STRUCTURE, "is missing") for name in documented if name not in ours)
    yield from (Difference(f"{at}.{name}", Kind.STRUCTURE, "is not documented") for name in ours.keys() - documented)
    for name in documented.keys() & ours.keys():
        yield from compared(documented[name], ours[name], f"{at}.{name}")


def _compared_lists(documented: list[Any], ours: Any, at: str) -> Iterator[Difference]:
    if not isinstance(ours, list):
        yield Difference(at, Kind.STRUCTURE, "is no list")
        return
    if len(documented) != len(ours):
        kind = Kind.ROWS if ours or not documented else Kind.STRUCTURE
        yield Difference(at, kind, f"has {len(ours)} rows, and {len(documented)} in the example")
    for row, item in enumerate(ours if documented else ()):
        yield from compared(documented[min(row, len(documented) - 1)], item, at)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"


def _form(value: Any) -> Any:
    return _ISSUED.sub("*", value) if isinstance(value, str) else value


def _judged(documented: Any, ours: Any) -> Kind:
    """Return what kind of value differs."""
    if _is_file(ours):
        return Kind.FILE
    if _is_moment(documented):
        return Kind.MOMENT if _is_moment(ours) else Kind.STRUCTURE
    return Kind.WORDS if isinstance(documented, str) else Kind.CATALOGUE


def _is_moment(value: Any) -> bool:
    try:
        return "T" in value and datetime.fromisoformat(value) is not None
    except (TypeError, ValueError):
        return False


def _is_file(value: Any) -> bool:
    try:
        return len(b64decode(value, validate=True)) > 30
    except (TypeError, ValueError):
        return False
