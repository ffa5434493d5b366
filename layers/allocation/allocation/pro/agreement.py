"""Whether a record and SortedPRO agree about a consignment, and what would bring the record in line."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from allocation.domain.frozen import frozen
from allocation.domain.outcome import AllocatedBy, Cancelled, Deallocated, Standing
from allocation.domain.record import RecordSeen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CARRIED, STATES, CarriedState
from allocation.pro.calls import CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.replies import UnreadableReplyError, read_error
from allocation.pro.state import PASSING_STATES, ConsignmentAtPro, read_consignment


class Agreement(StrEnum):
    """What a look at both sides comes to."""

    AGREES = "agrees"
    # The record can be brought in line.
    DIFFERS = "differs"
    # No change of the record would be right: a person must look.
    CONTRADICTS = "contradicts"
    # One side is changing: look again later.
    UNSETTLED = "unsettled"
    # SortedPRO's state could not be read.
    UNREAD = "unread"


@frozen
class Finding:
    """What was found of a consignment.

    `at_pro` is SortedPRO's state, empty where it was not read. `changes` are what the record must be given, in turn,
    and `step` the one that its allocated consignment has taken since.
    """

    agreement: Agreement
    at_pro: str = ""
    service_at_pro: str | None = None
    text: str = ""
    changes: tuple[Standing, ...] = ()
    step: CarriedState | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """The states that the record must come into, in turn."""
        return (*(each.state for each in self.changes), *((self.step,) if self.step else ()))


def find_difference(
    reference: ConsignmentReference,
    seen: RecordSeen | None,
    reply: ProReply | CallError,
    base_url: str,
    settled_before: datetime,
) -> Finding:
    """Compare a record with SortedPRO's reply about its state, which was asked for after the record was read.

    A record that was written after `settled_before` is too young to be called wrong: SortedPRO may show it late.
    """
    at_pro = _state_in(reference, reply, base_url)
    here = AllocatedBy("pro", base_url)
    if seen and seen.allocated_by and seen.allocated_by.is_out_of_reach(here):
        return Finding(Agreement.CONTRADICTS, text=f"it {seen.allocated_by.advice(here)} to compare it")
    if isinstance(at_pro, Finding):
        return _of_unknown(seen) if at_pro.agreement is Agreement.CONTRADICTS else at_pro
    found = _compared(seen, at_pro)
    service = at_pro.allocated.summary.carrier_service_reference if at_pro.allocated else None
    if found.states and seen and seen.written_at and seen.written_at > settled_before:
        found = Finding(Agreement.UNSETTLED, text="the record is moments old: look again later")
    return replace(found, at_pro=at_pro.state, service_at_pro=service)


def _state_in(
    reference: ConsignmentReference, reply: ProReply | CallError, base_url: str
) -> ConsignmentAtPro | Finding:
    match reply:
        case ProReply(status=200):
            try:
                return read_consignment(reply.body, reference, base_url)
            except UnreadableReplyError:
                return Finding(Agreement.UNREAD, text="its reply can't be read")
        case ProReply(status=404) if read_error(reply.body):
            return Finding(Agreement.CONTRADICTS)
        case ProReply():
            return Finding(Agreement.UNREAD, text=f"it answers {reply.status}")
        case KeyUnavailableError():
            return Finding(Agreement.UNREAD, text="there is no usable key")
        case NotSentError() | NoReplyError() | OutOfTimeError():
            return Finding(Agreement.UNREAD, text="it does not answer")
        case _:
            assert_never(reply)


def _of_unknown(seen: RecordSeen | None) -> Finding:
    """Return what it means that SortedPRO has no such consignment. It may be asked at the wrong address."""
    if seen is None:
        return Finding(Agreement.CONTRADICTS, "unknown", text="neither side has it")
    if seen.carrier_service is None:
        return Finding(Agreement.AGREES, "unknown")
    return Finding(Agreement.CONTRADICTS, "unknown", text="SortedPRO does not know it: is this its right address?")


def _compared(seen: RecordSeen | None, at_pro: ConsignmentAtPro) -> Finding:
    if at_pro.state in PASSING_STATES:
        return Finding(Agreement.UNSETTLED, text="SortedPRO is not done: look again later")
    if seen is None:
        is_known = at_pro.allocated is not None
        return Finding(Agreement.CONTRADICTS if is_known else Agreement.AGREES, text="no record" if is_known else "")
    if seen.state not in STATES:
        return Finding(Agreement.CONTRADICTS, text="a later version of this software wrote the record")
    if seen.state == Cancelled.state:
        text = "cancelled here, and SortedPRO ships it: deallocate it there" if at_pro.allocated else ""
        return Finding(Agreement.CONTRADICTS if text else Agreement.AGREES, text=text)
    changes = _changes(seen, at_pro)
    state = changes[-1].state if changes else seen.state
    step = next((each for each in CARRIED if each == at_pro.state and each != state), None)
    return Finding(Agreement.DIFFERS if changes or step else Agreement.AGREES, changes=changes, step=step)


def _changes(seen: RecordSeen, at_pro: ConsignmentAtPro) -> tuple[Standing, ...]:
    """Return what brings a record in line. No allocation replaces another: the first one is taken back before."""
    if at_pro.state == Cancelled.state:
        return (Cancelled(),)
    if at_pro.allocated is None:
        return (Deallocated(),) if seen.carrier_service else ()
    if seen.carrier_service == at_pro.allocated.summary.carrier_service_reference:
        return ()
    return (Deallocated(), at_pro.allocated) if seen.carrier_service else (at_pro.allocated,)
