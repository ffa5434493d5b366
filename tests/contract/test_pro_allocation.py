"""The allocator over a SortedPRO that answers over real HTTP, keeps state, and misbehaves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Barrier, Event
from typing import Any
from unittest.mock import patch

import pytest

from allocation.adapters import pro_rounds
from allocation.adapters.pro_allocator import ProAllocator
from allocation.adapters.pro_claims import Claimed
from allocation.adapters.pro_client import ProClient, Reply
from allocation.adapters.pro_health import (
    CircuitOpenError,
    CircuitStateError,
    CredentialsError,
    NothingTriedError,
    OutageError,
)
from allocation.adapters.pro_parallel import STATE_SECONDS, ParallelCalls
from allocation.adapters.pro_rounds import MAXIMUM_ROUNDS
from allocation.adapters.pro_verdicts import judge, judge_state
from allocation.domain.consignments import Consignment
from allocation.domain.modes import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcomes import Allocated, AllocationFailed, Deferred, Failure, Outcome
from allocation.domain.references import ConsignmentReference
from tests.fakes.pro_faults import BEFORE_ONLY, BOTH_SIDES, KINDS, STATUSES, Fault, Faults
from tests.fakes.pro_server import KEY, ProServer
from tests.fakes.pro_state import Consignment as ProConsignment

Answers = Mapping[ConsignmentReference, Outcome | Deferred]
A, B, C, D, E, F, G = REFERENCES = [ConsignmentReference(f"EC-000-000-AA{letter}") for letter in "ABCDEFG"]
UNKNOWN = ConsignmentReference("EC-404-000-AAA")
NOTHING_FITS = ConsignmentReference("EC-NOF-000-AAA")
MODES: list[AllocationMode] = [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")]
RESERVE = 0.1
PATIENCE_SECONDS = 180.0
UNTIL = 1_764_075_600_000


class Remaining:
    """A deadline that never comes nearer."""

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds

    def remaining_seconds(self) -> float:
        return self.seconds


HURRY = Remaining(RESERVE + STATE_SECONDS + 0.6)
"""Leaves 0.6 s for an allocation call."""


class Watched:
    """A circuit that is closed, or open for a cause, and the errors that it was told of."""

    def __init__(self, opened: CircuitOpenError | None = None) -> None:
        self.opened = opened
        self.errors: list[type[Exception] | None] = []

    def run(self, work: Callable[[], None]) -> None:
        if self.opened:
            raise self.opened
        try:
            work()
        except Exception as error:
            self.errors.append(type(error))
            raise
        self.errors.append(None)


class RememberedClaims:
    """Claims in memory: those that others `hold`, and those that somebody has made `before`."""

    def __init__(self) -> None:
        self.hold: dict[ConsignmentReference, int] = {}
        self.before: set[ConsignmentReference] = set()
        self.taken: list[tuple[ConsignmentReference, float]] = []
        self.given_back: list[tuple[ConsignmentReference, float]] = []

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        self.taken += [(reference, seconds) for reference in references if reference not in self.hold]
        held = {reference: self.hold[reference] for reference in references if reference in self.hold}
        return Claimed(frozenset(self.before.intersection(references)), held, UNTIL)

    def give_back(self, references: Sequence[ConsignmentReference], until: int, seconds: float) -> None:
        assert until == UNTIL
        self.given_back += [(reference, seconds) for reference in references]


class Pro:
    """A PRO, and an allocator that calls it without ever sleeping."""

    def __init__(self, server: ProServer) -> None:
        self.server = server
        self.circuit = Watched()
        self.pauses: list[float] = []
        self.counted: list[str] = []
        self.measured: list[tuple[str, int]] = []
        self.keys = [KEY]
        self.claims = RememberedClaims()

    def allocate(
        self,
        references: Sequence[ConsignmentReference],
        mode: AllocationMode | None = None,
        deadline: Remaining | None = None,
    ) -> Answers:
        allocator = ProAllocator(
            ProClient(self.server.url, lambda: self.keys[-1]),
            self.claims,
            PATIENCE_SECONDS,
            circuit=self.circuit,
            reserve_seconds=RESERVE,
            count=lambda metric, _: self.counted.append(metric),
            measure=lambda metric, value: self.measured.append((metric, value)),
            pause=self.pauses.append,
            jitter=lambda: 0.5,
        )
        consignments = [Consignment(reference) for reference in references]
        return allocator.allocate(consignments, mode or DefaultRules(), deadline or Remaining())

    def stands(self, reference: ConsignmentReference, state: str, service: str | None = None) -> None:
        """Lets a consignment have this state with PRO."""
        self.server.state.consignments[reference] = ProConsignment(state, service)

    def require_truth(self, answers: Answers) -> None:
        """Whatever is answered is so with PRO, and nothing is allocated twice."""
        assert all(times == 1 for times in self.server.state.allocations.values())
        for reference, answer in answers.items():
            allocated = self.server.state.allocations[reference] == 1
            if isinstance(answer, Allocated):
                detail = self.server.state.detail(reference)
                assert allocated
                assert answer.summary.carrier_service_reference == detail["Allocation"]["MpdCarrierServiceReference"]
                assert [leg.tracking_references for leg in answer.summary.consignment_legs] == [(f"TRK-{reference}",)]
            elif isinstance(answer, AllocationFailed):
                assert not allocated


@pytest.fixture
def pro() -> Iterator[Pro]:
    with ProServer() as server:
        yield Pro(server)


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


def services(answer: Outcome | Deferred) -> str | None:
    assert isinstance(answer, Allocated)
    return answer.summary.carrier_service_reference


def test_a_service_group_is_asked_for_one_by_one_and_all_at_once() -> None:
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


def test_an_allocation_that_is_there_already_is_adopted(pro: Pro) -> None:
    pro.stands(A, "Manifested", "CX_ECO")

    answers = pro.allocate([A, B])

    assert services(answers[A]) == "CX_ECO"
    assert isinstance(answers[B], Allocated)
    assert pro.server.state.allocations == {B: 1}
    assert pro.counted == ["AllocationsAdopted"]


def test_what_somebody_has_claimed_before_is_read_first_and_asked_for_alone(pro: Pro) -> None:
    """A redriven message and a second one are no redeliveries: only the claim tells of them."""
    pro.stands(A, "Allocated", "CX_ECO")
    pro.claims.before = {A, B, C}

    answers = pro.allocate([A, B, C, D, E])

    assert services(answers[A]) == "CX_ECO"
    assert all(isinstance(answers[reference], Allocated) for reference in (B, C, D, E))
    assert sorted(len(body["ConsignmentReferences"]) for body in pro.server.bodies if body) == [1, 1, 2]
    assert sorted(pro.server.calls("GET")) == [f"/consignments/{reference}" for reference in (A, B, C)]


def test_what_somebody_may_be_asking_for_now_is_left_to_the_queue(pro: Pro) -> None:
    pro.claims.hold = {A: 42}

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred("outcome_unknown", 42)
    assert isinstance(answers[B], Allocated)
    assert pro.claims.taken == [(B, 60 + PATIENCE_SECONDS)]


def test_a_batch_in_which_all_is_held_tells_the_circuit_nothing(pro: Pro) -> None:
    pro.claims.hold = {A: 42}

    assert pro.allocate([A]) == {A: Deferred("outcome_unknown", 42)}
    assert (pro.circuit.errors, pro.server.requests) == ([NothingTriedError], [])


def test_what_ends_without_an_outcome_may_be_asked_for_when_pro_can_no_longer_be_at_it(pro: Pro) -> None:
    pro.stands(A, "Allocating")
    pro.server.faults.script(Fault("429", before=True, retry_after="60", path=f"allocation/{B}"))

    pro.allocate([A, B, C, NOTHING_FITS], ServiceGroup("valuableGoods"))

    assert pro.claims.given_back == [(B, 0), (A, PATIENCE_SECONDS)]


def test_a_crash_leaves_the_claims_for_as_long_as_pro_can_be_at_it(pro: Pro) -> None:
    with patch.object(ParallelCalls, "allocate", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        pro.allocate([A, B])

    assert pro.claims.given_back == [(A, PATIENCE_SECONDS), (B, PATIENCE_SECONDS)]


def test_a_crash_before_anything_is_sent_lets_each_consignment_be_tried_alone(pro: Pro) -> None:
    with patch.object(pro_rounds, "allocation_calls", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        pro.allocate([A, B])

    assert pro.claims.given_back == [(A, 0), (B, 0)]


def crashing_on(consignment: ConsignmentReference, judging: Callable[..., Any]) -> Callable[..., Any]:
    """The judge, which a reply about one consignment is too much for."""

    def crashing(what: object, *arguments: object) -> object:
        if consignment in repr(what):
            raise ZeroDivisionError
        return judging(what, *arguments)

    return crashing


def test_a_reply_that_can_not_be_judged_is_read_back(pro: Pro) -> None:
    with patch.object(pro_rounds, "judge", crashing_on(A, judge)):
        answers = pro.allocate([A, B], ServiceGroup("valuableGoods"))

    assert pro.counted == ["AllocationsAdopted"]
    assert isinstance(answers[B], Allocated)
    pro.require_truth(answers)


def test_a_state_that_can_not_be_judged_leaves_only_its_own_consignment_in_doubt(pro: Pro) -> None:
    pro.claims.before = {A, B}

    with patch.object(pro_rounds, "judge_state", crashing_on(A, judge_state)):
        answers = pro.allocate([A, B])

    assert answers[A] == Deferred("allocator_crashed")
    assert isinstance(answers[B], Allocated)
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_a_fault_of_our_own_is_not_told_as_an_outage_of_pro(pro: Pro) -> None:
    pro.claims.before = {A}

    with patch.object(pro_rounds, "judge_state", side_effect=ZeroDivisionError):
        assert pro.allocate([A]) == {A: Deferred("allocator_crashed")}

    assert pro.circuit.errors == [NothingTriedError]


def test_a_call_that_crashes_leaves_only_its_own_consignments_in_doubt(pro: Pro) -> None:
    call = ProClient.call

    def crashing(self: ProClient, method: str, path: str, *arguments: Any) -> Reply:
        if method == "PUT" and A in path:
            raise ZeroDivisionError
        return call(self, method, path, *arguments)

    with patch.object(ProClient, "call", crashing):
        answers = pro.allocate([A, B], ServiceGroup("valuableGoods"))

    assert answers[A] == Deferred("outcome_unknown")
    assert isinstance(answers[B], Allocated)
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_a_failure_from_before_is_not_taken_for_the_outcome_of_a_list_that_never_came_to_it(pro: Pro) -> None:
    pro.stands(B, "AllocationFailed")
    pro.server.state.spoils_lists.add(A)

    answers = pro.allocate([A, B])

    assert [type(answers[reference]) for reference in (A, B)] == [AllocationFailed, Allocated]
    pro.require_truth(answers)


def test_what_a_gateway_may_have_passed_on_is_not_asked_for_before_pro_is_surely_done(pro: Pro) -> None:
    """PRO says that nothing is allocated; it may begin with what the gateway has answered for."""
    pro.server.faults.script(*[Fault("503", before=True, retry_after="60", path="allocation")] * 2)

    assert pro.allocate([A], CarrierService("CX_NDS")) == {A: Deferred("outage", 60)}
    assert pro.claims.given_back == [(A, PATIENCE_SECONDS)]


def test_one_consignment_that_pro_hangs_on_holds_back_no_other_for_long(pro: Pro) -> None:
    """The second delivery asks for each by itself: what comes after the bad one of a list was never reached."""
    pro.server.faults.script(Fault("504", before=True, path="allocation"))
    answers = pro.allocate([A, B, C])
    assert set(answers.values()) == {Deferred("outcome_unknown")}

    pro.server.faults.script(Fault("504", before=True, path="allocation"))
    pro.claims.before = {A, B, C}
    later = pro.allocate([A, B, C])

    assert sorted(type(answer).__name__ for answer in later.values()) == ["Allocated", "Allocated", "Deferred"]


def test_a_rejected_key_among_outcomes_is_no_rejected_key(pro: Pro) -> None:
    """403 on one consignment's state is PRO's word about that one, and other answers came with the same key."""
    pro.server.faults.script(Fault("half_json", path="allocation"), Fault("403", path=f"consignments/{A}"))

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred("credentials")
    assert isinstance(answers[B], Allocated)
    assert pro.circuit.errors == [None]


def test_circuits_that_can_not_tell_defer_what_has_no_answer(pro: Pro) -> None:
    class Broken(Watched):
        def run(self, work: Callable[[], None]) -> None:
            super().run(work)
            raise CircuitStateError("the circuits' table does not answer")

    pro.circuit = Broken()
    answers = pro.allocate([A])
    assert isinstance(answers[A], Allocated)


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed"])
def test_what_an_earlier_try_has_not_allocated_is_asked_for(pro: Pro, state: str) -> None:
    pro.stands(A, state)

    pro.claims.before = {A}

    assert isinstance(pro.allocate([A])[A], Allocated)


def test_what_an_earlier_try_may_still_be_allocating_is_left_to_the_queue(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    pro.claims.before = {A}

    assert pro.allocate([A]) == {A: Deferred("outcome_unknown")}
    assert pro.server.calls("PUT") == []


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_a_state_that_can_not_be_read_is_asked_for_once_more(pro: Pro, kind: str) -> None:
    pro.server.faults.script(Fault("half_json"), Fault(kind, path="consignments"))

    answers = pro.allocate([A])

    assert isinstance(answers[A], Allocated)
    assert pro.server.requests == [("PUT", "/allocation/allocate")] + [("GET", f"/consignments/{A}")] * 2


def test_a_state_that_stays_unreadable_leaves_the_outcome_unknown(pro: Pro) -> None:
    pro.server.faults.script(Fault("half_json"), *[Fault("503", retry_after="60", path="consignments")] * 2)

    assert pro.allocate([A]) == {A: Deferred("outcome_unknown", 60)}
    assert len(pro.server.calls("PUT")) == 1


def test_a_cancelled_consignment_fails_with_what_pro_says(pro: Pro) -> None:
    pro.stands(A, "Cancelled")

    failure = Failure("AllocationRefused", f"Consignment {A} is not in an allocatable state: Cancelled")
    assert pro.allocate([A]) == {A: AllocationFailed(failure)}


def test_a_consignment_that_is_being_allocated_is_left_to_the_queue(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    assert pro.allocate([A]) == {A: Deferred("outcome_unknown")}


def test_one_bad_reference_does_not_hold_back_the_others_of_its_call(pro: Pro) -> None:
    pro.server.state.spoils_lists.add(C)

    answers = pro.allocate(REFERENCES)

    failure = Failure("InvalidAllocationRequestException", f"Consignment {C} is not valid")
    assert answers[C] == AllocationFailed(failure)
    assert all(isinstance(answers[reference], Allocated) for reference in REFERENCES if reference != C)
    pro.require_truth(answers)


def test_a_call_that_could_not_finish_is_not_started(pro: Pro) -> None:
    answers = pro.allocate([A, B], deadline=Remaining(RESERVE + STATE_SECONDS + 0.4))

    assert answers == {A: Deferred("out_of_time"), B: Deferred("out_of_time")}
    assert pro.server.requests == []
    assert pro.circuit.errors == [NothingTriedError]


class Hanging(ProClient):
    """A client whose allocation calls hang where no time-out of a socket ends them, as in name resolution."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lambda: KEY)
        self.released = Event()
        self.hangs = False

    def call(self, method: str, path: str, body: bytes, seconds: float) -> Reply:
        if method == "PUT":
            self.hangs = True
            self.released.wait(5)
            self.hangs = False
        return super().call(method, path, body, seconds)


