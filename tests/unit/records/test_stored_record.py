"""The allocation record in the table: what is written is read back, and what an unknown hand wrote is never guessed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.mode import CarrierService
from allocation.domain.outcome import Allocated, Cancelled, Deallocated, Failure, KeptDecision, Price
from allocation.domain.record import AllocationRecord, PastFailure, RecordSeen
from allocation.domain.routing import Route
from allocation.records.items import record_item, record_seen, stored_record, to_item
from allocation.records.record_document import SCHEMA_VERSION, record_document
from allocation.records.stored_record import StoredRecord
from tests.support.samples import FAILED, NOON, A, record_of, summary_of

PAST = PastFailure(Failure("NoCarrierServiceAvailable", "Too heavy."), NOON - timedelta(days=1))
DAY = LimitedDay("CX_NDS", date(2026, 11, 24))
FULL = replace(
    record_of(
        A,
        Allocated(
            summary_of(A, Cost=Decimal("4.6300"), Weight=0.1),
            price=Price(Decimal("4.63"), Decimal("0.93"), Decimal("5.56"), "GBP"),
            delivered_by=datetime(2026, 11, 25, 21, tzinfo=UTC),
            why="the cheapest of 3",
            limit=AllocationLimit(DAY, 5),
            decision=KeptDecision(b"asked", b"found"),
        ),
        CarrierService("CX_NDS"),
    ),
    version=3,
    event_id="event-3",
    event_ids=("event-1", "event-3"),
    past_failure=PAST,
    route=Route("express", "express", "fastest"),
    customer_reference="WEB-1/1",
    updated_by="event-2",
    expires_at=NOON + timedelta(days=90),
)
STANDINGS = [FULL, *(replace(FULL, outcome=outcome) for outcome in (FAILED, Deallocated(), Cancelled())), record_of(A)]


def read_back(record: AllocationRecord) -> StoredRecord:
    read = stored_record(record_item(record, by_order=True))
    assert read is not None
    return read


@pytest.mark.parametrize("record", STANDINGS, ids=["full", "failed", "deallocated", "cancelled", "small"])
def test_what_a_writer_must_know_of_a_record_is_read_back(record: AllocationRecord) -> None:
    allocated = record.outcome if isinstance(record.outcome, Allocated) else None
    failure = PastFailure(FAILED.failure, NOON) if record.outcome == FAILED else record.past_failure
    assert record_seen(record_item(record, by_order=True)) == RecordSeen(
        state=record.outcome.state,
        version=record.version,
        order_reference=record.order_reference,
        mode=record.mode,
        event_ids=record.event_ids or (record.event_id,),
        latest_failure=failure,
        counted_on=allocated.limit.on if allocated and allocated.limit else None,
        route=record.route,
        customer_reference=record.customer_reference,
        updated_by=record.updated_by,
        carrier_service=allocated.summary.carrier_service_reference if allocated else None,
        written_at=record.allocated_at,
    )


def test_an_allocation_is_read_back_with_its_numbers_exact() -> None:
    read, written = read_back(FULL), FULL.outcome
    assert isinstance(written, Allocated)
    assert read.price is not None
    assert read.price.model_dump() == {"net": "4.63", "vat": "0.93", "gross": "5.56", "currency": "GBP"}
    assert read.allocation_summary == written.summary
    assert (read.carrier_reference, read.carrier_service_reference) == ("CARRIER_X", "CX_NDS")
    assert (read.delivered_by, read.why) == ("2026-11-25T21:00:00.000Z", written.why)
    assert KeptDecision(read.asked or b"", read.explanation) == written.decision  # type: ignore[arg-type]


def test_a_field_that_this_version_does_not_know_is_ignored() -> None:
    document = record_document(FULL)
    document |= {"carbon": "12.5", "route": document["route"] | {"reason": "new"}}
    assert stored_record(to_item(document)) == read_back(FULL)


def test_a_mode_that_this_version_does_not_know_is_none_and_the_rest_is_read() -> None:
    seen = record_seen(to_item(record_document(FULL) | {"mode": "greenest"}))
    assert (seen.mode, seen.state, seen.version) == (None, "Allocated", 3)


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, Decimal("2.5"), 10**30])
def test_a_record_of_a_later_schema_version_is_not_read(version: Any) -> None:
    item = to_item(record_document(FULL) | {"schemaVersion": version})
    assert stored_record(item) is None
    assert record_seen(item) == RecordSeen(state="", version=0)


@pytest.mark.parametrize("missing", ["consignmentReference", "state", "version", "allocatedAt"])
def test_what_is_no_record_is_refused_and_counts_as_something_that_is_there(missing: str) -> None:
    document = record_document(FULL)
    del document[missing]
    with pytest.raises(ValidationError):
        stored_record(to_item(document))
    assert record_seen(to_item(document)) == RecordSeen(state="", version=0)
