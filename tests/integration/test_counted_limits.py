"""Allocation limits in DynamoDB: counted in the transaction that writes the record, and never exceeded."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb import limit_usage
from allocation.aws.dynamodb import records as records_of_dynamodb
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.domain.errors import RetryableError
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.outcome import Allocated, Cancelled
from allocation.domain.record import AllocationRecord
from allocation.ports import AddReceipt
from tests.integration.conftest import CANCELLED_ORDERS, LIMITS, TABLE, UNANSWERED
from tests.support.samples import NOON, A, B, C, D, record_of, reference, summary_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = LimitedDay("CX_NDS", date(2026, 11, 24))
OTHER = LimitedDay("CX_NDS", date(2026, 11, 25))


@pytest.fixture
def limits(dynamodb: "DynamoDBClient") -> DynamoDBLimitUsage:
    return DynamoDBLimitUsage(dynamodb, LIMITS)


@pytest.fixture
def records(dynamodb: "DynamoDBClient", limits: DynamoDBLimitUsage) -> DynamoDBRecords:
    return DynamoDBRecords(dynamodb, TABLE, limits, CANCELLED_ORDERS)


def limited(consignment: str, most: int = 3, day: LimitedDay = DAY) -> AllocationRecord:
    record = record_of(reference(0), Allocated(summary_of(consignment), limit=AllocationLimit(day, most)))
    return replace(record, consignment_reference=consignment, allocated_at=NOON)  # type: ignore[arg-type]


def test_allocations_are_counted_with_their_records(records: DynamoDBRecords, limits: DynamoDBLimitUsage) -> None:
    assert records.add([limited(A), limited(B), limited(C, day=OTHER), record_of(D)]).added == {A, B, C, D}
    assert limits.used([DAY, OTHER, LimitedDay("CX_ECO", DAY.day)]) == {DAY: 2, OTHER: 1}


def test_what_would_go_beyond_a_limit_is_outrun_and_not_written(
    records: DynamoDBRecords, limits: DynamoDBLimitUsage
) -> None:
    assert records.add([limited(A), limited(B)]).added == {A, B}
    receipt = records.add([limited(C), limited(D)])
    assert receipt == AddReceipt(frozenset({C}), frozenset(), frozenset({D}))
    assert records.recorded([A, B, C, D]).records.keys() == {A, B, C}
    assert limits.used([DAY]) == {DAY: 3}


def test_a_record_that_is_there_is_not_counted_again(records: DynamoDBRecords, limits: DynamoDBLimitUsage) -> None:
    assert records.add([limited(A)]).added == {A}
    for batch in ([limited(A)], [limited(A), limited(B)]):
        assert records.add(batch).present == {A}
    assert limits.used([DAY]) == {DAY: 2}


def test_a_limit_holds_for_whoever_writes_after_it_was_reached(
    records: DynamoDBRecords, limits: DynamoDBLimitUsage
) -> None:
    receipts = [records.add([limited(reference(number))]) for number in range(6)]
    assert [len(receipt.outrun) for receipt in receipts] == [0, 0, 0, 1, 1, 1]
    assert limits.used([DAY]) == {DAY: 3}


def test_more_than_a_day_takes_are_never_written_at_once(records: DynamoDBRecords, limits: DynamoDBLimitUsage) -> None:
    """Each was decided by itself, after a crash, and none has been counted yet."""
    receipt = records.add([limited(each) for each in (A, B, C, D)])
    assert (len(receipt.added), len(receipt.outrun)) == (3, 1)
    assert limits.used([DAY]) == {DAY: 3}


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_limits_that_can_not_be_read_are_tried_again_later(
    limits: DynamoDBLimitUsage,
    dynamodb: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
    error: ClientError | BotoCoreError,
) -> None:
    monkeypatch.setattr(dynamodb, "batch_get_item", Mock(side_effect=error))
    with pytest.raises(RetryableError, match="limits could not be read"):
        limits.used([DAY])


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_allocations_that_can_not_be_counted_are_not_written_and_tried_again_later(
    records: DynamoDBRecords,
    limits: DynamoDBLimitUsage,
    dynamodb: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
    error: ClientError | BotoCoreError,
) -> None:
    with monkeypatch.context() as ill:
        ill.setattr(dynamodb, "transact_write_items", Mock(side_effect=error))
        assert records.add([limited(A), limited(B)]) == AddReceipt(frozenset(), frozenset(), frozenset())
    assert (records.recorded([A, B]).records, limits.used([DAY])) == ({}, {})
    assert records.add([limited(A), limited(B)]).added == {A, B}


@dataclass
class Remaining:
    """A deadline that never comes closer."""

    seconds: float

    def remaining_seconds(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("seconds", "tries"), [(60.0, 8), (4.9, 1)])
def test_what_other_writers_hold_up_is_not_tried_again_at_the_end_of_the_time(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, seconds: float, tries: int
) -> None:
    reasons: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    }
    busy = Mock(side_effect=dynamodb.exceptions.TransactionCanceledException(reasons, "TransactWriteItems"))
    monkeypatch.setattr(dynamodb, "transact_write_items", busy)
    monkeypatch.setattr(records_of_dynamodb, "pause", lambda _: None)
    assert records.add([limited(A)], Remaining(seconds)).added == frozenset()
    assert busy.call_count == 2 * tries, "together, and then alone"


def test_a_cancellation_takes_the_allocation_off_its_day(records: DynamoDBRecords, limits: DynamoDBLimitUsage) -> None:
    records.add([limited(A), limited(B)])
    seen = records.recorded([A]).records[A]
    cancelled = replace(record_of(A), outcome=Cancelled(), version=2)
    assert records.replace(cancelled, seen)
    assert not records.replace(cancelled, seen)
    assert limits.used([DAY]) == {DAY: 1}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits have their counters in parts, as large ones have."""
    monkeypatch.setattr(limit_usage, "MIN_PLACES", 10)


