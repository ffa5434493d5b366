"""Follows SortedPRO: what was done there since the last look reaches the records, with an event each.

PRO's state events (`POST /events/consignments/stateevents`, for the states that the request names) only say where to
look. What a record is given comes from the consignment's state, read afterwards, so that an event that comes twice or
late changes nothing.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.domain.reference import ConsignmentReference, is_consignment_reference, is_pro_reference
from allocation.domain.state import STATES
from allocation.observability import count, crash, logger
from allocation.ports import Deadline
from allocation.pro.agreement import Agreement
from allocation.pro.aligning import Aligning, Looked
from allocation.pro.client import NoReplyError
from allocation.pro.replies import ReplyPart

_PATH: Final = "/events/consignments/stateevents"
_CALL_SECONDS: Final = 10.0
# PRO may list an event so much later than it happened. What is newer is left to the next look.
LAG: Final = timedelta(seconds=30)
# Where the first look begins, and how far back a look may begin that others failed before.
_FIRST: Final = timedelta(hours=1)
MAX_BEHIND: Final = timedelta(hours=24)
# One call asks for so much time at most, and for less where the reply is too large to be read.
_MAX_WINDOW: Final = timedelta(hours=1)
_MIN_WINDOW: Final = timedelta(seconds=1)
# Consignments that are compared at once, and the time that must be left for them.
_BATCH: Final = 50
_RESERVE_SECONDS: Final = 25.0
_MAX_LOGGED: Final = 100
# The event id of what a record is given that was not settled when its event came.
_LOOKED_AGAIN: Final = "sortedpro-looked-again"
# What may settle by itself soon: it is looked at again, for as long as `MAX_BEHIND`.
_OPEN: Final = frozenset({Agreement.UNSETTLED, Agreement.UNREAD})
# Consignments that are remembered to be looked at again. With more, a run does not go on.
MAX_OPEN: Final = 1_000


@frozen
class Position:
    """How far SortedPRO was followed (aware UTC), and the consignments to look at again, since when each."""

    followed_to: datetime
    open: Mapping[ConsignmentReference, datetime] = field(default_factory=dict)


class Cursor(Protocol):
    """Remembers how far SortedPRO was followed. Both raise `RetryableError`."""

    def read(self) -> Position | None:
        """Return the position, or None before the first look."""

    def write(self, position: Position) -> None:
        """Remember a position."""


@dataclass(slots=True)
class Followed:
    """What a run came to."""

    # Changes of states that PRO told of, and the records that were given something.
    events: int = 0
    aligned: list[ConsignmentReference] = field(default_factory=list)
    # Those that a person must look at: they contradict, or did not settle in time.
    contradicting: list[ConsignmentReference] = field(default_factory=list)
    # How far the records are behind PRO.
    seconds_behind: int = 0


class _StateEvent(ReplyPart):
    # `ConsignmentPayload` of PRO's SDK has none.
    event_id: str = Field("sortedpro-state-event", min_length=1, max_length=128)
    consignment_reference: str
    consignment_reference_provided_by_customer: str | None = None

    @property
    def keys(self) -> Iterator[ConsignmentReference]:
        """The references under which there may be a record: PRO's, and the one that its sender gave it."""
        for reference in (self.consignment_reference, self.consignment_reference_provided_by_customer or ""):
            if is_consignment_reference(reference):
                yield ConsignmentReference(reference)


class _StateEvents(ReplyPart):
    events: list[Any]


# PRO's reference documents a list (`GetConsignmentStateEvents`), and its events of other kinds come as an object.
_REPLY: Final = TypeAdapter(_StateEvents | list[Any])


class _EventsUnreadError(RetryableError):
    """SortedPRO's state events could not be read now."""


