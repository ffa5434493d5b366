"""Consignments as the store keeps them.

A kept consignment is the sender's JSON, which holds personal data, beside the allocation record, which holds none.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from allocation.consignments.errors import ConsignmentStateError, UnknownConsignmentError
from allocation.consignments.labels_given import LabelsGiven
from allocation.domain.consignment import Direction
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import ALLOWED_IN, Step, UserAction
from allocation.records.stored_record import StoredRecord

UNALLOCATED: Final = "Unallocated"
CANCELLED: Final = "Cancelled"

# PRO's JSON of a consignment. Numbers with a decimal point are `Decimal`.
ConsignmentJson = Mapping[str, Any]
# A consignment reference as a caller wrote it, in any case.
ReferenceText = str


@frozen
class StoredConsignment:
    """A consignment as its sender described it.

    `version` counts its changes from 1. `expires_at` is when its personal data is deleted. Times are aware UTC.
    """

    reference: ConsignmentReference
    content: ConsignmentJson
    created_at: datetime
    version: int = 1
    expires_at: datetime | None = None
    labels_given: LabelsGiven | None = None

    @property
    def package_references(self) -> frozenset[str]:
        """The references of its packages, in capitals."""
        given = (str(package.get("Reference") or "") for package in self.content.get("Packages") or ())
        return frozenset(reference.upper() for reference in given if reference)

    @property
    def customer_reference(self) -> str | None:
        """The sender's own reference, or None."""
        return self.content.get("ConsignmentReferenceProvidedByCustomer") or None


@frozen
class Known:
    """Everything known of a consignment at one moment: `stored`, `record` or both.

    Only a record exists for a consignment that the order queue allocated, and for one whose personal data was erased.
    """

    reference: ConsignmentReference
    stored: StoredConsignment | None = None
    record: StoredRecord | None = None
    # There is a record that a later version of this software wrote. It is not read, so `record` is None.
    has_later_record: bool = False

    @property
    def is_recorded(self) -> bool:
        """Whether it has an allocation record, readable or not."""
        return self.record is not None or self.has_later_record

    @property
    def state(self) -> str:
        """One of `domain.state.STATES`; `Unallocated` until there is a record."""
        return self.record.state if self.record else UNALLOCATED

    @property
    def direction(self) -> str:
        """The direction that its sender gave, or `Outbound`."""
        given = self.stored.content.get("Direction") if self.stored else None
        return str(given or Direction.OUTBOUND)

    @property
    def mode(self) -> AllocationMode | None:
        """The mode of the last allocation, or None.

        Raises `UnknownModeError` or `InvalidReferenceError` for a record whose mode this version does not know.
        """
        record = self.record
        return allocation_mode(record.mode, record.mode_reference) if record and record.mode else None

    @property
    def labels_given(self) -> LabelsGiven | None:
        """When labels of the present allocation were given out, or None."""
        given = self.stored.labels_given if self.stored else None
        tracking = self.record.tracking_reference if self.record else None
        return given if given and given.tracking_reference == tracking else None

    def described(self) -> StoredConsignment:
        """Return the sender's description. Raises `UnknownConsignmentError` where only the record is known."""
        if self.stored is None:
            raise UnknownConsignmentError(self.reference)
        return self.stored

    def require(self, action: UserAction) -> None:
        """Raise `ConsignmentStateError` unless the state allows the action."""
        if self.state not in ALLOWED_IN[action]:
            raise ConsignmentStateError(self.reference, self.state, action, ALLOWED_IN[action])


class ConsignmentStore(Protocol):
    """Keeps consignments beside their allocation records. Every method raises `RetryableError` on an outage."""

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        """Return what is known of each reference. Unknown references are left out."""

    def add(self, stored: StoredConsignment) -> bool:
        """Add a consignment. False: its reference is taken."""

    def replace(self, stored: StoredConsignment, seen: Known) -> bool:
        """Replace a consignment. False: it or its record changed since it was `seen`."""

    def note_labels(self, reference: ConsignmentReference, given: LabelsGiven) -> None:
        """Keep when labels were given out, unless labels of the same allocation were before."""

    def record(self, record: AllocationRecord, seen: Known) -> bool:
        """Write an allocation record and count it on its daily limit.

        False: the consignment or its record changed since it was `seen`, or the limit was used up meanwhile.
        """

    def take_steps(self, steps: Sequence[tuple[Step, Known]]) -> Sequence[bool | RetryableError]:
        """Write that allocated consignments took a step each; say of each whether it did.

        False: its record changed since it was `seen`. An error: nobody knows. Never raises.
        """

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """Return the consignments whose sender gave them this reference."""

    def with_package(self, package: str) -> Sequence[ConsignmentReference]:
        """Return the consignments of the API that have, or had, a package of this reference, in capitals."""

    def erase(self, reference: ConsignmentReference) -> bool:
        """Delete the consignment with its personal data and keep the record. False: there was none."""


class OrderedConsignments(Protocol):
    """Keeps the consignments of orders for the API, labels and customs documents."""

    def keep(self, consignments: Mapping[ConsignmentReference, ConsignmentJson]) -> frozenset[ConsignmentReference]:
        """Keep consignments, unless the API has one of the reference, or an update of it was taken.

        Return those that could not be written now.
        """

    def replace(
        self, updates: Mapping[ConsignmentReference, tuple[str, ConsignmentJson]]
    ) -> frozenset[ConsignmentReference]:
        """Keep the content of updates that were taken, each with its event id, unless the API has the consignment.

        Content is kept only while the record says that this very update was taken. Return those that could not be
        written now.
        """
