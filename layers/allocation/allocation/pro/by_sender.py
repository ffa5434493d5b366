"""What SortedPRO has by the references that senders gave: what its search finds, and which event its content is from.

The request is in its help, "Getting Consignment Data", Get Consignments References. PRO takes one reference of a
sender's any number of times.
"""

from collections.abc import Mapping
from typing import Annotated, Final, assert_never

from pydantic import TypeAdapter, ValidationError, WrapValidator

from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.domain.outcome import AllocationFailed, Cancelled, Deallocated, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference, OrderReference, is_pro_reference
from allocation.observability import count, logger
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import ReplyPart, read_error
from allocation.pro.state import none_if_unreadable
from allocation.pro.verdicts import FORBIDDEN, NOT_AUTHORISED, TOO_MANY

# What PRO may find by one reference of a sender's. With more, its search is no search for it.
MAX_FOUND: Final = 20
# In these states a consignment ships with nobody, and may be changed.
CHANGEABLE: Final = frozenset({Deallocated.state, AllocationFailed.state})
# The keys of metadata that name the event whose content was created, or put in its place.
_CREATED_BY: Final = "carrier-allocation.event"
_UPDATED_BY: Final = "carrier-allocation.update"
# The order that such an update is of.
_ORDER: Final = "carrier-allocation.order"


class _MetaDatum(ReplyPart):
    key_value: str | None = None
    string_value: str | None = None


class _FoundConsignment(ReplyPart):
    reference: str
    consignment_state: str
    consignment_reference_provided_by_customer: str | None = None
    meta_data: Annotated[list[_MetaDatum] | None, WrapValidator(none_if_unreadable)] = None


_REFERENCES: Final = TypeAdapter(list[str])


@frozen
class FoundAtPro:
    """A consignment of PRO's: its state, its sender's reference, and the events that its content is from.

    `order` is that of the update that its content is from. Contents that earlier versions wrote have none.
    """

    state: str
    senders: str | None
    created_by: str | None = None
    updated_by: str | None = None
    order: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether this software created it."""
        return self.created_by is not None or self.updated_by is not None


def marker(event_id: str, *, is_update: bool) -> dict[str, str]:
    """Return the metadata that says which event a content is from."""
    return {"KeyValue": _UPDATED_BY if is_update else _CREATED_BY, "StringValue": event_id}


def order_marker(order: OrderReference) -> dict[str, str]:
    """Return the metadata that says which order an update is of."""
    return {"KeyValue": _ORDER, "StringValue": order}


def read_found(reference: ConsignmentReference, body: bytes) -> FoundAtPro | None:
    """Return a consignment of PRO's, or None if the reply can't be read or is about another one."""
    try:
        detail = _FoundConsignment.model_validate_json(body)
    except ValidationError:
        return None
    if detail.reference != reference:
        return None
    marked = {each.key_value: each.string_value for each in detail.meta_data or ()}
    senders = detail.consignment_reference_provided_by_customer
    return FoundAtPro(
        detail.consignment_state, senders, marked.get(_CREATED_BY), marked.get(_UPDATED_BY), marked.get(_ORDER)
    )


def judge_search(reference: ConsignmentReference, reply: ProReply | CallError) -> list[ConsignmentReference] | Deferred:
    """Return the consignments at PRO that may have this reference of their sender's, or why that is not known."""
    if not isinstance(reply, ProReply) or reply.status != 200:
        # An empty 404 may come from a gateway or a wrong URL.
        is_none = isinstance(reply, ProReply) and reply.status == 404 and read_error(reply.body)
        return [] if is_none else why_not_read(reference, reply)
    try:
        found = _REFERENCES.validate_json(reply.body)
    except ValidationError:
        why = f"PRO's reply to the search for {reference} is no list of references"
        return Deferred(DeferralCause.REPLY_UNREADABLE, why=why)
    if len(found) > MAX_FOUND:
        why = f"PRO finds {len(found)} consignments for the sender's reference {reference}, and at most one is expected"
        return Deferred(DeferralCause.MISCONFIGURED, why=why)
    return [ConsignmentReference(each) for each in dict.fromkeys(found) if is_pro_reference(each)]


def judge_found(
    reference: ConsignmentReference, replies: Mapping[ConsignmentReference, ProReply | CallError]
) -> ConsignmentReference | Deferred | None:
    """Return the consignment at PRO that has just this reference of its sender's, or None if there is none.

    One that is cancelled counts only where there is no other: it was created all the same. Several leave it open which
    is meant.
    """
    known: dict[ConsignmentReference, FoundAtPro] = {}
    for found, reply in replies.items():
        if not isinstance(reply, ProReply) or reply.status != 200:
            return why_not_read(reference, reply)
        read = read_found(found, reply.body)
        if read is None:
            why = f"PRO's reply about {found} can't be read, or is about another consignment"
            return Deferred(DeferralCause.REPLY_UNREADABLE, why=why)
        if read.senders == reference:
            known[found] = read
    alive = [found for found, read in known.items() if read.state != Cancelled.state] or list(known)[:1]
    alive = _meant(alive, known) if len(alive) > 1 else alive
    if len(alive) > 1:
        why = f"PRO has {' and '.join(alive[:5])} for the sender's reference {reference}: cancel all but one there"
        return Deferred(DeferralCause.MISCONFIGURED, why=why)
    return alive[0] if alive else None


def _meant(
    alive: list[ConsignmentReference], known: Mapping[ConsignmentReference, FoundAtPro]
) -> list[ConsignmentReference]:
    """Return the one of several that goes on, where this software created them all: twins of which a search hid one."""
    if not all(known[each].is_ours for each in alive):
        return alive
    meant = [each for each in alive if known[each].state not in CHANGEABLE] or [min(alive)]
    others = [each for each in alive if each not in meant]
    count(MetricName.PRO_TWINS, len(others))
    logger.error("several consignments for one reference", extra={"consignments": meant, "to_cancel": others})
    return meant


def why_not_read(reference: ConsignmentReference, reply: ProReply | CallError) -> Deferred:
    """Return why nothing is known of a consignment, by a reply that has no answer."""
    match reply:
        case ProReply(status=status, retry_after_seconds=wait):
            if status == TOO_MANY or is_quota(reply):
                return Deferred(DeferralCause.THROTTLED, wait)
            if status in NOT_AUTHORISED:
                return Deferred(DeferralCause.CREDENTIALS)
            why = f"PRO answers {status} about the sender's reference {reference}"
            return Deferred(DeferralCause.OUTAGE, wait, why)
        case KeyUnavailableError():
            return Deferred(DeferralCause.CREDENTIALS)
        case OutOfTimeError():
            return Deferred(DeferralCause.OUT_OF_TIME)
        case NotSentError() | NoReplyError():
            return Deferred(DeferralCause.OUTAGE)
        case _:
            assert_never(reply)


def is_quota(reply: ProReply) -> bool:
    """Tell whether a reply is about a used-up quota of calls, and not about a consignment."""
    return reply.status == FORBIDDEN and reply.retry_after_seconds is not None
