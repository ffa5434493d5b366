"""Creating a consignment in SortedPRO: what is sent, and what each reply means.

PRO has no idempotency key for that either. The requests are in its help, "Creating New Consignments" and "Updating
Existing Consignments": `POST /consignments` answers a link to the new consignment, and `PUT /consignments` replaces
what was sent of one. What PRO has already is found in `by_sender.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, assert_never
from unicodedata import normalize

from pydantic import TypeAdapter, ValidationError

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.outcome import AllocationFailed, DeferralCause, Deferred, Failure
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.exact_json import written
from allocation.pro.by_sender import is_quota, marker, order_marker, why_not_read
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import MAX_PARTS, ReplyPart, read_error
from allocation.pro.verdicts import is_refusal, is_turned_away

_SENDERS: Final = "ConsignmentReferenceProvidedByCustomer"
# The fields of PRO's create request (`CreateConsignmentRequest`), without those that are written here.
_FIELDS: Final = ("Source", "Packages", "Addresses", "CustomsDocumentation", "Direction", "ShippingDate", "Tags")
# Its update request (`UpdateConsignmentRequest`) has no others, and another name for the delivery date.
_FIELDS_OF_CHANGE: Final = tuple(each for each in _FIELDS if each not in ("Source", "Direction"))
# A shorter text, such as a title, may be a part of any word.
_MIN_PERSONAL: Final = 3
# A telephone number has 15 digits at most (ITU-T E.164), and signs between them.
_MAX_NUMBER_TEXT: Final = 40
_NUMBER_GAP: Final = r"[\s()./-]*"
_PERSONAL: Final = ("Addresses", "CustomsDocumentation", "MetaData")
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
        "KeyValue",
    }
)


@frozen
class NotCreated:
    """No consignment in PRO that is known of. While the call is `open`, PRO may still create it."""

    deferred: Deferred
    open: bool = False


class _Link(ReplyPart):
    rel: str | None = None
    href: str


_LINKS: Final = TypeAdapter(list[_Link] | _Link)


def creation_body(consignment: Consignment) -> bytes:
    """Return the body that creates a consignment: what PRO's contract has of what its sender wrote.

    PRO knows it by the reference of our record. A second reference of its sender's is kept as metadata, beside the
    event that the content is from.
    """
    return written(_body(consignment, _FIELDS, "RequiredDeliveryDate")).encode()


def change_body(consignment: Consignment, there: ConsignmentReference) -> bytes:
    """Return the body that gives a consignment of PRO's other content. What it does not have is taken away."""
    return written({"Reference": there, **_body(consignment, _FIELDS_OF_CHANGE, "RequestedDeliveryDate")}).encode()


def _body(consignment: Consignment, fields: Sequence[str], delivery_date: str) -> dict[str, Any]:
    sent = consignment.to_create or {}
    body: dict[str, Any] = {_SENDERS: consignment.reference}
    body |= {name: sent[name] for name in fields if sent.get(name) is not None}
    delivery = sent.get("RequiredDeliveryDate") or sent.get("RequestedDeliveryDate")
    if delivery is not None:
        body[delivery_date] = delivery
    metadata = [marker(consignment.event_id, is_update=consignment.is_update)]
    if consignment.is_update and consignment.order_reference:
        metadata.append(order_marker(consignment.order_reference))
    own = sent.get("MetaData")
    metadata += own if isinstance(own, list) else []
    if consignment.customer_reference and consignment.customer_reference != consignment.reference:
        metadata.append({"KeyValue": _SENDERS, "StringValue": consignment.customer_reference})
    return {**body, "MetaData": metadata}


def judge_creation(
    consignment: Consignment, reply: ProReply | CallError
) -> ConsignmentReference | AllocationFailed | NotCreated:
    """Return what PRO created, why it refuses to, or why that is not known."""
    match reply:
        case ProReply():
            return _judge_reply(consignment, reply)
        case NotSentError() | KeyUnavailableError() | OutOfTimeError():
            return NotCreated(why_not_read(consignment.reference, reply))
        case NoReplyError():
            return NotCreated(_unknown(consignment.reference), open=True)
        case _:
            assert_never(reply)


def judge_change(
    consignment: Consignment, there: ConsignmentReference, reply: ProReply | CallError
) -> AllocationFailed | NotCreated | None:
    """Return None if PRO has given its consignment other content; else why it refuses to, or why that is not known."""
    verdict = judge_creation(consignment, reply)
    # PRO answers a link to the consignment.
    if verdict == there:
        return None
    if isinstance(verdict, AllocationFailed) or (isinstance(verdict, NotCreated) and not verdict.open):
        return verdict
    why = f"PRO was asked to change {there}, and it is not known what came of it"
    return NotCreated(Deferred(DeferralCause.OUTCOME_UNKNOWN, why=why), open=True)


def _judge_reply(consignment: Consignment, reply: ProReply) -> ConsignmentReference | AllocationFailed | NotCreated:
    if 200 <= reply.status < 300:
        return _created(reply.body) or NotCreated(_unknown(consignment.reference), open=True)
    error = read_error(reply.body)
    if is_refusal(reply.status) and error and not is_quota(reply):
        return AllocationFailed(without_personal(error, consignment))
    return NotCreated(why_not_read(consignment.reference, reply), open=not is_turned_away(reply.status))


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


def without_personal(failure: Failure, consignment: Consignment) -> Failure:
    """Return PRO's failure without what addresses, customs declaration and metadata say: its message may repeat it."""
    told = normalize("NFC", failure.message)
    letters, digits = told.casefold(), re.sub(r"\D", "", told)
    texts = {normalize("NFC", text) for text in _personal_texts(consignment.to_create)}
    # A pattern of all that was sent would take minutes: most of it is not in the message.
    numbers = {number for text in texts if (number := _number_in(text)) and number in digits}
    patterns = [r"\+?\(?" + _NUMBER_GAP.join(number) for number in numbers]
    patterns += [re.escape(text) for text in texts if len(text) >= _MIN_PERSONAL and text.casefold() in letters]
    if not patterns:
        return failure
    longest_first = sorted(patterns, key=len, reverse=True)
    return replace(failure, message=re.sub("|".join(longest_first), "...", told, flags=re.IGNORECASE))


def _number_in(text: str) -> str:
    """Return the digits of a telephone number, or of another number that a message may set apart; of all else none."""
    digits = re.sub(r"[\s().+/-]", "", text[:_MAX_NUMBER_TEXT])
    return digits if digits.isdecimal() and _MIN_PERSONAL <= len(digits) <= _MAX_NUMBER_TEXT // 2 else ""


def _personal_texts(sent: Any) -> Iterator[str]:
    """Yield what a sender's data says of people, also in packages and their items, but for what is nobody's own."""
    left = [(sent, False)]
    while left:
        item, is_personal = left.pop()
        if isinstance(item, str):
            if is_personal:
                yield item.strip()
        elif isinstance(item, int | float | Decimal) and not isinstance(item, bool):
            if is_personal:
                yield str(item)
        elif isinstance(item, Mapping):
            skipped = _IMPERSONAL if is_personal else frozenset()
            left += [(each, is_personal or name in _PERSONAL) for name, each in item.items() if name not in skipped]
        elif isinstance(item, list):
            left += [(each, is_personal) for each in item]
