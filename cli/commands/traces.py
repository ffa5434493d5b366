"""How the history of an order or a consignment is shown: what became of each consignment first, then all about it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from shlex import quote
from typing import Final

from allocation.console.explained_decision import ExplainedDecision
from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Deallocated
from allocation.domain.state import CARRIED
from allocation.engine.explanation import shortened
from allocation.records.stored_record import StoredRecord
from cli.commands.dead_letters import print_letters
from cli.commands.trace_events import event_facts
from cli.commands.trace_json import tracking_references
from cli.explanation_tables import made_up_of, print_others, sentences
from cli.operations.records import KEY, MAX_SCANNED
from cli.operations.target import Target
from cli.operations.trace import History, Traced
from cli.output import counted, print_blank, print_facts, print_next, print_text, printable

# An order with more consignments than this shows one sentence of each.
_MAX_IN_SHORT: Final = 5
# Where a word begins inside a state such as `ReadyToShip`.
_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def print_history(name: str, history: History, target: Target, *, everything: bool) -> None:
    """Print what became of each consignment, then what may still come. `everything` leaves nothing out."""
    if not history.traced:
        print_text(_nothing_recorded(name, history, target))
    several = len(history.traced) > 1
    for number, traced in enumerate(history.traced):
        if everything or len(history.traced) <= _MAX_IN_SHORT:
            if number:
                print_blank()
            _print_traced(traced, history, in_short=several and not everything, everything=everything)
        else:
            print_text(_conclusion(traced))
    if several and not everything:
        print_blank()
        print_next("All about one of them", f"orders trace CONSIGNMENT{target.option}")
    if history.found.others:
        order = history.traced[0].record["orderReference"]
        print_blank()
        more = counted(history.found.others, "more consignment")
        print_next(f"The order has {more}", f"orders trace {quote(str(order))}{target.option}")
    _print_dead_letters(history, target)
    for line in _what_may_come(name, history, target):
        print_blank()
        print_text(line)


def _print_traced(traced: Traced, history: History, *, in_short: bool, everything: bool) -> None:
    print_text(_conclusion(traced))
    stored = traced.stored
    if stored is None:
        return
    if reason := stored.failure.message if stored.failure else stored.why:
        print_text(printable(reason))
    print_blank()
    print_facts([*_facts(stored, traced.explanation), *event_facts(traced, history)])
    explanation = traced.explanation
    if traced.trouble:
        print_text(f"Why is not known: {printable(traced.trouble)}.")
    if explanation and in_short:
        for line in sentences(explanation):
            print_text(f"  {line}")
    elif explanation:
        print_others(explanation, everything=everything)


def _conclusion(traced: Traced) -> str:
    """Return in a sentence what became of a consignment."""
    record, stored = traced.record, traced.stored
    reference = printable(str(record[KEY]))
    if stored is None:
        return f"{reference}: its record is of a later version of this software. Use that version to read it."
    match stored.state:
        case Allocated.state:
            return f"{reference} goes with {_service(stored)}{_for_how_much(stored)}."
        case AllocationFailed.state:
            return f"{reference} has no carrier service: {printable(stored.failure.code) if stored.failure else ''}."
        case Cancelled.state:
            return f"{reference} is cancelled."
        case Deallocated.state:
            return f"{reference} is deallocated: it has no carrier service now."
        case state if state in CARRIED:
            return f"{reference} goes with {_service(stored)}{_for_how_much(stored)}. It is {_step_of(state)}."
        case _:
            return f"{reference} is {printable(stored.state)}."


def _step_of(state: str) -> str:
    """Return a state such as `ReadyToShip` in words."""
    return _WORD.sub(" ", state).lower()


def _service(stored: StoredRecord) -> str:
    summary = stored.allocation_summary
    names = (stored.carrier_service_reference, summary.carrier_service_name if summary else None)
    carrier = (summary and summary.carrier_name) or stored.carrier_reference
    return printable(" ".join(filter(None, names)) + (f" of {carrier}" if carrier else ""))


def _for_how_much(stored: StoredRecord) -> str:
    price = stored.price
    return f" for {price.net} {price.currency} net, {price.gross} gross" if price else ""


def _facts(stored: StoredRecord, explanation: ExplainedDecision | None) -> Iterator[tuple[str, str]]:
    """Yield what a record says, each with its name."""
    own = f", the sender's {stored.customer_reference}" if stored.customer_reference else ""
    yield "Order", f"{stored.order_reference}{own}"
    if stored.pro_reference:
        yield "SortedPRO", stored.pro_reference
    if stored.pro_base_url:
        adopted = ", whose allocation was adopted" if stored.adopted else ""
        yield "Allocator", f"SortedPRO at {stored.pro_base_url}{adopted}"
    earlier = [each for each in stored.tried_event_ids if each != stored.event_id]
    before = f", after {', '.join(earlier)}" if earlier else ""
    yield "Asked by", f"key {stored.asked_by}" if stored.asked_by else f"event {stored.event_id or '-'}{before}"
    yield "Written", f"{_moment(stored.allocated_at)}, version {stored.version}"
    if stored.mode:
        mode = " ".join(filter(None, (stored.mode, stored.mode_reference)))
        row = f", by row {stored.route.row} of the routing table" if stored.route else ""
        preference = f", preference {explanation.preference}" if explanation else ""
        yield "Mode", f"{mode}{row}{preference}"
    yield from _journey(stored, explanation)
    if explanation:
        by = explanation.decided_by
        digests = f"catalogue {shortened(by.catalogue_digest)}, inputs {shortened(by.inputs_digest or '-')}"
        yield "Decided", f"{by.at:%Y-%m-%d %H:%M:%S}Z by catalogue {by.catalogue_version}, prices of {by.prices_of}"
        yield "Digests", digests
    if past := stored.past_failure:
        yield "Failed", f"before, {_moment(past.failed_at)}, {past.code}: {past.message}"
    if stored.moved_at:
        manifest = f", manifest {stored.manifest_reference}" if stored.manifest_reference else ""
        yield "On its way", f"{_step_of(stored.state)} since {_moment(stored.moved_at)}{manifest}"
    if stored.updated_by:
        yield "Updated", f"its content is that of update {stored.updated_by}"
    if refused := stored.refused_update:
        yield "Refused", f"update {refused.event_id}, {_moment(refused.at)}: too late"


def _journey(stored: StoredRecord, explanation: ExplainedDecision | None) -> Iterator[tuple[str, str]]:
    """Yield what an allocated consignment costs, when it travels, and its tracking references."""
    winner = explanation.winner if explanation else None
    if winner:
        price = winner.price
        yield "Price", f"{made_up_of(winner)} = {price.net} net, {price.vat} VAT, {price.gross} gross"
    elif stored.price:
        yield "Price", f"{stored.price.net} net, {stored.price.vat} VAT, {stored.price.gross} gross"
    if stored.collected_at:
        yield "Collected", _day_and_time(stored.collected_at)
    if stored.delivered_by:
        yield "Delivered", f"by {_day_and_time(stored.delivered_by).removesuffix(' UTC')}, local time"
    if tracking := tracking_references(stored):
        yield "Tracking", ", ".join(tracking)


def _moment(text: str) -> str:
    """Return a moment of a record without its fraction of a second."""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}Z"


def _day_and_time(text: str) -> str:
    return f"{datetime.fromisoformat(text):%a %d %b %Y %H:%M} UTC"


def _print_dead_letters(history: History, target: Target) -> None:
    for letter in history.dead_letters:
        print_blank()
        print_text("In the dead letter queue:")
        print_letters([letter])
        if history.is_allocated_since(letter):
            print_next("The order is allocated; discard the message", f"dlq discard {letter.message_id}{target.option}")
        else:
            print_next("Look at it, correct it and send it again", f"dlq show {letter.message_id}{target.option}")


def _nothing_recorded(name: str, history: History, target: Target) -> str:
    """Return the most that can be said of a name without a record."""
    shown = printable(name)
    if history.dead_letters:
        return f"{shown} has no outcome: its message is in the dead letter queue."
    if history.waits:
        last = history.waiting.returns[-1]
        return f"{shown} waits: {last.words}. Its message comes again by itself."
    if history.waiting.asked_pro or history.waiting.kept:
        return f"{shown} has no outcome yet."
    searched = f" Only {MAX_SCANNED:,} records were searched for other references." if history.found.is_cut else ""
    return f"{target.name} has no record of an order, consignment or event {shown}.{searched}"


def _what_may_come(name: str, history: History, target: Target) -> Iterator[str]:
    """Yield what is known of messages and events that are under way."""
    waiting = history.waiting
    if history.waits:
        number, last = counted(len(waiting.returns), "time"), waiting.returns[-1]
        yield f"Came back {number} in the last hour, at {last.at:%H:%M:%S}Z last ({last.cause})."
        if history.traced:
            # An order without a record begins with it.
            yield f"It waits: {last.words}."
    recorded = {str(each.record[KEY]) for each in history.traced}
    for reference, until in waiting.asked_pro.items():
        if reference not in recorded:
            then = "waits for its answer until" if until > datetime.now(UTC) else "asks again; the last call ended at"
            yield f"SortedPRO was asked for {printable(reference)}. The function {then} {until:%Y-%m-%d %H:%M:%S}Z."
    for reference, kept in waiting.kept.items():
        if reference not in recorded:
            source = "came with an order" if kept.is_ordered else "was created over the API"
            yield f"{printable(reference)} {source}, {kept.at:%Y-%m-%d %H:%M:%S}Z."
    yield from _queues(history)
    if history.log_trouble:
        yield (
            f"The publisher's log can't be read ({printable(history.log_trouble)}). "
            f"To see which events were published, ask CloudWatch Logs Insights over {target.publisher_log}:\n"
            '  filter message = "published" and @message like "<event id>"'
        )
    if waiting.log_trouble:
        trouble = printable(waiting.log_trouble)
        yield f"Whether {printable(name)} came back is not known: the queue function's log can't be read ({trouble})."


def _queues(history: History) -> Iterator[str]:
    """Yield what is on the queues, which nobody can search, unless they are empty and all is recorded."""
    waiting = history.waiting
    if waiting.on_queue or waiting.in_work:
        yield (
            f"Order queue: {counted(waiting.on_queue, 'message')} waiting, {waiting.in_work} in work or held back, "
            "of any order."
        )
    elif not (history.traced or history.dead_letters or waiting.kept or waiting.asked_pro):
        yield "The order queue is empty: nothing is under way. Check the reference, or ask the sender."
    if waiting.unpublished:
        yield f"Stream failure queue: {counted(waiting.unpublished, 'message')}, of any order."
