"""Records beside a SortedPRO in which people worked: what is found, and what bringing a record in line comes to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Deallocated, Failure, Standing
from allocation.domain.record import AllocationRecord, RecordSeen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CARRIED, STATES
from allocation.pro.agreement import Agreement
from allocation.pro.aligning import Aligning, Looked
from allocation.pro.calls import Pauses
from tests.contract.pro_over_http import UNKNOWN, A, Pro, Remaining, pro_over_http
from tests.support.ports import InMemoryRecords
from tests.support.pro_clients import client_at
from tests.support.pro_faults import Fault
from tests.support.samples import NOON, record_of, summary_of

pro = pytest.fixture(pro_over_http)
AGREES, DIFFERS, CONTRADICTS = Agreement.AGREES, Agreement.DIFFERS, Agreement.CONTRADICTS
ALLOCATED = Allocated(summary_of(A))
FAILED = AllocationFailed(Failure("NoCarrierServiceAvailable", "nothing fits"))


class WatchedRecords(InMemoryRecords):
    """Records in memory that tell what was written over others."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[AllocationRecord] = []

    def replace(self, record: AllocationRecord, seen: RecordSeen | None) -> bool:
        done = super().replace(record, seen)
        self.written += [record] if done else []
        return done


class Sides:
    """A record, if it has an outcome, and PRO's side of the same consignment."""

    def __init__(self, pro: Pro, outcome: Standing | None, state: str, service: str | None = None) -> None:
        self.pro = pro
        self.records = WatchedRecords()
        if outcome:
            self.records.kept[A] = replace(record_of(A), outcome=outcome)
        pro.stands(A, state, service)
        self.now = NOON + timedelta(hours=1)
        client = client_at(pro.server.url, pro.fetch_key)
        pauses = Pauses(pro.pause, lambda: 0.5)
        self.aligning = Aligning(self.records, client, lambda: self.now, None, 180, pauses)

    def look(self, reference: ConsignmentReference = A) -> Looked:
        return self.aligning.look([reference], Remaining())[reference]

    def aligned(self) -> list[Standing]:
        """Bring the record in line; return what it was given, a version each."""
        before = self.records.written
        self.records.written = []
        assert self.aligning.align(A, self.look(), "event-2")
        given, self.records.written = self.records.written, before
        return [record.outcome for record in given]


@pytest.mark.parametrize(
    ("outcome", "state", "service", "given"),
    [
        (ALLOCATED, "Unallocated", None, ["Unallocated"]),
        (ALLOCATED, "AllocationFailed", None, ["Unallocated"]),
        (ALLOCATED, "Cancelled", None, ["Cancelled"]),
        (ALLOCATED, "Allocated", "CX_ECO", ["Unallocated", "Allocated"]),
        (FAILED, "Allocated", "CX_ECO", ["Allocated"]),
        (FAILED, "Cancelled", None, ["Cancelled"]),
        (Deallocated(), "Allocated", "CX_ECO", ["Allocated"]),
        (Deallocated(), "Cancelled", None, ["Cancelled"]),
    ],
)
def test_a_record_that_differs_is_given_what_pro_has(
    pro: Pro, outcome: Standing, state: str, service: str | None, given: list[str]
) -> None:
    sides = Sides(pro, outcome, state, service)
    assert sides.look().finding.agreement is DIFFERS
    assert [each.state for each in sides.aligned()] == given
    record = sides.records.kept[A]
    assert record.version == 1 + len(given)
    assert record.event_ids == ("event-1", "event-2")
    assert sides.look().finding.agreement is AGREES
    assert sides.aligned() == [], "one event each, once"
    assert pro.server.calls("PUT") == [], "PRO is only read"


@pytest.mark.parametrize("state", CARRIED[1:])
@pytest.mark.parametrize(("outcome", "versions"), [(ALLOCATED, 1), (FAILED, 2)])
def test_a_step_in_pro_is_a_step_of_the_record(pro: Pro, outcome: Standing, versions: int, state: str) -> None:
    sides = Sides(pro, outcome, state, "CX_NDS")
    assert sides.look().finding.states[-1] == state
    sides.aligned()
    assert sides.records.kept[A].version == 1 + versions
    assert sides.records.steps[A].state == state
    assert sides.look().finding.agreement is AGREES
    pro.stands(A, "Allocated", "CX_NDS")
    sides.now += timedelta(hours=1)
    assert sides.look().finding.states == ("Allocated",), "it is not ready to ship any more"


@pytest.mark.parametrize(
    ("outcome", "state", "service"),
    [
        (ALLOCATED, "Allocated", "CX_NDS"),
        (ALLOCATED, "AStateOfTomorrow", "CX_NDS"),
        (FAILED, "AllocationFailed", None),
        (FAILED, "Unallocated", None),
        (Deallocated(), "Unallocated", None),
        (Cancelled(), "Cancelled", None),
        (Cancelled(), "Unallocated", None),
        (None, "Unallocated", None),
    ],
)
def test_what_says_the_same_agrees(pro: Pro, outcome: Standing | None, state: str, service: str | None) -> None:
    sides = Sides(pro, outcome, state, service)
    assert sides.look().finding.agreement is AGREES
    assert sides.aligned() == []


@pytest.mark.parametrize(("outcome", "state"), [(Cancelled(), "Allocated"), (None, "Allocated")])
def test_where_no_change_of_the_record_would_be_right_a_person_must_look(
    pro: Pro, outcome: Standing | None, state: str
) -> None:
    sides = Sides(pro, outcome, state, "CX_NDS")
    assert sides.look().finding.agreement is CONTRADICTS
    assert sides.aligned() == []


def test_an_allocation_that_pro_does_not_know_is_kept(pro: Pro) -> None:
    """The address or the account may be another than it was."""
    sides = Sides(pro, None, "Unallocated")
    sides.records.kept[UNKNOWN] = record_of(UNKNOWN)
    found = sides.look(UNKNOWN)
    assert (found.finding.agreement, found.finding.changes) == (CONTRADICTS, ())


@pytest.mark.parametrize("state", ["Allocating", "Deallocating"])
def test_what_pro_is_at_is_looked_at_later(pro: Pro, state: str) -> None:
    assert Sides(pro, FAILED, state).look().finding.agreement is Agreement.UNSETTLED


def test_a_record_of_moments_ago_is_not_called_wrong(pro: Pro) -> None:
    sides = Sides(pro, ALLOCATED, "Unallocated")
    sides.now = NOON + timedelta(seconds=179)
    assert sides.look().finding.agreement is Agreement.UNSETTLED
    assert sides.aligned() == []


@pytest.mark.parametrize("kind", ["reset", "401", "429", "503", "html", "half_json", "redirect"])
def test_what_can_not_be_read_changes_nothing(pro: Pro, kind: str) -> None:
    sides = Sides(pro, ALLOCATED, "Unallocated")
    pro.server.faults.script(*[Fault(kind)] * 2)
    assert sides.look().finding.agreement is Agreement.UNREAD


def test_another_writer_of_the_record_is_not_overwritten(pro: Pro) -> None:
    sides = Sides(pro, ALLOCATED, "Unallocated")
    looked = sides.look()
    sides.records.kept[A] = replace(record_of(A), outcome=Cancelled(), version=2)
    assert not sides.aligning.align(A, looked, "event-2")
    assert sides.records.kept[A].outcome == Cancelled()


def test_every_state_of_a_record_has_its_rows_above() -> None:
    others = {each.state for each in (FAILED, Deallocated(), Cancelled())}
    assert others | set(CARRIED) == set(STATES), "whatever is carried is compared as what is allocated"
