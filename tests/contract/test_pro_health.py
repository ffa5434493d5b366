"""The allocator over a SortedPRO that is not healthy: throttling, outages, rejected keys, and the circuits."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, DeferralCause, Deferred
from allocation.pro.calls import MAX_STATE_SECONDS, RESERVE_SECONDS
from allocation.pro.client import ProClient, ProReply
from allocation.pro.credentials import FETCH_PAUSE_SECONDS
from allocation.pro.ports import (
    CircuitOpenError,
    CircuitStateError,
    CredentialsError,
    NothingTriedError,
    OpenCause,
    OutageError,
)
from allocation.pro.rounds import MAX_ROUNDS
from tests.contract.pro_over_http import (
    HURRY,
    PATIENCE_SECONDS,
    REFERENCES,
    A,
    B,
    Pro,
    Remaining,
    Watched,
    pro_over_http,
)
from tests.support.pro_clients import allocator_over, utc_now
from tests.support.pro_faults import REFUSED, Fault, Faults, Wire
from tests.support.pro_server import KEY, ProServer

pro = pytest.fixture(pro_over_http)


def test_a_call_that_could_not_finish_is_not_started(pro: Pro) -> None:
    answers = pro.allocate([A, B], deadline=Remaining(RESERVE_SECONDS + MAX_STATE_SECONDS + 0.4))

    assert answers == {A: Deferred(DeferralCause.OUT_OF_TIME), B: Deferred(DeferralCause.OUT_OF_TIME)}
    assert pro.server.requests == []
    assert pro.circuit.errors == [NothingTriedError]


class Hanging(ProClient):
    """A client whose allocation calls hang where no socket timeout ends them, as in name resolution."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lambda: KEY, monotonic=time.monotonic, now=utc_now)
        self.released = Event()
        self.hangs = False

    def call(self, method: str, path: str, body: bytes, seconds: float) -> ProReply:
        if method == "PUT":
            self.hangs = True
            self.released.wait(5)
            self.hangs = False
        return super().call(method, path, body, seconds)


def test_a_call_that_hangs_does_not_delay_the_answer(pro: Pro) -> None:
    client = Hanging(pro.server.url)

    allocator = allocator_over(client, pro.claims, patience_seconds=PATIENCE_SECONDS)
    answers = allocator.allocate([Consignment(A)], DefaultRules(), HURRY)

    assert client.hangs
    assert answers == {A: Deferred(DeferralCause.OUTCOME_UNKNOWN)}
    client.released.set()


def test_a_short_retry_after_is_waited_for_in_place(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after="1"))

    answers = pro.allocate([A])

    assert isinstance(answers[A], Allocated)
    assert pro.pauses == [1.0]
    assert pro.server.requests == [
        ("PUT", "/allocation/allocate"),
        ("GET", f"/consignments/{A}"),
        ("PUT", "/allocation/allocate"),
    ]


@pytest.mark.parametrize(("wish", "seconds"), [("30", 30), ("999999999", 900)])
def test_a_long_retry_after_returns_the_consignments_to_the_queue(pro: Pro, wish: str, seconds: int) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after=wish))

    assert pro.allocate([A, B]) == dict.fromkeys([A, B], Deferred(DeferralCause.THROTTLED, seconds))
    assert (pro.pauses, len(pro.server.requests)) == ([], 1)
    assert pro.circuit.errors == [None], "a reply of PRO's own is no outage"


def test_a_retry_after_date_a_second_away_is_waited_for_in_place(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after=timedelta(seconds=1), path="allocation"))

    answers = pro.allocate([A])

    assert isinstance(answers[A], Allocated)
    assert pro.pauses in ([1], [2]), "dates are in whole seconds"
    assert len(pro.server.calls("PUT")) == 2


@pytest.mark.parametrize(("status", "cause"), [("429", DeferralCause.THROTTLED), ("503", DeferralCause.OUTAGE)])
def test_a_retry_after_date_further_away_returns_the_consignment_to_the_queue(
    pro: Pro, status: str, cause: DeferralCause
) -> None:
    pro.server.faults.script(Fault(status, before=True, retry_after=timedelta(seconds=30), path="allocation"))

    [answer] = pro.allocate([A]).values()

    assert answer in (Deferred(cause, 30), Deferred(cause, 31)), "dates are in whole seconds"
    assert (pro.pauses, len(pro.server.calls("PUT"))) == ([], 1)


@pytest.mark.parametrize("wish", ["soon", "-5", None])
def test_a_429_without_a_readable_retry_after_is_tried_a_few_times(pro: Pro, wish: str | None) -> None:
    pro.server.faults.script(*[Fault("429", before=True, retry_after=wish, path="allocation")] * MAX_ROUNDS)

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.THROTTLED)}
    assert pro.pauses == pytest.approx([0.1, 0.2])
    assert len(pro.server.calls("PUT")) == MAX_ROUNDS


def test_a_state_that_is_not_told_for_too_many_calls_is_no_outage(pro: Pro) -> None:
    pro.server.faults.script(*[Fault("429", before=True, retry_after="1")] * 2)

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.THROTTLED, 1)}
    assert (pro.circuit.errors, pro.claims.given_back) == ([None], [(A, 0)])


