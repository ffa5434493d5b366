"""What a batch asks for, consignment by consignment, and which consignments are still to be allocated."""

from collections.abc import Iterable, Mapping, Sequence

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.order import Order
from allocation.domain.outcome import Cancelled, Deferred, Outcome
from allocation.domain.record import RecordSeen
from allocation.domain.reference import ConsignmentReference, OrderReference

Outcomes = dict[ConsignmentReference, Outcome | Cancelled]
Deferrals = dict[ConsignmentReference, Deferred]


@frozen
class ConsignmentRequest:
    """A consignment to allocate, and an order that asks for it."""

    consignment: Consignment
    order: Order


Requests = Mapping[ConsignmentReference, Sequence[ConsignmentRequest]]


@frozen
class Work:
    """A consignment to allocate for the first of `requests`. `seen` is its record, if it has one.

    The allocation counts for all the requests: none of their events tries it again.
    """

    requests: Sequence[ConsignmentRequest]
    seen: RecordSeen | None

    @property
    def consignment(self) -> Consignment:
        """The consignment as the order describes it that is recorded."""
        return self.requests[0].consignment


def turns_of(orders: Iterable[Order]) -> list[list[Order]]:
    """Divide orders so that no turn has two updates of one consignment: the second finds what became of the first."""
    turns: list[list[Order]] = []
    left = list(orders)
    while left:
        turn: list[Order] = []
        later: list[Order] = []
        updates: dict[ConsignmentReference, str] = {}
        for order in left:
            named = [each.reference for each in order.consignments] if order.is_update else []
            if any(updates.get(reference, order.event_id) != order.event_id for reference in named):
                later.append(order)
            else:
                turn.append(order)
                updates |= dict.fromkeys(named, order.event_id)
        turns.append(turn)
        left = later
    return turns


def requests_of(orders: Iterable[Order]) -> Requests:
    """Return the requests for each consignment, in the orders' order, but updates first: they are of later content."""
    requests: dict[ConsignmentReference, list[ConsignmentRequest]] = {}
    for order in sorted(orders, key=lambda each: not each.is_update):
        for consignment in order.consignments:
            requests.setdefault(consignment.reference, []).append(ConsignmentRequest(consignment, order))
    return requests


def orders_of(requests: Requests) -> list[OrderReference]:
    """Return the orders that ask, each once."""
    return list(dict.fromkeys(each.order.reference for asking in requests.values() for each in asking))


def work_left(requests: Requests, seen: Mapping[ConsignmentReference, RecordSeen]) -> list[Work]:
    """Return the consignments to allocate: those without a record, and failures that a new event asks to try again."""
    work: list[Work] = []
    for reference, asking in requests.items():
        record = seen.get(reference)
        untried = [each for each in asking if record is None or _is_to_be_tried(each, record)]
        if untried:
            work.append(Work(untried, record))
    return work


def overruled(requests: Requests, seen: Mapping[ConsignmentReference, RecordSeen]) -> list[ConsignmentReference]:
    """Return the consignments whose update failed, and which only order-created events ask for that come too late.

    Such an event may have been tried before the update, and its outcome lost.
    """
    return [
        reference
        for reference, asking in requests.items()
        if (record := seen.get(reference))
        and not any(_is_to_be_tried(each, record) for each in asking)
        and any(record.is_overruled(each.order.event_id) for each in asking)
    ]


def _is_to_be_tried(request: ConsignmentRequest, record: RecordSeen) -> bool:
    return record.is_to_be_tried(request.order.event_id, is_update=request.order.is_update)
