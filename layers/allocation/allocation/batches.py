"""Runs of bounded length, for services that limit the entries and bytes of a call, and several such calls at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_Entry = TypeVar("_Entry")
_Result = TypeVar("_Result")

# Each call has a connection, which a new environment must open first. More of them gain nothing: the processor is busy.
_MAX_CALLS: Final = 4


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


def in_parallel(work: Callable[[_Entry], _Result], entries: Sequence[_Entry]) -> list[_Result]:
    """Return what `work` returns for each entry, in order: `_MAX_CALLS` of them at once, each in a thread.

    A single entry needs no thread. Where `work` raises, the first error is raised when all have ended.
    """
    if len(entries) < 2:
        return [work(entry) for entry in entries]
    with ThreadPoolExecutor(_MAX_CALLS) as executor:
        return list(executor.map(work, entries))
