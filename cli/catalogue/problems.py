"""What is wrong with a catalogue: where, what stands there, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from allocation.domain.errors import AllocationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right. `path` is the way to it from the document's root."""

    path: str
    value: Any
    fix: str

    def __str__(self) -> str:
        """One line for people."""
        shown = "" if self.value is None else f" {str(self.value)[:60]!r}"
        return f"{self.path}:{shown} {self.fix}"


class InvalidDocumentError(AllocationError):
    """A catalogue can't be used. `problems` are all that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def path_of(*parts: object) -> str:
    """A path as people write it: `carriers.CARRIER_X.services`."""
    return ".".join(str(part) for part in parts) or "the document"


def suggestion(wanted: str, known: Iterable[str]) -> str:
    """What could have been meant, in words."""
    names = sorted(known)
    in_any_case = {name.casefold(): name for name in names}
    close = get_close_matches(wanted.casefold(), in_any_case, n=1)
    if close:
        return f"did you mean {in_any_case[close[0]]}?"
    return f"known are: {', '.join(names[:8]) or 'none'}"
