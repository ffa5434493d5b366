"""Runs of bounded length, for services that limit the entries and bytes of a call."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Entry = TypeVar("_Entry")


def batches(
    entries: Iterable[_Entry], most: int, most_bytes: int | None = None, size: Callable[[_Entry], int] = lambda _: 0
) -> Iterator[list[_Entry]]:
    """Yield `entries` in order, in runs of at most `most` entries and, by `size`, `most_bytes` bytes.

    An entry larger than `most_bytes` makes a run of its own: the service then refuses only that entry.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    run: list[_Entry] = []
    run_bytes = 0
    for entry in entries:
        entry_bytes = size(entry)
        if run and (len(run) == most or (most_bytes is not None and run_bytes + entry_bytes > most_bytes)):
            yield run
            run, run_bytes = [], 0
        run.append(entry)
        run_bytes += entry_bytes
    if run:
        yield run
