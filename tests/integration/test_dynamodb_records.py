"""Allocation records in DynamoDB: what is kept, what is never overwritten, and what happens when DynamoDB fails."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.consignments import BY_STATE
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.domain.errors import RetryableError
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, Cancelled, Deallocated, Failure, KeptDecision, Price
from allocation.domain.record import RefusedUpdate
from allocation.domain.reference import OrderReference
from allocation.exact_json import written
from allocation.ports import AddReceipt
from allocation.records.items import from_item, to_item
from allocation.records.record_document import record_document
from tests.integration.conftest import CANCELLED_ORDERS, LIMITS, TABLE, UNANSWERED, refusal
from tests.support.samples import FAILED, NOON, A, B, C, record_of, reference, summary_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THROTTLED, FAILING = refusal("ThrottlingException"), refusal("InternalServerError", 500)


@pytest.fixture
def records(dynamodb: "DynamoDBClient") -> DynamoDBRecords:
    return records_in(dynamodb)


def records_in(dynamodb: "DynamoDBClient") -> DynamoDBRecords:
    return DynamoDBRecords(dynamodb, TABLE, DynamoDBLimitUsage(dynamodb, LIMITS), CANCELLED_ORDERS)


def kept(dynamodb: "DynamoDBClient", consignment: str) -> dict[str, Any] | None:
    answer = dynamodb.get_item(TableName=TABLE, Key={"consignmentReference": {"S": consignment}})
    return from_item(answer["Item"]) if "Item" in answer else None


def refuse(client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, operation: str, error: Exception) -> list[Any]:
    """Makes one operation fail, and gives the calls of it."""
    calls: list[Any] = []

    def fail(**arguments: Any) -> Any:
        calls.append(arguments)
        raise error

    monkeypatch.setattr(client, operation, fail)
    return calls


def test_an_allocated_record_keeps_the_summary_as_it_came(records: DynamoDBRecords, dynamodb: "DynamoDBClient") -> None:
    price = Price(Decimal("4.95"), Decimal("0.99"), Decimal("5.94"), "GBP")
    outcome = Allocated(summary_of(A), price, KeptDecision(b"asked", b"found"))
    records.add([replace(record_of(A, outcome, CarrierService("CX_NDS")), expires_at=NOON + timedelta(days=1))])
    document = kept(dynamodb, A)
    assert document is not None
    assert (document.pop("asked"), document.pop("explanation")) == (b"asked", b"found")
    assert document == {
        "consignmentReference": A,
        "orderReference": "WEB-1",
        "state": "Allocated",
        "mode": "carrier_service",
        "modeReference": "CX_NDS",
        "version": 1,
        "eventId": "event-1",
        "allocatedAt": "2026-11-23T12:00:00.000Z",
        "schemaVersion": 2,
        "expiresAt": 1795521600,
        "allocationSummary": summary_of(A).to_json(),
        "carrierReference": "CARRIER_X",
        "listing": "Allocated#2",
        "carrierServiceReference": "CX_NDS",
        "price": {"net": "4.95", "vat": "0.99", "gross": "5.94", "currency": "GBP"},
    }


def test_a_failed_record_keeps_the_reason(records: DynamoDBRecords, dynamodb: "DynamoDBClient") -> None:
    failure = Failure("ServiceGroupNotFoundException", "There is no group 'gold'.")
    records.add([record_of(A, AllocationFailed(failure), ServiceGroup("gold"))])
    document = kept(dynamodb, A)
    assert document is not None
    assert (document["state"], document["modeReference"]) == ("AllocationFailed", "gold")
    assert document["failure"] == {"code": failure.code, "message": failure.message}
    assert "allocationSummary" not in document


def test_a_summary_with_numbers_that_only_pro_knows_is_kept(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    summary = summary_of(A, Price={"Net": 4.95, "Vat": 0.99}, Rank=3)
    assert records.add([record_of(A, Allocated(summary)), record_of(B)]).added == {A, B}
    document = kept(dynamodb, A)
    assert document is not None
    assert written(document["allocationSummary"]) == written(summary.to_json())


def test_the_references_with_a_record_are_told(records: DynamoDBRecords) -> None:
    records.add([record_of(A), record_of(B, FAILED)])
    assert records.recorded([A, B, C]).records.keys() == {A, B}


def test_more_references_than_one_read_takes_are_told(records: DynamoDBRecords) -> None:
    references = [reference(number) for number in range(101)]
    records.add([record_of(each) for each in references])
    assert records.recorded([*references, A]).records.keys() == set(references)


@pytest.mark.parametrize(
    ("may_lag", "are_there", "consistent"),
    [(False, False, [True]), (False, True, [True]), (True, False, [False]), (True, True, [False, True])],
)
def test_reads_are_consistent_unless_they_may_lag_and_find_nothing(
    records: DynamoDBRecords,
    dynamodb: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
    may_lag: bool,
    are_there: bool,
    consistent: list[bool],
) -> None:
    if are_there:
        records.add([record_of(A)])
    requests: list[dict[str, Any]] = []
    read = dynamodb.batch_get_item

    def noted(RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - boto3's name
        requests.extend(RequestItems.values())
        return read(RequestItems=RequestItems)

    monkeypatch.setattr(dynamodb, "batch_get_item", noted)
    found = records.recorded([A], may_lag=may_lag).records
    assert ([request["ConsistentRead"] for request in requests], A in found) == (consistent, are_there)


def test_a_record_is_never_overwritten(records: DynamoDBRecords, dynamodb: "DynamoDBClient") -> None:
    records.add([record_of(A)])
    receipt = records.add([record_of(A, FAILED)])
    assert receipt == AddReceipt(frozenset(), frozenset({A}), frozenset())
    document = kept(dynamodb, A)
    assert document is not None
    assert document["state"] == "Allocated"


def test_one_record_that_exists_does_not_hold_the_others_back(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    records.add([record_of(B)])
    receipt = records.add([record_of(A), record_of(B, FAILED), record_of(C)])
    assert receipt == AddReceipt(frozenset({A, C}), frozenset({B}), frozenset())
    document = kept(dynamodb, B)
    assert document is not None
    assert document["state"] == "Allocated"


def test_of_two_deliveries_that_both_saw_no_record_one_adds_it(dynamodb: "DynamoDBClient") -> None:
    first, second = records_in(dynamodb), records_in(dynamodb)
    assert first.recorded([A, B]).records == second.recorded([A, B]).records == {}
    assert first.add([record_of(A), record_of(B)]).added == {A, B}
    late = second.add([record_of(A, FAILED), record_of(B, FAILED), record_of(C)])
    assert late == AddReceipt(frozenset({C}), frozenset({A, B}), frozenset())


def test_more_records_than_one_call_takes_are_added(records: DynamoDBRecords) -> None:
    references = [reference(number) for number in range(60)]
    assert records.add([record_of(each) for each in references]).added == set(references)
    assert records.recorded(references).records.keys() == set(references)


@pytest.mark.parametrize("error", [THROTTLED, FAILING], ids=cause_of)
def test_a_call_that_fails_is_made_up_for_one_by_one(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, error: ClientError
) -> None:
    refuse(dynamodb, monkeypatch, "batch_execute_statement", error)
    assert records.add([record_of(A), record_of(B)]).added == {A, B}


@pytest.mark.parametrize("code", ["ThrottlingError", "TransactionConflict", "InternalServerError"])
@pytest.mark.parametrize("done", [True, False], ids=["though it is done", "not done"])
def test_what_a_call_leaves_open_is_written_by_itself(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, code: str, done: bool
) -> None:
    insert = dynamodb.batch_execute_statement

    def in_part(Statements: Any) -> Any:  # noqa: N803 - boto3's name
        first, *others = insert(Statements=Statements if done else Statements[1:])["Responses"]
        return {"Responses": [{"Error": {"Code": code}}, *(others if done else [first, *others])]}

    monkeypatch.setattr(dynamodb, "batch_execute_statement", in_part)
    receipt = records.add([record_of(A), record_of(B)])
    assert receipt.added | receipt.present == {A, B}
    assert (A in receipt.present) is done
    assert kept(dynamodb, A)


def test_only_what_counts_on_a_limit_pays_for_a_transaction(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    calls = {"batch_execute_statement": "Statements", "transact_write_items": "TransactItems"}

    def spied(name: str, write: Any) -> Any:
        def call(**request: Any) -> Any:
            asked.append((name, len(request[calls[name]])))
            return write(**request)

        return call

    for name in calls:
        monkeypatch.setattr(dynamodb, name, spied(name, getattr(dynamodb, name)))
    limit = AllocationLimit(LimitedDay("CX_NDS", NOON.date()), 5)
    limited = [record_of(each, Allocated(summary_of(each), limit=limit)) for each in (A, B)]
    assert records.add([record_of(C), *limited, record_of(reference(1), FAILED)]).added == {A, B, C, reference(1)}
    assert asked == [("batch_execute_statement", 2), ("transact_write_items", 3)]


def test_the_index_by_state_leaves_out_what_orders_allocated(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    records.add([record_of(A), record_of(B, FAILED), replace(record_of(C), outcome=Cancelled())])
    items = dynamodb.scan(TableName=TABLE, IndexName=BY_STATE)["Items"]
    assert {item["consignmentReference"]["S"] for item in items} == {B, C}
    assert (kept(dynamodb, A) or {})["state"] == "Allocated"
    seen = records.recorded([A]).records[A]
    assert records.replace(replace(record_of(A), outcome=Deallocated(), version=2), seen)
    items = dynamodb.scan(TableName=TABLE, IndexName=BY_STATE)["Items"]
    assert {item["consignmentReference"]["S"] for item in items} == {A, B, C}


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_records_that_can_not_be_written_are_in_neither_set(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    refuse(dynamodb, monkeypatch, "batch_execute_statement", error)
    refuse(dynamodb, monkeypatch, "put_item", error)
    receipt = records.add([record_of(A), record_of(B)])
    assert receipt == AddReceipt(frozenset(), frozenset(), frozenset())


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
    ],
    ids=cause_of,
)
def test_a_table_that_does_not_answer_is_not_asked_again_for_each_record(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Each call without an answer takes seconds, and the function would be killed before it returns the messages."""
    asked = [refuse(dynamodb, monkeypatch, operation, error) for operation in ("batch_execute_statement", "put_item")]
    many = [record_of(reference(number)) for number in range(60)]
    assert records.add(many) == AddReceipt(frozenset(), frozenset(), frozenset())
    assert records.add([record_of(A)]) == AddReceipt(frozenset(), frozenset(), frozenset())
    # The three insertions of the sixty ask at the same moment.
    assert [len(calls) for calls in asked] == [3, 1]


