"""What each reply to an allocation call means for each consignment: the matrix of `docs/pro-client.md`, row by row.

What SortedPRO's own state of a consignment means then is in `state_verdicts.py`.
"""

from dataclasses import field
from datetime import datetime
from typing import Final, Literal, assert_never

from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, ModeName, ReferencedMode
from allocation.domain.outcome import (
    Allocated,
    DeferralCause,
    Failure,
    FailureCode,
)
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import AllocationCall, CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import ReplyItem, UnreadableReplyError, read_error, read_items

# A gateway's own statuses: PRO behind it may still execute the call.
_GATEWAY_GAVE_UP: Final = frozenset({502, 504})
_STATUS_ACCEPTED: Final = 202
FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
TOO_MANY: Final = 429
# 403 is about the key unless it says more: a used-up quota comes with `Retry-After`, PRO's own 403 with a code.
NOT_AUTHORISED: Final = frozenset({401, FORBIDDEN})
# The successor product's status for a failed allocation. A gateway's own 521 has no error of PRO's: an outage.
_NOTHING_FITS: Final = 521
# The 400s that say nothing about the consignment.
_PASSING_STATUSES: Final = frozenset({401, 408, 409, 423, 425, 429})

# Why PRO gave no outcome.
Cause = Literal[
    DeferralCause.THROTTLED,
    DeferralCause.OUTAGE,
    DeferralCause.CREDENTIALS,
    DeferralCause.OUTCOME_UNKNOWN,
    DeferralCause.ALLOCATING,
    DeferralCause.UNDER_WAY,
    DeferralCause.REPLY_UNREADABLE,
    DeferralCause.MISCONFIGURED,
    DeferralCause.NOT_FOUND_YET,
    DeferralCause.STATE_FORBIDDEN,
    DeferralCause.OUT_OF_TIME,
    DeferralCause.ALLOCATOR_CRASHED,
]


@frozen
class Untouched:
    """PRO has not got the call, or not looked at it. The same call may be sent again, unless this is `final`."""

    cause: Cause
    retry_after_seconds: int | None = None
    final: bool = False


@frozen
class Throttled:
    """There are too many calls. The consignments that PRO's state shows as unallocated may be asked for again."""

    retry_after_seconds: int | None = None


@frozen
class Doubtful:
    """PRO may have allocated. Its state is read before anything else is done.

    If the consignment is not allocated, `failure` is the outcome. Without a `failure`, the consignment is tried again,
    or, if that `is_useless`, returns to the queue for `cause`. Its state `AllocationFailed` changes nothing about that:
    it may be older than this order, unless `failure_counts`.

    A call is `open` if PRO may still execute it: it has not answered, or has only said that something went wrong. While
    a call is open the consignment is never tried again, and no failure is an outcome: PRO allows another try after a
    failure, and the open call may be that try.
    """

    cause: Cause
    failure: Failure | None = None
    retry_after_seconds: int | None = None
    open: bool = False
    failure_counts: bool = False
    is_useless: bool = False
    # What to tell an operator, if the consignment returns to the queue.
    why: str = field(default="", compare=False)
    # When PRO was first asked for the consignment, in aware UTC.
    since: datetime | None = field(default=None, compare=False)


# An earlier caller asked PRO, and may have ended after the allocation but before it was written down.
ASKED_BEFORE: Final = Doubtful(DeferralCause.OUTCOME_UNKNOWN)
# PRO answered that there are too many calls, perhaps after it had done the work.
AFTER_THROTTLING: Final = Doubtful(DeferralCause.THROTTLED)
# PRO has accepted the allocation, or is carrying it out. Its state tells when it is done; it is not asked again.
ACCEPTED: Final = Doubtful(DeferralCause.ALLOCATING, open=True)
# PRO answered a call, and said nothing about the consignment.
_UNANSWERED: Final = Doubtful(DeferralCause.OUTCOME_UNKNOWN, open=True)
# PRO may still execute a call of an earlier caller.
UNDER_WAY: Final = Doubtful(DeferralCause.UNDER_WAY, open=True)


@frozen
class TryAgain:
    """Nothing is allocated, by PRO's state or because PRO has not got the call. Another try may be made.

    With `reads_first` the state is still to be read, right before that try.
    """

    cause: Cause
    retry_after_seconds: int | None = None
    reads_first: bool = False


Verdict = Allocated | Untouched | Throttled | Doubtful


def judge(
    call: AllocationCall, mode: AllocationMode, reply: ProReply | CallError
) -> dict[ConsignmentReference, Verdict]:
    """Return what an allocation call's reply means for each consignment of the call."""
    if isinstance(reply, ProReply) and 200 <= reply.status < 300:
        return _judge_items(call, mode, reply)
    verdict = _judge_refusal(call, mode, reply) if isinstance(reply, ProReply) else _judge_error(reply)
    return dict.fromkeys(call.references, verdict)


