"""What SortedPRO's own state of a consignment means, after a call that left it in doubt and after a deallocation."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from allocation.domain.outcome import (
    AllocationFailed,
    Cancelled,
    DeferralCause,
    Deferred,
    Failure,
    FailureCode,
    Outcome,
)
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import MAX_MESSAGE_CHARACTERS, UnreadableReplyError, read_error, read_object
from allocation.pro.state import ALLOCATING_STATE, PASSING_STATES, ConsignmentAtPro, read_consignment
from allocation.pro.verdicts import (
    ASKED_BEFORE,
    FORBIDDEN,
    NOT_AUTHORISED,
    TOO_MANY,
    Doubtful,
    TryAgain,
    is_refusal,
    is_turned_away,
)


def judge_state(
    reference: ConsignmentReference, doubt: Doubtful, reply: ProReply | CallError, base_url: str
) -> Outcome | Deferred | TryAgain:
    """Return what PRO's own state of a consignment means, after a call that left a doubt about it."""
    match reply:
        case ProReply():
            return _judge_state_reply(reference, doubt, reply, base_url)
        case KeyUnavailableError():
            return Deferred(DeferralCause.CREDENTIALS)
        case OutOfTimeError() if doubt == ASKED_BEFORE:
            return Deferred(DeferralCause.OUT_OF_TIME)
        case NotSentError() | NoReplyError() | OutOfTimeError():
            return _not_read(reference, doubt, doubt.retry_after_seconds)
        case _:
            assert_never(reply)


def _judge_state_reply(
    reference: ConsignmentReference, doubt: Doubtful, reply: ProReply, base_url: str
) -> Outcome | Deferred | TryAgain:
    if reply.status in NOT_AUTHORISED:
        return _judge_refused_state(reply, reference)
    if reply.status == TOO_MANY:
        return Deferred(DeferralCause.THROTTLED, reply.retry_after_seconds)
    # An empty 404 may come from a gateway or a wrong URL. It counts only together with an error of PRO's own.
    if reply.status == 404 and not doubt.open and (read_error(reply.body) or (doubt.failure and not reply.body)):
        return AllocationFailed(Failure(FailureCode.CONSIGNMENT_NOT_FOUND, f"PRO knows no consignment {reference}"))
    if reply.status != 200:
        return _not_read(reference, doubt, reply.retry_after_seconds or doubt.retry_after_seconds)
    try:
        return _judge_status(reference, doubt, read_consignment(reply.body, reference, base_url))
    except UnreadableReplyError as error:
        why = f"PRO's reply about {reference}, asked for at {_moment(doubt.since)}, {error}"
        return Deferred(DeferralCause.REPLY_UNREADABLE, doubt.retry_after_seconds, why)


def _not_read(reference: ConsignmentReference, doubt: Doubtful, seconds: int | None) -> Deferred:
    """Return why a consignment waits whose state could not be read."""
    why = f"PRO was asked for {reference} at {_moment(doubt.since)}, and its state can't be read"
    return Deferred(_waiting(doubt), seconds, why)


def _judge_status(
    reference: ConsignmentReference, doubt: Doubtful, status: ConsignmentAtPro
) -> Outcome | Deferred | TryAgain:
    if status.allocated:
        return status.allocated
    waiting = _waits_for(reference, doubt, status)
    if status.state == AllocationFailed.state and doubt.failure_counts:
        message = status.failure or "PRO gave no reason"
        return AllocationFailed(Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, message[:MAX_MESSAGE_CHARACTERS]))
    if waiting:
        return waiting
    if doubt.failure:
        return AllocationFailed(_named(doubt.failure, status))
    if doubt.is_useless:
        return Deferred(doubt.cause, doubt.retry_after_seconds, doubt.why)
    return TryAgain(doubt.cause, doubt.retry_after_seconds)


def _waits_for(reference: ConsignmentReference, doubt: Doubtful, status: ConsignmentAtPro) -> Deferred | None:
    """Return why a consignment waits for PRO, or None if PRO is doing nothing with it."""
    has_failed = status.state == AllocationFailed.state
    if status.state == ALLOCATING_STATE:
        cause = DeferralCause.ALLOCATING
    elif status.state in PASSING_STATES or (doubt.open and (doubt.failure or has_failed)):
        cause = _waiting(doubt)
    elif doubt.open:
        cause = doubt.cause
    else:
        return None
    told = f"PRO has {reference} in state {status.state} since {_moment(doubt.since)}, when it was asked for"
    return Deferred(cause, doubt.retry_after_seconds, f"{told}; {doubt.why}" if doubt.why else told)


def _waiting(doubt: Doubtful) -> DeferralCause:
    """Return why a consignment waits whose state does not settle a doubt."""
    goes_on = doubt.cause in (DeferralCause.ALLOCATING, DeferralCause.UNDER_WAY)
    return DeferralCause.UNDER_WAY if goes_on else DeferralCause.OUTCOME_UNKNOWN


