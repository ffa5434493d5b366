"""The targets: each takes any bytes and ends well or with an error of the domain, soon, whatever they are.

What a target could read must also be fit for all that comes after it: for DynamoDB, SNS and SQS, each with its limits.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from allocation.adapters.dynamodb_documents import to_item
from allocation.adapters.pro_consignment import read_consignment
from allocation.adapters.pro_contract import UnreadableReplyError, read_error, read_items
from allocation.contracts.allocation_record import StoredRecord, record_document
from allocation.contracts.order_created import LONGEST_REASON, read_order
from allocation.domain.errors import InvalidMessageError
from allocation.domain.outcomes import Allocated, AllocationFailed, Failure, Outcome
from allocation.lambda_events import changes
from allocation.ports import AllocationEvent
from allocation.publishing import event_of
from tests.fuzz.limits import fits_dynamodb, fits_sns
from tests.samples import EVENTS, A, record_of

BASE_URL: Final = "https://api.electioapp.com"


def order_message(data: bytes) -> None:
    """A body of the order queue: read, or refused with a reason that fits a message attribute."""
    try:
        read = read_order(data.decode(errors="replace"))
        refusal = read.invalid
        assert read.order.consignments
    except InvalidMessageError as error:
        refusal = error
    if refusal:
        assert refusal.code.isalnum()
        assert 0 < len(str(refusal)) <= LONGEST_REASON
        assert str(refusal).isascii()
        assert str(refusal).isprintable()


def pro_items(data: bytes) -> None:
    """An allocation reply: its summaries can be kept and published."""
    try:
        items = read_items(data)
    except UnreadableReplyError:
        return
    for item in list(items.values())[:3]:
        assert_recordable(Allocated(item.summary) if item.summary else AllocationFailed(item.failure))


def pro_consignment(data: bytes) -> None:
    """A consignment's state: an allocation adopted from it can be kept and published."""
    try:
        status = read_consignment(data, A, BASE_URL)
    except UnreadableReplyError:
        return
    assert_recordable(status.allocated or AllocationFailed(Failure("Failed", status.failure_message or "unknown")))


def pro_error(data: bytes) -> None:
    """An error reply: its code and text can be kept and published."""
    failure = read_error(data)
    if failure:
        assert failure.code
        assert_recordable(AllocationFailed(failure))


def stream_record(data: bytes) -> None:
    """A new image of the table's stream: an event that SNS takes, or no allocation record."""
    try:
        image = json.loads(data)
    except (ValueError, RecursionError):
        return
    [change] = changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]})
    try:
        event = event_of(change)
    except InvalidMessageError:
        return
    assert_publishable(event)


def assert_recordable(outcome: Outcome) -> None:
    """Fails unless an outcome's record can be written, read back and published."""
    document = record_document(record_of(A, outcome))
    item = to_item(document)
    assert fits_dynamodb(item)
    [change] = changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": item}}]})
    stored = StoredRecord.model_validate(change.document)
    assert stored.state == outcome.state
    if isinstance(outcome, Allocated):
        assert stored.carrier_service_reference == outcome.summary.carrier_service_reference
    assert_publishable(event_of(change))


def assert_publishable(event: AllocationEvent) -> None:
    """Fails unless SNS takes the event and its body is what it should be."""
    assert fits_sns(event)
    body = json.loads(event.body)
    assert body["id"] == event.event_id
    assert event.attributes["type"] == body["type"]


@dataclass(frozen=True, slots=True)
class Target:
    """What to fuzz, the inputs to begin with, and the bytes that an input may have in reality."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    most_bytes: int


def images() -> tuple[bytes, ...]:
    """The new images of the stream records in `events/`."""
    documents = [json.loads(file.read_bytes()) for file in sorted(EVENTS.glob("stream-*.json"))]
    return tuple(
        json.dumps(each["dynamodb"]["NewImage"]).encode() for document in documents for each in document["Records"]
    )


def orders() -> tuple[bytes, ...]:
    """The order messages in `events/`, those that can't be read included."""
    files = [*sorted(EVENTS.glob("order-created-*.json")), *sorted((EVENTS / "malformed").iterdir())]
    return tuple(map(Path.read_bytes, files))


def replies(*documents: object) -> tuple[bytes, ...]:
    """Reply bodies of these documents."""
    return tuple(json.dumps(document).encode() for document in documents)


SUMMARY: Final = json.loads((EVENTS / "allocation-summary.json").read_bytes())[0]
LEGS: Final = SUMMARY["ConsignmentLegs"]
FAILED_SUMMARY: Final = {**SUMMARY, "StatusCode": 400, "ConsignmentLegs": None, "CarrierReference": None}
MESSAGE: Final = {"IsSuccess": True, "Message": "done", "Data": A}
PRICE: Final = {"Net": 5.49, "Gross": 6.59, "VatAmount": 1.10, "Currency": {"Name": "Pound", "IsoCode": "GBP"}}
ALLOCATION: Final = {"MpdCarrierServiceReference": "CX_NDS", "MpdCarrierServiceName": "Next Day", "Price": PRICE}
CONSIGNMENT: Final = {
    "Reference": A,
    "ConsignmentState": "Allocated",
    "Allocation": ALLOCATION,
    "FailedAllocation": {"Message": "nothing fits"},
    "ConsignmentLegs": LEGS,
}
DETAIL: Final = {"Code": "Invalid", "Target": "Weight", "Message": "is too heavy"}
ERROR: Final = {
    "Code": "ConsignmentNotFoundException",
    "Message": "not found",
    "CorrelationId": "1",
    "Details": [DETAIL],
}

TARGETS: Final = {
    "order_message": Target(order_message, orders(), 1 << 20),
    "pro_items": Target(pro_items, replies([SUMMARY, FAILED_SUMMARY], SUMMARY, [MESSAGE], []), 256 << 10),
    "pro_consignment": Target(pro_consignment, replies(CONSIGNMENT, {**CONSIGNMENT, "Allocation": None}), 256 << 10),
    "pro_error": Target(pro_error, replies(ERROR, {"Code": "X"}, {"statusCode": 401, "message": "denied"}), 256 << 10),
    "stream_record": Target(stream_record, images(), 400_000),
}
