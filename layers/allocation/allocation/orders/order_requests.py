"""What a message asks: reads an order-created or order-cancelled event, bare or wrapped."""

import re
from dataclasses import dataclass
from typing import Any, Final

from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import OrderRequest
from allocation.orders.order_cancelled import read_cancellation
from allocation.orders.order_created import USUAL_RULES, ReadingRules, created_order, paused_collector

# A type's last words, apart or in camel case. A trailing version does not count.
_CANCELLED: Final = re.compile(r"(?:^|[^a-z]|(?-i:(?<=[a-z])(?=O)))order[^a-z0-9]*cancell?ed(?:[^a-z0-9]*v?\d+)*", re.I)


@dataclass(frozen=True, slots=True)
class _ReadRequest:
    """What could be read of a message, and what is wrong with the rest of it."""

    request: OrderRequest
    invalid: InvalidMessageError | None = None


@paused_collector()
def read_request(body: str, rules: ReadingRules = USUAL_RULES) -> _ReadRequest:
    """Read a message body. Raises `InvalidMessageError` if nothing of it can be used."""
    event = rules.event_in(body)
    if _is_cancellation(event.get("eventType")):
        return _ReadRequest(read_cancellation(event))
    # Every other event is read as an order-created one, which refuses what it does not know.
    read = created_order(event, rules)
    return _ReadRequest(read.order, read.invalid)


def _is_cancellation(event_type: Any) -> bool:
    """Tell whether an event type says that an order was cancelled.

    >>> [_is_cancellation(name) for name in ("order-cancelled", "com.example.OrderCanceled.v1", "Order Cancelled")]
    [True, True, True]
    >>> [_is_cancellation(name) for name in ("order-created", "reorder-cancelled", "payment.cancelled", None)]
    [False, False, False, False]
    """
    if not isinstance(event_type, str):
        return False
    return any(found.end() == len(event_type) for found in _CANCELLED.finditer(event_type))
