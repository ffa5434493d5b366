"""Reads what an Allocation Summary lacks: the price, and the day by which SortedPRO expects the delivery."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from allocation.domain.outcome import Allocated, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import CallError, OutOfTimeError, ParallelCalls
from allocation.pro.client import ProReply
from allocation.pro.replies import UnreadableReplyError
from allocation.pro.state import read_consignment

_OUT_OF_TIME: Final = Deferred(DeferralCause.OUT_OF_TIME)


def detailed(
    answers: Mapping[ConsignmentReference, Outcome | Deferred], calls: ParallelCalls
) -> dict[ConsignmentReference, Allocated | Deferred]:
    """Return the allocations that PRO has just made, each with its price and its delivery date.

    One whose consignment can't be read now is deferred: the next delivery reads it, and every record has its price.
    """
    new = {
        reference: answer
        for reference, answer in answers.items()
        if isinstance(answer, Allocated) and not (answer.by and answer.by.is_adopted) and answer.price is None
    }
    replies = calls.states(list(new))
    base_url = calls.client.base_url
    return {each: _with_details(each, new[each], replies[each], base_url) for each in new}


def _with_details(
    reference: ConsignmentReference, allocated: Allocated, reply: ProReply | CallError, base_url: str
) -> Allocated | Deferred:
    if isinstance(reply, OutOfTimeError):
        return _OUT_OF_TIME
    waiting = Deferred(DeferralCause.OUTCOME_UNKNOWN, why=f"PRO has allocated {reference}; its price can't be read")
    if not isinstance(reply, ProReply) or reply.status != 200:
        return waiting
    try:
        found = read_consignment(reply.body, reference, base_url).allocated
    except UnreadableReplyError:
        return waiting
    return replace(allocated, price=found.price, delivered_by=found.delivered_by) if found else waiting
