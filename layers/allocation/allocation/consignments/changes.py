"""How a consignment is changed: read, decided, and written only if what was read still stands."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar, assert_never

from allocation.consignments.errors import (
    ChangedMeanwhileError,
    LaterRecordError,
    OutOfReachError,
    UnknownConsignmentError,
)
from allocation.consignments.store import CANCELLED, ConsignmentStore, Known, ReferenceText
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import ENGINE, Allocated, AllocatedBy, AllocationFailed, Cancelled, Deallocated, Standing
from allocation.domain.record import AllocationRecord, NamedAtPro, latest_event_ids
from allocation.domain.reference import ConsignmentReference, OrderReference, is_consignment_reference, spellings
from allocation.domain.routing import Route

# How often a change is decided again because another request changed the consignment first.
MAX_ATTEMPTS: Final = 3
_MAX_ORDER_REFERENCE: Final = 128

_NewStanding = TypeVar("_NewStanding", bound=Standing)


class Elsewhere:
    """Who else allocates what this stack records, or did so once: nobody, or SortedPRO (`pro/releasing.py`).

    `named` is what the record names of SortedPRO's. Each method raises `RequestError` while it can't be said that it is
    so; with nobody it always is.
    """

    def require_settled(self, reference: ConsignmentReference) -> None:
        """Return where nobody but this stack can come to allocate the consignment now."""

    def release(self, reference: ConsignmentReference, named: NamedAtPro | None) -> None:
        """Return when its carrier service is taken back."""

    def cancel_recorded(self, reference: ConsignmentReference, named: NamedAtPro | None) -> None:
        """Return when it is cancelled there, after its record says so. May be called again."""


@frozen
class Changes:
    """Reads consignments and writes their allocation records, each only if nothing changed since it was read.

    `retention` is how long a record is kept, None for ever.
    """

    store: ConsignmentStore
    now: Callable[[], datetime]
    retention: timedelta | None
    elsewhere: Elsewhere = Elsewhere()
    # Who allocates in this stack.
    here: AllocatedBy = ENGINE
    # The name of the key whose request is being served, for the record; never the key.
    caller: Callable[[], str | None] = lambda: None

    def release(self, seen: Known) -> None:
        """Have whoever holds a consignment take its carrier service back, before that is recorded.

        Raises `OutOfReachError` where another PRO has allocated it, and `RequestError` while it is not taken back.
        """
        self.require_in_reach(seen)
        self.elsewhere.release(seen.reference, _named_at_pro(seen))

    def cancel_recorded(self, seen: Known) -> None:
        """Have a consignment cancelled elsewhere too, once that is recorded. Raises `RequestError` while it is not."""
        self.elsewhere.cancel_recorded(seen.reference, _named_at_pro(seen))

    def require_in_reach(self, seen: Known) -> None:
        """Raise `OutOfReachError` where another PRO has allocated a consignment than this stack calls."""
        by = seen.record.known_allocator if seen.record else None
        if by and by.is_out_of_reach(self.here):
            raise OutOfReachError(seen.reference, by.advice(self.here))

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

    def cancelled(self, references: Sequence[ConsignmentReference]) -> frozenset[str]:
        """Return those of these consignments that are cancelled."""
        return frozenset(each.reference for each in self.store.find(references).values() if each.state == CANCELLED)

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
            pro_reference=seen.record.known_pro_reference if seen.record else None,
            updated_by=seen.record.updated_by if seen.record else None,
            asked_by=self.caller(),
        )


def consignment_references(text: ReferenceText) -> Sequence[ConsignmentReference]:
    """Return the references that a caller may mean: the text as it is written, and in capitals if that is PRO's form.

    Raises `UnknownConsignmentError` for text that can't be a reference.
    """
    written = text.strip()
    if not is_consignment_reference(written):
        raise UnknownConsignmentError(text)
    return spellings(written)


def _named_at_pro(seen: Known) -> NamedAtPro | None:
    """Return what the record of a consignment names of SortedPRO's."""
    return seen.record.seen().named_at_pro if seen.record else None


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
