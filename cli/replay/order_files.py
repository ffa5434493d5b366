"""The consignments of a file of order messages, as the queue function would have read them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from allocation.domain.errors import InvalidMessageError
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.orders.event_types import CANCELLED, LEFT_OUT
from allocation.orders.order_created import ReadingRules, created_order, paused_collector
from allocation.replay.decisions import Replayable
from cli.operations.message_files import FileMessage
from cli.output import counted

# How many messages that can't be read are named.
_MAX_REFUSED: Final = 5


@dataclass(slots=True)
class OrderMessages:
    """The messages of a file, and what of them can't be replayed, counted while `consignments` is read.

    `moment` (aware UTC) is when everything is decided, if it is given. Else each order is decided when it occurred, or
    at `now` where its message does not say when that was.
    """

    messages: Iterable[FileMessage]
    rules: ReadingRules
    now: datetime
    moment: datetime | None = None
    # How they are allocated without a routing table.
    mode: AllocationMode = field(default_factory=DefaultRules)
    refused: list[str] = field(default_factory=list)
    # References that occur again: the service, too, passes by what has a record.
    repeated: int = 0
    cancelling: int = 0
    left_out: int = 0
    undated: int = 0

    def consignments(self) -> Iterator[Replayable]:
        """Yield each consignment once, as the first message that names it has it."""
        seen: set[str] = set()
        for message in self.messages:
            for each in self._read(message):
                if each.consignment.reference in seen:
                    self.repeated += 1
                else:
                    seen.add(each.consignment.reference)
                    yield each

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read."""
        return not self.refused

    def notes(self) -> Iterator[str]:
        """Yield what of the messages was not replayed, or not as it was asked, and why."""
        yield from self.refused[:_MAX_REFUSED]
        if (more := len(self.refused) - _MAX_REFUSED) > 0:
            yield f"{counted(more, 'more message')} can't be read."
        if self.undated:
            yield f"{counted(self.undated, 'message')} without the moment when the order occurred: decided as of now."
        if self.repeated:
            yield f"{counted(self.repeated, 'consignment')} with a reference that occurs before: left out."
        if self.cancelling:
            yield f"{counted(self.cancelling, 'message')} to cancel an order: left out."
        if self.left_out:
            yield f"{counted(self.left_out, 'message')} of orders that the mapping leaves out."

    def _read(self, message: FileMessage) -> list[Replayable]:
        try:
            with paused_collector():
                return self._asked(self.rules.event_in(message.body), message.place)
        except InvalidMessageError as error:
            self.refused.append(f"{message.place}: {error.code}: {error}")
            return []

    def _asked(self, event: dict[str, Any], place: str) -> list[Replayable]:
        """Return the consignments of an event. Raises `InvalidMessageError`."""
        if CANCELLED.has(event.get("eventType")):
            self.cancelling += 1
            return []
        if event.get("eventType") == LEFT_OUT:
            self.left_out += 1
            return []
        read = created_order(event, self.rules)
        if read.invalid:
            self.refused.append(f"{place}: {read.invalid.code}: {read.invalid}")
        moment = self.moment or _occurred(event)
        self.undated += moment is None
        return [Replayable(each, self.mode, moment or self.now, is_routed=True) for each in read.order.consignments]


def _occurred(event: dict[str, Any]) -> datetime | None:
    """Return when an event occurred, in UTC, or None where it does not say so with a UTC offset."""
    try:
        moment = datetime.fromisoformat(event["occurredAt"])
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (LookupError, TypeError, ValueError, OverflowError):
        return None
