"""Reads order-created and order-updated messages: what is valid of one, and what is wrong with the rest of it."""

import gc
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from allocation.consignments.allocatable_consignment import ProConsignment, ReferencedConsignment
from allocation.domain import consignment as domain
from allocation.domain.errors import InvalidMessageError, RefusalCode
from allocation.domain.frozen import frozen
from allocation.domain.order import Order
from allocation.domain.reference import (
    ConsignmentReference,
    OrderReference,
    is_consignment_reference,
    is_pro_reference,
    issued_reference,
)
from allocation.json_places import quoted
from allocation.orders.event_fields import require_known_version
from allocation.orders.event_types import CANCELLED, CREATED, UPDATED
from allocation.orders.order_messages import Envelope, ReferencesEnvelope
from allocation.orders.refusals import MAX_NAMED, listed, problem_text, refused, shown
from allocation.orders.wrappings import read_event

_NOT_PROS: Final = (
    "must be SortedPRO's own, such as EC-000-05B-MMA, since SortedPRO allocates here; other consignments need "
    "CreateInPro=on, which has SortedPRO create them, or a stack whose engine allocates"
)
_AnyConsignment = ProConsignment | ReferencedConsignment


@frozen
class ReadingRules:
    """What a stack reads of messages in its own way."""

    # Event types that mean an order was created, beside those that say so in their words.
    own_types: Container[str] = ()
    # SortedPRO allocates: consignments with references of its own are read by these only.
    only_pro_references: bool = False
    # It creates the others, as their senders wrote them.
    creates_in_pro: bool = False
    # Returns those of consignments that are not PRO's own that PRO was to create before that was switched off: they are
    # taken to their end. Raises `RetryableError`.
    taken: Callable[[Sequence[ConsignmentReference]], Container[str]] = lambda _: ()
    # Makes an order-created event of an order in the shop's own format. Returns any other event as it is.
    mapping: Callable[[dict[str, Any]], dict[str, Any]] | None = None

    @property
    def issues_references(self) -> bool:
        """Whether a consignment may come without a reference."""
        return not self.only_pro_references or self.creates_in_pro

    def event_in(self, body: str) -> dict[str, Any]:
        """Return the event in a message body, out of its wrappings and in our format. Raises `InvalidMessageError`."""
        event = read_event(body)
        return self.mapping(event) if self.mapping else event


USUAL_RULES: Final = ReadingRules()


@frozen
class ReadOrder:
    """What could be read of a message: an order of its valid consignments, and what is wrong with the others."""

    order: Order
    invalid: InvalidMessageError | None = None


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the garbage collector.

    A dense JSON text of 1 MiB is half a million objects. The collector would scan all of them again and again while
    they are made: three quarters of the time. Data read from JSON has no cycles, so counting references frees it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@paused_collector()
def read_order(body: str, rules: ReadingRules = USUAL_RULES) -> ReadOrder:
    """Read a message body, bare or wrapped.

    A consignment that is invalid, or whose reference occurs twice, is left out and named in `invalid`. It does not hold
    back the others of its order. Raises `InvalidMessageError` if nothing of the message can be used.
    """
    return created_order(rules.event_in(body), rules)


def created_order(event: dict[str, Any], rules: ReadingRules = USUAL_RULES) -> ReadOrder:
    """Return the order of an event that is out of its wrappings, as `read_order` does."""
    is_update = _is_update(event, rules)
    require_known_version(event)
    envelope: Envelope | None = None
    reason = ""
    try:
        envelope = (ReferencesEnvelope if rules.only_pro_references else Envelope).model_validate(event)
    except ValidationError as error:
        reason = _all_problems(event, error, rules)
    if envelope is None:
        # Not raised from Pydantic's error: it holds our validators' exceptions, whose frames hold this error, in a
        # cycle that the garbage collector can't see. Each such message would stay in memory for ever.
        raise refused(RefusalCode.INVALID_MESSAGE, reason)
    as_sent, taken = _with_references(envelope, rules)
    valid, problems, number = _read_consignments(as_sent, rules, taken)
    invalid = refused(RefusalCode.INVALID_MESSAGE, listed(problems, number, "; ")) if problems else None
    read = _without_repeated(envelope, as_sent, valid, invalid, rules)
    return _as_update(read) if is_update else read


def _as_update(read: ReadOrder) -> ReadOrder:
    consignments = tuple(replace(each, is_update=True) for each in read.order.consignments)
    return replace(read, order=replace(read.order, is_update=True, consignments=consignments))


def _is_update(event: dict[str, Any], rules: ReadingRules) -> bool:
    """Tell whether an event says that an order was updated.

    Raises `InvalidMessageError` if it does not say that one was created either.
    """
    kind = event.get("eventType")
    if isinstance(kind, str) and (kind in rules.own_types or CREATED.has(kind)):
        return False
    if UPDATED.has(kind):
        return True
    told = shown("eventType", kind) or "another text"
    named = f"{CREATED.usual!r}, {UPDATED.usual!r} or {CANCELLED.usual!r}"
    raise InvalidMessageError(RefusalCode.UNKNOWN_EVENT_TYPE, f"eventType is {told}: send {named}")


def _all_problems(event: dict[str, Any], error: ValidationError, rules: ReadingRules) -> str:
    """Return what is wrong with an event whose envelope is wrong: also what is wrong with its consignments."""
    problems = [problem_text(details) for details in error.errors(include_url=False)]
    if any(text.startswith("consignments: ") for text in problems):
        return listed(problems, len(problems), "; ")
    sent = event["consignments"]
    as_sent = [_with_reference(item, lambda: "CN-UNKNOWN") for item in sent] if rules.issues_references else sent
    _, more, number = _read_consignments(as_sent, rules, ())
    return listed(problems + more, len(problems) + number, "; ")