def test_a_retry_for_which_there_is_no_time_is_left_to_the_queue(pro: Pro) -> None:
    pro.server.faults.script(Fault("429", before=True, retry_after="2"))

    assert pro.allocate([A], deadline=HURRY) == {A: Deferred(DeferralCause.THROTTLED, 2)}
    assert len(pro.server.requests) == 1


def test_an_outage_is_tried_a_few_times_and_reported_to_the_circuit(pro: Pro) -> None:
    pro.server.faults = Faults(chance=1, kinds=("503",))
    pro.server.faults.script(*[Fault("503", before=True, path="allocation")] * 9)

    answers = pro.allocate([A])

    assert isinstance(answers[A], Deferred)
    assert len(pro.server.calls("PUT")) <= MAX_ROUNDS
    assert pro.circuit.errors == [OutageError]


def test_a_server_that_is_down_is_an_outage(pro: Pro) -> None:
    pro.server.stop()

    assert pro.allocate([A, B]) == {A: Deferred(DeferralCause.OUTAGE), B: Deferred(DeferralCause.OUTAGE)}
    assert pro.circuit.errors == [OutageError]


def test_connections_refused_for_a_moment_are_tried_again_in_place(pro: Pro) -> None:
    """PRO can have done nothing, so nothing is read back and the same call is made again."""
    pro.during_pause = pro.server.accept
    pro.server.faults.script(Fault(REFUSED, before=True))

    answers = pro.allocate([A, B])

    assert all(isinstance(answers[reference], Allocated) for reference in (A, B))
    assert pro.server.requests == [("PUT", "/allocation/allocate")]
    assert (len(pro.pauses), pro.circuit.errors) == (1, [None])


def test_one_outcome_shows_the_circuit_that_pro_works(pro: Pro) -> None:
    pro.stands(A, "Allocating")

    pro.allocate([A, B])

    assert pro.circuit.errors == [None]


def test_a_rejected_key_is_reported_as_credentials_and_not_as_an_outage(pro: Pro) -> None:
    pro.key = "wrong"

    assert pro.allocate([A, B]) == {A: Deferred(DeferralCause.CREDENTIALS), B: Deferred(DeferralCause.CREDENTIALS)}
    assert pro.circuit.errors == [CredentialsError]


class TogetherRejected(ProServer):
    """Rejects calls with the first key, once so many of them have arrived."""

    def __init__(self, calls: int) -> None:
        self.rejected = Barrier(calls, timeout=5)
        super().__init__()

    def answer(self, method: str, path: str, document: object, key: str | None) -> tuple[Wire, Fault | None]:
        if self.key != key == KEY:
            self.rejected.wait()
        return super().answer(method, path, document, key)


def test_a_key_rotated_during_a_batch_costs_no_call_its_outcome() -> None:
    with TogetherRejected(4) as server:
        pro = Pro(server)

        def rotate() -> None:
            pro.key = server.key = "another-key"
            pro.seconds_passed += FETCH_PAUSE_SECONDS

        pro.during_pause = rotate
        server.faults.script(*[Fault("429", before=True, path="allocation")] * 4)
        answers = pro.allocate(REFERENCES, ServiceGroup("valuableGoods"))

        assert all(isinstance(answers[reference], Allocated) for reference in REFERENCES)
        sent = [headers["ocp-apim-subscription-key"] for headers in server.headers]
        assert (sent.count(KEY), sent.count("another-key")) == (7 + 4, 4 + 4)
        assert (pro.keys_fetched, pro.circuit.errors) == (2, [None])
        assert pro.claims.given_back == []
        pro.require_truth(answers)


def test_a_403_beside_other_outcomes_is_not_a_rejected_key(pro: Pro) -> None:
    """Other answers came with the same key, so a 403 on one state is about that consignment."""
    pro.server.faults.script(Fault("half_json", path="allocation"), Fault("403", path=f"consignments/{A}"))

    answers = pro.allocate([A, B])

    assert answers[A] == Deferred(DeferralCause.CREDENTIALS)
    assert isinstance(answers[B], Allocated)
    assert pro.circuit.errors == [None]


@pytest.mark.parametrize("cause", [DeferralCause.OUTAGE, DeferralCause.CREDENTIALS])
def test_an_open_circuit_keeps_every_call_away(pro: Pro, cause: OpenCause) -> None:
    pro.circuit = Watched(CircuitOpenError(cause, 17))

    assert pro.allocate([A, B]) == {A: Deferred(cause, 17), B: Deferred(cause, 17)}
    assert pro.server.requests == []


def test_a_circuit_that_fails_after_the_work_keeps_the_answers(pro: Pro) -> None:
    class Broken(Watched):
        def run(self, work: Callable[[], None]) -> None:
            super().run(work)
            raise CircuitStateError("the circuits' table does not answer")

    pro.circuit = Broken()
    answers = pro.allocate([A])
    assert isinstance(answers[A], Allocated)


def test_a_state_that_pro_forbids_reading_is_neither_an_outcome_nor_an_outage(pro: Pro) -> None:
    """The consignment may be allocated. A cause of its own tells the operator."""
    pro.server.faults.script(Fault("items_failed_400"), Fault("403_of_pro", path="consignments"))

    assert pro.allocate([A]) == {A: Deferred(DeferralCause.STATE_FORBIDDEN)}
    assert pro.claims.given_back == [(A, 0)], "PRO has answered: it is not at work"
    assert pro.circuit.errors == [NothingTriedError]
