"""The allocator over a SortedPRO that answers over real HTTP, keeps state, and misbehaves."""

from threading import Barrier

import pytest

from allocation.domain.mode import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure
from allocation.pro.calls import MAX_STATE_SECONDS, RESERVE_SECONDS
from allocation.pro.ports import OutageError
from allocation.pro.rounds import MAX_ROUNDS
from tests.contract.pro_over_http import (
    HURRY,
    MODES,
    NOTHING_FITS,
    PATIENCE_SECONDS,
    REFERENCES,
    UNKNOWN,
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    Pro,
    Remaining,
    pro_over_http,
    services,
)
from tests.support.pro_faults import BEFORE_ONLY, BOTH_SIDES, KINDS, REFUSED, STATUSES, UNDONE_ITEMS, Fault, Faults
from tests.support.pro_server import ProServer

pro = pytest.fixture(pro_over_http)


def test_default_rules_allocate_in_bulk(pro: Pro) -> None:
    answers = pro.allocate(REFERENCES)

    assert all(isinstance(answers[reference], Allocated) for reference in REFERENCES)
    assert sorted(pro.server.requests) == [("PUT", "/allocation/allocate")] * 2
    sent = [body["ConsignmentReferences"] for body in pro.server.bodies]
    assert sorted(sent, key=len) == [[F, G], [A, B, C, D, E]]
    pro.require_truth(answers)


def test_a_carrier_service_is_asked_for_in_bulk(pro: Pro) -> None:
    answers = pro.allocate([A, B], CarrierService("CX_ECO"))

    assert pro.server.requests == [("PUT", "/allocation/allocatewithcarrierservice")]
    assert pro.server.bodies == [{"MpdCarrierServiceReference": "CX_ECO", "ConsignmentReferences": [A, B]}]
    assert {services(answer) for answer in answers.values()} == {"CX_ECO"}


def test_a_service_group_gets_one_call_for_each_consignment_in_parallel() -> None:
    together = Barrier(len(REFERENCES), timeout=5)
    with ProServer(work=together.wait) as server:
        pro = Pro(server)

        answers = pro.allocate(REFERENCES, ServiceGroup("valuableGoods"))

        assert all(isinstance(answers[reference], Allocated) for reference in REFERENCES)
        assert sorted(server.calls("PUT")) == [
            f"/allocation/{reference}/allocatewithservicegroup/valuableGoods" for reference in REFERENCES
        ]
        assert set(map(str, server.bodies)) == {"None"}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_each_consignment_has_its_own_outcome(pro: Pro, mode: AllocationMode) -> None:
    answers = pro.allocate([A, UNKNOWN, NOTHING_FITS, B], mode)

    assert [type(answers[reference]) for reference in (A, B)] == [Allocated, Allocated]
    assert answers[UNKNOWN] == AllocationFailed(
        Failure("ConsignmentNotFoundException", f"PRO knows no consignment {UNKNOWN}")
    )
    assert answers[NOTHING_FITS] == AllocationFailed(
        Failure(
            "NoCarrierServiceAvailable",
            "This service is not available for the given package dimensions/weight.",
        )
    )
    pro.require_truth(answers)


@pytest.mark.parametrize(
    ("mode", "failure"),
    [
        (
            CarrierService("NOPE"),
            Failure("MpdCarrierServiceNotFoundException", "carrier service NOPE: The carrier service was not found"),
        ),
        (
            ServiceGroup("nope"),
            Failure("ServiceGroupNotFoundException", "service group nope: The service group was not found"),
        ),
    ],
    ids=["carrier service", "service group"],
)
def test_an_unknown_service_or_group_is_an_outcome_that_says_which(
    pro: Pro, mode: AllocationMode, failure: Failure
) -> None:
    assert pro.allocate([A, B], mode) == {A: AllocationFailed(failure), B: AllocationFailed(failure)}