def _judge_error(error: CallError) -> Verdict:
    match error:
        case NotSentError():
            return Untouched(DeferralCause.OUTAGE)
        case KeyUnavailableError():
            return Untouched(DeferralCause.CREDENTIALS, final=True)
        case OutOfTimeError():
            return Untouched(DeferralCause.OUT_OF_TIME, final=True)
        case NoReplyError():
            # PRO may still be working through the list, whoever cut the connection, so it is not asked again now.
            return Doubtful(DeferralCause.OUTCOME_UNKNOWN, open=True)
        case _:
            assert_never(error)


def _judge_refusal(call: AllocationCall, mode: AllocationMode, reply: ProReply) -> Verdict:
    wait = reply.retry_after_seconds
    if reply.status == TOO_MANY or (reply.status == FORBIDDEN and wait is not None):
        return Throttled(wait)
    if reply.status in _GATEWAY_GAVE_UP:
        return Doubtful(DeferralCause.OUTCOME_UNKNOWN, retry_after_seconds=wait, open=True)
    error = read_error(reply.body) if is_refusal(reply.status) else None
    if error is None and reply.status in NOT_AUTHORISED:
        return Untouched(DeferralCause.CREDENTIALS, final=True)
    if error is None:
        return Doubtful(DeferralCause.OUTAGE, retry_after_seconds=wait, open=True)
    if reply.status == _NOTHING_FITS:
        error = Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, error.message)
    if _is_mode_unknown(mode, error):
        return _misconfigured(mode)
    if len(call.references) > 1:
        # The error is about one of them, or about their number. Each gets a call of its own.
        return Doubtful(DeferralCause.OUTAGE)
    return Doubtful(DeferralCause.OUTAGE, failure=error)


def _is_mode_unknown(mode: AllocationMode, failure: Failure) -> bool:
    """Tell whether PRO says that it does not have the service group or carrier service that the mode names."""
    return mode.reference is not None and failure.code == _not_found_code(mode.name)


def _not_found_code(mode: ReferencedMode) -> FailureCode:
    """Return PRO's code for a mode that names what PRO does not have. Modes are the stack's own set-up."""
    match mode:
        case ModeName.SERVICE_GROUP:
            return FailureCode.SERVICE_GROUP_NOT_FOUND
        case ModeName.CARRIER_SERVICE:
            return FailureCode.CARRIER_SERVICE_NOT_FOUND
        case _:
            assert_never(mode)


def _misconfigured(mode: AllocationMode) -> Doubtful:
    kind, name = mode.name.replace("_", " "), mode.name.title().replace("_", "")
    why = (
        f"PRO has no {kind} {mode.reference}: correct the stack's {name}Reference or the routing table of its "
        f"catalogue, whichever names it, or create the {kind} in PRO"
    )
    return Doubtful(DeferralCause.MISCONFIGURED, is_useless=True, why=why)


def _judge_items(call: AllocationCall, mode: AllocationMode, reply: ProReply) -> dict[ConsignmentReference, Verdict]:
    # 202 says that the work is not finished.
    unanswered = ACCEPTED if reply.status == _STATUS_ACCEPTED else _UNANSWERED
    try:
        items = read_items(reply.body)
    except UnreadableReplyError as error:
        unreadable = Doubtful(DeferralCause.REPLY_UNREADABLE, open=True, why=f"PRO's reply {error}")
        return dict.fromkeys(call.references, ACCEPTED if reply.status == _STATUS_ACCEPTED else unreadable)
    return {
        reference: _judge_item(items[reference], mode) if reference in items else unanswered
        for reference in call.references
    }


def _judge_item(item: ReplyItem, mode: AllocationMode) -> Verdict:
    if is_refusal(item.status) and _is_mode_unknown(mode, item.failure):
        return _misconfigured(mode)
    if is_refusal(item.status):
        return Doubtful(DeferralCause.OUTAGE, failure=_item_failure(item))
    if (
        item.status in (200, 201)
        and item.summary
        and (item.summary.carrier_service_reference or item.summary.carrier_reference)
    ):
        return Allocated(item.summary)
    if item.status == _STATUS_ACCEPTED:
        return ACCEPTED
    if 200 <= item.status < 300:
        return _UNANSWERED
    if item.status == TOO_MANY:
        return AFTER_THROTTLING
    return Doubtful(DeferralCause.OUTAGE, open=True)


def _item_failure(item: ReplyItem) -> Failure:
    """Return why an item failed: by its status where the item has no code."""
    code = item.failure.code
    if item.status == _NOTHING_FITS:
        code = FailureCode.NO_CARRIER_SERVICE_AVAILABLE
    elif item.status == _NOT_FOUND and code == FailureCode.ALLOCATION_REFUSED:
        code = FailureCode.CONSIGNMENT_NOT_FOUND
    return Failure(code, item.failure.message)


def is_turned_away(status: int) -> bool:
    """Tell whether PRO has refused to look at a call: too many of them, or a key that it does not accept."""
    return status == TOO_MANY or status in NOT_AUTHORISED


def is_refusal(status: int) -> bool:
    """Tell whether a status is about the request itself, rather than about PRO's health or our key."""
    return status == _NOTHING_FITS or (400 <= status < 500 and status not in _PASSING_STATUSES)
