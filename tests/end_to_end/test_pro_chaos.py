"""The deployed stack with a SortedPRO of which every fifth call goes wrong: the counts add up all the same."""

from pathlib import Path

from rich.console import Console

from tests.end_to_end.pro_chaos import broken, storm, told

ORDERS = 60


def test_no_parcel_is_allocated_twice_or_not_at_all_though_every_fifth_call_to_pro_goes_wrong(tmp_path: Path) -> None:
    aftermath = storm(ORDERS, fault_chance=0.2, seed=1, folder=tmp_path, console=Console(stderr=True))
    assert broken(aftermath) == [], told(aftermath)
    assert aftermath.faults.struck.total() > 5, "the faults were too few to prove anything"
    assert len(aftermath.records) >= 2 * ORDERS - 2
