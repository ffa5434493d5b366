"""`python -m tests.benchmarks.bench [--json] [--quick]`: the processor's microseconds per consignment, side by side.

What is measured is what an allocation runs: decide, then write what the record keeps. What readers run is beside it:
all reasons by service, and the explanation in words. Every figure is the median over the same consignments; answers
are compared before times are.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.engine import Engine
from tests.benchmarks import rivals
from tests.benchmarks.catalogues import (
    consignments,
    full_catalogue,
    german_consignments,
    listing_catalogue,
    plain_catalogue,
    plain_services,
    without_tags,
)
from tests.benchmarks.memory import VARIED
from tests.benchmarks.work import decide, decide_with_reasons, measured, microseconds, word, write

SIZES: Final = (66, 1_000, 10_000)
QUICK_SIZES: Final = (66, 1_000)
MEMORY_SIZES: Final = (1_000, 10_000)
LIST_SIZES: Final = (66, 1_000)
RIVAL_SIZES: Final = (10, 100, 1_000)
ASKED: Final = 300
LISTED: Final = 40_000


class Report:
    """Writes each figure as soon as it is known, as text or as a line of JSON: a run takes minutes."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def heading(self, text: str) -> None:
        """Say in text what the next figures are of. In JSON each figure says it."""
        if not self._as_json:
            self._write(text)

    def figure(self, text: str, **values: str | int | float) -> None:
        """Write a figure: `text` for people, `values` for programs."""
        self._write(json.dumps(values) if self._as_json else text)

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def own_figures(report: Report, size: int) -> None:
    """Report the figures of our engine over the full rule set."""
    text = write_compiled(full_catalogue(size))
    start = time.perf_counter()
    catalogue = read_compiled(text)
    read = (time.perf_counter() - start) * 1e3
    start = time.perf_counter()
    engine = Engine(catalogue)
    index = (time.perf_counter() - start) * 1e3
    asked = consignments(ASKED)
    report.figure(
        f"{size:>6} services: read {read:.1f} ms, index {index:.1f} ms, {len(text) / 1e3:.0f} KB compiled",
        task="full",
        services=size,
        what="load",
        readMilliseconds=read,
        indexMilliseconds=index,
        compiledCharacters=len(text),
    )
    few = asked[:20] if size > 1000 else asked
    own = partial(_own_figure, report, size)
    own("decide", *measured(partial(decide, engine), few))
    own("decide, all reasons", *measured(partial(decide_with_reasons, engine), few))
    decided = [decide(engine, consignment) for consignment in few]
    own("write explanation", *measured(partial(write, engine), decided))
    own("word explanation", *measured(partial(word, engine), decided))
    own("decide on new lane", *new_lanes(text))


def _own_figure(report: Report, size: int, name: str, first: float, later: float) -> None:
    report.figure(
        f"        {name:<20} {later:>10.1f} µs   (mean of the first time round {first:.1f} µs)",
        task="full",
        services=size,
        what=name,
        microseconds=later,
        firstMicroseconds=first,
    )


def new_lanes(text: str) -> tuple[float, float]:
    """Return the mean and the median of the first consignment to each kind of destination, after one to another."""
    *others, warm = {consignment.destination: consignment for consignment in consignments(ASKED)}.values()
    engine = Engine(read_compiled(text))
    decide(engine, warm)
    gc.collect()
    figures = [microseconds(partial(decide, engine), consignment) for consignment in others]
    return sum(figures) / len(figures), median(figures)


