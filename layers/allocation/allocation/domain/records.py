"""The allocation record: the truth about one consignment, and the outbox of its event."""

from dataclasses import dataclass
from datetime import datetime

from allocation.domain.modes import AllocationMode
from allocation.domain.outcomes import Outcome
from allocation.domain.references import ConsignmentReference, OrderReference


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """One consignment's outcome. `Allocated` is never overwritten but by a deallocation.

    `version` counts the changes of the record from 1; `{consignment}#{version}` identifies its published event.
    `event_id` is the id of the order-created event that asked for the allocation. Both times are aware UTC.
    """

    consignment_reference: ConsignmentReference
    order_reference: OrderReference
    mode: AllocationMode
    outcome: Outcome
    event_id: str
    allocated_at: datetime
    version: int = 1
    expires_at: datetime | None = None