def test_each_answered_call_is_measured(pro: Pro) -> None:
    pro.server.faults.script(Fault("503", before=True, path="allocation"), Fault("reset", path="allocation"))

    pro.allocate([A])

    assert [metric for metric, value in pro.measured if 0 <= value < 60_000] == ["ProAllocationMilliseconds"]


def test_the_same_consignment_twice_in_a_batch_is_asked_for_once(pro: Pro) -> None:
    pro.allocate([A, A])

    assert pro.server.bodies == [{"ConsignmentReferences": [A]}]


def test_an_existing_allocation_is_adopted(pro: Pro) -> None:
    pro.stands(A, "Manifested", "CX_ECO")

    answers = pro.allocate([A, B])

    assert services(answers[A]) == "CX_ECO"
    assert isinstance(answers[B], Allocated)
    assert pro.server.state.allocations == {B: 1}
    assert pro.server.state.asked_again == {A: 1}, "nobody had claimed it: that it is allocated was not to be known"
    assert pro.counted == ["AllocationsAdopted"]


def test_an_older_failure_is_not_the_outcome_of_a_list_that_ended_before_the_consignment(pro: Pro) -> None:
    pro.stands(B, "AllocationFailed")
    pro.server.state.spoils_lists.add(A)

    answers = pro.allocate([A, B])

    assert [type(answers[reference]) for reference in (A, B)] == [AllocationFailed, Allocated]
    pro.require_truth(answers)


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_an_unreadable_state_is_asked_for_once_more(pro: Pro, kind: str) -> None:
    pro.server.faults.script(Fault("half_json"), Fault(kind, path="consignments"))

    answers = pro.allocate([A])

    assert isinstance(answers[A], Allocated)
    assert pro.server.requests == [("PUT", "/allocation/allocate")] + [("GET", f"/consignments/{A}")] * 2


def test_a_state_that_stays_unreadable_leaves_the_outcome_unknown(pro: Pro) -> None:
    pro.server.faults.script(Fault("half_json"), *[Fault("503", retry_after="60", path="consignments")] * 2)

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.OUTCOME_UNKNOWN, 60)}
    assert len(pro.server.calls("PUT")) == 1


def test_a_cancelled_consignment_fails_with_what_pro_says(pro: Pro) -> None:
    pro.stands(A, "Cancelled")

    failure = Failure("AllocationRefused", f"Consignment {A} is not in an allocatable state: Cancelled")
    assert pro.allocate([A]) == {A: AllocationFailed(failure)}


def test_a_consignment_that_is_being_allocated_returns_to_the_queue(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.ALLOCATING)}


def test_one_bad_reference_does_not_hold_back_the_others_of_its_call(pro: Pro) -> None:
    pro.server.state.spoils_lists.add(C)

    answers = pro.allocate(REFERENCES)

    failure = Failure("InvalidAllocationRequestException", f"Consignment {C} is not valid")
    assert answers[C] == AllocationFailed(failure)
    assert all(isinstance(answers[reference], Allocated) for reference in REFERENCES if reference != C)
    pro.require_truth(answers)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_call_that_pro_answers_with_521_because_no_service_fits_is_a_failure(pro: Pro, mode: AllocationMode) -> None:
    """The successor product answers the whole call with 521, and the state confirms it."""
    pro.server.faults.script(Fault("521_of_pro", path="allocation"))

    answers = pro.allocate([NOTHING_FITS], mode)

    assert answers == {NOTHING_FITS: AllocationFailed(Failure("NoCarrierServiceAvailable", "nothing fits"))}
    assert (len(pro.server.calls("PUT")), pro.circuit.errors) == (1, [None])
    pro.require_truth(answers)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_items_with_521_are_failures_because_no_service_fits(pro: Pro, mode: AllocationMode) -> None:
    pro.server.faults.script(*[Fault("items_failed_521", before=True, path="allocation")] * 2)

    answers = pro.allocate([A, B], mode)

    assert answers == dict.fromkeys([A, B], AllocationFailed(Failure("NoCarrierServiceAvailable", "it failed")))
    assert sorted(pro.server.calls("GET")) == [f"/consignments/{reference}" for reference in (A, B)]
    pro.require_truth(answers)


