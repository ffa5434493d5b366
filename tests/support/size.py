"""How long tests hunt for faults: as long as a person can wait, or, where TEST_SIZE=long, as `make test-long` does.

A long run leaves out the files that use neither name of this module (`conftest.py`).
"""

import os
from typing import Final

IS_LONG: Final = {"short": False, "long": True}[os.environ.get("TEST_SIZE", "short")]


def sized(short: int, long: int) -> int:
    """Return how many cases a test tries: `short` is enough to find the faults that it was written for."""
    return long if IS_LONG else short
