"""What is counted of histories adds up over runs, and the page says what was counted."""

import argparse
from pathlib import Path

import pytest

from tests.proof import page, results
from tests.proof.results import HistoryRun, changed_results, read_results
from tests.simulation.__main__ import seeds_of


def test_the_page_says_what_was_counted() -> None:
    """`python -m tests.proof.page` writes it."""
    assert page.PAGE.read_text("utf-8") == page.page_text(read_results())


def test_ranges_that_touch_add_up_and_what_ran_is_left_out() -> None:
    row = HistoryRun("abc1234", "2026-11-27")
    for seeds in (range(20, 30), range(10), range(10, 15)):
        row.add(seeds, 0.25, {"histories": len(seeds), "slow": 1})
    assert row.seeds == [(0, 14), (20, 29)]
    assert row.left_of(range(5, 40)) == [range(15, 20), range(30, 40)]
    assert row.left_of(range(12)) == []
    assert row.counts == {"histories": 25, "slow": 3}


def test_what_a_run_counts_stays_when_the_next_one_adds_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    for first in (0, 10):
        with changed_results() as counted:
            counted.histories_of("abc1234").add(range(first, first + 10), 1.0, {"histories": 10})
            counted.fuzz_of("abc1234").runs += 1
    [row], [fuzz] = read_results().histories, read_results().fuzz
    assert (row.seeds, row.counts, row.processor_seconds) == ([(0, 19)], {"histories": 20}, 2.0)
    assert fuzz.runs == 2


@pytest.mark.parametrize("text", ["5", "9..0", "a..b", "0..9..10", ""])
def test_what_is_no_range_of_seeds_is_told_so(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write the first and the last"):
        seeds_of(text)


def test_a_range_of_seeds_has_its_last_one() -> None:
    assert list(seeds_of("3..5")) == [3, 4, 5]
