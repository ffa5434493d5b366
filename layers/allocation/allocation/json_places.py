"""Where something stands in the data of a JSON text, and how a message names that place."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

# Names that a path shows without quotation marks.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MAX_QUOTED: Final = 60

JsonPath = tuple[int | str, ...]


class _Place(NamedTuple):
    """A value inside some data, what it stands in, and under which key or number."""

    value: Any
    outer: "_Place | None" = None
    step: int | str | None = None

    @property
    def location(self) -> JsonPath:
        """Where the value stands: keys and numbers, from the outermost; empty for the data itself."""
        steps: list[int | str] = []
        place: _Place | None = self
        while place is not None and place.step is not None:
            steps.append(place.step)
            place = place.outer
        return tuple(reversed(steps))


def first_place(data: Any, found: Callable[[Any, int | str | None], bool]) -> _Place:
    """Return the first value in some data that is found. Raises `LookupError` if none is."""
    waiting = [_Place(data)]
    while waiting:
        outer = waiting.pop()
        value = outer.value
        if found(value, outer.step):
            return outer
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        # Objects and lists wait for their turn; a place for each of half a million others would take long to make.
        waiting += reversed(
            [_Place(each, outer, at) for at, each in inner if isinstance(each, dict | list) or found(each, at)]
        )
    raise LookupError("nothing found")


def path_of(location: JsonPath) -> str:
    """Return the location of a field as a path.

    >>> path_of(("consignments", 0, "Reference"))
    'consignments[0].Reference'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in location).lstrip(".")


def _name(step: str) -> str:
    return step if _PLAIN_NAME.fullmatch(step) else quoted(step)


def quoted(text: str) -> str:
    """Return the start of a text between quotation marks, in printable ASCII."""
    return json.dumps(text[:_MAX_QUOTED]).replace("\x7f", "\\u007f")
