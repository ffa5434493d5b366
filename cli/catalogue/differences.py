"""What changed from one version of a written catalogue to another."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any, Final

from allocation import exact_json
from cli.catalogue.catalogue_problems import KeyPath, key_path
from cli.catalogue.difference_words import Describer
from cli.catalogue.written_catalogue import WrittenCatalogue

_MISSING: Final = object()
# Lists that are one value.
_WHOLE: Final = frozenset({"window", "maximumValue", "days", "deliveryDays"})


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
    old: Any
    new: Any
    text: str
    """What changed, in words, as `cut-off of carrier x at Sorted1: 16:00 -> 15:00`."""

    def __str__(self) -> str:
        return self.text


def differences(old: WrittenCatalogue, new: WrittenCatalogue) -> list[Change]:
    """Return every change. A default counts as written."""
    before, after = _plain(old), _plain(new)
    told = _Words(Describer(before), Describer(after))
    return [told.change(*found) for found in _compare((), before, after)]


def _plain(catalogue: WrittenCatalogue) -> Any:
    return catalogue.model_dump(mode="json", by_alias=True)


@dataclass(frozen=True, slots=True)
class _Words:
    """What describes the version before, and the one after."""

    before: Describer
    after: Describer

    def change(self, path: KeyPath, old: Any, new: Any) -> Change:
        """Return the change of a part; a version that lacks it has `_MISSING`."""
        name = ".".join(path)
        if old is _MISSING and self.after.is_item(path):
            return Change(ChangeKind.ADDED, name, None, new, f"{self.after.thing(path[:-1])}: {path[-1]} added")
        if new is _MISSING and self.before.is_item(path):
            return Change(ChangeKind.REMOVED, name, old, None, f"{self.before.thing(path[:-1])}: {path[-1]} removed")
        if old is _MISSING:
            text = f"added: {_with(self.after.thing(path), self.after.value(path, new))}"
            return Change(ChangeKind.ADDED, name, None, new, text)
        if new is _MISSING:
            return Change(ChangeKind.REMOVED, name, old, None, f"removed: {self.before.thing(path)}")
        values = f"{self.before.value(path, old)} -> {self.after.value(path, new)}"
        return Change(ChangeKind.CHANGED, name, old, new, f"{self.after.thing(path)}: {values}")


def _with(thing: str, value: str) -> str:
    """Return a thing with what is said of it, unless that is its name already."""
    return thing if not value or thing.endswith(value) else f"{thing} ({value})"


def _compare(path: KeyPath, old: Any, new: Any) -> Iterator[tuple[KeyPath, Any, Any]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(key_path(*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list) and _is_set(path, old, new):
        yield from _compare_sets(path, old, new)
    elif isinstance(old, list) and isinstance(new, list) and path[-1] not in _WHOLE:
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue=_MISSING)):
            yield from _compare(key_path(*path, number), one, other)
    else:
        yield path, old, new


def _is_set(path: KeyPath, old: list[Any], new: list[Any]) -> bool:
    """Tell whether two lists say the same if they have the same items: zones, and names."""
    if path[:1] == ("zones",):
        return True
    return path[-1] not in _WHOLE and all(isinstance(item, str) for item in (*old, *new)) and set(old) != set(new)


def _compare_sets(path: KeyPath, old: list[Any], new: list[Any]) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Yield the items that are no longer in a list, or are in it now."""
    before, after = ({exact_json.written(item): item for item in items} for items in (old, new))
    for item in sorted(before.keys() ^ after.keys()):
        name = before.get(item, after.get(item))
        where = (*path, name if isinstance(name, str) else item)
        yield (where, _MISSING, name) if item in after else (where, name, _MISSING)
