"""The allocator over a SortedPRO that answers over real HTTP, keeps state, and misbehaves."""

from dataclasses import replace
from threading import Barrier
from unittest.mock import Mock, patch

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocatedBy, AllocationFailed, DeferralCause, Deferred, Failure
from allocation.pro.calls import MAX_STATE_SECONDS, RESERVE_SECONDS
from allocation.pro.ports import NothingTriedError, OutageError, Watch
from allocation.pro.rounds import MAX_ARRIVAL, MAX_ROUNDS
from cli.imitation import consignments as imitation
from tests.contract.pro_over_http import (
    HOLDER,
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
from tests.support.pro_clients import utc_now
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
    ("wrong", "right"),
    [(CarrierService("NOPE"), CarrierService("CX_NDS")), (ServiceGroup("nope"), ServiceGroup("valuableGoods"))],
    ids=["carrier service", "service group"],
)
def test_orders_wait_for_the_correction_of_an_unknown_service_or_group(
    pro: Pro, wrong: AllocationMode, right: AllocationMode
) -> None:
    answers = pro.allocate([A, B], wrong)

    assert answers == dict.fromkeys([A, B], Deferred(DeferralCause.MISCONFIGURED))
    assert [each.why for each in answers.values() if isinstance(each, Deferred) and str(wrong.reference) in each.why]
    assert pro.claims.given_back == [(A, 0), (B, 0)], "the next delivery need not wait"
    assert pro.circuit.errors == [None], "a set-up of ours is no outage of PRO's"
    assert all(isinstance(answer, Allocated) for answer in pro.allocate([A, B], right).values())


def test_a_consignment_that_arrives_in_pro_after_its_order_is_allocated(pro: Pro) -> None:
    pro.claims.since[UNKNOWN] = utc_now()
    assert pro.allocate([UNKNOWN]) == {UNKNOWN: Deferred(DeferralCause.NOT_FOUND_YET)}
    assert (pro.claims.given_back, pro.circuit.errors) == ([(UNKNOWN, 0)], [None])

    with patch.object(imitation, "UNKNOWN_PREFIX", "EC-405"):
        assert isinstance(pro.allocate([UNKNOWN])[UNKNOWN], Allocated)


def test_a_consignment_that_arrives_while_it_is_asked_for_is_not_refused(pro: Pro) -> None:
    """The item says that there is no such consignment, and the state is readable a moment later."""
    arrived = Mock(side_effect=[False, True])
    pro.server.state.has_arrived = arrived

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.NOT_FOUND_YET)}
    assert arrived.call_count == 2


def test_a_consignment_that_pro_does_not_know_for_minutes_fails_and_the_next_order_of_it_waits_again(pro: Pro) -> None:
    pro.claims.since[UNKNOWN] = utc_now() - MAX_ARRIVAL

    assert isinstance(pro.allocate([UNKNOWN])[UNKNOWN], AllocationFailed)
    assert pro.claims.over == [UNKNOWN]


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


def test_an_allocation_says_who_made_it_and_whether_it_was_adopted(pro: Pro) -> None:
    pro.stands(A, "Allocated", "CX_ECO")
    pro.stands(B, "Allocated", "CX_NDS")

    answers = pro.allocate([A, B, C], CarrierService("CX_NDS"))

    here = AllocatedBy("pro", pro.server.url)
    adopted = replace(here, is_adopted=True)
    said = {key: (answer.by, answer.why) for key, answer in answers.items() if isinstance(answer, Allocated)}
    assert said == {
        A: (adopted, "SortedPRO had allocated it already, to CX_ECO; the mode asks for CX_NDS"),
        B: (adopted, "SortedPRO had allocated it already"),
        C: (here, None),
    }


def test_an_allocation_outside_the_modes_group_says_so(pro: Pro) -> None:
    pro.server.state.allocate(A, "CX_ECO", "economy")
    pro.server.state.allocate(B, "CX_ECO")
    pro.server.state.allocate(C, "CX_NDS", "valuableGoods")

    answers = pro.allocate([A, B, C], ServiceGroup("valuableGoods"))

    wanted = "the mode asks for valuableGoods"
    assert [answer.why for answer in answers.values() if isinstance(answer, Allocated)] == [
        f"SortedPRO had allocated it already, to CX_ECO with the group economy; {wanted}",
        f"SortedPRO had allocated it already, to CX_ECO with no group that it names; {wanted}",
        "SortedPRO had allocated it already",
    ]


def test_an_allocation_names_its_claim_and_the_claim_of_a_failure_is_shortened_when_it_is_recorded(pro: Pro) -> None:
    allocator = pro.allocator()
    references = (A, B, NOTHING_FITS)
    answers = allocator.allocate([Consignment(each) for each in references], DefaultRules(), Remaining())
    named = [answer.by.claim if isinstance(answer, Allocated) and answer.by else None for answer in answers.values()]
    assert named == [HOLDER, HOLDER, None]
    assert pro.claims.given_back == []
    allocator.settled([A, NOTHING_FITS, C])
    assert pro.claims.given_back == [(NOTHING_FITS, 70)], "who has the record of A need not wait"
    assert pro.claims.watched == {NOTHING_FITS: Watch.SETTLED}


