"""Writes `docs/proof.md` from what was counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.proof.results import FuzzRun, HistoryRun, Results, read_results, totals

PAGE: Final = Path(__file__).parents[2] / "docs" / "proof.md"
_TEXT: Final = Path(__file__).with_name("proof.md.txt")
# What `make chaos` counts that is no fault and no kind of history.
_GOAL: Final = 1_000_000
_FUZZ_GOAL: Final = 10_000_000


def page_text(results: Results) -> str:
    """Return the page."""
    return _TEXT.read_text("utf-8").format(
        histories=_standing(sum(run.counts["histories"] for run in results.histories), _GOAL, "histories"),
        history_runs=_history_runs(results.histories),
        counts=_counts(results.histories),
        inputs=_standing(sum(sum(run.inputs.values()) for run in results.fuzz), _FUZZ_GOAL, "fuzz inputs"),
        fuzz_runs=_fuzz_runs(results.fuzz),
    )


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(page_text(read_results()), encoding="utf-8")


def _standing(count: int, goal: int, what: str) -> str:
    reached = "That is reached" if count >= goal else f"That is **not reached**: {count / goal:.1%}"
    return f"{count:,} {what} are counted here, on all commits together. The goal is {goal:,}. {reached}."


def _history_runs(runs: Sequence[HistoryRun]) -> str:
    lines = ["| commit | on | seeds | histories | broken | a processor second |", "|---|---|---|---|---|---|"]
    for run in reversed(runs):
        seeds = ", ".join(f"{first:,} to {last:,}" for first, last in run.seeds)
        broken = ", ".join(map(str, run.broken)) or "none"
        histories = run.counts.get("histories", 0)
        rate = histories / run.processor_seconds if run.processor_seconds else 0
        lines.append(f"| `{run.commit}` | {run.on} | {seeds} | {histories:,} | {broken} | {rate:.0f} |")
    return "\n".join(lines)


def _counts(runs: Sequence[HistoryRun]) -> str:
    newest, every = totals(runs[-1:]), totals(runs)
    head = f"| what | on `{runs[-1].commit}` | on all commits |" if runs else "| what | newest | on all commits |"
    rows = [f"| {name} | {newest[name]:,} | {every[name]:,} |" for name in sorted(every)]
    return "\n".join([head, "|---|---|---|", *rows])


def _fuzz_runs(runs: Sequence[FuzzRun]) -> str:
    targets = sorted({target for run in runs for target in run.inputs})
    lines = [f"| commit | on | {' | '.join(targets)} | a processor second |", "|---" * (len(targets) + 3) + "|"]
    for run in reversed(runs):
        rate = sum(run.inputs.values()) / run.processor_seconds if run.processor_seconds else 0
        inputs = " | ".join(f"{run.inputs.get(target, 0):,}" for target in targets)
        lines.append(f"| `{run.commit}` | {run.on} | {inputs} | {rate:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    write_page()
