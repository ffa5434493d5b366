"""The targets: each takes any bytes and ends well or with an error of the domain, soon, whatever they are.

What a target could read must also be fit for all that comes after it: for DynamoDB, SNS and SQS, each with its limits.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from allocation.aws.stream_events import changes
from allocation.domain.errors import InvalidMessageError
from allocation.domain.outcome import Allocated, AllocationFailed, Outcome
from allocation.events.allocation_event import UnpublishableError
from allocation.events.publish_allocations import event_of
from allocation.orders.order_created import read_order
from allocation.orders.refusals import MAX_REASON
from allocation.ports import AllocationEvent
from allocation.pro.replies import UnreadableReplyError, read_error, read_items
from allocation.pro.state import read_consignment
from allocation.records.items import to_item
from allocation.records.record_document import record_document
from allocation.records.stored_record import StoredRecord
from tests.fuzz.limits import fits_dynamodb, fits_sns
from tests.fuzz.mutation import RUN
from tests.support.samples import EVENTS, A, order_event, record_of

MAX_CHECKED: Final = 3
"""Outcomes of one reply that are checked: that takes longer than reading them."""
BASE_URL: Final = "https://api.electioapp.com"


def read_message(data: bytes) -> InvalidMessageError | None:
    """A body of the order queue; what is wrong with it, if anything is."""
    try:
        return read_order(data.decode(errors="replace")).invalid
    except InvalidMessageError as error:
        return error


def check_message(refusal: InvalidMessageError | None) -> None:
    """A refusal fits a message's attributes."""
    if refusal:
        assert refusal.code.isalnum()
        assert 0 < len(str(refusal)) <= MAX_REASON
        assert str(refusal).isascii()
        assert str(refusal).isprintable()


def read_reply(data: bytes) -> list[Outcome]:
    """An allocation reply; the outcomes of its first items."""
    try:
        items = list(read_items(data).values())[:MAX_CHECKED]
    except UnreadableReplyError:
        return []
    return [Allocated(item.summary) if item.summary else AllocationFailed(item.failure) for item in items]


def read_state(data: bytes) -> list[Outcome]:
    """A consignment's state; the outcome that would be adopted from it."""
    try:
        status = read_consignment(data, A, BASE_URL)
    except UnreadableReplyError:
        return []
    return [status.allocated] if status.allocated else []


def read_refusal(data: bytes) -> list[Outcome]:
    """An error reply; the outcome that it stands for."""
    failure = read_error(data)
    return [AllocationFailed(failure)] if failure else []


def image_of(data: bytes) -> Any:
    """What Lambda's runtime makes of the bytes of a new image, before our code sees it."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def read_record(image: Any) -> AllocationEvent | None:
    """A new image of the table's stream; its event, if it is an allocation record."""
    [change] = changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]})
    try:
        return event_of(change)
    except UnpublishableError:
        return None


def check_outcomes(outcomes: list[Outcome]) -> None:
    """The outcomes can be recorded and published."""
    for outcome in outcomes:
        assert_recordable(outcome)


def check_event(event: AllocationEvent | None) -> None:
    """An event can be published."""
    if event:
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
        assert (outcome.summary.carrier_service_reference or "").startswith(stored.carrier_service_reference or "")
    assert_publishable(event_of(change))


def assert_publishable(event: AllocationEvent) -> None:
    """Fails unless SNS takes the event and its body is what it should be."""
    assert fits_sns(event)
    body = json.loads(event.body)
    assert body["id"] == event.event_id
    assert event.attributes["type"] == body["type"]


@dataclass(frozen=True, slots=True)
class Target:
    """What to fuzz, the inputs to begin with, and the bytes that an input may have in reality.

    `read` raises nothing and is quick, whatever it is `given`; `check` raises `AssertionError` for what it should not
    have made of it.
    """

    read: Callable[[Any], Any]
    check: Callable[[Any], None]
    seeds: tuple[bytes, ...]
    most_bytes: int
    given: Callable[[bytes], Any] = bytes
    """What others make of the input first."""

    def run(self, data: bytes) -> None:
        """Reads and checks one input."""
        self.check(self.read(self.given(data)))


def images() -> tuple[bytes, ...]:
    """The new images of the stream records in `events/`."""
    documents = [json.loads(file.read_bytes()) for file in sorted(EVENTS.glob("stream-*.json"))]
    return tuple(
        json.dumps(each["dynamodb"]["NewImage"]).encode() for document in documents for each in document["Records"]
    )


def orders() -> tuple[bytes, ...]:
    """The order messages in `events/`, those that can't be read included, and one whose address has a long gap."""
    files = [*sorted(EVENTS.glob("order-created-*.json")), *sorted((EVENTS / "malformed").iterdir())]
    gap = order_event(A)
    gap["consignments"] = [
        {"Reference": A, "Addresses": [{"AddressType": "Destination", "AddressLine1": "Postfach" + " " * RUN + "!"}]}
    ]
    return (*map(Path.read_bytes, files), json.dumps(gap).encode())


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

# Those that take longest first: a processor that has nothing left to do waits for the others.
TARGETS: Final = {
    "order_message": Target(read_message, check_message, orders(), 1 << 20),
    "stream_record": Target(read_record, check_event, images(), 400_000, given=image_of),
    "pro_items": Target(
        read_reply, check_outcomes, replies([SUMMARY, FAILED_SUMMARY], SUMMARY, [MESSAGE], []), 256 << 10
    ),
    "pro_consignment": Target(
        read_state, check_outcomes, replies(CONSIGNMENT, {**CONSIGNMENT, "Allocation": None}), 256 << 10
    ),
    "pro_error": Target(
        read_refusal, check_outcomes, replies(ERROR, {"Code": "X"}, {"statusCode": 401, "message": "denied"}), 256 << 10
    ),
}
