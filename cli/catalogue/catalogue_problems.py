"""What can be wrong with a written catalogue: where, what stands there, and what to write instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from allocation.domain.errors import AllocationError
from allocation.engine.wording import closest_name

KeyPath = tuple[str, ...]
"""The keys and list indexes that lead from the root of a catalogue to one of its parts."""

_MAX_SHOWN: Final = 60
_MAX_SUGGESTED: Final = 8


class Position(NamedTuple):
    """A place in a text. Lines and columns count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class CatalogueProblem:
    """One problem of a written catalogue. `value` is None where no single value is wrong."""

    key_path: KeyPath
    value: Any
    fix: str
    position: Position | None = None

    @property
    def path(self) -> str:
        """The key path as people write it, such as `carriers.ACME.services.NEXT`; empty for the whole catalogue."""
        return ".".join(self.key_path)

    @property
    def advice(self) -> str:
        """The value, shortened, and what is wrong with it or what to write."""
        if self.value is None:
            return self.fix
        separator = ": " if self.fix.startswith("write ") else " "
        return f"{str(self.value)[:_MAX_SHOWN]!r}{separator}{self.fix}"

    def __str__(self) -> str:
        return f"{self.path or self.position or 'the catalogue'}: {self.advice}"


class CatalogueProblemsError(AllocationError):
    """A written catalogue can't be used. `problems` lists everything that was found."""

    def __init__(self, problems: Iterable[CatalogueProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def key_path(*parts: object) -> KeyPath:
    """Return the parts as a key path; dates and list indexes become text."""
    return tuple(map(str, parts))


def suggestion(wanted: str, known: Iterable[str], heading: str = "known") -> str:
    """Return a hint at the known name that is closest to `wanted`, or the names most like it under a heading."""
    names = sorted(known)
    close = closest_name(wanted, names)
    if close:
        return f"did you mean {close}?"
    nearest = sorted(names, key=lambda name: -SequenceMatcher(None, wanted.lower(), name.lower()).ratio())
    more = ", ..." if len(names) > _MAX_SUGGESTED else ""
    return f"{heading}: {', '.join(nearest[:_MAX_SUGGESTED]) or 'none'}{more}"


def unknown_name(path: KeyPath, name: str | None, known: Iterable[str], kind: str) -> Iterator[CatalogueProblem]:
    """Yield a problem where a name is none of the known ones. None is not written, so not wrong."""
    names = list(known)
    if name is not None and name not in names:
        yield CatalogueProblem(path, name, f"is not a {kind} of this catalogue: {suggestion(name, names)}")
