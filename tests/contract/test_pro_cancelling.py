"""Cancelling over a SortedPRO that answers over real HTTP and misbehaves: nothing cancelled stays allocated there."""

from datetime import UTC, datetime

import pytest

from allocation.domain.outcome import ENGINE, Allocated, AllocatedBy, Cancelled, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.orders.cancelled_orders import Cancellation
from allocation.orders.cancelling import Cancelling
from allocation.pro.calls import MAX_STATE_SECONDS, RESERVE_SECONDS
from tests.contract.pro_over_http import (
    HURRY,
    PATIENCE_SECONDS,
    REFERENCES,
    UNKNOWN,
    A,
    B,
    Pro,
    Remaining,
    pro_over_http,
)
from tests.support.ports import InMemoryRecords
from tests.support.pro_faults import Fault, Faults
from tests.support.samples import record_of, summary_of

pro = pytest.fixture(pro_over_http)
ORDER = OrderReference("WEB-1")
DEALLOCATION, STATE = "/deallocate", "/consignments/"


class Shop:
    """Records beside a PRO, and order-cancelled messages for both."""

    def __init__(self, pro: Pro) -> None:
        self.pro = pro
        self.records = InMemoryRecords()
        # Who has allocated what is recorded next.
        self.by = AllocatedBy("pro", pro.server.url)

    def allocated(self, *references: ConsignmentReference) -> None:
        """Have consignments allocated at PRO, and recorded so."""
        for reference in references:
            self.pro.stands(reference, "Allocated", "CX_NDS")
            self.records.add([record_of(reference, Allocated(summary_of(reference), by=self.by))])

    def cancel(
        self, *references: ConsignmentReference, deadline: Remaining | None = None
    ) -> dict[ConsignmentReference, Deferred]:
        """Deliver a cancellation once. Return what must come again. What is cancelled must not be allocated at PRO."""
        cancelling = Cancelling(
            self.pro.sender_allocator(),
            self.records,
            self.records,
            lambda: datetime.now(UTC),
            retention=None,
            here=AllocatedBy("pro", self.pro.server.url),
        )
        wanted = [Cancellation(reference, ORDER, "cancel-1") for reference in references]
        _, deferred = cancelling.cancel(wanted, deadline or Remaining())
        at_pro = self.pro.server.state.consignments
        left = {each for each in self.cancelled() if each in at_pro and at_pro[each].service is not None}
        assert left == set(), "cancelled here, and allocated at PRO"
        return deferred

    def cancelled(self) -> set[ConsignmentReference]:
        """Return what is recorded as cancelled."""
        return {key for key, record in self.records.kept.items() if record.outcome == Cancelled()}


@pytest.fixture
def shop(pro: Pro) -> Shop:
    return Shop(pro)


@pytest.mark.parametrize("kind", ["hang", "reset", "truncated", "500", "503", "not_json"])
def test_a_deallocation_whose_answer_was_lost_is_seen_in_the_state(shop: Shop, kind: str) -> None:
    shop.allocated(A, B)
    shop.pro.server.faults.script(Fault(kind, path=f"{A}{DEALLOCATION}"))

    assert shop.cancel(A, deadline=HURRY) == {}

    assert shop.cancelled() == {A}
    assert shop.pro.server.state.consignment(B).service == "CX_NDS"


@pytest.mark.parametrize("kind", ["hang", "reset", "429", "500", "503"])
def test_what_pro_did_not_deallocate_is_not_cancelled_before_it_has(shop: Shop, kind: str) -> None:
    shop.allocated(A)
    shop.pro.server.faults.script(Fault(kind, before=True, path=DEALLOCATION))

    assert list(shop.cancel(A, deadline=HURRY)) == [A]
    assert shop.cancelled() == set()

    assert shop.cancel(A) == {}
    assert shop.cancelled() == {A}
    assert shop.pro.server.state.deallocations[A] == 1


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [*((kind, PATIENCE_SECONDS) for kind in ("hang", "500", "503_of_pro")), ("429", 0.0)],
)
def test_nobody_asks_while_pro_may_still_deallocate(shop: Shop, kind: str, seconds: float) -> None:
    shop.allocated(A)
    shop.pro.server.faults.script(Fault(kind, before=True, path=DEALLOCATION))

    assert list(shop.cancel(A, deadline=HURRY)) == [A]

    assert shop.pro.claims.given_back == [(A, seconds)]


@pytest.mark.parametrize("state", ["ReadyToShip", "Dispatched", "Allocating"])
def test_what_pro_can_not_deallocate_stays_as_it_is(shop: Shop, state: str) -> None:
    shop.allocated(A, B)
    shop.pro.stands(A, state, "CX_NDS")

    assert shop.cancel(A, B) == {A: Deferred(DeferralCause.OUTCOME_UNKNOWN)}

    assert shop.cancelled() == {B}
    assert shop.pro.server.state.consignment(A).state == state


def test_a_state_that_can_not_be_read_lets_nothing_be_cancelled(shop: Shop) -> None:
    shop.allocated(A)
    shop.pro.server.faults.script(None, *[Fault("503", before=True, path=STATE)] * 5)

    assert shop.cancel(A) == {A: Deferred(DeferralCause.OUTAGE)}
    assert shop.cancelled() == set()

    shop.pro.server.faults = Faults()
    assert shop.cancel(A) == {}
    assert shop.cancelled() == {A}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_goes_wrong_all_is_cancelled_in_the_end_and_never_too_early(shop: Shop, seed: int) -> None:
    shop.allocated(*REFERENCES[:4])
    wanted = [*REFERENCES, UNKNOWN]
    shop.pro.server.faults = Faults(chance=0.4, seed=seed, hang_seconds=0.02)
    for delivery in range(100):
        if delivery == 50:
            shop.pro.server.faults = Faults()
            shop.pro.server.accept()
        if not shop.cancel(*wanted, deadline=Remaining(RESERVE_SECONDS + MAX_STATE_SECONDS + 2)):
            break

    assert shop.cancelled() == set(wanted)
    assert shop.pro.server.state.deallocations == dict.fromkeys(REFERENCES[:4], 1)


def test_what_another_pro_has_allocated_is_not_cancelled_here_and_says_why(shop: Shop) -> None:
    """The sandbox does not know it: its 404 would pass for a deallocation, and the parcel would ship."""
    shop.by = AllocatedBy("pro", "https://api.electioapp.com")
    shop.allocated(A)
    shop.by = ENGINE
    shop.allocated(B)

    waiting = shop.cancel(A, B)

    assert waiting == {A: Deferred(DeferralCause.MISCONFIGURED)}
    assert "was allocated at https://api.electioapp.com, and this stack calls http://127.0.0.1" in waiting[A].why
    assert shop.cancelled() == {B}
    assert not [request for request in shop.pro.server.requests if A in str(request)]
