"""`python -m tests.benchmarks [--quick] [--json] [--only=WORD]`: measures every row, and prints the table.

A whole run writes `docs/performance.md` and `docs/scale.md`.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.artifacts import measure_artifacts
from tests.benchmarks.bench_run import FULL, QUICK, Size
from tests.benchmarks.endurance import measure_endurance
from tests.benchmarks.figures import Findings
from tests.benchmarks.functions import FOLDER, build_artifacts
from tests.benchmarks.money import measure_costs
from tests.benchmarks.page import this_machine, write_page
from tests.benchmarks.printed import table_lines
from tests.benchmarks.scale_page import SCALE_PAGE, scale_page
from tests.benchmarks.starts import measure_cold_starts
from tests.benchmarks.stubbed import StubProcess, running_stub
from tests.benchmarks.throughput import measure_throughput
from tests.benchmarks.waits import (
    measure_engine_batches,
    measure_large_catalogue,
    measure_pro_batches,
    measure_publisher,
)

SERVICES: Final = (66, 1_000)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A part of the table: a word to ask for it by, and what measures it."""

    name: str
    measure: Callable[[StubProcess, Size, Findings], None]


MEASUREMENTS: Final = (
    Measurement("cost", measure_costs),
    Measurement("batches", measure_engine_batches),
    Measurement("large", measure_large_catalogue),
    Measurement("pro", measure_pro_batches),
    Measurement("publisher", measure_publisher),
    Measurement("cold", measure_cold_starts),
    Measurement("artifacts", lambda _stub, _size, findings: measure_artifacts(findings)),
    Measurement("throughput", measure_throughput),
    Measurement("endurance", measure_endurance),
)


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for, and print the table."""
    if sys.platform != "linux":
        sys.exit("The bench reads other processes' clocks, which only Linux has: run it there.")
    size = QUICK if "--quick" in arguments else FULL
    only = {each.removeprefix("--only=") for each in arguments if each.startswith("--only=")}
    findings, machine, began = Findings(), this_machine(), time.monotonic()
    _say("Building the functions as sam build does ...")
    shutil.rmtree(FOLDER, ignore_errors=True)
    build_artifacts(FOLDER / "build.log")
    with running_stub() as stub:
        for services in SERVICES:
            stub.put_catalogue(services)
        for each in MEASUREMENTS:
            if not only or each.name in only:
                step = time.monotonic()
                each.measure(stub, size, findings)
                _say(f"Measured {each.name} in {time.monotonic() - step:.0f} s.")
    _print(findings, as_json="--json" in arguments)
    if only:
        return
    # Also in the quick size, so that CI hears of a figure or a resource that the page misses.
    scale = scale_page(findings)
    if size is FULL:
        write_page(findings, machine, (time.monotonic() - began) / 60)
        SCALE_PAGE.write_text(scale, "utf-8")


def _print(findings: Findings, *, as_json: bool) -> None:
    lines = (
        [
            json.dumps(
                {
                    "what": row.what,
                    "now": row.found.middle,
                    "unit": row.unit,
                    "goal": row.goal,
                    "low": row.found.low,
                    "high": row.found.high,
                    "reached": row.is_reached,
                    "note": row.note,
                    "floor": row.floor,
                }
            )
            for row in findings.rows
        ]
        if as_json
        else table_lines(findings.rows)
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
