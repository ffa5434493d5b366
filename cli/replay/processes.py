"""A replay in several processes: each has both engines, and decides about a part of the consignments at a time."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Final

from allocation.batches import batches
from allocation.domain.mode import AllocationMode
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import Partial, replayed

_PART: Final = 500
# For fewer consignments, another process costs more time than it saves.
_PARTS_HERE: Final = 4
# Parts that wait for each process, so that a long file is never in memory as a whole.
_WAITING: Final = 3

_Part = Sequence[Replayable]


@dataclass(frozen=True, slots=True)
class SideText:
    """One side of a replay, as it is sent to other processes: the compiled catalogue's text, and the mode."""

    catalogue: str
    mode: AllocationMode | None = None

    def side(self) -> Side:
        """Return the side, ready to decide. Raises `InvalidCatalogueError`."""
        return Side(Engine(read_compiled(self.catalogue)), self.mode)


def usual_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def replayed_in_parts(
    before: SideText, after: SideText, consignments: Iterable[Replayable], jobs: int, told: Callable[[int], None]
) -> Partial:
    """Return the replay of the consignments by so many processes. The result is the same for any number.

    `told` gets the number of consignments that are done, again and again.
    """
    sides = before.side(), after.side()
    whole, done = replayed(*sides, ()), 0
    parts = batches(consignments, _PART)
    here = parts if jobs == 1 else islice(parts, _PARTS_HERE)
    # Threads may run here, as one that moves a line of progress: a fork would copy the locks that they hold.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start, (before, after)) as pool:
        for part, count in chain(_replayed_here(sides, here), _replayed_elsewhere(pool, parts, jobs * _WAITING)):
            whole.merge(part)
            done += count
            told(done)
    return whole


def _replayed_here(sides: tuple[Side, Side], parts: Iterable[_Part]) -> Iterator[tuple[Partial, int]]:
    return ((replayed(*sides, part), len(part)) for part in parts)


def _replayed_elsewhere(pool: ProcessPoolExecutor, parts: Iterable[_Part], most: int) -> Iterator[tuple[Partial, int]]:
    """Yield the replays of parts by other processes, of which at most so many wait."""
    waiting: deque[tuple[Future[Partial], int]] = deque()
    for part in parts:
        waiting.append((pool.submit(_replay_part, part), len(part)))
        if len(waiting) == most:
            future, count = waiting.popleft()
            yield future.result(), count
    for future, count in waiting:
        yield future.result(), count


# The sides of one of the other processes.
_sides: list[Side] = []


def _start(before: SideText, after: SideText) -> None:
    """Make a process ready. Signals stop the program, which ends its processes. They end also if it is killed."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _sides[:] = [before.side(), after.side()]


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)


def _replay_part(part: _Part) -> Partial:
    return replayed(_sides[0], _sides[1], part)
