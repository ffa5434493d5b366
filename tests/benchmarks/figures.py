"""Figures of repeated measurements, and the rows of the table that they end in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final, Literal

_FEW: Final = 4

Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some samples, and the quartiles around it; the ends of what there is where samples are few."""

    middle: float
    low: float
    high: float
    samples: tuple[float, ...] = ()

    def times(self, factor: float) -> "Spread":
        """Return all of it in another unit."""
        return spread([each * factor for each in self.samples])


def spread(samples: Sequence[float]) -> Spread:
    """Return the median and the quartiles. Raises `ValueError` without samples."""
    if not samples:
        raise ValueError("nothing was measured")
    if len(samples) < _FEW:
        low, high = min(samples), max(samples)
    else:
        low, _, high = quantiles(samples, n=4, method="inclusive")
    return Spread(median(samples), low, high, tuple(samples))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return how often theirs goes into ours, round by round: what disturbs a round disturbs both."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)])


def exactly(value: float) -> Spread:
    """Return a figure that was counted, not timed."""
    return Spread(value, value, value, (value,))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what was measured, what it should be, and whether it is."""

    what: str
    found: Spread
    unit: str
    """Behind the number, as `ms` or `x`; empty for a bare one."""
    goal: float | None = None
    """None for what has no goal, and stands beside others."""
    better: Better = "less"
    note: str = ""
    floor: str = ""
    """Why no code of ours gets below it, for a goal out of reach."""
    group: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the median meets the goal; None without one."""
        if self.goal is None:
            return None
        return self.found.middle <= self.goal if self.better == "less" else self.found.middle >= self.goal

    @property
    def now(self) -> str:
        """The median with its unit."""
        return with_unit(self.found.middle, self.unit)

    @property
    def wanted(self) -> str:
        """The goal with its unit, empty without one."""
        return "" if self.goal is None else with_unit(self.goal, self.unit)

    @property
    def around(self) -> str:
        """The quartiles, empty for what was counted."""
        if self.found.low == self.found.high:
            return ""
        return f"{number(self.found.low)} to {number(self.found.high)}"


@dataclass(slots=True)
class Findings:
    """All that a run measured: its rows, and the series that are drawn."""

    rows: list[Row] = field(default_factory=list)
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)
    """Plain figures for what is worked out from them, by name."""
    bars: dict[str, list[tuple[str, dict[str, float]]]] = field(default_factory=dict)
    """By the plot that they belong to, bars with the values of their parts."""

    def add_bar(self, plot: str, name: str, parts: dict[str, float]) -> None:
        """Add a bar to a plot."""
        self.bars.setdefault(plot, []).append((name, parts))


def number(value: float) -> str:
    """Return a number with three digits that say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_unit(value: float, unit: str) -> str:
    """Return a number with its unit as people write it: `$3.30`, `12 ms`, `1.15 x`."""
    if unit == "$":
        return f"${value:.2f}"
    return f"{number(value)} {unit}".strip()
