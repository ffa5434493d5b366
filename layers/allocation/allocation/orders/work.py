"""What a batch asks for, consignment by consignment, and which consignments are still to be allocated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from allocation.domain.consignment import Consignment
from allocation.domain.order import Order
from allocation.domain.outcome import Cancelled, Deferred, Outcome
from allocation.domain.record import RecordSeen
from allocation.domain.reference import ConsignmentReference, OrderReference

Outcomes = dict[ConsignmentReference, Outcome | Cancelled]
Deferrals = dict[ConsignmentReference, Deferred]


@dataclass(frozen=True, slots=True)
class Request:
    """A consignment to allocate, and an order that asks for it."""

    consignment: Consignment
    order: Order


Requests = Mapping[ConsignmentReference, Sequence[Request]]


@dataclass(frozen=True, slots=True)
class Work:
    """A consignment to allocate for the first of `requests`. `seen` is its record, if it has one.

    The allocation counts for all the requests: none of their events tries it again.
    """

    requests: Sequence[Request]
    seen: RecordSeen | None

    @property
    def consignment(self) -> Consignment:
        """The consignment as the order describes it that is recorded."""
        return self.requests[0].consignment


def requests_of(orders: Iterable[Order]) -> Requests:
    """Return the requests for each consignment, in the orders' order."""
    requests: dict[ConsignmentReference, list[Request]] = {}
    for order in orders:
        for consignment in order.consignments:
            requests.setdefault(consignment.reference, []).append(Request(consignment, order))
    return requests


def orders_of(requests: Requests) -> list[OrderReference]:
    """Return the orders that ask, each once."""
    return list(dict.fromkeys(each.order.reference for asking in requests.values() for each in asking))


def work_left(requests: Requests, seen: Mapping[ConsignmentReference, RecordSeen]) -> list[Work]:
    """Return the consignments to allocate: those without a record, and failures that a new event asks to try again."""
    work: list[Work] = []
    for reference, asking in requests.items():
        record = seen.get(reference)
        untried = [each for each in asking if record is None or record.is_to_be_tried(each.order.event_id)]
        if untried:
            work.append(Work(untried, record))
    return work