def test_a_record_too_large_for_an_item_does_not_hold_the_others_back(records: DynamoDBRecords) -> None:
    large = replace(record_of(B), order_reference=OrderReference("x" * 420_000))
    receipt = records.add([record_of(A), large, record_of(C)])
    assert receipt == AddReceipt(frozenset({A, C}), frozenset(), frozenset())


def test_keys_that_dynamodb_left_unread_are_read_again(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    records.add([record_of(A), record_of(B)])
    read = dynamodb.batch_get_item
    asked: list[int] = []

    def one_at_a_time(RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - boto3's name
        first, *left = RequestItems[TABLE]["Keys"]
        asked.append(1 + len(left))
        RequestItems[TABLE]["Keys"] = [first]
        answer = read(RequestItems=RequestItems)
        return {**answer, "UnprocessedKeys": {TABLE: {"Keys": left}} if left else {}}

    monkeypatch.setattr(dynamodb, "batch_get_item", one_at_a_time)
    assert records.recorded([A, B, C]).records.keys() == {A, B}
    assert asked == [3, 2, 1]


def test_keys_that_dynamodb_never_reads_are_an_error_that_may_pass(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        dynamodb, "batch_get_item", lambda **asked: {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}
    )
    with pytest.raises(RetryableError, match="left 2 of 2 keys unread"):
        records.recorded([A, B])


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_a_read_that_fails_is_an_error_that_may_pass(
    records: DynamoDBRecords,
    dynamodb: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
    error: ClientError | BotoCoreError,
) -> None:
    refuse(dynamodb, monkeypatch, "batch_get_item", error)
    with pytest.raises(RetryableError, match=rf"allocations could not be read \({cause_of(error)}\)"):
        records.recorded([A])


def test_a_single_record_needs_no_transaction(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = refuse(dynamodb, monkeypatch, "batch_execute_statement", THROTTLED)
    assert records.add([record_of(A, mode=DefaultRules())]).added == {A}
    assert calls == []


def test_an_allocation_takes_the_place_of_a_failure_that_was_recorded_meanwhile(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    """Two deliveries asked at once, and of a consignment that failed PRO let itself be asked again."""
    assert records.add([record_of(A, FAILED)]).added == {A}
    assert records.add([record_of(A), record_of(B)]) == AddReceipt(frozenset({A, B}), frozenset(), frozenset())
    document = kept(dynamodb, A)
    assert document is not None
    assert (document["state"], document["version"]) == ("Allocated", 2)
    assert document["pastFailure"]["code"] == FAILED.failure.code


def test_an_allocation_takes_the_place_of_an_updates_failure_only_if_it_is_an_updates_too(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    """An order-created event may have older content."""
    records.add([replace(record_of(A, FAILED), event_id="update-1", updated_by="update-1")])
    assert records.add([record_of(A)]).present == {A}
    updated = replace(record_of(A), event_id="update-2", updated_by="update-2")
    assert records.add([updated]).added == {A}
    assert (kept(dynamodb, A) or {})["version"] == 2


def test_a_refused_update_is_added_to_the_record_as_it_was_seen(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    records.add([record_of(A)])
    seen, before = records.recorded([A]).records[A], kept(dynamodb, A)
    assert records.refuse_update(A, RefusedUpdate("update-1", NOON), seen)
    assert not records.refuse_update(A, RefusedUpdate("update-2", NOON), seen)
    refusal = {"refusedUpdate": {"eventId": "update-1", "at": "2026-11-23T12:00:00.000Z"}}
    assert kept(dynamodb, A) == {**(before or {}), **refusal, "version": 2, "eventIds": ["event-1", "update-1"]}
    assert not records.recorded([A]).records[A].refuses("update-1")


def test_neither_an_allocation_nor_what_was_changed_on_request_is_overwritten(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    records.add([record_of(A)])
    for version in (1, 2, 3):
        records.add([replace(record_of(B, FAILED), version=version)])
    assert records.add([record_of(A, FAILED), record_of(B)]).present == {A, B}
    assert [(kept(dynamodb, each) or {})["version"] for each in (A, B)] == [1, 3]


def test_a_record_of_a_later_schema_version_is_seen_and_never_overwritten(
    records: DynamoDBRecords, dynamodb: "DynamoDBClient"
) -> None:
    """Whatever it says: the version that wrote it knows."""
    later = to_item(record_document(record_of(A, FAILED)) | {"schemaVersion": 3})
    dynamodb.put_item(TableName=TABLE, Item=later)
    seen = records.recorded([A]).records[A]
    assert not seen.is_to_be_tried("another event", is_update=True)
    assert records.add([record_of(A)]).present == {A}
    assert kept(dynamodb, A) == from_item(later)
