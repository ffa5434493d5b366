"""Consignments as they are kept: the sender's document, which holds personal data, and the allocation record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from allocation.domain.consignment import Direction
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.records.stored_record import StoredRecord

UNALLOCATED: Final = "Unallocated"
ALLOCATION_FAILED: Final = "AllocationFailed"
ALLOCATED: Final = "Allocated"
CANCELLED: Final = "Cancelled"
STATES: Final = (UNALLOCATED, ALLOCATION_FAILED, ALLOCATED, CANCELLED)

Document = Mapping[str, Any]
"""PRO's JSON of a consignment, numbers with a point as `Decimal`."""


@dataclass(frozen=True, slots=True)
class StoredConsignment:
    """A consignment as its sender described it. `version` counts its changes from 1; times are aware UTC."""

    reference: ConsignmentReference
    document: Document
    created_at: datetime
    version: int = 1
    expires_at: datetime | None = None
    """When its personal data is to be gone."""

    @property
    def customer_reference(self) -> str | None:
        """The sender's own reference of it."""
        return self.document.get("ConsignmentReferenceProvidedByCustomer") or None


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a consignment at one moment; at least one of the two is there.

    The order queue allocates consignments that nobody created here: those have a record alone. So have those whose
    personal data was erased.
    """

    reference: ConsignmentReference
    stored: StoredConsignment | None = None
    record: StoredRecord | None = None

    @property
    def state(self) -> str:
        """The state; `Unallocated` as long as nothing was recorded."""
        return self.record.state if self.record else UNALLOCATED

    @property
    def direction(self) -> str:
        """The direction that its sender gave it; `Outbound` where that is not known."""
        return str(self.stored.document.get("Direction") or Direction.OUTBOUND) if self.stored else Direction.OUTBOUND


class ConsignmentStore(Protocol):
    """Keeps consignments beside the allocation records. Every method raises `RetryableError` when it can't tell."""

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        """What is known of each reference; those of which nothing is known are left out."""

    def add(self, stored: StoredConsignment) -> bool:
        """Adds a consignment; False where its reference is taken."""

    def replace(self, stored: StoredConsignment, seen: Known) -> bool:
        """Replaces a consignment; False where it or its record is not as `seen` any more."""

    def record(self, record: AllocationRecord, seen: Known) -> bool:
        """Writes an allocation record; False where it or the consignment is not as `seen` any more."""

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """The consignments whose sender calls them by this reference."""

    def in_state(self, state: str, most: int) -> Sequence[ConsignmentReference]:
        """Up to `most` consignments that are in one of `STATES`."""

    def erase(self, reference: ConsignmentReference) -> bool:
        """Removes the consignment and with it the personal data, never the record; False where there was none."""
