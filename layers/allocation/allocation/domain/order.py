"""What messages ask: to allocate an order, as it was created or updated, to cancel it, or nothing. A closed set."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference, OrderReference


@frozen
class Order:
    """An order-created or order-updated event: who it is about and the consignments to allocate, each reference once.

    `event_id` is the sender's id of the event, kept with each record so that an outcome can be traced to its cause.
    """

    event_id: str
    reference: OrderReference
    consignments: tuple[Consignment, ...]
    # Each consignment as the sender wrote it, with personal data: it is kept apart from the records and never logged.
    as_sent: Mapping[ConsignmentReference, Mapping[str, Any]] = field(default_factory=dict, repr=False, compare=False)
    # Whether the consignments take the place of what an earlier event said of them.
    is_update: bool = False


@frozen
class OrderCancellation:
    """An order-cancelled event. `consignments` are those to cancel, each once; None for the whole order."""

    event_id: str
    reference: OrderReference
    consignments: tuple[ConsignmentReference, ...] | None = None


@frozen
class OrderLeftOut:
    """An order that is none of ours, or none yet, such as one that is not paid: nothing is done for it."""

    event_id: str
    reference: OrderReference


OrderRequest = Order | OrderCancellation | OrderLeftOut
