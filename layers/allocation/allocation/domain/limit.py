"""Allocation limits: how many consignments a carrier service takes for one day's collection (`pro-api.md`)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple


class LimitedDay(NamedTuple):
    """A carrier service on the day it collects, by the clock of the place it collects from."""

    service: str
    day: date


class AllocationLimit(NamedTuple):
    """How many consignments a service takes for a day."""

    on: LimitedDay
    most: int


# Returns how many allocations each day has. A day that is left out has none.
UsedLimits = Callable[[Sequence[LimitedDay]], Mapping[LimitedDay, int]]
