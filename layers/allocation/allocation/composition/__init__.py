"""The composition root: environment in, wired use cases out, once per execution environment.

A module for each kind of function. Each imports only what it wires, inside its functions: every cold start pays for
imports.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Return the time, as aware UTC."""
    return datetime.now(UTC)


def steady_clock() -> Callable[[], datetime]:
    """Return a clock that starts at the time and is never set: what lies between two looks has passed.

    It may stand still while the function is frozen.
    """
    began, at = utc_now(), time.monotonic()
    return lambda: began + timedelta(seconds=time.monotonic() - at)
