"""Writes `docs/performance.md` and its plots from what a run measured."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Final

from cli.cost.prices import AS_OF, PRICES, REGION, Used
from cli.paths import ROOT
from tests.benchmarks.figures import Findings, Row
from tests.benchmarks.money import PAID
from tests.benchmarks.plots import Bar, bars, curves
from tests.benchmarks.processor_share import WHOLE_PROCESSOR_MEGABYTES, processor_share

_PAGE: Final = ROOT / "docs" / "performance.md"
_PLOTS: Final = ROOT / "docs" / "performance"
_TEXT: Final = Path(__file__).with_name("performance.md.txt")
# By the name of a plot, its title and its unit.
_BARS: Final = {
    "cost": ("What a million orders cost, in batches of 10", "$"),
    "batches": ("A batch of 10 orders, at Lambda's share of a processor", "ms"),
    "cold": ("A cold start, from the process to its first answer", "ms"),
}
# How many processes may wait for a processor before a measurement is disturbed.
_BUSY_LOAD: Final = 0.5
_COLUMNS: Final = 100


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when a run measured."""

    began: datetime
    code: str
    load_before: float
    is_held: bool
    """Whether functions were held to their share; else their time was scaled."""

    @property
    def is_busy(self) -> bool:
        """Whether other work ran when the measurement began."""
        return self.load_before > _BUSY_LOAD


def this_machine() -> Machine:
    """Return where and when a run begins."""
    with processor_share(WHOLE_PROCESSOR_MEGABYTES // 2) as share:
        return Machine(datetime.now(UTC), _commit(), os.getloadavg()[0], share.group is not None)


def write_page(findings: Findings, machine: Machine, minutes: float) -> None:
    """Write the page and its plots."""
    _PLOTS.mkdir(exist_ok=True)
    for name, (title, unit) in _BARS.items():
        drawn = bars(title, unit, [Bar(label, parts) for label, parts in findings.bars[name]])
        (_PLOTS / f"{name}.svg").write_text(drawn, "utf-8")
    run = {name: some for name, some in findings.series.items() if name.endswith("ms")}
    drawn = curves("An order in a long run: processor and wall, in ms", "orders", run)
    (_PLOTS / "run.svg").write_text(drawn, "utf-8")
    _PAGE.write_text(_page(findings.rows, machine, minutes), "utf-8")


def _page(rows: Sequence[Row], machine: Machine, minutes: float) -> str:
    parts = {
        "reached": f"{sum(row.is_reached is True for row in rows)} of {sum(row.goal is not None for row in rows)}",
        "table": "\n".join(map(_row, rows)),
        "notes": "\n".join(_wrapped(f"- **{row.what}.** {row.note}") for row in rows if row.note),
        "missed": "\n".join(map(_missed, (row for row in rows if row.is_reached is False))) or "Nothing.",
        "circumstances": _circumstances(machine, minutes),
        "prices": "\n".join(_price(kind) for kind in PAID),
        "region": REGION,
        "as_of": AS_OF,
    }
    return _TEXT.read_text("utf-8").format(**parts)


def _row(row: Row) -> str:
    reached = {True: "yes", False: "**no**", None: ""}[row.is_reached]
    return f"| {row.what} | {row.now} | {row.wanted} | {row.around} | {reached} |"


def _price(kind: Used) -> str:
    price = PRICES[kind]
    return f"| {kind} | {price.dollars} | {price.units:,} | <{price.page}> |"


def _missed(row: Row) -> str:
    return _wrapped(f"- **{row.what}**: {row.now}, not {row.wanted}. {row.floor}".rstrip())


def _wrapped(text: str) -> str:
    """Return a paragraph, or a point of a list, in lines as the other pages have them."""
    return fill(text, _COLUMNS, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False)


def _circumstances(machine: Machine, minutes: float) -> str:
    """Return where, when and on what a run measured, as sentences."""
    busy = "**Other work ran on the machine at the same time**, so waits are longer than they need be"
    load = f"{busy} (load {machine.load_before:.1f})." if machine.is_busy else "The machine had no other work."
    held = (
        "Functions were held to their share by a control group."
        if machine.is_held
        else "This machine gives no control group, so processor time was stretched to the share."
    )
    return _wrapped(
        f"{machine.began:%d %B %Y, %H:%M} UTC, code {machine.code}. {os.cpu_count()} processors "
        f"({_processor()}), {platform.system()}, Python {platform.python_version()}. {load} {held} "
        f"The run took {minutes:.0f} minutes."
    )


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return f"`{found}`" if (found := told.stdout.strip()) else "of no commit"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