def _moment(since: datetime | None) -> str:
    """Return a moment for an operator, or `an unknown time`."""
    return f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else "an unknown time"


def _named(failure: Failure, status: ConsignmentAtPro) -> Failure:
    """Return the failure under the code of all allocators, if PRO's error has no code and its state is a failure."""
    if status.state == AllocationFailed.state and failure.code == FailureCode.ALLOCATION_REFUSED:
        return Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, failure.message)
    return failure


def judge_deallocation(
    reference: ConsignmentReference, deallocation: ProReply | CallError, state: ProReply | CallError, base_url: str
) -> Deferred | None:
    """Return None if a consignment certainly has no carrier service after a deallocation, by PRO's own state.

    The reply to the deallocation says only how to wait: PRO refuses one of what is not allocated (400, 404, 409), and a
    lost reply says nothing.
    """
    unknown = _unknown_after(deallocation)
    if isinstance(state, ProReply) and state.status == 200:
        return _judge_deallocated_state(reference, state, base_url, unknown)
    return _judge_unread_state(reference, state, unknown)


def judge_cancellation(
    reference: ConsignmentReference, cancellation: ProReply | CallError, state: ProReply | CallError
) -> Deferred | None:
    """Return None if PRO's own state shows that a consignment is cancelled, as `judge_deallocation` does."""
    unknown = _unknown_after(cancellation)
    if isinstance(state, ProReply) and state.status == 200:
        refusal = read_error(cancellation.body) if isinstance(cancellation, ProReply) else None
        why = f"PRO has not cancelled {reference}" + (f": {refusal.code}" if refusal else "")
        return None if is_gone(state) else replace(unknown, why=why)
    return _judge_unread_state(reference, state, unknown)


def is_gone(state: ProReply | CallError) -> bool:
    """Tell whether PRO certainly has a consignment cancelled, or none at all."""
    if not isinstance(state, ProReply):
        return False
    if state.status == 404:
        return read_error(state.body) is not None
    try:
        return state.status == 200 and read_object(state.body).get("ConsignmentState") == Cancelled.state
    except UnreadableReplyError:
        return False


def _unknown_after(call: ProReply | CallError) -> Deferred:
    """Return why a consignment waits whose state does not show yet what a call asked for."""
    return Deferred(DeferralCause.OUTCOME_UNKNOWN, call.retry_after_seconds if isinstance(call, ProReply) else None)


def _judge_unread_state(
    reference: ConsignmentReference, state: ProReply | CallError, unknown: Deferred
) -> Deferred | None:
    """Return what it means that a state can't be read after a deallocation or a cancellation."""
    match state:
        case ProReply(status=404):
            return None if is_gone(state) else unknown
        case ProReply() if state.status in NOT_AUTHORISED:
            return _judge_refused_state(state, reference)
        case ProReply():
            throttled = state.status == TOO_MANY
            return replace(unknown, cause=DeferralCause.THROTTLED if throttled else DeferralCause.OUTAGE)
        case KeyUnavailableError():
            return Deferred(DeferralCause.CREDENTIALS)
        case OutOfTimeError():
            return Deferred(DeferralCause.OUT_OF_TIME)
        case NotSentError() | NoReplyError():
            return replace(unknown, cause=DeferralCause.OUTAGE)
        case _:
            assert_never(state)


def _judge_deallocated_state(
    reference: ConsignmentReference, state: ProReply, base_url: str, unknown: Deferred
) -> Deferred | None:
    try:
        status = read_consignment(state.body, reference, base_url)
    except UnreadableReplyError:
        return unknown
    return unknown if status.allocated or status.state in PASSING_STATES else None


def _judge_refused_state(reply: ProReply, reference: ConsignmentReference) -> Deferred:
    """Return what a 401 or 403 on reading the state means. As for a call, 403 is about the key unless it says more.

    A 403 with an error of PRO's is about the consignment. It may be allocated whatever the call's error was, so a
    person must look.
    """
    if reply.status == FORBIDDEN and reply.retry_after_seconds is not None:
        return Deferred(DeferralCause.THROTTLED, reply.retry_after_seconds)
    if reply.status == FORBIDDEN and read_error(reply.body):
        return Deferred(DeferralCause.STATE_FORBIDDEN, why=f"PRO forbids reading the state of {reference}")
    return Deferred(DeferralCause.CREDENTIALS)


def may_still_change(call: ProReply | CallError) -> bool:
    """Tell whether PRO may still execute a deallocation whose end its state does not show.

    It may unless it has refused it or has not got it. A success that the state does not bear out proves nothing: its
    documented body is empty, and so is many a gateway's.
    """
    match call:
        case NoReplyError():
            return True
        case NotSentError() | KeyUnavailableError() | OutOfTimeError():
            return False
        case ProReply(status=status):
            return not is_turned_away(status) and not (is_refusal(status) and read_error(call.body))
        case _:
            assert_never(call)
