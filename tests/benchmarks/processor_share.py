"""Lambda's share of a processor: a control group with a quota where this machine allows one.

A function of 1,769 MB has one whole processor (Lambda Developer Guide, "Configure Lambda function memory").
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WHOLE_PROCESSOR_MEGABYTES: Final = 1769
# Lambda hands out its shares in periods of 20 ms.
_PERIOD_MICROSECONDS: Final = 20_000
# Where a group of ours can be made: version 1 and version 2 of control groups.
_PLACES: Final = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))


def share_of(megabytes: int) -> float:
    """Return the part of a processor that a function of so much memory has, at most one: ours run one thread."""
    return min(1.0, megabytes / WHOLE_PROCESSOR_MEGABYTES)


@dataclass(frozen=True, slots=True)
class ProcessorShare:
    """What keeps one process to its share. Without a `group` the machine can't, and time is scaled instead."""

    share: float
    group: Path | None

    def hold(self, process: int) -> None:
        """Keep a process, with all of its threads, to its share from now on."""
        if self.group:
            (self.group / "cgroup.procs").write_text(str(process))

    def seconds(self, wall: float, processor: float) -> float:
        """Return how long work took at the share. Where nothing held it, its processor time is stretched."""
        return wall if self.group else wall + processor * (1 / self.share - 1)


@contextmanager
def processor_share(megabytes: int) -> Iterator[ProcessorShare]:
    """Make the share of a function of so much memory. Its processes must have ended when the block ends."""
    share = share_of(megabytes)
    group = _group(share)
    try:
        yield ProcessorShare(share, group)
    finally:
        if group:
            with suppress(OSError):
                group.rmdir()


def _group(share: float) -> Path | None:
    """Return a new control group with the quota, or None where this machine gives us none."""
    quota = str(round(share * _PERIOD_MICROSECONDS))
    for place in _PLACES:
        group = place / f"carrier-bench-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / "cpu.cfs_quota_us").exists():
                (group / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
                (group / "cpu.cfs_quota_us").write_text(quota)
                return group
            if (group / "cpu.max").exists():
                (group / "cpu.max").write_text(f"{quota} {_PERIOD_MICROSECONDS}")
                return group
        except OSError:
            pass
        group.rmdir()
    return None
