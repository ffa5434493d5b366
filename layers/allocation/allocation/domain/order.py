"""An order: the content of one message."""

from dataclasses import dataclass

from allocation.domain.consignment import Consignment
from allocation.domain.reference import OrderReference


@dataclass(frozen=True, slots=True)
class Order:
    """An order-created event: the order and its consignments to allocate, each reference once.

    `event_id` is the sender's id of the event. Each record keeps it, so that an outcome can be traced to its cause.
    """

    event_id: str
    reference: OrderReference
    consignments: tuple[Consignment, ...]
