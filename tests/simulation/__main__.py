"""`python -m tests.simulation --seeds 0..9999`: runs histories until one breaks the guarantee, on all processors.

What they come to is kept in `tests/proof/results.json`, and told in `docs/proof.md`.
"""

import argparse
import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.counts import Chunk

CHUNK = 50
_HASH_SEED = "PYTHONHASHSEED"


def seeds_of(text: str) -> range:
    """The seeds of a range as it is written: `0..9999`, its last one included."""
    found = re.fullmatch(r"(\d{1,15})\.\.(\d{1,15})", text)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds: write the first and the last, as 0..9999")
    return range(int(found[1]), int(found[2]) + 1)


def chunks(ranges: Iterable[range]) -> Iterator[range]:
    """The seeds of a run, in chunks."""
    return (range(at, min(at + CHUNK, each.stop)) for each in ranges for at in range(each.start, each.stop, CHUNK))


def run(ranges: Iterable[range], commit: str | None) -> int:
    """Runs the histories and keeps what they come to; exit code 1 and the shortest broken history if one breaks."""
    from tests.simulation.counts import collect_rarely, run_chunk

    began, seen, spent, broken = time.monotonic(), Counter[str](), 0.0, None
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    with get_context("fork").Pool(processes, initializer=collect_rarely) as pool:
        for chunk in pool.imap_unordered(run_chunk, chunks(ranges)):
            keep(chunk, commit)
            seen, spent = seen + chunk.seen, spent + chunk.processor_seconds
            print(f"\r{summary(seen, time.monotonic() - began, spent)}", end="", file=sys.stderr, flush=True)
            broken = chunk.broken
            if broken is not None:
                break
    if broken is not None:
        # All other processes have ended: whoever reads the result waits for nothing else.
        tell_shortest(broken)
        return 1
    print(file=sys.stderr)
    print(summary(seen, time.monotonic() - began, spent))
    print(table(seen))
    return 0


def keep(chunk: "Chunk", commit: str | None) -> None:
    """Adds a chunk to what is counted of its commit."""
    from tests.proof.results import changed_results

    if commit is None:
        return
    with changed_results() as results:
        row = results.histories_of(commit)
        if chunk.seeds:
            row.add(chunk.seeds, chunk.processor_seconds, chunk.seen)
        row.broken = sorted({*row.broken, *([] if chunk.broken is None else [chunk.broken])})


def summary(seen: Counter[str], seconds: float, processor_seconds: float) -> str:
    """What ran, in one line."""
    totals = ", ".join(f"{seen[name]:,} {name}" for name in ("histories", "messages", "calls"))
    rate = seen["histories"] / processor_seconds if processor_seconds else 0
    return f"{totals} in {seconds:.0f} s, {rate:.1f} histories a processor second"


def table(seen: Counter[str]) -> str:
    """What happened, by kind."""
    rows = [f"| {name} | {count:,} |" for name, count in sorted(seen.items())]
    return "\n".join(["| what | how often |", "|---|---|", *rows])


def tell_shortest(seed: int) -> None:
    """Prints the shortest history with this seed that still breaks."""
    from tests.simulation.plans import drawn_plan
    from tests.simulation.shrink import MAX_TRIES, shrink, told

    print(f"\nseed {seed} breaks the guarantee; shrinking by {MAX_TRIES:,} tries ...", file=sys.stderr, flush=True)
    print(told(shrink(drawn_plan(seed))))


def main() -> int:
    """Runs what is left to run of the seeds that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=range(10_000), help="the first and the last: 0..9999")
    seeds = parser.parse_args().seeds
    if os.environ.get(_HASH_SEED) != "0":
        # Sets have another order in each process, and so a seed another history, unless that is fixed.
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {_HASH_SEED: "0"})  # noqa: S606 - ourselves
    from tests.proof.page import write_page
    from tests.proof.results import code_commit, read_results

    logging.getLogger("aws_lambda_powertools").setLevel("CRITICAL")
    commit = code_commit()
    left = read_results().histories_of(commit).left_of(seeds) if commit else [seeds]
    if not commit:
        print("Not counted for docs/proof.md: the code has changes that are in no commit.", file=sys.stderr)
    elif sum(map(len, left)) < len(seeds):
        print(f"{len(seeds) - sum(map(len, left)):,} of them ran on {commit} before.", file=sys.stderr)
    try:
        return run(left, commit)
    except KeyboardInterrupt:
        return 130
    finally:
        if commit:
            write_page()


if __name__ == "__main__":
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    sys.path.insert(0, str(Path(__file__).parents[2] / "layers/allocation"))
    sys.exit(main())
