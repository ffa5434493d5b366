"""What every change of an allocation record has in common: who asked, what stood before, what stands now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from allocation.consignments.errors import ChangedMeanwhileError, ConsignmentStateError, UnknownConsignmentError
from allocation.consignments.store import ConsignmentStore, Known, StoredConsignment
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.outcome import Failure, Standing
from allocation.domain.record import AllocationRecord, PastFailure
from allocation.domain.reference import ConsignmentReference, OrderReference, is_consignment_reference
from allocation.records.stored_record import StoredRecord

MAX_ATTEMPTS: Final = 3
"""How often a change is begun anew because the consignment was changed under its hands."""
ReferenceText = str
"""A consignment reference as a caller wrote it, in any case."""
NewStanding = TypeVar("NewStanding", bound=Standing)


@dataclass(frozen=True, slots=True)
class Changes:
    """Finds consignments and writes down what became of them, each change only upon what it was decided on."""

    store: ConsignmentStore
    now: Callable[[], datetime]
    retention: timedelta | None = None
    """How long a record is kept; for ever where it is None."""

    def known(self, reference: ReferenceText) -> Known:
        """What is known of a consignment. Raises `UnknownConsignmentError`."""
        wanted = consignment_reference(reference)
        found = self.store.find([wanted]).get(wanted)
        if found is None:
            raise UnknownConsignmentError(reference)
        return found

    def change(
        self,
        reference: ReferenceText,
        request_id: str,
        decide: Callable[[Known], tuple[AllocationMode | None, NewStanding]],
    ) -> NewStanding:
        """Reads the consignment, decides and writes the record, anew if another was faster.

        Raises what `decide` raises, `UnknownConsignmentError` or `ChangedMeanwhileError`.
        """
        for _ in range(MAX_ATTEMPTS):
            seen = self.known(reference)
            mode, standing = decide(seen)
            if self.store.record(self._record(seen, mode, standing, request_id), seen):
                return standing
        raise ChangedMeanwhileError(consignment_reference(reference))

    def _record(
        self, seen: Known, mode: AllocationMode | None, standing: Standing, request_id: str
    ) -> AllocationRecord:
        now = self.now()
        return AllocationRecord(
            consignment_reference=seen.reference,
            order_reference=order_reference(seen),
            mode=mode,
            outcome=standing,
            event_id=request_id,
            allocated_at=now,
            version=seen.record.version + 1 if seen.record else 1,
            expires_at=now + self.retention if self.retention else None,
            past_failure=past_failure(seen.record) if seen.record else None,
        )


def consignment_reference(text: ReferenceText) -> ConsignmentReference:
    """A reference in its own upper case. Raises `UnknownConsignmentError` where it can't be one."""
    reference = text.strip().upper()
    if not is_consignment_reference(reference):
        raise UnknownConsignmentError(text)
    return ConsignmentReference(reference)


def described(seen: Known) -> StoredConsignment:
    """The sender's description. Raises `UnknownConsignmentError` where only the allocation record is known."""
    if seen.stored is None:
        raise UnknownConsignmentError(seen.reference)
    return seen.stored


def require_state(seen: Known, action: str, allowed: tuple[str, ...]) -> None:
    """Raises `ConsignmentStateError` unless the consignment is in one of the states."""
    if seen.state not in allowed:
        raise ConsignmentStateError(seen.reference, seen.state, action, allowed)


def order_reference(seen: Known) -> OrderReference:
    """The order of a record, else what the sender calls the consignment, else its own reference."""
    if seen.record:
        return OrderReference(seen.record.order_reference)
    customer_reference = seen.stored.customer_reference if seen.stored else None
    return OrderReference((customer_reference or seen.reference)[:128])


def past_failure(record: StoredRecord) -> PastFailure | None:
    """The last failure up to and including the record; a later success does not clear it."""
    if record.failure:
        failure = Failure(record.failure.code, record.failure.message)
        return PastFailure(failure, datetime.fromisoformat(record.allocated_at))
    past = record.past_failure
    return PastFailure(Failure(past.code, past.message), datetime.fromisoformat(past.failed_at)) if past else None


def mode_of(record: StoredRecord | None) -> AllocationMode | None:
    """Return the mode of the last allocation; None where there was none.

    Raises `UnknownModeError` or `InvalidReferenceError` for a record whose mode this version does not know.
    """
    return allocation_mode(record.mode, record.mode_reference) if record and record.mode else None
