"""What AWS refuses of a single call, or answers only in part, where the local AWS is kind.

Sources, as of November 2026: DynamoDB Developer Guide, "Constraints" and "BatchGetItem"; CloudWatch User Guide,
"Specification: Embedded metric format"; SNS Developer Guide, "Message attributes" and "Filter policy constraints"; SQS
Developer Guide, "Amazon SQS message quotas"; Secrets Manager User Guide, "Quotas".
"""

import hashlib
import io
import json
import random
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count as numbers
from typing import Any, Final

import pytest

from allocation.api.keys import read_keys
from allocation.api.search_terms import MAX_CARRIERS, search_terms
from allocation.aws.dynamodb import records
from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, read_items
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.aws.dynamodb.insertions import insertion
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.listings import DynamoDBListings
from allocation.aws.dynamodb.manifests import DynamoDBManifests
from allocation.aws.dynamodb.record_reading import RecordReader
from allocation.consignments.allocatable_consignment import MAX_PACKAGES
from allocation.consignments.errors import RequestError
from allocation.domain.consignment import Dimensions, Package
from allocation.domain.currencies import Money
from allocation.domain.metric import MetricName
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, Failure, KeptDecision, Price
from allocation.domain.record import MAX_EVENT_IDS, AllocationRecord, PastFailure, RefusedUpdate
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.state import STATES
from allocation.domain.summary import AllocationSummary
from allocation.engine import kept_explanation
from allocation.engine.asked import asked_bytes
from allocation.events.allocation_event import allocation_event
from allocation.exact_json import written
from allocation.observability import count, measure_seconds, metrics
from allocation.records.items import record_item, stored_record
from allocation.records.kept_summary import MAX_BYTES
from tests.support.engines import NOW, PARCEL, engine_of, service
from tests.support.samples import NOON, A, record_of, reference, summary_of

ITEM: Final = 400 * 1024
CHANCE: Final = random.Random(1)


