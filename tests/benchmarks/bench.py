"""`python -m tests.benchmarks.bench`: microseconds a consignment, ours and others', side by side in one run.

Every figure is the median over the same consignments; answers are compared before times are.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Failure
from allocation.engine.assessment import Assessment, assess
from allocation.engine.compiled import read_compiled, write_compiled
from allocation.engine.engine import Engine, Offer, Question
from allocation.engine.explanation import explain
from tests.benchmarks import rivals
from tests.benchmarks.catalogues import consignments, full_catalogue, plain_catalogue, plain_services, without_tags

NOW: Final = datetime(2027, 6, 9, 10, 0, tzinfo=UTC)
SIZES: Final = (10, 100, 1_000, 10_000)
RIVAL_SIZES: Final = (10, 100, 1_000)
ASKED: Final = 300


def say(line: str) -> None:
    """Writes a line at once, for a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def question(engine: Engine, consignment: Consignment) -> Question:
    """From the consignment as it comes to the checks' outcome."""
    inquiry, scope = engine.inquire(consignment), engine.scope(DefaultRules())
    if isinstance(inquiry, Failure) or isinstance(scope, Failure):
        raise ValueError("the benchmark's consignments are complete")
    return engine.question(inquiry, scope, NOW)


def cheapest(engine: Engine, consignment: Consignment) -> Offer | None:
    """The winner alone."""
    return engine.cheapest(question(engine, consignment))


def everything(engine: Engine, consignment: Consignment) -> Assessment:
    """Every service, with its price and dates or all its reasons."""
    return assess(engine, question(engine, consignment))


def written(engine: Engine, consignment: Consignment) -> object:
    """The explanation that is kept, in JSON-ready form."""
    return explain(engine, everything(engine, consignment), DefaultRules(), NOW)


def measured(
    work: Callable[[Consignment], object], asked: Sequence[Consignment], rounds: int = 3
) -> tuple[float, float]:
    """Microseconds a consignment: the first time round, median and all; then once all lanes and brackets are known."""
    gc.collect()
    first = [_microseconds(work, consignment) for consignment in asked]
    later = [_microseconds(work, consignment) for _ in range(rounds) for consignment in asked]
    return sum(first) / len(first), median(later)


def _microseconds(work: Callable[[Consignment], object], consignment: Consignment) -> float:
    start = time.perf_counter()
    work(consignment)
    return (time.perf_counter() - start) * 1e6


def own_figures(size: int) -> None:
    """Our engine over the full rule set."""
    text = write_compiled(full_catalogue(size))
    start = time.perf_counter()
    catalogue = read_compiled(text)
    read = time.perf_counter()
    engine = Engine(catalogue)
    done = time.perf_counter()
    asked = consignments(ASKED)
    say(
        f"{size:>6} services: read {(read - start) * 1e3:.1f} ms, index {(done - read) * 1e3:.1f} ms, "
        f"{len(text) / 1e3:.0f} KB compiled"
    )
    for name, work in (("cheapest only", cheapest), ("all reasons", everything), ("explanation written", written)):
        few = asked[:20] if size > 1000 and work is not cheapest else asked
        first, later = measured(partial(work, engine), few)
        say(f"        {name:<20} {later:>10.1f} µs   (mean of the first time round {first:.1f} µs)")


def side_by_side(size: int) -> None:
    """All engines on the task that all of them know, answers first."""
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
    all_reasons = measured(partial(everything, engine), asked)[1]
    only = measured(partial(cheapest, engine), asked)[1]
    say(f"{size:>6} services, {len(asked)} consignments, equal answers")
    say(f"        {'ours, all reasons':<20} {all_reasons:>10.1f} µs")
    say(f"        {'ours, cheapest':<20} {only:>10.1f} µs")
    for name, figure in figures.items():
        against = only if name.endswith("first") else all_reasons
        say(f"        {name:<20} {figure:>10.1f} µs   {figure / against:>8.1f} times ours")


def compare(
    engine: Engine, others: dict[str, Callable[[Consignment], rivals.Prices]], asked: Sequence[Consignment]
) -> None:
    """Ends the run where an engine answers otherwise than ours."""
    for consignment in asked:
        offers = everything(engine, consignment).offers
        ours = {engine.index.services[offer.position].reference: offer.net for offer in offers}
        lowest = {price for price in ours.values() if price == min(ours.values())}
        for name, work in others.items():
            theirs = work(consignment)
            agree = set(theirs.values()) == lowest if name.endswith("first") else theirs == ours
            if not agree:
                sys.exit(f"{name} answers otherwise for {consignment}: {json.dumps([theirs, ours], default=str)[:600]}")


def main() -> None:
    """Prints all figures."""
    say("The full rule set, ours alone")
    for size in SIZES:
        own_figures(size)
    say("\nThe common task: countries, weight bands, the longest side")
    for size in RIVAL_SIZES:
        side_by_side(size)


if __name__ == "__main__":
    main()