def test_a_call_that_hangs_does_not_hold_back_the_answer(pro: Pro) -> None:
    client = Hanging(pro.server.url)

    allocator = ProAllocator(client, pro.claims, PATIENCE_SECONDS, reserve_seconds=RESERVE)
    answers = allocator.allocate([Consignment(A)], DefaultRules(), HURRY)

    assert client.hangs
    assert answers == {A: Deferred("outcome_unknown")}
    client.released.set()


def test_a_short_wish_to_be_left_alone_is_waited_for(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after="1"))

    answers = pro.allocate([A])

    assert isinstance(answers[A], Allocated)
    assert pro.pauses == [1.0]
    assert len(pro.server.requests) == 2


@pytest.mark.parametrize(("wish", "seconds"), [("30", 30), ("999999999", 900)])
def test_a_long_wish_to_be_left_alone_goes_back_to_the_queue(pro: Pro, wish: str, seconds: int) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after=wish))

    assert pro.allocate([A, B]) == dict.fromkeys([A, B], Deferred("throttled", seconds))
    assert (pro.pauses, len(pro.server.requests)) == ([], 1)
    assert pro.circuit.errors == [OutageError]


@pytest.mark.parametrize("wish", ["soon", "-5", None])
def test_a_429_without_a_readable_wish_is_tried_a_few_times(pro: Pro, wish: str | None) -> None:
    pro.server.faults.script(*[Fault("429", before=True, retry_after=wish)] * MAXIMUM_ROUNDS)

    assert pro.allocate([A]) == {A: Deferred("throttled")}
    assert pro.pauses == pytest.approx([0.1, 0.2])
    assert len(pro.server.requests) == MAXIMUM_ROUNDS