class StrictDynamoDB:
    """A table that answers reads as DynamoDB does: 16 MB and 100 keys a batch, 1 MB a page, 100 operands of an `IN`."""

    def __init__(self, item_bytes: int, items: Sequence[Any] = ()) -> None:
        """Each item counts as `item_bytes`. `items` are what a query finds."""
        self.item_bytes, self.items = item_bytes, items
        self.calls = 0

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.calls += 1
        keys = [(table, key) for table, asked in RequestItems.items() for key in asked["Keys"]]
        assert len(keys) <= 100, "ValidationException: Too many items requested for the BatchGetItem call"
        fitting = 16 * 1024**2 // self.item_bytes
        found: dict[str, list[Any]] = {}
        left: dict[str, Any] = {}
        for at, (table, key) in enumerate(keys):
            if at < fitting:
                found.setdefault(table, []).append(key)
            else:
                left.setdefault(table, {**RequestItems[table], "Keys": []})["Keys"].append(key)
        return {"Responses": found, "UnprocessedKeys": left}

    def query(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        operands = len([name for name in request["ExpressionAttributeValues"] if name.startswith(":c")])
        assert operands <= 100, "ValidationException: Invalid number of operands for operator IN"
        first = request.get("ExclusiveStartKey", 0)
        last = first + 1024**2 // self.item_bytes
        # A page may be full of items that a filter leaves out.
        page = {"Items": [] if first == 0 and "FilterExpression" in request else list(self.items[first:last])}
        return page | ({"LastEvaluatedKey": last} if last < len(self.items) else {})


def item_bytes(item: dict[str, Any]) -> int:
    """The bytes of an item, at the most: names, and values as they are written."""
    return len(json.dumps(item, default=lambda octets: "x" * len(octets)))


def largest_decision(explanation: int) -> KeptDecision:
    """What is kept of a decision about as many packages as may be, none like another, with an explanation so long."""

    def number(digits: int) -> Decimal:
        return Decimal(CHANCE.randrange(1, 10**digits)) / 10**6

    packages = tuple(
        Package(number(9), Dimensions(number(9), number(9), number(9)), value=Money(number(10), "GBP"))
        for _ in range(MAX_PACKAGES)
    )
    tags = frozenset(f"{at:064}" for at in range(100))
    engine = engine_of({"S": service()})
    inquiry = engine.inquire(replace(PARCEL, packages=packages, tags=tags))
    assert not isinstance(inquiry, Failure)
    return KeptDecision(asked_bytes(inquiry, DefaultRules(), NOW), CHANCE.randbytes(explanation))


def largest_record(summary: AllocationSummary) -> AllocationRecord:
    """A record whose every part is as long as it may be."""
    decision = largest_decision(kept_explanation._MAX_WORDED)
    price = Price(Decimal(10**9), Decimal(10**9), Decimal(10**9), "GBP")
    return replace(
        record_of(A, Allocated(summary, price, decision, delivered_by=NOON, why="x" * 1_000)),
        order_reference=OrderReference("x" * 128),
        customer_reference="x" * 256,
        event_ids=tuple(f"{at:0256}" for at in range(MAX_EVENT_IDS)),
        past_failure=PastFailure(Failure("x" * 1_000, "x" * 1_000), NOON),
        refused_update=RefusedUpdate("x" * 256, NOON),
        expires_at=NOON + timedelta(days=1),
    )


def pros_largest() -> AllocationSummary:
    """A summary that is just short enough not to be cut, of nothing that packs."""
    short = summary_of(A)
    room = MAX_BYTES - len(written(short.to_json()))
    more = b64encode(CHANCE.randbytes(room * 3 // 4 - 3)).decode()
    return short.model_copy(update={"description": f"{short.description}{more}"})


def test_the_largest_record_is_one_that_an_item_holds() -> None:
    """DynamoDB never takes a larger one: its order would be tried for six hours, and end in the DLQ."""
    assert item_bytes(record_item(largest_record(pros_largest()), by_order=True)) <= ITEM


def test_as_many_of_the_largest_records_as_share_a_transaction_fit_it() -> None:
    """4 MB. The engine has daily limits, and its summaries are short."""
    largest = item_bytes(record_item(largest_record(summary_of(A)), by_order=True))

    assert largest * records._MAX_RECORDS_A_TRANSACTION <= 4 * 1024**2


def test_a_statement_that_inserts_a_record_is_short_enough() -> None:
    """8,192 bytes of PartiQL; values are not part of it."""
    item = record_item(largest_record(summary_of(A)), by_order=True)

    assert len(insertion("x" * 255, item)) <= 8_192


def test_keys_that_answers_of_16_mb_leave_unread_are_all_read() -> None:
    table = StrictDynamoDB(ITEM)
    keys = [{"consignmentReference": {"S": str(at)}} for at in range(MAX_KEYS)]

    assert read_items(table, {"T": {"Keys": keys}})["T"] == keys  # type: ignore[arg-type]
    assert table.calls == 3


def test_a_look_at_many_consignments_asks_for_no_more_keys_than_a_call_takes() -> None:
    """Each has a key in both tables."""
    table: Any = StrictDynamoDB(1024)
    store = DynamoDBConsignments(table, consignments="C", records="R", limit_usage=DynamoDBLimitUsage(table, "L"))
    asked = store._items

    def seen(references: Sequence[ConsignmentReference]) -> dict[str, dict[str, Any]]:
        asked(references)
        return {"C": {}, "R": {}}

    store._items = seen  # type: ignore[method-assign]
    assert store.find([reference(at) for at in range(501)]) == {}
    assert table.calls == 11


def listed(table: Any) -> list[str]:
    found = DynamoDBListings(table, consignments="C", records="R").with_value("index", "attribute", "value")
    return [str(each) for each in found]


def of_order(table: Any) -> list[str]:
    return [str(each) for each in RecordReader(table, "R", "O").of_order(OrderReference("WEB-1"))]


@pytest.mark.parametrize("read", [listed, of_order])
def test_a_query_reads_on_after_its_first_megabyte(read: Callable[[Any], list[str]]) -> None:
    items = [{"consignmentReference": {"S": f"EC-{at}"}} for at in range(25)]

    assert read(StrictDynamoDB(100 * 1024, items)) == [f"EC-{at}" for at in range(25)]


def test_a_query_reads_on_after_a_page_that_its_filter_left_empty() -> None:
    head = {"carrier": {"S": "ACME"}, "carrierName": {"S": "Acme"}, "bookings": {"N": "1"}}
    items = [{**head, "part": {"N": str(at << 80)}} for at in range(25)]
    table: Any = StrictDynamoDB(100 * 1024, items)

    assert len(DynamoDBManifests(table, "M").recent(None, 1_000)) == 15
    assert table.calls == 3


def searched(carriers: int) -> None:
    """Searches for the consignments of so many carriers."""
    named = ",".join(f"CARRIER_{at}" for at in range(carriers))
    terms = search_terms({"carriers": named}, lambda _: [])
    listings = DynamoDBListings(StrictDynamoDB(1024), consignments="C", records="R")  # type: ignore[arg-type]
    assert list(listings.listed(terms.listing, newest_first=True, go_on=lambda: None)) == []


def test_a_search_names_no_more_carriers_than_dynamodb_compares() -> None:
    searched(MAX_CARRIERS)
    with pytest.raises(RequestError, match="Carriers has 101 references: send at most 100"):
        searched(MAX_CARRIERS + 1)
    assert len(STATES) <= 100


def emitted_lines(work: Callable[[], None]) -> list[str]:
    """The lines that a function writes for CloudWatch."""
    written_out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(written_out):
        patch.setattr(metrics.provider, "namespace", f"CarrierAllocation/{'x' * 128}")
        patch.setattr(metrics.provider, "service", "allocate-orders")
        metrics.clear_metrics()
        work()
        metrics.flush_metrics()
    return written_out.getvalue().splitlines()


def test_each_line_of_metrics_is_one_that_cloudwatch_reads() -> None:
    """100 metrics a line, 100 values a metric, 30 dimensions, 256 KB as older log events; the line is lost whole."""

    def work() -> None:
        for name in MetricName:
            count(name, 1)
        for _ in range(1_001):
            measure_seconds(MetricName.CANARY_SECONDS, 0.123456789)

    lines = emitted_lines(work)
    values = 0
    for line in lines:
        data = json.loads(line)
        for directive in data["_aws"]["CloudWatchMetrics"]:
            assert len(directive["Metrics"]) <= 100
            assert len(directive["Dimensions"][0]) <= 30
            assert len(directive["Namespace"]) <= 255
            assert all(len(data[metric["Name"]]) <= 100 for metric in directive["Metrics"])
        assert len(line.encode()) <= 256 * 1024
        values += len(data.get(MetricName.CANARY_SECONDS, []))
    assert values == 1_002, "the count of every metric above is one more"


def test_an_event_has_as_few_attributes_as_raw_delivery_and_a_filter_policy_take() -> None:
    """Raw delivery to SQS loses a message with more than 10 attributes; a filter policy has at most 5 names."""
    item = record_item(record_of(A, Allocated(summary_of(A))), by_order=True)
    record = stored_record(item)
    assert record is not None
    attributes = allocation_event(record).attributes

    assert len(attributes) <= min(5, 10)
    assert all(0 < len(name) <= 256 and value for name, value in attributes.items())


def test_three_hundred_keys_with_scopes_fit_their_secret() -> None:
    """A secret has 65,536 bytes. `docs/api.md` names the number."""
    digest = (hashlib.sha256(str(at).encode()).hexdigest() for at in numbers())
    scopes = ["read", "allocate", "erase"]
    keys = {f"{at:040}": {"sha256": next(digest), "scopes": scopes} for at in range(300)}
    secret = json.dumps(keys)

    assert len(secret.encode()) <= 65_536
    assert len(read_keys(secret)) == len(keys)
