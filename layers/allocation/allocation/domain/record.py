"""The allocation record: the truth about one consignment, and the outbox of its event."""

from dataclasses import dataclass
from datetime import datetime

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Failure, Standing
from allocation.domain.reference import ConsignmentReference, OrderReference


@dataclass(frozen=True, slots=True)
class PastFailure:
    """An allocation that failed, and when (aware UTC). A later success does not clear it (`pro-api.md`, States)."""

    failure: Failure
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """The state of one consignment. Only a deallocation or a cancellation overwrites `Allocated`.

    `version` counts the changes of the record from 1; `{consignment}#{version}` identifies its published event.
    `mode` is that of the last allocation, or None if the consignment was cancelled before it had one. `event_id` is
    the id of the order-created event, or of the API request, that asked for the change; `allocated_at` is its time.
    All times are aware UTC.
    """

    consignment_reference: ConsignmentReference
    order_reference: OrderReference
    mode: AllocationMode | None
    outcome: Standing
    event_id: str
    allocated_at: datetime
    version: int = 1
    expires_at: datetime | None = None
    # The last failure before this outcome.
    past_failure: PastFailure | None = None