def _with_references(envelope: Envelope, rules: ReadingRules) -> tuple[list[Any], Container[str]]:
    """Return the consignments, which need not be valid, each with the reference that is issued if it has none.

    Where none are issued, only those have them that PRO was to create. Their references are returned, too.
    """
    order, sent = OrderReference(envelope.order_reference), envelope.consignments
    named = [_with_reference(item, partial(issued_reference, order, at)) for at, item in enumerate(sent)]
    if rules.issues_references:
        return named, ()
    references = [ConsignmentReference(each) for each in dict.fromkeys(map(_reference_of, named)) if each]
    # All in one look: one by one, an order of 500 takes seconds.
    taken = rules.taken([each for each in references if is_consignment_reference(each) and not is_pro_reference(each)])
    return [with_it if _reference_of(with_it) in taken else it for it, with_it in zip(sent, named, strict=True)], taken


def _with_reference(sent: Any, issue: Callable[[], str]) -> Any:
    return {**sent, "Reference": issue()} if isinstance(sent, dict) and sent.get("Reference") is None else sent


def _read_consignments(
    as_sent: list[Any], rules: ReadingRules, taken: Container[str]
) -> tuple[list[_AnyConsignment], list[str], int]:
    """Return the valid consignments, the first problems of the others, and the number of problems.

    Each consignment is read once: an invalid message takes no longer than a valid one.
    """
    valid: list[_AnyConsignment] = []
    model = ReferencedConsignment if rules.only_pro_references else ProConsignment
    problems: list[str] = []
    number = 0
    for at, sent in enumerate(as_sent):
        try:
            consignment: _AnyConsignment = model.model_validate(sent)
            if problem := _reference_problem(consignment.reference, rules, taken):
                number += 1
                problems.append(f"consignments[{at}].Reference: {problem} (got {quoted(consignment.reference)})")
            else:
                valid.append(consignment)
        except ValidationError as error:
            number += error.error_count()
            if len(problems) < MAX_NAMED:
                # No name for the details: they would hold a cycle, as above.
                problems += [problem_text(each, ("consignments", at)) for each in error.errors(include_url=False)]
    return valid, problems, number


def _reference_problem(reference: str, rules: ReadingRules, taken: Container[str]) -> str:
    """Return what is wrong with a valid reference where SortedPRO allocates; empty for one that it can use."""
    if not rules.only_pro_references or is_pro_reference(reference):
        return ""
    if not rules.creates_in_pro and reference not in taken:
        return _NOT_PROS
    if is_pro_reference(reference.upper()):
        return "looks like SortedPRO's own: write that in capitals"
    return ""


def _without_repeated(
    envelope: Envelope,
    as_sent: list[Any],
    valid: list[_AnyConsignment],
    invalid: InvalidMessageError | None,
    rules: ReadingRules,
) -> ReadOrder:
    """Return the order of the consignments whose reference occurs once: of two that differ, neither can be trusted.

    The references of invalid consignments count too. Raises `InvalidMessageError` if no consignment is left.
    """
    counts = Counter(map(_reference_of, as_sent))
    by_reference = {_reference_of(each): each for each in as_sent}
    once = tuple(
        _to_domain(item, envelope, by_reference[item.reference], rules) for item in valid if counts[item.reference] == 1
    )
    repeated = list(dict.fromkeys(item.reference for item in valid if counts[item.reference] > 1))
    if repeated:
        named = listed(repeated, len(repeated), ", ")
        others = f"; {invalid}" if invalid else ""
        invalid = refused(
            RefusalCode.DUPLICATE_CONSIGNMENT, f"consignments: send each reference once, not again {named}{others}"
        )
    if not once and invalid:
        raise invalid
    kept = {
        each.reference: _whole(by_reference[each.reference], each)
        for each in once
        if _is_readable(by_reference[each.reference], valid)
    }
    return ReadOrder(Order(envelope.event_id, OrderReference(envelope.order_reference), once, kept), invalid)


def _to_domain(
    consignment: _AnyConsignment, envelope: Envelope, sent: Mapping[str, Any], rules: ReadingRules
) -> domain.Consignment:
    """Return a consignment as allocators see it; its order's delivery option counts where it has none of its own."""
    read = consignment.to_domain()
    if rules.only_pro_references and not is_pro_reference(read.reference):
        order = OrderReference(envelope.order_reference)
        read = replace(read, to_create=sent, event_id=envelope.event_id, order_reference=order)
    option = envelope.delivery_option
    return replace(read, delivery_option=option) if option and not read.delivery_option else read


def _is_readable(sent: Any, valid: list[_AnyConsignment]) -> bool:
    """Tell whether the API can read what was sent. For SortedPRO more is accepted than that; it is not kept."""
    if not isinstance(valid[0], ReferencedConsignment):
        return True
    try:
        ProConsignment.model_validate(sent)
    except ValidationError:
        return False
    return True


def _whole(sent: dict[str, Any], consignment: domain.Consignment) -> dict[str, Any]:
    """Return a consignment as it was sent, with the delivery option of its order where it has none of its own."""
    option = consignment.delivery_option
    return {**sent, "DeliveryOption": option} if option else sent


def _reference_of(consignment: Any) -> str | None:
    """Return the reference of a consignment that need not be valid, or None."""
    reference = consignment.get("Reference") if isinstance(consignment, dict) else None
    return reference if isinstance(reference, str) else None
