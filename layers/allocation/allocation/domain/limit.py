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


UsedLimits = Callable[[Sequence[LimitedDay]], Mapping[LimitedDay, int]]
"""Tells how many allocations stand on each of the days; one that it leaves out has none."""
