"""Creating a consignment in SortedPRO: what is sent, and what each reply means.

PRO has no idempotency key for that either. The requests are in its help, "Creating New Consignments" and "Getting
Consignment Data": `POST /consignments` answers a link to the new consignment, and Get Consignments References finds it
by the reference that its sender gave it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, assert_never

from pydantic import TypeAdapter, ValidationError

from allocation.domain.consignment import Consignment
from allocation.domain.outcome import AllocationFailed, DeferralCause, Deferred, Failure
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.exact_json import written
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import MAX_PARTS, ReplyPart, read_error
from allocation.pro.verdicts import FORBIDDEN, NOT_AUTHORISED, TOO_MANY, is_refusal

# What PRO may find by one reference of a sender's. With more, its search is no search for it.
MAX_FOUND: Final = 20
_SENDERS: Final = "ConsignmentReferenceProvidedByCustomer"
# The fields of PRO's create request (`CreateConsignmentRequest`), without those that are written here.
_FIELDS: Final = ("Source", "Packages", "Addresses", "CustomsDocumentation", "Direction", "ShippingDate", "Tags")
_CANCELLED: Final = "Cancelled"
# A shorter text, such as a title, may be a part of any word.
_MIN_PERSONAL: Final = 3
_PERSONAL: Final = ("Addresses", "CustomsDocumentation")
# Fields in them that are nobody's own.
_IMPERSONAL: Final = frozenset(
    {
        "AddressType",
        "ShippingLocationReference",
        "Country",
        "CategoryType",
        "ShippingTerms",
        "DeclarationDate",
        "InvoiceDate",
    }
)


@dataclass(frozen=True, slots=True)
class NotCreated:
    """No consignment in PRO that is known of. While the call is `open`, PRO may still create it."""

    deferred: Deferred
    open: bool = False


class _FoundConsignment(ReplyPart):
    reference: str
    consignment_state: str
    consignment_reference_provided_by_customer: str | None = None


class _Link(ReplyPart):
    rel: str | None = None
    href: str


_REFERENCES: Final = TypeAdapter(list[str])
_LINKS: Final = TypeAdapter(list[_Link] | _Link)


def creation_body(consignment: Consignment) -> bytes:
    """Return the body that creates a consignment: what PRO's contract has of what its sender wrote.

    PRO knows it by the reference of our record. A second reference of its sender's is kept as metadata.
    """
    sent = consignment.to_create or {}
    body: dict[str, Any] = {_SENDERS: consignment.reference}
    body |= {name: sent[name] for name in _FIELDS if sent.get(name) is not None}
    delivery = sent.get("RequiredDeliveryDate") or sent.get("RequestedDeliveryDate")
    if delivery is not None:
        body["RequiredDeliveryDate"] = delivery
    metadata = sent.get("MetaData")
    metadata = list(metadata) if isinstance(metadata, list) else []
    if consignment.customer_reference and consignment.customer_reference != consignment.reference:
        metadata.append({"KeyValue": _SENDERS, "StringValue": consignment.customer_reference})
    if metadata:
        body["MetaData"] = metadata
    return written(body).encode()


def judge_search(reference: ConsignmentReference, reply: ProReply | CallError) -> list[ConsignmentReference] | Deferred:
    """Return the consignments at PRO that may have this reference of their sender's, or why that is not known."""
    if not isinstance(reply, ProReply) or reply.status != 200:
        # An empty 404 may come from a gateway or a wrong URL.
        is_none = isinstance(reply, ProReply) and reply.status == 404 and read_error(reply.body)
        return [] if is_none else _not_read(reference, reply)
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
    states: dict[ConsignmentReference, str] = {}
    for found, reply in replies.items():
        if not isinstance(reply, ProReply) or reply.status != 200:
            return _not_read(reference, reply)
        try:
            detail = _FoundConsignment.model_validate_json(reply.body)
        except ValidationError:
            return Deferred(DeferralCause.REPLY_UNREADABLE, why=f"PRO's reply about {found} can't be read")
        if detail.reference != found:
            why = f"PRO's reply about {found} is about another consignment"
            return Deferred(DeferralCause.REPLY_UNREADABLE, why=why)
        if detail.consignment_reference_provided_by_customer == reference:
            states[found] = detail.consignment_state
    alive = [found for found, state in states.items() if state != _CANCELLED] or list(states)[:1]
    if len(alive) > 1:
        why = f"PRO has {' and '.join(alive[:5])} for the sender's reference {reference}: cancel all but one there"
        return Deferred(DeferralCause.MISCONFIGURED, why=why)
    return alive[0] if alive else None