@pytest.mark.parametrize("kind", UNDONE_ITEMS)
def test_items_that_say_nothing_about_their_consignments_are_read_back_and_asked_for_one_by_one(
    pro: Pro, kind: str
) -> None:
    pro.server.faults.script(Fault(kind, before=True, path="allocation"))

    answers = pro.allocate([A, B])

    assert all(isinstance(answers[reference], Allocated) for reference in (A, B))
    assert sorted(pro.server.calls("GET")) == [f"/consignments/{reference}" for reference in (A, B)]
    sent = [body["ConsignmentReferences"] for body in pro.server.bodies if body]
    assert (sent[0], sorted(sent[1:])) == ([A, B], [[A], [B]])
    assert pro.counted == [], "nothing was allocated by the call that failed"
    pro.require_truth(answers)


@pytest.mark.parametrize(
    ("kind", "cause", "seconds", "trouble"),
    [
        ("items_failed_429", DeferralCause.THROTTLED, 0, None),
        ("items_failed_500", DeferralCause.OUTAGE, PATIENCE_SECONDS, OutageError),
    ],
    ids=UNDONE_ITEMS,
)
def test_items_that_keep_saying_nothing_return_to_the_queue(
    pro: Pro, kind: str, cause: DeferralCause, seconds: float, trouble: type[OutageError] | None
) -> None:
    """PRO did not start what it answered with 429. It may still execute what failed inside, so that waits longer."""
    pro.server.faults.script(*[Fault(kind, before=True, path="allocation")] * MAX_ROUNDS)

    assert pro.allocate([A]) == {A: Deferred(cause)}
    assert pro.claims.given_back == [(A, seconds)]
    assert pro.circuit.errors == [trouble]


def fault_id(value: object) -> str | None:
    return {True: "before", False: "after"}[value] if isinstance(value, bool) else None


SIDES = [(kind, True) for kind in (*BOTH_SIDES, *UNDONE_ITEMS, REFUSED)] + [
    (kind, False) for kind in (*STATUSES, "redirect", *KINDS) if kind not in BEFORE_ONLY
]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize(("kind", "before"), SIDES, ids=fault_id)
def test_no_fault_of_an_allocation_call_loses_or_repeats_an_allocation(
    pro: Pro, kind: str, before: bool, mode: AllocationMode
) -> None:
    pro.server.faults.script(Fault(kind, before, path="allocation", seconds=5))

    answers = pro.allocate(REFERENCES, mode, HURRY)

    assert set(answers) == set(REFERENCES)
    assert not [answer for answer in answers.values() if isinstance(answer, AllocationFailed)]
    pro.require_truth(answers)
    pro.server.accept()
    later = pro.allocate([reference for reference in REFERENCES if isinstance(answers[reference], Deferred)], mode)
    assert all(isinstance(answer, Allocated) for answer in later.values())
    pro.require_truth(later)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_goes_wrong_each_consignment_ends_with_one_true_outcome(pro: Pro, seed: int) -> None:
    pro.server.faults = Faults(chance=0.4, seed=seed, hang_seconds=0.02)
    left = [*REFERENCES, UNKNOWN, NOTHING_FITS]
    for delivery in range(100):
        if delivery == 50:
            pro.server.faults = Faults()
            pro.server.accept()
        answers = pro.allocate(left, MODES[seed % 3], Remaining(RESERVE_SECONDS + MAX_STATE_SECONDS + 2))
        assert set(answers) == set(left)
        pro.require_truth(answers)
        left = [reference for reference in left if isinstance(answers[reference], Deferred)]
        if not left:
            break

    assert left == []
    assert pro.server.state.allocations == dict.fromkeys(REFERENCES, 1)
