"""The composition root: environment in, wired use cases out, once per execution environment.

A module for each kind of function. Each imports only what it wires, inside its functions: every cold start pays for
imports.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time, as aware UTC."""
    return datetime.now(UTC)
