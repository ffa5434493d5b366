"""What keeps CPython from spending half of a test's time on memory: for tests, and for their servers."""

import gc
from collections.abc import Callable
from typing import Any


def collect_seldom() -> None:
    """Look for cycles after every 100,000 new objects, not 700: that was a fifth of the time of tests with AWS."""
    gc.set_threshold(100_000, 20, 20)


def with_room(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call something with room for the frames of a thousand calls below it."""
    return call(*arguments)


# CPython keeps frames in chunks of 16 KiB, and returns one to the system with its last frame. A loop whose calls cross
# from one chunk into the next asks the system for memory at each: half the time of some tests. A frame that says to
# need 512 KiB gets a chunk of 1 MiB, and touches none of it.
with_room.__code__ = with_room.__code__.replace(co_stacksize=2**16)
