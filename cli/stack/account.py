"""What became of the orders that were sent: pure bookkeeping, in which every count can be checked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.stack.orders import SentOrder


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message in the DLQ. `message_id` is the id that it had in the order queue."""

    message_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event that was received on the topic, as often as it was received."""

    event_id: str
    kind: str
    consignment_reference: str


Record = Mapping[str, Any]
"""An item of the allocations table, as plain data; `docs/events/README.md` lists its fields."""


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that was sent and everything that came back."""

    sent: Sequence[SentOrder]
    records: Mapping[str, Record]
    """By consignment reference."""
    refusals: Mapping[str, Refusal]
    """By the message id that the order had."""
    events: Sequence[Event]

    @property
    def consignments(self) -> dict[str, str | None]:
        """Every consignment that was sent, once, with the reference of the first order that named it."""
        orders: dict[str, str | None] = {}
        for order in self.sent:
            for reference in order.message.consignments:
                orders.setdefault(reference, order.message.order_reference)
        return orders

    @property
    def refused(self) -> list[SentOrder]:
        """The orders that ended in the DLQ, even if for only one of their consignments."""
        return [order for order in self.sent if order.message_id in self.refusals]

    @property
    def refused_consignments(self) -> dict[str, Refusal]:
        """Why each consignment of a message in the DLQ was refused. Of several such messages, the first counts."""
        refusals: dict[str, Refusal] = {}
        for order in self.refused:
            for reference in order.message.consignments:
                refusals.setdefault(reference, self.refusals[order.message_id])
        return refusals

    @property
    def without_outcome(self) -> list[SentOrder]:
        """The orders that were neither refused nor have a record of each consignment."""
        return [order for order in self.sent if order.message_id not in self.refusals and not self.is_done(order)]

    @property
    def done(self) -> list[SentOrder]:
        """The orders whose consignments all have an outcome."""
        return [order for order in self.sent if order.message_id not in self.refusals and self.is_done(order)]

    def is_done(self, order: SentOrder) -> bool:
        """Return whether an order has consignments, and each of them a record."""
        references = order.message.consignments
        return bool(references) and all(reference in self.records for reference in references)

    @property
    def without_event(self) -> list[str]:
        """The consignments that have a record and no event."""
        published = {event.consignment_reference for event in self.events}
        return [reference for reference in self.records if reference not in published]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to wait for: each order is done or refused, each record published."""
        return not self.without_outcome and not self.without_event

    @property
    def arrived(self) -> int:
        """How much has come back. It grows with all progress."""
        return len(self.records) + len(self.refusals) + len(self.events)

    def states(self) -> Counter[str]:
        """Count the consignments by state. `none` counts those without a record."""
        return Counter(
            self.records[reference]["state"] if reference in self.records else "none" for reference in self.consignments
        )


def distinct(events: Iterable[Event]) -> dict[str, Event]:
    """Return the events by id, repeats left out."""
    return {event.event_id: event for event in events}
