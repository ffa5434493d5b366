"""Python's garbage collector, out of the way where much is made that has no cycles in it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """No collections while the block lasts.

    A dense JSON document of 1 MiB is half a million objects, and the collector looks through all of them again and
    again while they are made: three quarters of the time. What is read of JSON has no cycles; counting references frees
    it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
