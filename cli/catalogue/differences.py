"""What changed from one version of a catalogue to another, in lines for people."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from cli.catalogue.document import CatalogueDocument
from cli.catalogue.problems import path_of

MISSING: Final = object()


def differences(old: CatalogueDocument, new: CatalogueDocument) -> list[str]:
    """One line a change: `+` added, `-` removed, `~` changed from one value to another. Defaults count as written."""
    return list(_compare("", _plain(old), _plain(new)))


def _plain(document: CatalogueDocument) -> Any:
    return document.model_dump(mode="json", by_alias=True)


def _compare(path: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            where = path_of(path, key) if path else key
            yield from _compare(where, old.get(key, MISSING), new.get(key, MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue=MISSING)):
            yield from _compare(path_of(path, number), one, other)
    elif old is MISSING:
        yield f"+ {path}{_shown(new)}"
    elif new is MISSING:
        yield f"- {path}"
    else:
        yield f"~ {path}:{_shown(old)} ->{_shown(new)}"


def _shown(value: Any) -> str:
    """A short value; of a larger one its name, where it has one."""
    if isinstance(value, dict):
        return f" ({value['name']})" if value.get("name") else ""
    return f" {value}"[:100]
