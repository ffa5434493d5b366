"""The allocation record: the truth about one consignment, and the outbox of its event."""

from datetime import datetime
from typing import Final, NamedTuple

from allocation.domain.frozen import frozen
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import AllocatedBy, AllocationFailed, Failure, Standing
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.routing import Route
from allocation.domain.state import STATES

# Ids of events that a record keeps. An older event that comes again would be tried again.
MAX_EVENT_IDS: Final = 20
# The states of consignments that an order-updated event can no longer change.
_SETTLED: Final = tuple(state for state in STATES if state != AllocationFailed.state)


@frozen
class PastFailure:
    """An allocation that failed, and when (aware UTC). A later success does not clear it (`pro-api.md`, States)."""

    failure: Failure
    failed_at: datetime


@frozen
class RefusedUpdate:
    """An order-updated event that came when it could no longer be taken, and when (aware UTC)."""

    event_id: str
    at: datetime


@frozen
class AllocationRecord:
    """The state of one consignment. Only a deallocation or a cancellation overwrites `Allocated`.

    `version` counts the changes of the record from 1; `{consignment}#{version}` identifies its published event.
    `mode` is that of the last allocation, or None if the consignment was cancelled before it had one,
    or has no row in the routing table. `event_id` is
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
    # The ids of the last events and requests that were tried, `event_id` among them. Empty where it is the only one.
    event_ids: tuple[str, ...] = ()
    # The row of the routing table that chose `mode`, where a table did.
    route: Route | None = None
    # The sender's own reference of the consignment, where it is another than `consignment_reference`.
    customer_reference: str | None = None
    # SortedPRO's own reference, where it created the consignment for this stack.
    pro_reference: ConsignmentReference | None = None
    # The id of the last order-updated event whose content was taken.
    updated_by: str | None = None
    # The name of the API's key that asked for this outcome, where one did.
    asked_by: str | None = None
    # Where this version changes nothing else: the update that was refused.
    refused_update: RefusedUpdate | None = None


class NamedAtPro(NamedTuple):
    """What a record names of SortedPRO's: its own reference, and the claim whose outcome is recorded."""

    reference: ConsignmentReference | None = None
    claim: str | None = None


@frozen
class RecordSeen:
    """What a writer must have read of a record. A new version is written only if `version` is unchanged.

    `latest_failure` is the record's own failure, or else its past failure. `event_ids` are those that were tried.
    """

    state: str
    version: int
    order_reference: OrderReference | None = None
    mode: AllocationMode | None = None
    event_ids: tuple[str, ...] = ()
    latest_failure: PastFailure | None = None
    # The day of a service whose limit the record counts on.
    counted_on: LimitedDay | None = None
    # The row of the routing table that chose `mode`, where a table did.
    route: Route | None = None
    customer_reference: str | None = None
    pro_reference: ConsignmentReference | None = None
    updated_by: str | None = None
    # The carrier service that has the consignment, and when this version was written (aware UTC).
    carrier_service: str | None = None
    written_at: datetime | None = None
    allocated_by: AllocatedBy | None = None

    @property
    def named_at_pro(self) -> NamedAtPro:
        """What the record names of SortedPRO's."""
        return NamedAtPro(self.pro_reference, self.allocated_by.claim if self.allocated_by else None)

    def is_to_be_tried(self, event_id: str, *, is_update: bool) -> bool:
        """Tell whether an event with this id tries the consignment again.

        After an update only an update does: an order-created event may have older content.
        """
        return self._has_failed(event_id) and (is_update or self.updated_by is None)

    def is_overruled(self, event_id: str) -> bool:
        """Tell whether an order-created event with this id comes too late, after an update that failed."""
        return self._has_failed(event_id) and self.updated_by is not None

    def refuses(self, event_id: str) -> bool:
        """Tell whether an order-updated event with this id is to be refused. It is refused once."""
        return self.state in _SETTLED and event_id not in self.event_ids

    def _has_failed(self, event_id: str) -> bool:
        """Tell whether the consignment failed, and no event with this id tried it."""
        return self.state == AllocationFailed.state and event_id not in self.event_ids


def latest_event_ids(*event_ids: str) -> tuple[str, ...]:
    """Return the ids that a record keeps, each once, the latest last."""
    return tuple(reversed(list(dict.fromkeys(reversed(event_ids)))[:MAX_EVENT_IDS]))
