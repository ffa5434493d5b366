"""`python -m tests.simulation --histories N`: runs histories until one breaks the guarantee, on all processors."""

import argparse
import gc
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
CHUNK = 250


def run_chunk(seeds: range) -> tuple[Counter[str], int | None]:
    """Runs the histories of these seeds; returns what happened in them, and the first seed that broke."""
    from tests.simulation.guarantee import versions
    from tests.simulation.plans import drawn_plan
    from tests.simulation.shrink import violations

    seen: Counter[str] = Counter()
    for seed in seeds:
        history, problems = violations(drawn_plan(seed))
        seen += history.world.counts
        seen["histories"] += 1
        seen["calls"] += history.world.calls
        seen["messages"] += len(history.orders)
        seen["cancellations"] += len(history.cancellations)
        seen["updates"] += len(history.updates)
        seen["refused updates"] += sum("refusedUpdate" in record for _, record in versions(history))
        seen["allocations"] += history.pro.state.allocations.total()
        seen["records"] += len(history.table.items)
        seen["events"] += len(history.topic.published)
        seen["circuits opened"] += history.circuits.opened
        seen["asked for again"] += history.pro.asked_again.total()
        seen["histories with the engine"] += history.with_engine
        seen["histories with a limit in parts"] += any("parts" in item for item in history.table.limits.items.values())
        seen["histories with two versions"] += history.two_versions and history.with_engine
        seen["histories with an unkind SortedPRO"] += history.plan.unkind and not history.with_engine
        seen["orders that kill"] += len(history.killers)
        seen["prompt histories"] += history.plan.prompt
        seen["histories with an outage"] += bool(history.plan.outage_seconds or history.plan.hung_writes_seconds)
        if problems:
            return seen, seed
    return seen, None


def _collect_rarely() -> None:
    """Have the garbage collector look at a history's objects now and then, and at the modules' never."""
    run_chunk(range(1))
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def chunks(first: int, histories: int) -> Iterator[range]:
    """The seeds of a run, in chunks."""
    return (range(at, min(at + CHUNK, first + histories)) for at in range(first, first + histories, CHUNK))


def summary(seen: Counter[str], seconds: float) -> str:
    """What ran, in one line."""
    totals = ", ".join(f"{seen[name]:,} {name}" for name in ("histories", "messages", "calls"))
    return f"{totals} in {seconds:.0f} s"


def table(seen: Counter[str]) -> str:
    """What happened, by kind, as a table for `docs/proof.md`."""
    rows = [f"| {name} | {count:,} |" for name, count in sorted(seen.items())]
    return "\n".join(["| what | how often |", "|---|---|", *rows])


def main() -> int:
    """Runs the histories; exit code 1 and the shortest broken history if one breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    logging.getLogger("aws_lambda_powertools").setLevel("CRITICAL")
    started, seen = time.monotonic(), Counter[str]()
    with get_context("fork").Pool(initializer=_collect_rarely) as pool:
        for part, broken_seed in pool.imap_unordered(run_chunk, chunks(options.first_seed, options.histories)):
            seen += part
            if broken_seed is not None:
                tell_shortest(broken_seed)
                return 1
            print(f"\r{summary(seen, time.monotonic() - started)[:150]}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(summary(seen, time.monotonic() - started))
    print(table(seen))
    return 0


def tell_shortest(seed: int) -> None:
    """Prints the shortest history with this seed that still breaks."""
    from tests.simulation.plans import drawn_plan
    from tests.simulation.shrink import shrink, told

    print(f"\nseed {seed} breaks the guarantee; shrinking ...", file=sys.stderr)
    print(told(shrink(drawn_plan(seed))))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "layers/allocation"))
    sys.exit(main())
