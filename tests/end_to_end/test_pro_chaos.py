"""The deployed stack with a SortedPRO of which every fifth call goes wrong: the counts add up all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from cli.stack.account import Account, Event
from tests.end_to_end.pro_chaos import Aftermath, CountedFaults, allocated_once, broken, published, storm, told
from tests.support.pro_server import ProServer
from tests.support.size import sized

ORDERS = sized(60, 200)
PARCEL = "EC-STM-000-000"
FAILED, ALLOCATED = "consignment.allocation_failed", "consignment.allocated"


def test_no_parcel_is_allocated_twice_or_not_at_all_though_every_fifth_call_to_pro_goes_wrong(tmp_path: Path) -> None:
    aftermath = storm(ORDERS, fault_chance=0.2, seed=1, folder=tmp_path, console=Console(stderr=True))
    assert broken(aftermath) == [], told(aftermath)
    assert aftermath.faults.struck.total() > 5, "the faults were too few to prove anything"
    assert len(aftermath.records) >= 2 * ORDERS - 2


@pytest.fixture
def pro() -> Iterator[ProServer]:
    with ProServer() as server:
        yield server


def after(pro: ProServer, version: int, *events: tuple[int, str]) -> Aftermath:
    """A parcel is allocated with this version of its record; versions of it have had events of these kinds."""
    records: list[dict[str, object]] = [{"consignmentReference": PARCEL, "version": version, "state": "Allocated"}]
    heard = [Event(f"{PARCEL}#{number}", kind, PARCEL) for number, kind in events]
    return Aftermath(Account([], {}, {}, heard), {}, records, 0, pro, CountedFaults(), 0)


@pytest.mark.parametrize(
    ("version", "events"),
    [
        (1, [(1, ALLOCATED)]),
        (1, [(1, ALLOCATED), (1, ALLOCATED)]),
        (2, [(1, FAILED), (2, ALLOCATED)]),
        (3, [(3, ALLOCATED), (2, FAILED), (1, ALLOCATED)]),
    ],
)
def test_a_parcel_whose_versions_have_their_events_adds_up(
    pro: ProServer, version: int, events: list[tuple[int, str]]
) -> None:
    assert list(published(after(pro, version, *events))) == []


@pytest.mark.parametrize(
    ("version", "events", "problem"),
    [
        (1, [], f"{PARCEL}#1 has no event"),
        (2, [(2, ALLOCATED)], f"{PARCEL}#1 has no event"),
        (2, [(1, FAILED)], f"{PARCEL}#2 has no event"),
        (1, [(1, FAILED)], f"the event {FAILED} of {PARCEL}#1 is of no record"),
        (1, [(1, ALLOCATED), (1, FAILED)], f"the event {FAILED} of {PARCEL}#1 is of no record"),
        (1, [(1, ALLOCATED), (2, ALLOCATED)], f"the event {ALLOCATED} of {PARCEL}#2 is of no record"),
    ],
)
def test_an_event_that_is_missing_or_of_no_record_is_told(
    pro: ProServer, version: int, events: list[tuple[int, str]], problem: str
) -> None:
    assert list(published(after(pro, version, *events))) == [problem]


def test_a_call_for_what_pro_has_allocated_is_told_though_pro_refuses_it(pro: ProServer) -> None:
    aftermath = after(pro, 1, (1, ALLOCATED))
    pro.state.allocate(PARCEL, "CX_NDS")
    assert list(allocated_once(aftermath)) == []

    pro.state.allocate(PARCEL, "CX_NDS")

    assert list(allocated_once(aftermath)) == [f"{PARCEL} was asked for 1 times when it was allocated"]
