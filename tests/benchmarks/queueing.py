"""A small simulation of the way of orders: queue, functions that take batches, the stream's lanes, the publisher.

It checks what `docs/scale.md` works out by arithmetic: which settings keep up, and how long orders wait then.
"""

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

# Lambda's standard way of taking messages from a queue: five batches at once, up to 300 more each minute (Lambda
# Developer Guide, "Configuring scaling behavior for SQS event source mappings").
FIRST_CONCURRENCY: Final = 5
MORE_A_SECOND: Final = 5.0
# How often Lambda looks at a shard of a stream (Lambda Developer Guide, "Using Lambda with DynamoDB").
POLL_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class Way:
    """How a stack is set up, and how long its functions take."""

    concurrency: int
    """The most functions that take orders at once."""
    batch: int
    window_seconds: float
    seconds_of_batch: Callable[[random.Random], float]
    shards: int
    lanes_a_shard: int = 1
    publish_batch: int = 100
    publish_seconds: float = 0.0
    """Of an invocation of the publisher, without its records."""
    publish_seconds_each: float = 0.0

    @property
    def lanes(self) -> int:
        """How many invocations of the publisher can run at once."""
        return self.shards * self.lanes_a_shard

    @property
    def published_a_second(self) -> float:
        """How many records a second all lanes can publish."""
        full = self.publish_seconds + self.publish_batch * self.publish_seconds_each
        return self.lanes * self.publish_batch / full


@dataclass(frozen=True, slots=True)
class Waited:
    """How long the orders of the second half of a run waited, in seconds, and how many were left at the end of it."""

    recorded: tuple[float, float]
    """The median and the 99th of 100, until the record stands."""
    published: tuple[float, float]
    left: int
    """Orders that had arrived and were not published."""

    def keeps_up(self, orders_a_second: float) -> bool:
        """Tell whether no more was left than arrives in a few seconds: what can't keep up leaves ever more."""
        return self.left < 3 * orders_a_second


def simulate(orders_a_second: float, seconds: float, way: Way, seed: int = 1) -> Waited:
    """Send orders at random moments, so many a second on average, through a stack that has just been asleep."""
    chance = random.Random(seed)
    arrivals = _arrivals(orders_a_second, seconds, chance)
    recorded = _recorded(arrivals, way, chance)
    published = _published(recorded, way, chance)
    late = bisect_right(arrivals, seconds / 2)
    return Waited(
        _middle_and_high([done - came for came, done in zip(arrivals[late:], recorded[late:], strict=True)]),
        _middle_and_high([done - came for came, done in zip(arrivals[late:], published[late:], strict=True)]),
        sum(done > seconds for done in published),
    )


def _arrivals(orders_a_second: float, seconds: float, chance: random.Random) -> list[float]:
    moments, now = [], 0.0
    while (now := now + chance.expovariate(orders_a_second)) < seconds:
        moments.append(now)
    return moments


def _recorded(arrivals: Sequence[float], way: Way, chance: random.Random) -> list[float]:
    """Return when each order's record stands. Each batch goes to the function that is free first."""
    free = [max(0.0, (at - FIRST_CONCURRENCY) / MORE_A_SECOND) for at in range(way.concurrency)]
    heapq.heapify(free)
    done: list[float] = []
    while (first := len(done)) < len(arrivals):
        full_at = arrivals[min(first + way.batch, len(arrivals)) - 1]
        start = max(heapq.heappop(free), min(full_at, arrivals[first] + way.window_seconds))
        taken = bisect_right(arrivals, start, first, min(first + way.batch, len(arrivals))) - first
        end = start + way.seconds_of_batch(chance)
        done += [end] * max(1, taken)
        heapq.heappush(free, end)
    return done


def _published(recorded: Sequence[float], way: Way, chance: random.Random) -> list[float]:
    """Return when each order's event is out. A record's key decides its lane, and a lane keeps its order."""
    lanes: list[list[int]] = [[] for _ in range(way.lanes)]
    for order in sorted(range(len(recorded)), key=recorded.__getitem__):
        chance.choice(lanes).append(order)
    done = [0.0] * len(recorded)
    for lane in lanes:
        moments = [recorded[order] for order in lane]
        first, free = 0, chance.random() * POLL_SECONDS
        while first < len(lane):
            start = max(free, moments[first] + chance.random() * POLL_SECONDS)
            taken = bisect_right(moments, start, first, min(first + way.publish_batch, len(lane))) - first
            free = start + way.publish_seconds + taken * way.publish_seconds_each
            for order in lane[first : first + taken]:
                done[order] = free
            first += taken
    return done


def _middle_and_high(waits: Sequence[float]) -> tuple[float, float]:
    parts = quantiles(waits, n=100)
    return parts[49], parts[98]