def test_a_failure_that_is_not_recorded_keeps_its_claim(pro: Pro) -> None:
    allocator = pro.allocator()
    allocator.allocate([Consignment(NOTHING_FITS)], DefaultRules(), Remaining())
    allocator.settled([B])
    assert pro.claims.given_back == []


def test_what_pro_accepted_from_us_is_not_adopted(pro: Pro) -> None:
    pro.claims.hold, pro.claims.watched = {A: 170}, {A: Watch.ACCEPTED_AFRESH}
    pro.stands(A, "Allocated", "CX_ECO")

    [answer] = pro.allocate([A]).values()

    assert isinstance(answer, Allocated)
    assert (answer.by, pro.counted) == (AllocatedBy("pro", pro.server.url), [])


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


def test_items_that_pro_has_not_begun_are_read_back_and_asked_for_one_by_one(pro: Pro) -> None:
    pro.server.faults.script(Fault("items_failed_429", before=True, path="allocation"))

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


OF_STATUS = ("500", "503", "503_of_pro", "521")
OPEN = (*OF_STATUS, "redirect", "html", "half_json", "wrong_json", "empty_body", "fewer", "items_failed_500")


@pytest.mark.parametrize("kind", [*OPEN, "502", "504", "reset", "accepted", "contradictory", "no_links", "foreign"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_nothing_is_asked_again_while_an_earlier_call_may_be_carried_out(
    pro: Pro, kind: str, mode: AllocationMode
) -> None:
    """PRO works after its answer, and does not refuse a second allocation: only the state may be read."""
    pro.server.faults.script(Fault(kind, before=kind != "fewer", path="allocation"))
    if kind in ("fewer", "contradictory", "no_links", "foreign"):
        pro.server.faults = Faults()
        pro.server.faults.script(Fault("empty_array", before=True, path="allocation"))

    [answer] = pro.allocate([A], mode).values()

    assert isinstance(answer, Deferred)
    assert len(pro.server.calls("PUT")) == 1
    assert A in pro.claims.watched
    pro.claims.hold = {A: 200}
    pro.allocate([A], mode)
    assert len(pro.server.calls("PUT")) == 1
    pro.stands(A, "Allocated", "CX_ECO")
    assert services(pro.allocate([A], mode)[A]) == "CX_ECO", "as PRO has it"


@pytest.mark.parametrize("status", ["429", "403"])
@pytest.mark.parametrize("wish", ["0", "1", "60"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_what_pro_did_before_it_said_that_there_were_too_many_calls_is_adopted(
    pro: Pro, status: str, wish: str, mode: AllocationMode
) -> None:
    pro.server.faults.script(Fault(status, retry_after=wish, path="allocation"))

    answers = pro.allocate([A], mode)
    if wish == "60":
        assert answers == {A: Deferred(DeferralCause.THROTTLED, 60)}
        answers = pro.allocate([A], mode)

    assert isinstance(answers[A], Allocated)
    assert len(pro.server.calls("PUT")) == 1
    pro.require_truth(answers)


def test_after_too_many_calls_a_list_is_asked_for_again_as_a_list(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after="1", path="allocation"))

    answers = pro.allocate([A, B, C])

    assert all(isinstance(answer, Allocated) for answer in answers.values())
    assert [body["ConsignmentReferences"] for body in pro.server.bodies if body] == [[A, B, C]] * 2


def test_an_unreadable_reply_is_logged_once_with_its_kind_and_is_no_outage(
    pro: Pro, caplog: pytest.LogCaptureFixture
) -> None:
    pro.server.faults.script(*[Fault("html", before=True, path="allocation")] * 2)

    answers = pro.allocate(REFERENCES)

    assert answers == dict.fromkeys(REFERENCES, Deferred(DeferralCause.REPLY_UNREADABLE))
    lines = [record for record in caplog.records if record.getMessage() == "reply from PRO not readable"]
    assert [vars(line)["why"] for line in lines] == ["PRO's reply is HTML or XML"]
    assert pro.circuit.errors == [NothingTriedError]


def test_nothing_is_asked_of_one_pro_that_another_may_have(pro: Pro) -> None:
    pro.claims.elsewhere = {A: "https://api.electioapp.com"}

    answers = pro.allocate([A, B])

    waiting = answers[A]
    assert waiting == Deferred(DeferralCause.MISCONFIGURED)
    assert isinstance(waiting, Deferred)
    assert f"{A} was asked for at https://api.electioapp.com, and this stack calls {pro.server.url}" in waiting.why
    assert isinstance(answers[B], Allocated)
    assert not [request for request in pro.server.requests if A in str(request)]


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