@frozen
class Following:
    """Brings records in line with what SortedPRO says happened, window by window, from where the last run ended."""

    aligning: Aligning
    cursor: Cursor
    now: Callable[[], datetime]

    def run(self, deadline: Deadline) -> Followed:
        """Follow until now, or as far as there is time. Raises `RetryableError`; what was done then stays done.

        Consignments that settle later hold nothing up: they are looked at again in the next runs.
        """
        until, followed = self.now() - LAG, Followed()
        begun = self.cursor.read() or self._first(until)
        position = Position(max(begun.followed_to, until - MAX_BEHIND), self._looked_again(begun, deadline, followed))
        while position.followed_to < until and len(position.open) < MAX_OPEN:
            if deadline.remaining_seconds() < _RESERVE_SECONDS:
                break
            position = self._followed(position, until, deadline, followed)
            self.cursor.write(position)
        followed.seconds_behind = round((self.now() - position.followed_to).total_seconds())
        return followed

    def _first(self, until: datetime) -> Position:
        """Return where the first look begins. It is kept at once: later runs begin there if this one fails."""
        position = Position(until - _FIRST)
        self.cursor.write(position)
        return position

    def _looked_again(
        self, begun: Position, deadline: Deadline, followed: Followed
    ) -> Mapping[ConsignmentReference, datetime]:
        """Look at what was open. Return what still is, but for what has been for too long."""
        left = self._align_all(dict.fromkeys(begun.open, _LOOKED_AGAIN), deadline, followed)
        still = {key: begun.open[key] for key in left}
        given_up = {key for key, since in still.items() if since < self.now() - MAX_BEHIND}
        followed.contradicting += sorted(given_up)
        return {key: since for key, since in still.items() if key not in given_up}

    def _followed(self, position: Position, until: datetime, deadline: Deadline, followed: Followed) -> Position:
        """Follow one window. Return where that leads."""
        end, events = self._events(position.followed_to, min(position.followed_to + _MAX_WINDOW, until))
        followed.events += sum(map(is_pro_reference, events))
        left = dict.fromkeys(self._align_all(events, deadline, followed), self.now())
        return Position(end, {**left, **position.open})

    def _events(self, start: datetime, end: datetime) -> tuple[datetime, Mapping[ConsignmentReference, str]]:
        """Return the end of a window and its consignments, each with its last event's id.

        A window whose reply can't be read is halved: it may be too large. Raises `_EventsUnreadError`.
        """
        while True:
            try:
                return end, self._asked(start, end)
            except _EventsUnreadError:
                end = start + (end - start) / 2
                if end - start < _MIN_WINDOW:
                    raise

    def _asked(self, start: datetime, end: datetime) -> Mapping[ConsignmentReference, str]:
        window = {"Start": start.isoformat(), "End": end.isoformat(), "ConsignmentStates": STATES}
        try:
            reply = self.aligning.client.call("POST", _PATH, json.dumps(window).encode(), _CALL_SECONDS)
        except NoReplyError as error:
            raise (RetryableError if error.timed_out else _EventsUnreadError)(str(error)) from error
        if reply.status != 200:
            raise RetryableError(f"PRO answered {reply.status} to {_PATH}")
        try:
            read = _REPLY.validate_json(reply.body)
        except ValidationError as error:
            raise _EventsUnreadError(f"PRO's reply to {_PATH} is no list of state events") from error
        return {key: each.event_id for each in _readable(read) for key in each.keys}

    def _align_all(
        self, events: Mapping[ConsignmentReference, str], deadline: Deadline, followed: Followed
    ) -> list[ConsignmentReference]:
        """Align those of the consignments that have a record. Return those that are to be looked at again."""
        left: list[ConsignmentReference] = []
        for batch in batches(list(events), _BATCH):
            if deadline.remaining_seconds() < _RESERVE_SECONDS:
                left += batch
                continue
            known = self.aligning.records.recorded(batch).records
            looked = self.aligning.look([each for each in batch if each in known], deadline)
            for reference, found in looked.items():
                has_time = deadline.remaining_seconds() >= _RESERVE_SECONDS
                if not (has_time and self._is_settled(reference, found, events[reference], followed)):
                    left.append(reference)
        return left

    def _is_settled(self, reference: ConsignmentReference, looked: Looked, event_id: str, followed: Followed) -> bool:
        """Do `_settled`. One consignment that can't be brought in line now must not hold up the others."""
        try:
            return self._settled(reference, looked, event_id, followed)
        except RetryableError as error:
            logger.warning("not followed", extra={"consignment": reference, "cause": str(error)})
        except Exception as error:  # noqa: BLE001 - whatever it is
            logger.error("following crashed", extra={"consignment": reference, **crash(error)})
        return False

    def _settled(self, reference: ConsignmentReference, looked: Looked, event_id: str, followed: Followed) -> bool:
        """Align a record if it differs. Return whether there is nothing left to do about it."""
        found = looked.finding
        if found.agreement is Agreement.CONTRADICTS:
            followed.contradicting.append(reference)
        if found.agreement in _OPEN or not found.states:
            return found.agreement not in _OPEN
        if not self.aligning.align(reference, looked, event_id):
            return False
        followed.aligned.append(reference)
        logger.info("followed", extra={"consignment": reference, "states": found.states, "pro_event": event_id})
        return True


def _readable(reply: _StateEvents | list[Any]) -> list[_StateEvent]:
    """Return the events that can be read: one that can't be must not hold up the others.

    Raises `_EventsUnreadError` if none of them can be read.
    """
    events = reply.events if isinstance(reply, _StateEvents) else reply
    found: list[_StateEvent] = []
    for each in events:
        with suppress(ValidationError):
            found.append(_StateEvent.model_validate(each))
    if events and not found:
        raise _EventsUnreadError(f"PRO's reply to {_PATH} has no readable state event")
    if len(found) < len(events):
        logger.error("state events not readable", extra={"unread": len(events) - len(found), "events": len(events)})
    return found


def report_followed(followed: Followed) -> None:
    """Log what a run came to, and count it."""
    count(MetricName.PRO_FOLLOWED, len(followed.aligned))
    count(MetricName.PRO_CONTRADICTIONS, len(followed.contradicting))
    extra = {"events": followed.events, "records": len(followed.aligned), "seconds_behind": followed.seconds_behind}
    logger.info("followed SortedPRO", extra=extra)
    if followed.contradicting:
        logger.error("SortedPRO contradicts records", extra={"consignments": followed.contradicting[:_MAX_LOGGED]})
