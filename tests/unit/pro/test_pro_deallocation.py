"""What PRO's replies to a deallocation mean: only its own state lets a cancellation be recorded."""

import json

import pytest

from allocation.domain.outcome import DeferralCause
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, Reply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.verdicts import judge_deallocation, may_still_deallocate
from tests.support.pro_state import ProState
from tests.support.samples import A

DONE = Reply(200, b"null")
REFUSED = Reply(400, json.dumps({"Code": "InvalidConsignmentStateException", "Message": "not allocated"}).encode())
LOST = NoReplyError("reset", timed_out=False)
UNKNOWN = Reply(404, json.dumps({"Code": "ConsignmentNotFoundException", "Message": "no such"}).encode())


def state_of(name: str) -> Reply:
    state = ProState()
    consignment = state.consignment(A)
    consignment.state, consignment.service = name, "CX_NDS" if name in ("Allocated", "Manifested") else None
    return Reply(200, json.dumps(state.detail(A)).encode())


@pytest.mark.parametrize("reply", [DONE, REFUSED, LOST], ids=["done", "refused", "lost"])
@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Cancelled"])
def test_what_is_not_allocated_is_given_back_whatever_the_reply_was(reply: Reply | CallError, state: str) -> None:
    assert judge_deallocation(A, reply, state_of(state), "https://pro") is None


@pytest.mark.parametrize("reply", [DONE, REFUSED, LOST], ids=["done", "refused", "lost"])
@pytest.mark.parametrize("state", ["Allocated", "Manifested", "Allocating", "Deallocating"])
def test_what_is_or_may_be_allocated_is_not_whatever_the_reply_was(reply: Reply | CallError, state: str) -> None:
    verdict = judge_deallocation(A, reply, state_of(state), "https://pro")
    assert verdict
    assert verdict.cause == DeferralCause.OUTCOME_UNKNOWN


def test_what_pro_does_not_know_is_not_allocated_there() -> None:
    assert judge_deallocation(A, UNKNOWN, UNKNOWN, "https://pro") is None


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (Reply(404), DeferralCause.OUTCOME_UNKNOWN),
        (Reply(200, b"<html>"), DeferralCause.OUTCOME_UNKNOWN),
        (Reply(503), DeferralCause.OUTAGE),
        (Reply(401), DeferralCause.CREDENTIALS),
        (NotSentError("no connection"), DeferralCause.OUTAGE),
        (LOST, DeferralCause.OUTAGE),
        (OutOfTimeError(""), DeferralCause.OUT_OF_TIME),
        (KeyUnavailableError("no key"), DeferralCause.CREDENTIALS),
    ],
)
def test_a_state_that_can_not_be_read_lets_nothing_be_recorded(state: Reply | CallError, cause: DeferralCause) -> None:
    verdict = judge_deallocation(A, DONE, state, "https://pro")
    assert verdict
    assert verdict.cause == cause


@pytest.mark.parametrize(
    ("call", "is_open"),
    [
        (DONE, False),
        (REFUSED, False),
        (UNKNOWN, False),
        (Reply(401), False),
        (Reply(429), False),
        (NotSentError("no connection"), False),
        (OutOfTimeError(""), False),
        (KeyUnavailableError("no key"), False),
        (LOST, True),
        (Reply(202), True),
        (Reply(400, b"<html>"), True),
        (Reply(408), True),
        (Reply(500), True),
        (Reply(504), True),
    ],
)
def test_a_deallocation_that_pro_has_not_answered_may_come_late(call: Reply | CallError, is_open: bool) -> None:
    assert may_still_deallocate(call) is is_open
