"""What PRO's replies to a deallocation mean: only its own state lets a cancellation be recorded."""

import json

import pytest

from allocation.domain.outcome import DeferralCause
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.state_verdicts import judge_deallocation, may_still_change
from tests.support.pro_state import ProState
from tests.support.samples import A

DONE = ProReply(200, b"null")
REFUSED = ProReply(400, json.dumps({"Code": "InvalidConsignmentStateException", "Message": "not allocated"}).encode())
LOST = NoReplyError("reset", timed_out=False)
UNKNOWN = ProReply(404, json.dumps({"Code": "ConsignmentNotFoundException", "Message": "no such"}).encode())


def state_of(name: str) -> ProReply:
    state = ProState()
    consignment = state.consignment(A)
    consignment.state, consignment.service = name, "CX_NDS" if name in ("Allocated", "Manifested") else None
    return ProReply(200, json.dumps(state.detail(A)).encode())


@pytest.mark.parametrize("reply", [DONE, REFUSED, LOST], ids=["done", "refused", "lost"])
@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Cancelled"])
def test_what_is_not_allocated_is_given_back_whatever_the_reply_was(reply: ProReply | CallError, state: str) -> None:
    assert judge_deallocation(A, reply, state_of(state), "https://pro") is None


@pytest.mark.parametrize("reply", [DONE, REFUSED, LOST], ids=["done", "refused", "lost"])
@pytest.mark.parametrize("state", ["Allocated", "Manifested", "Allocating", "Deallocating"])
def test_what_is_or_may_be_allocated_is_not_whatever_the_reply_was(reply: ProReply | CallError, state: str) -> None:
    verdict = judge_deallocation(A, reply, state_of(state), "https://pro")
    assert verdict
    assert verdict.cause == DeferralCause.OUTCOME_UNKNOWN


def test_what_pro_does_not_know_is_not_allocated_there() -> None:
    assert judge_deallocation(A, UNKNOWN, UNKNOWN, "https://pro") is None


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        (ProReply(404), DeferralCause.OUTCOME_UNKNOWN),
        (ProReply(200, b"<html>"), DeferralCause.OUTCOME_UNKNOWN),
        (ProReply(503), DeferralCause.OUTAGE),
        (ProReply(401), DeferralCause.CREDENTIALS),
        (NotSentError("no connection"), DeferralCause.OUTAGE),
        (LOST, DeferralCause.OUTAGE),
        (OutOfTimeError(""), DeferralCause.OUT_OF_TIME),
        (KeyUnavailableError("no key"), DeferralCause.CREDENTIALS),
    ],
)
def test_a_state_that_can_not_be_read_lets_nothing_be_recorded(
    state: ProReply | CallError, cause: DeferralCause
) -> None:
    verdict = judge_deallocation(A, DONE, state, "https://pro")
    assert verdict
    assert verdict.cause == cause


@pytest.mark.parametrize(
    ("call", "is_open"),
    [
        (REFUSED, False),
        (UNKNOWN, False),
        (ProReply(401), False),
        (ProReply(429), False),
        (NotSentError("no connection"), False),
        (OutOfTimeError(""), False),
        (KeyUnavailableError("no key"), False),
        (LOST, True),
        (DONE, True),
        (ProReply(200), True),
        (ProReply(200, b'{"IsSuccess": true}'), True),
        (ProReply(202), True),
        (ProReply(200, b"[]"), True),
        (ProReply(200, b"<html>"), True),
        (ProReply(200, b'{"IsSucc'), True),
        (ProReply(400, b"<html>"), True),
        (ProReply(408), True),
        (ProReply(500), True),
        (ProReply(503, REFUSED.body), True),
        (ProReply(504), True),
    ],
)
def test_a_deallocation_that_pro_has_not_refused_may_come_late(call: ProReply | CallError, is_open: bool) -> None:
    assert may_still_change(call) is is_open