def test_an_outage_is_tried_a_few_times_and_told_to_the_circuit(pro: Pro) -> None:
    pro.server.faults = Faults(chance=1, kinds=("503",))
    pro.server.faults.script(*[Fault("503", before=True, path="allocation")] * 9)

    answers = pro.allocate([A])

    assert isinstance(answers[A], Deferred)
    assert len(pro.server.calls("PUT")) <= MAXIMUM_ROUNDS
    assert pro.circuit.errors == [OutageError]


def test_a_retry_that_the_time_does_not_allow_is_left_to_the_queue(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after="2"))

    assert pro.allocate([A], deadline=HURRY) == {A: Deferred("throttled", 2)}
    assert len(pro.server.requests) == 1


def test_a_server_that_is_down_is_an_outage(pro: Pro) -> None:
    pro.server.stop()

    assert pro.allocate([A, B]) == {A: Deferred("outage"), B: Deferred("outage")}
    assert pro.circuit.errors == [OutageError]


def test_one_outcome_shows_the_circuit_that_pro_works(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    pro.allocate([A, B])

    assert pro.circuit.errors == [None]


def test_a_rejected_key_is_told_as_credentials_and_not_as_an_outage(pro: Pro) -> None:
    pro.keys = ["wrong"]

    assert pro.allocate([A, B]) == {A: Deferred("credentials"), B: Deferred("credentials")}
    assert pro.circuit.errors == [CredentialsError]


@pytest.mark.parametrize("cause", ["outage", "credentials"])
def test_an_open_circuit_keeps_every_call_away(pro: Pro, cause: str) -> None:
    pro.circuit = Watched(CircuitOpenError("credentials" if cause == "credentials" else "outage", 17))

    assert pro.allocate([A, B]) == {A: Deferred(cause, 17), B: Deferred(cause, 17)}
    assert pro.server.requests == []


def fault_id(value: object) -> str | None:
    return {True: "before", False: "after"}[value] if isinstance(value, bool) else None


SIDES = [(kind, True) for kind in (*BOTH_SIDES, "redirect")] + [
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
        answers = pro.allocate(left, MODES[seed % 3], Remaining(RESERVE + STATE_SECONDS + 2))
        assert set(answers) == set(left)
        pro.require_truth(answers)
        left = [reference for reference in left if isinstance(answers[reference], Deferred)]
        if not left:
            break

    assert left == []
    assert pro.server.state.allocations == dict.fromkeys(REFERENCES, 1)
