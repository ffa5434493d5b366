"""What a message asks: reads an order-created, order-updated, order-cancelled or order-left-out event."""

from allocation.domain.errors import InvalidMessageError
from allocation.domain.frozen import frozen
from allocation.domain.order import OrderRequest
from allocation.orders.event_fields import read_order_left_out
from allocation.orders.event_types import CANCELLED, LEFT_OUT
from allocation.orders.order_cancelled import read_cancellation
from allocation.orders.order_created import USUAL_RULES, ReadingRules, created_order, paused_collector


@frozen
class _ReadRequest:
    """What could be read of a message, and what is wrong with the rest of it."""

    request: OrderRequest
    invalid: InvalidMessageError | None = None


@paused_collector()
def read_request(body: str, rules: ReadingRules = USUAL_RULES) -> _ReadRequest:
    """Read a message body. Raises `InvalidMessageError` if nothing of it can be used."""
    event = rules.event_in(body)
    if CANCELLED.has(event.get("eventType")):
        return _ReadRequest(read_cancellation(event))
    if event.get("eventType") == LEFT_OUT:
        return _ReadRequest(read_order_left_out(event))
    # Every other event is read as an order-created one, which refuses what it does not know.
    read = created_order(event, rules)
    return _ReadRequest(read.order, read.invalid)
