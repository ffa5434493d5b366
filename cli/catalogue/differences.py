"""What changed from one version of a written catalogue to another."""

from collections import Counter
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
_WHOLE: Final = frozenset({"window", "maximumValue", "days", "deliveryDays", "from", "to", "coordinates"})
# Lists whose items are compared with those for the same, wherever they stand.
_IDENTITIES: Final = {"rates": ("zone", "origin"), "transit": ("zone", "origin"), "bands": ("upTo",)}


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
    told = _Words(Describer(before, old.content), Describer(after, new.content))
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
    if path[:1] == ("placeCoordinates",) and len(path) > 1:
        yield path, old, new
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(key_path(*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list) and _is_set(path, old, new):
        yield from _compare_sets(path, old, new)
    elif isinstance(old, list) and isinstance(new, list) and path[-1] not in _WHOLE:
        for number, one, other in _paired(path[-1], old, new):
            yield from _compare(key_path(*path, number), one, other)
    else:
        yield path, old, new


def _paired(name: str, old: list[Any], new: list[Any]) -> Iterator[tuple[int, Any, Any]]:
    """Yield the items of two lists that are about the same, with the later position; else those at the same one."""
    if name not in _IDENTITIES:
        yield from ((number, *pair) for number, pair in enumerate(zip_longest(old, new, fillvalue=_MISSING)))
        return
    before, after = _by_identity(name, old), _by_identity(name, new)
    for identity, (number, item) in after.items():
        yield number, before.get(identity, (0, _MISSING))[1], item
    yield from ((number, item, _MISSING) for identity, (number, item) in before.items() if identity not in after)


def _by_identity(name: str, items: list[Any]) -> dict[tuple[object, ...], tuple[int, Any]]:
    """Return the items with their positions by what they are for: the first, the second ... for the same."""
    found: dict[tuple[object, ...], tuple[int, Any]] = {}
    seen: Counter[tuple[object, ...]] = Counter()
    for number, item in enumerate(items):
        identity = tuple(item[field] for field in _IDENTITIES[name])
        found[*identity, seen[identity]] = number, item
        seen[identity] += 1
    return found


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