def judge_creation(
    consignment: Consignment, reply: ProReply | CallError
) -> ConsignmentReference | AllocationFailed | NotCreated:
    """Return what PRO created, why it refuses to, or why that is not known."""
    match reply:
        case ProReply():
            return _judge_reply(consignment, reply)
        case NotSentError() | KeyUnavailableError() | OutOfTimeError():
            return NotCreated(_not_read(consignment.reference, reply))
        case NoReplyError():
            return NotCreated(_unknown(consignment.reference), open=True)
        case _:
            assert_never(reply)


def _judge_reply(consignment: Consignment, reply: ProReply) -> ConsignmentReference | AllocationFailed | NotCreated:
    if 200 <= reply.status < 300:
        return _created(reply.body) or NotCreated(_unknown(consignment.reference), open=True)
    error = read_error(reply.body)
    if is_refusal(reply.status) and error and not _is_quota(reply):
        return AllocationFailed(without_personal(error, consignment))
    is_answer = reply.status == TOO_MANY or reply.status in NOT_AUTHORISED
    return NotCreated(_not_read(consignment.reference, reply), open=not is_answer)


def _created(body: bytes) -> ConsignmentReference | None:
    """Return PRO's reference in the links of a creation's reply, or None if they name not just one."""
    try:
        read = _LINKS.validate_json(body)
    except ValidationError:
        return None
    links = read if isinstance(read, list) else [read]
    named = {link.href.partition("?")[0].rstrip("/").rpartition("/")[2] for link in links[:MAX_PARTS]}
    pros = [each for each in named if is_pro_reference(each)]
    return ConsignmentReference(pros[0]) if len(pros) == 1 else None


def _unknown(reference: ConsignmentReference) -> Deferred:
    why = f"PRO was asked to create {reference}, and it is not known what came of it"
    return Deferred(DeferralCause.OUTCOME_UNKNOWN, why=why)


def _not_read(reference: ConsignmentReference, reply: ProReply | CallError) -> Deferred:
    """Return why nothing is known of a consignment, by a reply that has no answer."""
    match reply:
        case ProReply(status=status, retry_after_seconds=wait):
            if status == TOO_MANY or _is_quota(reply):
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


def _is_quota(reply: ProReply) -> bool:
    """Tell whether a reply is about a used-up quota of calls, and not about a consignment."""
    return reply.status == FORBIDDEN and reply.retry_after_seconds is not None


def without_personal(failure: Failure, consignment: Consignment) -> Failure:
    """Return PRO's failure without what addresses and the customs declaration say: its message may repeat it."""
    sent = consignment.to_create or {}
    texts = _texts_in([sent.get(name) for name in _PERSONAL])
    personal = sorted({text for text in texts if len(text) >= _MIN_PERSONAL}, key=len, reverse=True)
    if not personal:
        return failure
    return replace(
        failure, message=re.sub("|".join(map(re.escape, personal)), "...", failure.message, flags=re.IGNORECASE)
    )


def _texts_in(value: Any) -> Iterator[str]:
    """Yield the texts in a sender's data, however deep, but for those that are nobody's own."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item.strip()
        elif isinstance(item, Mapping):
            left += [each for name, each in item.items() if name not in _IMPERSONAL]
        elif isinstance(item, list):
            left += item
