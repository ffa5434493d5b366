"""What each reply of SortedPRO means for each consignment: the matrix of `docs/pro-client.md`, row by row."""

from dataclasses import dataclass
from typing import Final, Literal

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import (
    CARRIER_SERVICE_NOT_FOUND,
    NO_CARRIER_SERVICE_AVAILABLE,
    SERVICE_GROUP_NOT_FOUND,
    Allocated,
    AllocationFailed,
    Deferred,
    Failure,
    Outcome,
)
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import AllocationCall, CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, Reply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import ALLOCATION_REFUSED, Item, UnreadableReplyError, read_error, read_items
from allocation.pro.state import PASSING_STATES, ConsignmentStatus, read_consignment

CONSIGNMENT_NOT_FOUND: Final = "ConsignmentNotFoundException"
MODE_NOT_FOUND: Final = frozenset({SERVICE_GROUP_NOT_FOUND, CARRIER_SERVICE_NOT_FOUND})
AT_IT_STILL: Final = frozenset({502, 504})
"""A gateway's own statuses: what is behind it may go on with the call."""
FORBIDDEN: Final = 403
NOT_AUTHORISED: Final = frozenset({401, FORBIDDEN})
"""403 is about the key unless it says more: a used-up quota comes with `Retry-After`, PRO's own 403 with a code."""
NOTHING_FITS: Final = 521
"""The successor product's status for a failed allocation. A gateway's own 521 holds no error of PRO's: an outage."""
PASSING_STATUSES: Final = frozenset({401, 408, 409, 423, 425, 429})
"""Of the 400s, those that say nothing about the consignment."""

Cause = Literal[
    "throttled", "outage", "credentials", "outcome_unknown", "state_forbidden", "out_of_time", "allocator_crashed"
]
"""Why there is no outcome yet."""


@dataclass(frozen=True, slots=True)
class Untouched:
    """PRO surely did nothing: the same may be sent again, unless `final`."""

    cause: Cause
    retry_after_seconds: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Doubtful:
    """PRO may have allocated: its state is read before anything else is done.

    Where it turns out not to be allocated, `failure` stands as the outcome; without one, the consignment is tried
    `again` or goes back to the queue for `cause`, also where its state is `AllocationFailed`: that may be from before
    this order asked at all. While a call is `open`, that PRO itself has not answered and may carry out yet, no failure
    is an outcome: PRO may be asked again after one, and so by that call.
    """

    cause: Cause
    failure: Failure | None = None
    again: bool = True
    retry_after_seconds: int | None = None
    open: bool = False


ASKED_BEFORE: Final = Doubtful("outcome_unknown")
"""Somebody asked PRO before, may have got the consignment allocated, and ended before that was written down."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """PRO's state says that nothing is allocated, and another try may be made."""

    cause: Cause
    retry_after_seconds: int | None = None


Verdict = Allocated | Untouched | Doubtful


def judge(call: AllocationCall, mode: AllocationMode, reply: Reply | CallError) -> dict[ConsignmentReference, Verdict]:
    """What an allocation call's reply means for each consignment it asked for."""
    if isinstance(reply, Reply) and 200 <= reply.status < 300:
        return _judge_items(call, reply)
    verdict = _judge_refusal(call, mode, reply) if isinstance(reply, Reply) else _judge_error(reply)
    return dict.fromkeys(call.references, verdict)


def _judge_error(error: CallError) -> Verdict:
    match error:
        case NotSentError():
            return Untouched("outage")
        case KeyUnavailableError():
            return Untouched("credentials", final=True)
        case OutOfTimeError():
            return Untouched("out_of_time", final=True)
        case NoReplyError():
            # PRO may still be working through the list, whoever cut the connection: it is not asked again now.
            return Doubtful("outcome_unknown", again=False, open=True)


def _judge_refusal(call: AllocationCall, mode: AllocationMode, reply: Reply) -> Verdict:
    wish = reply.retry_after_seconds
    if reply.status == 429 or (reply.status == 403 and wish is not None):
        return Untouched("throttled", wish)
    if reply.status in AT_IT_STILL:
        return Doubtful("outcome_unknown", again=False, retry_after_seconds=wish, open=True)
    error = read_error(reply.body) if is_refusal(reply.status) else None
    if error is None and reply.status in NOT_AUTHORISED:
        return Untouched("credentials", final=True)
    if error is None:
        return Doubtful("outage", retry_after_seconds=wish, open=True)
    if reply.status == NOTHING_FITS:
        error = Failure(NO_CARRIER_SERVICE_AVAILABLE, error.message)
    if error.code in MODE_NOT_FOUND:
        kind = mode.name.replace("_", " ")
        error = Failure(error.code, f"{kind} {mode.reference}: {error.message}")
    elif len(call.references) > 1:
        # The error is of one of them, or of how many they are: each is asked for by itself.
        return Doubtful("outage")
    return Doubtful("outage", failure=error)


