"""The allocator over SortedPRO and whoever else asks for the same: claims, earlier tries, crashes of our own."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.pro import rounds as pro_rounds
from allocation.pro.calls import ParallelCalls
from allocation.pro.client import ProClient, ProReply
from allocation.pro.ports import NothingTriedError, Watch
from allocation.pro.state_verdicts import judge_state
from allocation.pro.verdicts import judge
from cli.imitation.consignments import Consignment
from tests.contract.pro_over_http import (
    MODES,
    NOTHING_FITS,
    PATIENCE_SECONDS,
    A,
    B,
    C,
    D,
    E,
    Pro,
    Remaining,
    pro_over_http,
    services,
)
from tests.support.pro_faults import Fault

pro = pytest.fixture(pro_over_http)


def test_a_consignment_claimed_before_is_read_first_and_asked_for_by_itself(pro: Pro) -> None:
    """Redriven and second messages do not count as redeliveries: only the claim shows them."""
    pro.stands(A, "Allocated", "CX_ECO")
    pro.claims.before = {A, B, C}

    answers = pro.allocate([A, B, C, D, E])

    assert services(answers[A]) == "CX_ECO"
    assert all(isinstance(answers[reference], Allocated) for reference in (B, C, D, E))
    assert sorted(len(body["ConsignmentReferences"]) for body in pro.server.bodies if body) == [1, 1, 2]
    assert sorted(pro.server.calls("GET")) == [f"/consignments/{reference}" for reference in (A, B, C)]


def test_a_consignment_another_caller_may_be_asking_for_returns_to_the_queue(pro: Pro) -> None:
    pro.claims.hold = {A: 42}

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred(DeferralCause.OUTCOME_UNKNOWN, 42)
    assert isinstance(answers[B], Allocated)
    assert pro.claims.taken == [(B, 60 + PATIENCE_SECONDS)]


def test_a_batch_of_held_consignments_tells_the_circuit_nothing(pro: Pro) -> None:
    pro.claims.hold = {A: 42}

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.OUTCOME_UNKNOWN, 42)}
    assert (pro.circuit.errors, pro.server.requests) == ([NothingTriedError], [])


def test_without_an_outcome_the_claim_holds_as_long_as_pro_may_still_be_working(pro: Pro) -> None:
    pro.stands(A, "Allocating")
    pro.server.faults.script(Fault("429", before=True, retry_after="60", path=f"allocation/{B}"))

    pro.allocate([A, B, C, NOTHING_FITS], ServiceGroup("valuableGoods"))

    assert sorted(pro.claims.given_back) == [(A, 12 * PATIENCE_SECONDS), (B, 0)]
    assert pro.claims.watched == {A: Watch.ACCEPTED_AFRESH}


def test_after_a_crash_the_claims_hold_as_long_as_pro_may_still_be_working(pro: Pro) -> None:
    with patch.object(ParallelCalls, "allocate", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        pro.allocate([A, B])

    assert pro.claims.given_back == [(A, PATIENCE_SECONDS), (B, PATIENCE_SECONDS)]


@pytest.mark.parametrize("kind", ["refused", "401", "403"])
def test_what_no_call_reached_pro_for_is_left_as_not_asked_for(pro: Pro, kind: str) -> None:
    if kind == "refused":
        pro.server.stop()
    else:
        pro.server.faults.script(*[Fault(kind, path="allocation")] * 9)
    for _ in range(2):
        assert isinstance(pro.allocate([A])[A], Deferred)
    assert pro.claims.watched == {A: Watch.NOT_ASKED}
    assert pro.claims.given_back[-1] == (A, 0)


@pytest.mark.parametrize("kind", ["429", "500", "503", "html", "reset"])
def test_what_pro_may_have_got_is_not_left_so(pro: Pro, kind: str) -> None:
    pro.server.faults.script(*[Fault(kind)] * 9)
    assert isinstance(pro.allocate([A])[A], Deferred)
    assert pro.claims.watched.get(A) is not Watch.NOT_ASKED


def test_what_an_earlier_call_may_have_allocated_is_not_left_so_either(pro: Pro) -> None:
    pro.claims.before = {A}
    pro.server.faults.script(*[Fault("401")] * 9)
    assert isinstance(pro.allocate([A])[A], Deferred)
    assert pro.claims.watched.get(A) is not Watch.NOT_ASKED


def test_after_a_crash_before_any_call_each_consignment_is_tried_by_itself(pro: Pro) -> None:
    with patch.object(pro_rounds, "allocation_calls", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        pro.allocate([A, B])

    assert pro.claims.given_back == [(A, 0), (B, 0)]


def crashing_on(consignment: ConsignmentReference, judging: Callable[..., Any]) -> Callable[..., Any]:
    """The judge, which a reply about one consignment crashes."""

    def crashing(what: object, *arguments: object) -> object:
        if consignment in repr(what):
            raise ZeroDivisionError
        return judging(what, *arguments)

    return crashing


def test_a_reply_that_crashes_the_judge_is_read_back(pro: Pro) -> None:
    with patch.object(pro_rounds, "judge", crashing_on(A, judge)):
        answers = pro.allocate([A, B], ServiceGroup("valuableGoods"))

    assert pro.counted == ["AllocationsAdopted"]
    assert isinstance(answers[B], Allocated)
    pro.require_truth(answers)


def test_a_state_that_crashes_the_judge_leaves_only_its_own_consignment_in_doubt(pro: Pro) -> None:
    pro.claims.before = {A, B}

    with patch.object(pro_rounds, "judge_state", crashing_on(A, judge_state)):
        answers = pro.allocate([A, B])

    assert answers[A] == Deferred(DeferralCause.ALLOCATOR_CRASHED)
    assert isinstance(answers[B], Allocated)
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_a_crash_of_our_own_is_not_reported_as_an_outage_of_pro(pro: Pro) -> None:
    pro.claims.before = {A}

    with patch.object(pro_rounds, "judge_state", side_effect=ZeroDivisionError):
        assert pro.allocate([A]) == {A: Deferred(DeferralCause.ALLOCATOR_CRASHED)}

    assert pro.circuit.errors == [NothingTriedError]


def test_a_call_that_crashes_leaves_only_its_own_consignments_in_doubt(pro: Pro) -> None:
    call = ProClient.call

    def crashing(self: ProClient, method: str, path: str, *arguments: Any) -> ProReply:
        if method == "PUT" and A in path:
            raise ZeroDivisionError
        return call(self, method, path, *arguments)

    with patch.object(ProClient, "call", crashing):
        answers = pro.allocate([A, B], ServiceGroup("valuableGoods"))

    assert answers[A] == Deferred(DeferralCause.OUTCOME_UNKNOWN)
    assert isinstance(answers[B], Allocated)
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_what_a_gateway_may_have_passed_on_is_not_asked_for_until_pro_has_certainly_finished(pro: Pro) -> None:
    """PRO says that nothing is allocated, but may still execute the call that the gateway answered."""
    pro.server.faults.script(*[Fault("503", before=True, retry_after="60", path="allocation")] * 2)

    assert pro.allocate([A], CarrierService("CX_NDS")) == {A: Deferred(DeferralCause.OUTAGE, 60)}
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_a_consignment_that_makes_pro_hang_delays_the_others_by_one_delivery(pro: Pro) -> None:
    """The second delivery asks for each by itself, because PRO never reached what follows the bad one in a list."""
    pro.server.faults.script(Fault("504", before=True, path="allocation"))
    answers = pro.allocate([A, B, C])
    assert set(answers.values()) == {Deferred(DeferralCause.OUTCOME_UNKNOWN)}

    pro.server.faults.script(Fault("504", before=True, path="allocation"))
    later = pro.allocate([A, B, C])

    assert sorted(type(answer).__name__ for answer in later.values()) == ["Allocated", "Allocated", "Deferred"]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_an_allocation_whose_reply_one_delivery_lost_is_adopted_by_the_next(pro: Pro, mode: AllocationMode) -> None:
    """Neither the reply nor the state arrived: only the claim shows that PRO was asked."""
    pro.server.faults.script(Fault("reset", path="allocation"), *[Fault("503", path="consignments")] * 2)
    assert pro.allocate([A], mode) == {A: Deferred(DeferralCause.OUTCOME_UNKNOWN)}

    answers = pro.allocate([A], mode)

    assert isinstance(answers[A], Allocated)
    assert len(pro.server.calls("PUT")) == 1
    pro.require_truth(answers)


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed"])
def test_a_consignment_that_an_earlier_try_did_not_allocate_is_asked_for(pro: Pro, state: str) -> None:
    pro.stands(A, state)

    pro.claims.before = {A}

    assert isinstance(pro.allocate([A])[A], Allocated)


def test_a_consignment_that_an_earlier_try_may_still_be_allocating_returns_to_the_queue(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    pro.claims.before = {A}

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.ALLOCATING)}
    assert pro.server.calls("PUT") == []


@pytest.mark.parametrize("watch", [Watch.ACCEPTED, Watch.ACCEPTED_AFRESH])
def test_what_pro_has_accepted_is_adopted_once_its_state_says_so_and_never_asked_for_again(
    pro: Pro, watch: Watch
) -> None:
    pro.claims.hold, pro.claims.watched = {A: 170, B: 170}, {A: watch}
    for state in ("Unallocated", "Allocating"):
        pro.stands(A, state)
        assert pro.allocate([A, B]) == {
            A: Deferred(DeferralCause.ALLOCATING),
            B: Deferred(DeferralCause.OUTCOME_UNKNOWN, 170),
        }
    pro.stands(A, "Allocated", "CX_ECO")

    answers = pro.allocate([A, B])

    assert services(answers[A]) == "CX_ECO"
    assert (pro.server.calls("PUT"), set(pro.server.calls("GET"))) == ([], {f"/consignments/{A}"})


def test_nothing_is_adopted_under_a_claim_that_ends_before_others_can_know_of_the_record(pro: Pro) -> None:
    """Who read the records before may take back what seems to be lost, as soon as the claim has ended."""
    pro.claims.hold, pro.claims.watched = {A: 129, B: 130}, {A: Watch.OPEN, B: Watch.OPEN}
    for reference in (A, B):
        pro.stands(reference, "Allocated", "CX_ECO")

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred(DeferralCause.OUTCOME_UNKNOWN, 129)
    assert services(answers[B]) == "CX_ECO"
    assert set(pro.server.calls("GET")) == {f"/consignments/{B}"}


def test_a_failure_after_a_202_is_the_outcome_only_if_it_is_a_new_one(pro: Pro) -> None:
    pro.claims.hold = {A: 170, B: 170}
    pro.claims.watched = {A: Watch.ACCEPTED, B: Watch.ACCEPTED_AFRESH}
    for reference in (A, B):
        pro.server.state.consignments[reference] = Consignment("AllocationFailed", failure="Far too heavy")

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred(DeferralCause.UNDER_WAY)
    assert answers[B] == AllocationFailed(Failure("NoCarrierServiceAvailable", "Far too heavy"))


def test_what_a_lost_call_may_hold_is_taken_back_and_what_nobody_asked_for_is_not_even_read(pro: Pro) -> None:
    pro.stands(A, "Allocated", "CX_ECO")
    pro.claims.before = {A}

    assert pro.allocator().release_lost([A, B], Remaining()) == {}

    assert pro.server.state.consignments[A].state == "Unallocated"
    assert not [request for request in pro.server.requests if B in str(request)]
    assert (pro.claims.given_back, pro.claims.watched) == ([(B, 130)], {B: Watch.SETTLED}), "one may be about to ask"
