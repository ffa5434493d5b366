"""The allocation record: the truth about one consignment, and the outbox of its event."""

from dataclasses import dataclass
from datetime import datetime

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Failure, Standing
from allocation.domain.reference import ConsignmentReference, OrderReference


@dataclass(frozen=True, slots=True)
class PastFailure:
    """An allocation that failed, and when (aware UTC); a later success does not clear it (`pro-api.md`, States)."""

    failure: Failure
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """How one consignment stands. `Allocated` is never overwritten but by a deallocation or a cancellation.

    `version` counts the changes of the record from 1; `{consignment}#{version}` identifies its published event.
    `mode` is the last allocation's, None where a consignment was cancelled before it had any.
    `event_id` is the id of the order-created event or of the API request that asked for the change, and
    `allocated_at` the moment of it. All times are aware UTC.
    """

    consignment_reference: ConsignmentReference
    order_reference: OrderReference
    mode: AllocationMode | None
    outcome: Standing
    event_id: str
    allocated_at: datetime
    version: int = 1
    expires_at: datetime | None = None
    past_failure: PastFailure | None = None
    """The last failure before this outcome."""