def _judge_items(call: AllocationCall, reply: Reply) -> dict[ConsignmentReference, Verdict]:
    # 202 says that the work is not over: what it leaves open is not asked for again at once.
    unanswered = Doubtful("outcome_unknown", again=reply.status != 202, open=True)
    try:
        items = read_items(reply.body)
    except UnreadableReplyError:
        return dict.fromkeys(call.references, unanswered)
    return {
        reference: _judge_item(items[reference]) if reference in items else unanswered for reference in call.references
    }


def _judge_item(item: Item) -> Verdict:
    if is_refusal(item.status):
        code = NO_CARRIER_SERVICE_AVAILABLE if item.status == NOTHING_FITS else item.failure.code
        return Doubtful("outage", failure=Failure(code, item.failure.message))
    if (
        item.status in (200, 201)
        and item.summary
        and (item.summary.carrier_service_reference or item.summary.carrier_reference)
    ):
        return Allocated(item.summary)
    if 200 <= item.status < 300:
        return Doubtful("outcome_unknown", again=False, open=True)
    return Doubtful("throttled") if item.status == 429 else Doubtful("outage", open=True)


def judge_state(
    reference: ConsignmentReference, doubt: Doubtful, reply: Reply | CallError, base_url: str
) -> Outcome | Deferred | TryAgain:
    """What PRO's own state of a consignment means, after a call that left a doubt about it."""
    if isinstance(reply, KeyUnavailableError):
        return Deferred("credentials")
    if isinstance(reply, OutOfTimeError) and doubt is ASKED_BEFORE:
        return Deferred("out_of_time")
    if not isinstance(reply, Reply):
        return Deferred("outcome_unknown", doubt.retry_after_seconds)
    if reply.status in NOT_AUTHORISED:
        return _judge_refused_state(reply)
    unknown = Deferred("outcome_unknown", reply.retry_after_seconds or doubt.retry_after_seconds)
    # An empty 404 may be a gateway's, or the wrong URL's: it counts beside an error of PRO's own.
    if reply.status == 404 and not doubt.open and (read_error(reply.body) or (doubt.failure and not reply.body)):
        return AllocationFailed(Failure(CONSIGNMENT_NOT_FOUND, f"PRO knows no consignment {reference}"))
    if reply.status != 200:
        return unknown
    try:
        return _judge_status(doubt, read_consignment(reply.body, reference, base_url))
    except UnreadableReplyError:
        return unknown


def _judge_refused_state(reply: Reply) -> Deferred:
    """What it means that the state may not be read: as for a call, 403 is about the key unless it says more.

    Then it is about the consignment, and whatever error the call had, it may be allocated: somebody has to look.
    """
    if reply.status == FORBIDDEN and reply.retry_after_seconds is not None:
        return Deferred("throttled", reply.retry_after_seconds)
    if reply.status == FORBIDDEN and read_error(reply.body):
        return Deferred("state_forbidden")
    return Deferred("credentials")


def _judge_status(doubt: Doubtful, status: ConsignmentStatus) -> Outcome | Deferred | TryAgain:
    if status.allocated:
        return status.allocated
    if status.state in PASSING_STATES:
        return Deferred("outcome_unknown", doubt.retry_after_seconds)
    if doubt.open and (doubt.failure or status.state == AllocationFailed.state):
        return Deferred("outcome_unknown", doubt.retry_after_seconds)
    if doubt.failure:
        return AllocationFailed(_named(doubt.failure, status))
    return (
        TryAgain(doubt.cause, doubt.retry_after_seconds)
        if doubt.again
        else Deferred(doubt.cause, doubt.retry_after_seconds)
    )


def _named(failure: Failure, status: ConsignmentStatus) -> Failure:
    """The failure by the code that every allocator gives it, where PRO's state names it and its error has no code."""
    if status.state == AllocationFailed.state and failure.code == ALLOCATION_REFUSED:
        return Failure(NO_CARRIER_SERVICE_AVAILABLE, failure.message)
    return failure


def is_refusal(status: int) -> bool:
    """Tells whether a status is an answer about the request itself, rather than about PRO's health or our key."""
    return status == NOTHING_FITS or (400 <= status < 500 and status not in PASSING_STATUSES)