def memory_figures(report: Report, size: int) -> None:
    """Report the memory of a process that loads a catalogue and decides."""
    ran = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "tests.benchmarks.memory", str(size)],
        input=write_compiled(full_catalogue(size)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    report.figure(
        f"{size:>6} services: {found['loaded']} MB in use when loaded, "
        f"{found['full']} MB after {VARIED} varied consignments",
        task="memory",
        services=size,
        loadedMegabytes=found["loaded"],
        fullMegabytes=found["full"],
    )


def list_figures(report: Report, size: int) -> None:
    """Report what a zone with 40,000 places costs those in it, and those elsewhere."""
    for rows in (0, LISTED):
        text = write_compiled(listing_catalogue(size, rows))
        start = time.perf_counter()
        engine = Engine(read_compiled(text))
        load = (time.perf_counter() - start) * 1e3
        kilobytes = len(text) / 1e3
        asked = {"elsewhere": consignments(ASKED), "not in it": german_consignments(ASKED, listed=False)}
        if rows:
            asked["in it"] = german_consignments(ASKED, listed=True)
        figures = {where: measured(partial(decide, engine), some)[1] for where, some in asked.items()}
        told = ", ".join(f"{where} {figure:.1f} µs" for where, figure in figures.items())
        report.figure(
            f"{rows:>6} places, {size} services: load {load:.0f} ms, {kilobytes:.0f} KB compiled; decide: {told}",
            task="list",
            services=size,
            places=rows,
            loadMilliseconds=load,
            compiledCharacters=len(text),
            **{f"{where} microseconds": figure for where, figure in figures.items()},
        )


def side_by_side(report: Report, size: int) -> None:
    """Compare the answers of all engines on the task that all of them know, then report their figures."""
    services = plain_services(size)
    engine = Engine(read_compiled(write_compiled(plain_catalogue(services))))
    asked = [without_tags(consignment) for consignment in consignments(ASKED if size < 1000 else 60)]
    others = {
        "karrio": rivals.karrio_prices(services),
        "zen-engine collect": rivals.zen_collect(services),
        "zen-engine first": rivals.zen_first(services),
    }
    compare(engine, others, asked)
    figures = {name: measured(work, asked, 1)[1] for name, work in others.items()}
    ours = measured(partial(decide, engine), asked)[1]
    report.heading(f"{size:>6} services, {len(asked)} consignments, equal answers")
    for name, figure in {"ours, decide": ours, **figures}.items():
        times = "" if name.startswith("ours") else f"   {figure / ours:>8.1f} times ours"
        text = f"        {name:<20} {figure:>10.1f} µs{times}"
        report.figure(text, task="common", services=size, what=name, microseconds=figure, timesOurs=figure / ours)


def compare(
    engine: Engine, others: dict[str, Callable[[Consignment], rivals.Prices]], asked: Sequence[Consignment]
) -> None:
    """End the run where an engine's answers differ from ours."""
    for consignment in asked:
        offers = decide(engine, consignment).offers
        ours = {engine.index.services[offer.position].reference: offer.net for offer in offers}
        lowest = {price for price in ours.values() if price == min(ours.values())}
        for name, work in others.items():
            theirs = work(consignment)
            agree = set(theirs.values()) == lowest if name.endswith("first") else theirs == ours
            if not agree:
                sys.exit(
                    f"{name} answers differently for {consignment}: {json.dumps([theirs, ours], default=str)[:500]}"
                )


def main(arguments: Sequence[str]) -> None:
    """Report all figures, as JSON with `--json`; with `--quick` those of smaller catalogues only."""
    report, quick = Report(as_json="--json" in arguments), "--quick" in arguments
    report.heading("The full rule set, ours alone")
    for size in QUICK_SIZES if quick else SIZES:
        own_figures(report, size)
    for size in LIST_SIZES[:1] if quick else MEMORY_SIZES:
        memory_figures(report, size)
    report.heading("\nA zone with a long list of places")
    for size in LIST_SIZES[:1] if quick else LIST_SIZES:
        list_figures(report, size)
    report.heading("\nThe common task: countries, weight bands, the longest side")
    for size in RIVAL_SIZES[:2] if quick else RIVAL_SIZES:
        side_by_side(report, size)


if __name__ == "__main__":
    main(sys.argv[1:])
