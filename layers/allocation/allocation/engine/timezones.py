"""Time zones as tables of the moments their offset changes.

The catalogue carries the table, so a decision needs no time zone data of the machine it runs on (Amazon Linux images
come without), and an old decision can be replayed with the offsets of its day.
Moments are seconds since 1970-01-01 UTC; local times are seconds since 1970-01-01 00:00 on the wall clock.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class TimeZone:
    """`offsets[i]`, in seconds east of UTC, holds from `changes[i]` on; the first change lies before all use."""

    changes: Sequence[int]
    offsets: Sequence[int]

    def offset_at(self, moment: int) -> int:
        """The offset from UTC at a moment."""
        return self.offsets[max(bisect_right(self.changes, moment) - 1, 0)]

    def local(self, moment: int) -> int:
        """What the wall clock shows at a moment."""
        return moment + self.offset_at(moment)

    def moment(self, local: int) -> int:
        """When the wall clock shows `local`.

        A time that comes twice, as clocks go back, is its first; one that is skipped, as they go forward, is read with
        the offset before the change (both as `datetime` does with `fold=0`, PEP 495).
        """
        before = self.offset_at(local - DAY_SECONDS)
        after = self.offset_at(local + DAY_SECONDS)
        if self.offset_at(local - before) == before or self.offset_at(local - after) != after:
            return local - before
        return local - after
