"""What runs of histories and fuzz inputs came to, kept in `results.json`: a row a commit, to which each run adds."""

import fcntl
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
FILE: Final = Path(__file__).with_name("results.json")
# What a history or a fuzz input runs. What only says what came of it is no part of that.
_CODE: Final = (
    *("layers", "cli", "events", "requirements"),
    *("tests/simulation", "tests/fuzz", "tests/support"),
)


@dataclass(slots=True)
class HistoryRun:
    """The histories that ran on a commit."""

    commit: str
    on: str
    # First and last seed of each range, in order, none touching another.
    seeds: list[tuple[int, int]] = field(default_factory=list)
    processor_seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    # The seeds whose history broke.
    broken: list[int] = field(default_factory=list)

    def left_of(self, seeds: range) -> list[range]:
        """The seeds that did not run yet."""
        left, first = [], seeds.start
        for start, last in self.seeds:
            if start > first:
                left.append(range(first, min(start, seeds.stop)))
            first = max(first, last + 1)
        return [each for each in (*left, range(first, seeds.stop)) if each]

    def add(self, seeds: range, processor_seconds: float, counts: Mapping[str, int]) -> None:
        """Add a range none of whose seeds ran before."""
        self.seeds = _joined([*self.seeds, (seeds.start, seeds.stop - 1)])
        self.processor_seconds = round(self.processor_seconds + processor_seconds, 1)
        self.counts = dict(sorted((Counter(self.counts) + Counter(counts)).items()))


@dataclass(slots=True)
class FuzzRun:
    """The inputs that ran on a commit, by target."""

    commit: str
    on: str
    inputs: dict[str, int] = field(default_factory=dict)
    processor_seconds: float = 0.0
    # How many runs that was: each has random numbers of its own.
    runs: int = 0


@dataclass(slots=True)
class Results:
    """All rows, the oldest first."""

    histories: list[HistoryRun] = field(default_factory=list)
    fuzz: list[FuzzRun] = field(default_factory=list)

    def histories_of(self, commit: str) -> HistoryRun:
        """The row of a commit, which is made where there is none."""
        if not any(run.commit == commit for run in self.histories):
            self.histories.append(HistoryRun(commit, _today()))
        return next(run for run in self.histories if run.commit == commit)

    def fuzz_of(self, commit: str) -> FuzzRun:
        """The row of a commit, which is made where there is none."""
        if not any(run.commit == commit for run in self.fuzz):
            self.fuzz.append(FuzzRun(commit, _today()))
        return next(run for run in self.fuzz if run.commit == commit)


def read_results() -> Results:
    """Read the file; there is nothing in one that does not exist."""
    return _results(FILE.read_text("utf-8")) if FILE.exists() else Results()


@contextmanager
def changed_results() -> Iterator[Results]:
    """Yield the rows as they are now, and keep what becomes of them. Two runs at once wait for one another."""
    with FILE.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        results = _results(file.read())
        yield results
        file.truncate(0)
        file.write(_text(results))


def code_commit() -> str | None:
    """Return the last commit that changed what runs, or None where there are changes that are in no commit."""
    if _git("status", "--porcelain", "--", *_CODE) != "":
        return None
    return _git("log", "-1", "--format=%h", "--abbrev=7", "--", *_CODE) or None


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", "-C", str(_ROOT), *words],  # noqa: S607 - whichever git there is
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and joined[-1][1] + 1 == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _results(text: str) -> Results:
    document: dict[str, list[dict[str, Any]]] = json.loads(text or "{}")
    histories = [
        HistoryRun(**{**row, "seeds": [(first, last) for first, last in row["seeds"]]})
        for row in document.get("histories", [])
    ]
    return Results(histories, [FuzzRun(**row) for row in document.get("fuzz", [])])


def _text(results: Results) -> str:
    """A line for each row: what a run adds is one line of a difference."""
    parts = (
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(asdict(row))}" for row in rows) + "\n ]"
        for name, rows in (("histories", results.histories), ("fuzz", results.fuzz))
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def totals(runs: Sequence[HistoryRun]) -> Counter[str]:
    """The counts of several rows together."""
    return sum((Counter(run.counts) for run in runs), Counter[str]())
