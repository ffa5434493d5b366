"""What changed from one version of a written catalogue to another."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any, Final, assert_never

from allocation import exact_json
from cli.catalogue.catalogue_problems import KeyPath, key_path
from cli.catalogue.written_catalogue import WrittenCatalogue

_MISSING: Final = object()
_MAX_SHOWN: Final = 100


class ChangeKind(StrEnum):
    """What happened to a part of a catalogue."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed part. `old` is None for an added part, `new` for a removed one; both are ready for JSON."""

    kind: ChangeKind
    path: str
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        match self.kind:
            case ChangeKind.ADDED:
                return f"+ {self.path}{_shown(self.new)}"
            case ChangeKind.REMOVED:
                return f"- {self.path}"
            case ChangeKind.CHANGED:
                return f"~ {self.path}:{_shown(self.old)} ->{_shown(self.new)}"
            case _:
                assert_never(self.kind)


def differences(old: WrittenCatalogue, new: WrittenCatalogue) -> list[Change]:
    """Return every change. A default counts as written."""
    return list(_compare((), _plain(old), _plain(new)))


def _plain(catalogue: WrittenCatalogue) -> Any:
    return catalogue.model_dump(mode="json", by_alias=True)


def _compare(path: KeyPath, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(key_path(*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list) and path[:1] == ("zones",):
        yield from _compare_zones(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue=_MISSING)):
            yield from _compare(key_path(*path, number), one, other)
    elif old is _MISSING:
        yield Change(ChangeKind.ADDED, ".".join(path), new=new)
    elif new is _MISSING:
        yield Change(ChangeKind.REMOVED, ".".join(path), old=old)
    else:
        yield Change(ChangeKind.CHANGED, ".".join(path), old, new)


def _compare_zones(path: KeyPath, old: list[Any], new: list[Any]) -> Iterator[Change]:
    """Yield the places and lanes that a zone no longer has, or has now. Their order means nothing."""
    before, after = ({exact_json.written(item): item for item in items} for items in (old, new))
    for item in sorted(before.keys() ^ after.keys()):
        name = before.get(item, after.get(item))
        where = ".".join((*path, name if isinstance(name, str) else item))
        if item in after:
            yield Change(ChangeKind.ADDED, where, new=name)
        else:
            yield Change(ChangeKind.REMOVED, where, old=name)


def _shown(value: Any) -> str:
    """Return a short value; of a larger one its name, where it has one."""
    if isinstance(value, dict):
        return f" ({value['name']})" if value.get("name") else ""
    return f" {value}"[:_MAX_SHOWN]