@pytest.mark.usefixtures("parts")
def test_several_writers_use_up_a_limit_in_parts_exactly(dynamodb: "DynamoDBClient") -> None:
    writers = [DynamoDBRecords(dynamodb, TABLE, DynamoDBLimitUsage(dynamodb, LIMITS), CANCELLED_ORDERS) for _ in "abc"]
    added = set[str]()
    for number in range(12):
        batch = [limited(reference(5 * number + each), most=40) for each in range(5)]
        added |= writers[number % 3].add(batch).added
    assert len(added) == 40
    assert DynamoDBLimitUsage(dynamodb, LIMITS).used([DAY]) == {DAY: 40}


@pytest.mark.usefixtures("parts")
def test_places_that_parts_have_left_are_found_by_who_takes_one(
    records: DynamoDBRecords, limits: DynamoDBLimitUsage
) -> None:
    """A limit that is lowered, too, is never exceeded, and its last place is used."""
    records.add([limited(reference(number), most=40) for number in range(20)])
    assert limits.used([DAY]) == {DAY: 20}
    receipts = [records.add([limited(reference(number), most=22)]) for number in range(20, 25)]
    assert [len(receipt.added) for receipt in receipts] == [1, 1, 0, 0, 0]
    assert limits.used([DAY]) == {DAY: 22}


@pytest.mark.usefixtures("parts")
def test_a_cancellation_frees_a_place_of_a_limit_in_parts(records: DynamoDBRecords, limits: DynamoDBLimitUsage) -> None:
    references = [reference(number) for number in range(20)]
    records.add([limited(each, most=20) for each in references])
    assert records.add([limited(A, most=20)]).outrun == {A}
    seen = records.recorded(references[:1]).records[references[0]]
    assert records.replace(replace(record_of(references[0]), outcome=Cancelled(), version=2), seen)
    assert records.add([limited(A, most=20)]).added == {A}
    assert limits.used([DAY]) == {DAY: 20}
