"""`python -m tests.fuzz --inputs N`: fuzzes every target, half of the inputs guided by the branches that they take.

As many targets at a time as there are processors. What held is counted in `docs/proof.md`.

The other half are mutations of the seeds and of what the first half found, without a fuzzer that keeps inputs itself:
there the memory of the process at its end is held against that after a tenth of the inputs. An input fails that ends
otherwise than its target allows, or takes more than 100 ms to be read: of the thread's processor time, so that a busy
machine accuses nobody, and three times over, for a garbage collection is not its fault.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from tests.proof.page import write_page
from tests.proof.results import changed_results, code_commit

MAX_SECONDS = 0.1
MAX_GROWTH_MIB = 24.0
ROOT = Path(__file__).parents[2]
MAX_KNOWN = 2000
FINDINGS = ROOT / ".local" / "fuzz"


def main() -> int:
    """Fuzzes the targets, two processes each; exit code 1 where one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="inputs for each target")
    parser.add_argument("--target", help="only this one")
    parser.add_argument("--seed", type=int, help="of the random numbers; each run on a commit has another")
    parser.add_argument("--alone", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        WAYS[options.alone](options.target, options.inputs, options.seed)
    from tests.fuzz.targets import TARGETS

    names = [options.target] if options.target else list(TARGETS)
    commit = code_commit()
    seed = options.seed or next_seed(commit)
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    with ThreadPoolExecutor(processes) as pool:
        failed = sum(pool.map(partial(in_two_ways, options.inputs // 2, seed, commit), names))
    if commit:
        write_page()
    else:
        print("Not counted for docs/proof.md: the code has changes that are in no commit.", file=sys.stderr)
    return int(failed > 0)


def next_seed(commit: str | None) -> int:
    """The seed of a run: each on a commit has another, so that their inputs add up."""
    if commit is None:
        return 1
    with changed_results() as results:
        row = results.fuzz_of(commit)
        row.runs += 1
        return row.runs


def in_two_ways(inputs: int, seed: int, commit: str | None, target: str) -> int:
    """Fuzzes one target in both ways, the second with what the first found; counts what held, and returns failures."""
    reports = [in_a_process(way, target, inputs, seed) for way in WAYS]
    for report in reports if commit else ():
        if report:
            with changed_results() as results:
                row = results.fuzz_of(commit or "")
                row.inputs[target] = row.inputs.get(target, 0) + report["inputs"]
                row.processor_seconds = round(row.processor_seconds + report["processor_seconds"], 1)
    return reports.count(None)


def in_a_process(way: str, target: str, inputs: int, seed: int) -> dict[str, Any] | None:
    """Fuzzes one target in a process of its own. Returns what ran, or None and tells where the input is that failed."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    words = ["--target", target, "--inputs", str(inputs), "--seed", str(seed), "--alone", way]
    log = FINDINGS / f"{target}-{way}.log"
    with log.open("wb") as output:
        process = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=output, check=False
        )
    print(process.stdout.decode(), end="", flush=True)
    if process.returncode:
        print(f"{target}: FAILED {way}, see {log}", flush=True)
        return None
    report: dict[str, Any] = json.loads(process.stdout)
    return report


def guided(name: str, inputs: int, seed: int) -> NoReturn:
    """Fuzzes one target by what its inputs reach, in this process, and ends it."""
    import atheris

    with atheris.instrument_imports(include=["allocation"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.mutation import mutate

    target = TARGETS[name]
    folder = FINDINGS / name
    folder.mkdir(parents=True, exist_ok=True)
    for at, content in enumerate(target.seeds):
        (folder / f"seed-{at}").write_bytes(content)
    watch = Watch(name, "guided", target, inputs)

    def mutated(data: bytes, most_bytes: int, mutation_seed: int) -> bytes:
        random = Random(mutation_seed)
        if random.random() < 0.2:
            return bytes(atheris.Mutate(data, min(most_bytes, 4096)))
        return mutate(data, random, most_bytes)

    options = [f"-seed={seed}", f"-max_len={target.most_bytes}", "-rss_limit_mb=2048", "-timeout=30", "-verbosity=0"]
    arguments = [sys.argv[0], *options, f"-artifact_prefix={FINDINGS}/{name}-", str(folder)]
    atheris.Setup(arguments, watch.run, custom_mutator=mutated)
    atheris.Fuzz()
    raise SystemExit(0)


def unguided(name: str, inputs: int, seed: int) -> NoReturn:
    """Fuzzes one target with mutations of what is known, in this process, and ends it."""
    from tests.fuzz.mutation import mutate
    from tests.fuzz.targets import TARGETS

    target, random = TARGETS[name], Random(seed)
    known = [*target.seeds, *(file.read_bytes() for file in sorted((FINDINGS / name).glob("*"))[:MAX_KNOWN])]
    watch = Watch(name, "unguided", target, inputs, most_growth_mib=MAX_GROWTH_MIB)
    while True:
        data = mutate(random.choice(known), random, target.most_bytes)
        try:
            watch.run(data)
        except BaseException:
            (FINDINGS / f"{name}-unguided-crash").write_bytes(data)
            raise


WAYS = {"guided": guided, "unguided": unguided}


class Watch:
    """Runs a target and watches its time and its memory."""

    def __init__(self, name: str, way: str, target: Any, inputs: int, most_growth_mib: float | None = None) -> None:
        self._name = name
        self._way = way
        self._most_growth_mib = most_growth_mib
        self._target = target
        self._inputs = inputs
        self._ran = 0
        self._slowest = 0.0
        self._settled_mib = 0.0
        self._started = time.monotonic()

    def run(self, data: bytes) -> None:
        """Runs the target on one input; ends the process when all inputs have run."""
        seconds = self._seconds(data)
        if seconds > MAX_SECONDS:
            seconds = min(seconds, self._seconds(data), self._seconds(data))
        self._slowest = max(self._slowest, seconds)
        assert seconds <= MAX_SECONDS, f"{len(data)} bytes took {seconds * 1000:.0f} ms"
        self._ran += 1
        if self._ran == self._inputs // 10:
            self._settled_mib = resident_mib()
        if self._ran >= self._inputs:
            self._end()

    def _seconds(self, data: bytes) -> float:
        given = self._target.given(data)
        started = time.thread_time()
        read = self._target.read(given)
        seconds = time.thread_time() - started
        self._target.check(read)
        return seconds

    def _end(self) -> NoReturn:
        growth = resident_mib() - self._settled_mib
        report = {
            "target": self._name,
            "way": self._way,
            "inputs": self._ran,
            "seconds": round(time.monotonic() - self._started),
            "processor_seconds": round(time.process_time(), 1),
            "slowest_ms": round(self._slowest * 1000, 1),
            "resident_mib": round(resident_mib()),
            "growth_mib": round(growth, 1),
        }
        print(json.dumps(report), flush=True)
        # libFuzzer gives no way to end it.
        os._exit(int(self._most_growth_mib is not None and growth > self._most_growth_mib))


def resident_mib() -> float:
    """What the process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "layers/allocation"))
    sys.exit(main())
