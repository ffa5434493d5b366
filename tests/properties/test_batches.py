"""Runs of bounded length: nothing lost, nothing moved, no run longer or larger than allowed."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from allocation.batches import batches

SIZES = st.lists(st.integers(0, 50))


@given(SIZES, st.integers(1, 20), st.integers(0, 100) | st.none())
def test_batches_hold_every_entry_once_in_its_order(sizes: list[int], most: int, most_bytes: int | None) -> None:
    runs = list(batches(sizes, most, most_bytes, lambda entry: entry))
    assert [entry for run in runs for entry in run] == sizes


@given(SIZES, st.integers(1, 20), st.integers(0, 100))
def test_no_batch_is_longer_or_larger_than_allowed(sizes: list[int], most: int, most_bytes: int) -> None:
    for run in batches(sizes, most, most_bytes, lambda entry: entry):
        assert 1 <= len(run) <= most
        assert sum(run) <= most_bytes or len(run) == 1


@given(SIZES, st.integers(1, 20), st.integers(0, 100))
def test_no_batch_could_have_taken_the_first_entry_of_the_next(sizes: list[int], most: int, most_bytes: int) -> None:
    for run, following in pairwise(batches(sizes, most, most_bytes, lambda entry: entry)):
        assert len(run) == most or sum(run) + following[0] > most_bytes
