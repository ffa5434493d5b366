"""Consignments as the store keeps them, and how one is changed.

A kept consignment is the sender's JSON, which holds personal data, beside the allocation record, which holds none.
Every change is decided on what was read and written only if that still stands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar, assert_never

from allocation.consignments.errors import (
    ChangedMeanwhileError,
    ConsignmentStateError,
    LaterRecordError,
    UnknownConsignmentError,
)
from allocation.consignments.labels_given import LabelsGiven
from allocation.domain.consignment import Direction
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Deallocated, Standing
from allocation.domain.record import AllocationRecord, latest_event_ids
from allocation.domain.reference import ConsignmentReference, OrderReference, is_consignment_reference, is_pro_reference
from allocation.domain.routing import Route
from allocation.records.stored_record import StoredRecord

UNALLOCATED: Final = "Unallocated"
ALLOCATION_FAILED: Final = "AllocationFailed"
ALLOCATED: Final = "Allocated"
CANCELLED: Final = "Cancelled"
STATES: Final = (UNALLOCATED, ALLOCATION_FAILED, ALLOCATED, CANCELLED)

# How often a change is decided again because another request changed the consignment first.
MAX_ATTEMPTS: Final = 3
_MAX_ORDER_REFERENCE: Final = 128

# PRO's JSON of a consignment. Numbers with a decimal point are `Decimal`.
ConsignmentJson = Mapping[str, Any]
# A consignment reference as a caller wrote it, in any case.
ReferenceText = str
_NewStanding = TypeVar("_NewStanding", bound=Standing)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
        """One of `STATES`; `Unallocated` until there is a record."""
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

    def require_state(self, action: str, allowed: Sequence[str]) -> None:
        """Raise `ConsignmentStateError` unless the state is allowed. `action` is a participle such as `allocated`."""
        if self.state not in allowed:
            raise ConsignmentStateError(self.reference, self.state, action, allowed)


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

    def provided_by_customer(self, reference: str) -> Sequence[ConsignmentReference]:
        """Return the consignments whose sender gave them this reference."""

    def with_package(self, package: str) -> Sequence[ConsignmentReference]:
        """Return the consignments of the API that have, or had, a package of this reference, in capitals."""

    def in_state(self, state: str, most: int) -> Sequence[ConsignmentReference]:
        """Return up to `most` consignments in one of `STATES`."""

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


def _held_by_nobody_else(_: ConsignmentReference) -> None:
    """Do nothing: the engine reserves nothing with anybody."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Reads consignments and writes their allocation records, each only if nothing changed since it was read.

    `retention` is how long a record is kept, None for ever. `release` has whoever else allocates take a carrier service
    back, before that is recorded; it raises `RequestError` while it can't be said that this is done.
    """

    store: ConsignmentStore
    now: Callable[[], datetime]
    retention: timedelta | None
    release: Callable[[ConsignmentReference], None] = _held_by_nobody_else

    def known(self, reference: ReferenceText) -> Known:
        """Return what is known of a consignment. Raises `UnknownConsignmentError` and `LaterRecordError`."""
        wanted = consignment_references(reference)
        found = self.store.find(wanted)
        if not found:
            raise UnknownConsignmentError(reference)
        known = next(found[each] for each in wanted if each in found)
        if known.has_later_record:
            raise LaterRecordError(known.reference)
        return known

    def change(
        self,
        reference: ReferenceText,
        request_id: str,
        decide: Callable[[Known], tuple[AllocationMode | None, _NewStanding]],
    ) -> _NewStanding:
        """Read the consignment, decide and write the record. Decide again if another request was faster.

        Raises what `decide` and `known` raise, and `ChangedMeanwhileError` after `MAX_ATTEMPTS`.
        """
        for _ in range(MAX_ATTEMPTS):
            seen = self.known(reference)
            mode, standing = decide(seen)
            if self.store.record(self._record(seen, mode, standing, request_id), seen):
                return standing
        raise ChangedMeanwhileError(seen.reference)

    def _record(
        self, seen: Known, mode: AllocationMode | None, standing: Standing, request_id: str
    ) -> AllocationRecord:
        now = self.now()
        return AllocationRecord(
            consignment_reference=seen.reference,
            order_reference=_order_reference(seen),
            mode=mode,
            outcome=standing,
            event_id=request_id,
            allocated_at=now,
            version=seen.record.version + 1 if seen.record else 1,
            expires_at=now + self.retention if self.retention else None,
            past_failure=seen.record.latest_failure if seen.record else None,
            event_ids=latest_event_ids(*seen.record.tried_event_ids, request_id) if seen.record else (),
            route=_kept_route(seen, standing),
            customer_reference=_customer_reference(seen),
            updated_by=seen.record.updated_by if seen.record else None,
        )


def consignment_references(text: ReferenceText) -> Sequence[ConsignmentReference]:
    """Return the references that a caller may mean: the text as it is written, and in capitals if that is PRO's form.

    Raises `UnknownConsignmentError` for text that can't be a reference.
    """
    written = text.strip()
    if not is_consignment_reference(written):
        raise UnknownConsignmentError(text)
    meant = {written: None} | ({written.upper(): None} if is_pro_reference(written.upper()) else {})
    return [ConsignmentReference(each) for each in meant]


def _kept_route(seen: Known, standing: Standing) -> Route | None:
    """Return the row that chose the mode, where the record keeps that mode. In an allocation the caller chose it."""
    match standing:
        case Deallocated() | Cancelled():
            return seen.record.known_route if seen.record else None
        case Allocated() | AllocationFailed():
            return None
        case _:
            assert_never(standing)


def _customer_reference(seen: Known) -> str | None:
    """Return the sender's own reference, as the consignment or else its record has it."""
    kept = seen.stored.customer_reference if seen.stored else None
    return kept or (seen.record.customer_reference if seen.record else None)


def _order_reference(seen: Known) -> OrderReference:
    """Return the record's order, else the sender's reference, else the consignment's own."""
    if seen.record:
        return OrderReference(seen.record.order_reference)
    customer_reference = seen.stored.customer_reference if seen.stored else None
    return OrderReference((customer_reference or seen.reference)[:_MAX_ORDER_REFERENCE])
