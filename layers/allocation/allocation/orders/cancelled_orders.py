"""Which consignments the cancellation of an order concerns: from what is asked, and from what is recorded."""

from allocation.domain.frozen import frozen
from allocation.domain.outcome import AllocationFailed
from allocation.domain.record import RecordSeen
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.state import CANCELLED_WITH_ORDER
from allocation.orders.work import Requests
from allocation.ports import Recorded


@frozen
class Cancellation:
    """A consignment to cancel, with the order and the event that ask for it."""

    reference: ConsignmentReference
    order: OrderReference
    event_id: str


def is_cancellable(seen: RecordSeen | None, order: OrderReference | None) -> bool:
    """Tell whether an order may cancel a consignment; None is any order.

    What is allocated for another order is that order's. A failure is whoever's next tries it.
    """
    if seen is None or seen.state == AllocationFailed.state:
        return True
    return seen.state in CANCELLED_WITH_ORDER and (order is None or seen.order_reference in (None, order))


def cancellations(requests: Requests, known: Recorded) -> list[Cancellation]:
    """Return the consignments of cancelled orders: recorded with one, or asked for by no other order."""
    found: list[Cancellation] = []
    for reference, asking in requests.items():
        seen = known.records.get(reference)
        orders = [each.order.reference for each in asking]
        event_ids = {order: event_id for order in orders if (event_id := known.cancelled_by(order, reference))}
        order = seen.order_reference if seen else next((each for each in orders if each not in event_ids), orders[0])
        if order in event_ids:
            found.append(Cancellation(reference, order, event_ids[order]))
    return found


def abandoned(requests: Requests, known: Recorded) -> list[ConsignmentReference]:
    """Return the failures of other orders that only cancelled orders ask for.

    A cancelled order may have tried one again. What a call allocated then whose outcome was lost has no record.
    """
    return [
        reference
        for reference, asking in requests.items()
        if (seen := known.records.get(reference))
        and seen.state == AllocationFailed.state
        and not (seen.order_reference and known.cancelled_by(seen.order_reference, reference))
        and all(known.cancelled_by(each.order.reference, reference) for each in asking)
    ]


def without_cancelled(requests: Requests, known: Recorded) -> Requests:
    """Return the requests of the orders that are not cancelled."""
    left = {
        reference: [each for each in asking if not known.cancelled_by(each.order.reference, reference)]
        for reference, asking in requests.items()
    }
    return {reference: asking for reference, asking in left.items() if asking}
