"""Compares records with SortedPRO's states, and brings records in line: with an event each, once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from allocation.domain.frozen import frozen
from allocation.domain.outcome import Allocated, Standing
from allocation.domain.record import AllocationRecord, RecordSeen, latest_event_ids
from allocation.domain.reference import ConsignmentReference, OrderReference, is_pro_reference
from allocation.domain.state import Step
from allocation.observability import crash, logger
from allocation.ports import Deadline, RecordStore
from allocation.pro.agreement import Agreement, Finding, find_difference
from allocation.pro.calls import Pauses, parallel_calls
from allocation.pro.client import ProClient

_NOT_PROS = Finding(Agreement.AGREES, text="not a reference of SortedPRO's")


@frozen
class Looked:
    """A consignment's record as it was read, None without one, and what was found."""

    seen: RecordSeen | None
    finding: Finding


@frozen
class Aligning:
    """Looks at records and at SortedPRO, and changes records only if they are as they were read.

    `retention` is how long a record is kept, None for ever. A record younger than `settle_seconds` is left alone.
    """

    records: RecordStore
    client: ProClient
    now: Callable[[], datetime]
    retention: timedelta | None
    settle_seconds: float
    pauses: Pauses
    # Whether records have SortedPRO's prices and delivery dates.
    with_details: bool = False

    def look(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Looked]:
        """Compare both sides: the records first, so that SortedPRO's states are later. Raises `RetryableError`."""
        references = list(dict.fromkeys(references))
        settled_before = self.now() - timedelta(seconds=self.settle_seconds)
        records = self.records.recorded(references).records
        at_pro = {each: _at_pro(each, records.get(each)) for each in references}
        asked = {each: there for each, there in at_pro.items() if is_pro_reference(there)}
        with parallel_calls(self.client, deadline, self.pauses) as calls:
            replies = calls.states(list(asked.values()))
        base_url = self.client.base_url
        found = {
            each: _found(
                there, partial(find_difference, there, records.get(each), replies[there], base_url, settled_before)
            )
            for each, there in asked.items()
        }
        return {each: Looked(records.get(each), found.get(each, _NOT_PROS)) for each in references}

    def align(self, reference: ConsignmentReference, looked: Looked, event_id: str) -> bool:
        """Give a record the changes that were found, each in a version of its own.

        Return False if another writer has changed it: look again. Raises `RetryableError`.
        """
        seen = looked.seen
        if seen is None:
            return True
        for standing in looked.finding.changes:
            record = self._record(reference, seen, standing, event_id)
            if not self.records.replace(record, seen):
                return False
            seen = _seen_after(record, seen)
        step = looked.finding.step
        return step is None or self.records.take_step(reference, Step(step, event_id, self.now()), seen)

    def _record(
        self, reference: ConsignmentReference, seen: RecordSeen, standing: Standing, event_id: str
    ) -> AllocationRecord:
        now = self.now()
        if isinstance(standing, Allocated) and not self.with_details:
            standing = standing.without_details()
        return AllocationRecord(
            consignment_reference=reference,
            order_reference=seen.order_reference or OrderReference(reference),
            mode=seen.mode,
            outcome=standing,
            event_id=event_id,
            allocated_at=now,
            version=seen.version + 1,
            expires_at=now + self.retention if self.retention else None,
            past_failure=seen.latest_failure,
            event_ids=latest_event_ids(*seen.event_ids, event_id),
            route=seen.route,
            customer_reference=seen.customer_reference,
            pro_reference=seen.pro_reference,
            updated_by=seen.updated_by,
        )


def _found(reference: ConsignmentReference, find: Callable[[], Finding]) -> Finding:
    """Return what was found of a consignment. One that makes this crash must not hold up the others."""
    try:
        return find()
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("comparing crashed", extra={"consignment": reference, **crash(error)})
        return Finding(Agreement.UNREAD, text="comparing it crashed: see the log")


def _at_pro(reference: ConsignmentReference, seen: RecordSeen | None) -> ConsignmentReference:
    """Return SortedPRO's reference of a consignment: its own, where SortedPRO created it for this stack."""
    return (seen.pro_reference if seen else None) or reference


def _seen_after(record: AllocationRecord, seen: RecordSeen) -> RecordSeen:
    """Return what the next change of a record must have seen."""
    allocated = record.outcome.summary.carrier_service_reference if isinstance(record.outcome, Allocated) else None
    return replace(
        seen,
        state=record.outcome.state,
        version=record.version,
        event_ids=record.event_ids,
        counted_on=None,
        carrier_service=allocated,
        written_at=record.allocated_at,
    )
