"""The search index over DynamoDB: it follows the records, counts nothing twice, and reads no more than a page."""

import itertools
import random
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter, entry_item
from allocation.aws.dynamodb.search_queries import DynamoDBIndexReader
from allocation.aws.stream_events import changes
from allocation.batches import batches
from allocation.consignments.errors import RequestError
from allocation.console.entries import entry_of
from allocation.console.indexing import IndexAllocations, IndexReport, NothingIndexedError
from allocation.console.searching import MAX_LOOKED_AT, EntryFilters, EntryPage, EntrySearch
from allocation.console.tallies import Tallied
from allocation.domain.errors import RetryableError
from allocation.domain.record import AllocationRecord
from allocation.records.items import record_item
from allocation.records.record_document import record_document
from allocation.records.stored_record import StoredRecord
from cli.operations.records import items_listed
from tests.integration.conftest import TABLE, refusal
from tests.support.samples import A, B, C, reference
from tests.support.search_index import (
    CANCELLED,
    INDEX,
    allocated_to,
    contents,
    failed_of,
    later,
    recount,
    stream_event,
    version,
)
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def index(dynamodb: "DynamoDBClient") -> IndexAllocations:
    create_table(dynamodb, "SearchIndexTable", INDEX)
    return IndexAllocations(DynamoDBIndexWriter(dynamodb, INDEX))


@pytest.fixture
def search(dynamodb: "DynamoDBClient", index: IndexAllocations) -> EntrySearch:  # noqa: ARG001 - makes the table
    return EntrySearch(DynamoDBIndexReader(dynamodb, table=INDEX, records=TABLE))


def bring(index: IndexAllocations, *records: AllocationRecord) -> IndexReport:
    return index.process(changes(stream_event(*records)))


def kept(dynamodb: "DynamoDBClient") -> Any:
    return contents(dynamodb.scan(TableName=INDEX)["Items"])


def found(page: EntryPage) -> list[str]:
    return [entry.consignment for entry in page.entries]


HISTORY = (
    version(A, failed_of(A), 1, later(0)),
    version(A, allocated_to(A, "CX_NDS", "4.95"), 2, later(1)),
    version(A, CANCELLED, 3, later(2)),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_whatever_comes_first_or_again_the_last_version_wins_and_is_counted_once(
    index: IndexAllocations, dynamodb: "DynamoDBClient", order: tuple[int, ...]
) -> None:
    for at in (*order, *order):
        bring(index, HISTORY[at])
    entries, tallies = kept(dynamodb)
    assert (entries[A].version, entries[A].state, entries[A].price) == (3, "Cancelled", None)
    assert tallies == recount(entries.values())
    assert len(tallies) == 1


def test_many_in_one_batch_are_counted_as_one_by_one(index: IndexAllocations, dynamodb: "DynamoDBClient") -> None:
    draw = random.Random(5)
    records = []
    for number in range(45):
        each = reference(number)
        for at in range(1, draw.randint(2, 4)):
            outcome = draw.choice(
                (allocated_to(each, draw.choice("AB"), "1.10"), failed_of(each, f"{number}"), CANCELLED)
            )
            records.append(version(each, outcome, at, later(draw.randint(0, 2))))
    draw.shuffle(records)
    assert not bring(index, *records).failed
    bring(index, *records[:20])
    entries, tallies = kept(dynamodb)
    assert len(entries) == 45
    assert tallies == recount(entries.values())


def test_a_write_whose_answer_was_lost_is_not_counted_again(
    index: IndexAllocations, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = dynamodb.transact_write_items, [True]

    def lose(**request: Any) -> Any:
        answer = real(**request)
        if lost.pop() if lost else False:
            raise refusal("InternalServerError", 500)
        return answer

    monkeypatch.setattr(dynamodb, "transact_write_items", lose)
    assert not bring(index, version(A), version(B)).failed
    entries, tallies = kept(dynamodb)
    assert set(entries) == {A, B}
    assert tallies == recount(entries.values())


def test_what_dynamodb_refuses_comes_again_and_of_a_batch_that_is_all_lost_the_invocation_fails(
    index: IndexAllocations, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dynamodb.transact_write_items

    def refuse(**request: Any) -> Any:
        if any("Put" in action and action["Put"]["Item"]["pk"]["S"] == f"c#{A}" for action in request["TransactItems"]):
            raise refusal("ThrottlingException")
        return real(**request)

    monkeypatch.setattr(dynamodb, "transact_write_items", refuse)
    assert list(bring(index, version(B), version(A), version(C)).failed) == ["00001"]
    assert set(kept(dynamodb)[0]) == {B, C}
    with pytest.raises(NothingIndexedError):
        bring(index, version(A))


def test_what_is_no_record_holds_nothing_up(index: IndexAllocations) -> None:
    event = stream_event(version(A), version(B), version(C))
    event["Records"][0]["dynamodb"]["NewImage"] = {"consignmentReference": {"S": A}, "state": {"S": "Lost"}}
    event["Records"][1]["dynamodb"]["NewImage"]["schemaVersion"] = {"N": "99"}
    report = index.process(changes(event))
    assert (report.failed, list(report.passed_over), report.written) == ({}, ["00000", "00001"], 1)


def test_an_entry_and_its_look_ups_expire_with_the_record_and_its_counts_not_before(
    index: IndexAllocations, dynamodb: "DynamoDBClient"
) -> None:
    bring(index, version(A, expires_at=later(90)))
    expiry = {item["pk"]["S"]: int(item["expiresAt"]["N"]) for item in dynamodb.scan(TableName=INDEX)["Items"]}
    expected = int(later(90).timestamp())
    assert expiry == {f"c#{A}": expected, "t#TRK1": expected, "days": expected + 24 * 3600}


@pytest.fixture
def filled(index: IndexAllocations, dynamodb: "DynamoDBClient") -> None:
    records = [
        version(A, allocated_to(A, "CX_NDS"), 1, later(0), customer_reference="shop-7"),
        version(B, failed_of(B, "31.5"), 1, later(1)),
        version(C, allocated_to(C, "DY_24", carrier="DY"), 1, later(2)),
        version(reference(9), failed_of(reference(9), "40"), 2, later(2)),
    ]
    for record in records:
        dynamodb.put_item(TableName=TABLE, Item=record_item(record, by_order=True))
    bring(index, *records)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [C, reference(9), B, A]),
        ({"state": "Allocated"}, [C, A]),
        ({"state": "Cancelled"}, []),
        ({"carrier": "DY"}, [C]),
        ({"service": "CX_NDS"}, [A]),
        ({"service": "CX_NDS", "state": "Cancelled"}, []),
        ({"day": date(2026, 11, 25)}, [C, reference(9)]),
        ({"day": date(2026, 11, 25), "state": "Allocated"}, [C]),
        ({"code": "NoCarrierServiceAvailable"}, [reference(9), B]),
        ({"order": "WEB-1"}, [C, reference(9), B, A]),
        ({"order": "WEB-1", "carrier": "CARRIER_X"}, [A]),
        ({"order": "WEB-2"}, []),
        ({"reference": A}, [A]),
        ({"reference": "shop-7"}, [A]),
        ({"reference": "shop-8"}, []),
        ({"tracking": "TRK1"}, [C, A]),
        ({"tracking": "TRK1", "service": "DY_24"}, [C]),
        ({"tracking": "TRK2"}, []),
    ],
    ids=str,
)
def test_each_filter_finds_what_it_says(search: EntrySearch, filters: dict[str, Any], expected: list[str]) -> None:
    wanted = EntryFilters(**filters)
    assert sorted(found(search.page(wanted, 50, None))) == sorted(expected)
    walked, token = [], None
    for _ in range(len(expected) + 1):
        page = search.page(wanted, 1, token)
        walked += found(page)
        token = page.next
        if token is None:
            break
    assert walked == found(search.page(wanted, 50, None))


@pytest.mark.usefixtures("filled")
def test_a_list_is_newest_first(search: EntrySearch) -> None:
    days = [entry.day for entry in search.page(EntryFilters(), 50, None).entries]
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("token", ["x", "!!", "Y29uc2lnbm1lbnQ", "é", "MjAyNi0xMS0yM1QxMjowMDowMC4wMDBaI2EgYg", "==="])
def test_a_page_s_token_that_was_made_up_is_refused(search: EntrySearch, token: str) -> None:
    with pytest.raises(RequestError):
        search.page(EntryFilters(), 10, token)


@pytest.mark.usefixtures("filled")
def test_a_token_of_another_search_only_says_where_to_go_on(search: EntrySearch) -> None:
    everything = search.page(EntryFilters(), 1, None)
    page = search.page(EntryFilters(state="AllocationFailed"), 10, everything.next)
    assert {entry.state for entry in page.entries} == {"AllocationFailed"}


@pytest.mark.usefixtures("filled")
def test_failures_are_counted_by_cause_whatever_their_numbers(search: EntrySearch) -> None:
    (counted,) = search.index.counted(Tallied.CAUSES, date(2026, 11, 25), date(2026, 11, 25))
    assert counted.count == 1
    assert "it weighs … Kg and CX_24 takes up to … Kg" in counted.tally.cause
    both = search.index.counted(Tallied.CAUSES, date(2026, 11, 1), date(2026, 11, 30))
    assert {each.tally.cause for each in both} == {counted.tally.cause}


def test_however_many_entries_there_are_a_call_reads_a_bounded_number(
    search: EntrySearch, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a load: the items that the queries return are counted."""
    record = StoredRecord.model_validate(record_document(version(A, allocated_to(A, "S"))))
    for batch in batches(range(700), 25):
        items = [entry_item(entry_of(record.model_copy(update={"consignment_reference": f"C{at}"}))) for at in batch]
        dynamodb.batch_write_item(RequestItems={INDEX: [{"PutRequest": {"Item": item}} for item in items]})
    read, real = [0], dynamodb.query

    def query(**request: Any) -> Any:
        answer = real(**request)
        read[0] += answer["ScannedCount"]
        return answer

    monkeypatch.setattr(dynamodb, "query", query)
    assert len(search.page(EntryFilters(), 50, None).entries) == 50
    assert read[0] <= 150
    read[0] = 0
    page = search.page(EntryFilters(service="S", carrier="NOBODY"), 50, None)
    assert (page.entries, page.next is not None) == ([], True)
    assert read[0] <= MAX_LOOKED_AT + 50
    page = search.page(EntryFilters(service="S", carrier="NOBODY"), 50, page.next)
    assert page.next is None


def test_a_search_that_dynamodb_does_not_answer_may_be_tried_again(
    search: EntrySearch, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> Any:
        raise refusal("ThrottlingException")

    monkeypatch.setattr(dynamodb, "query", fail)
    with pytest.raises(RetryableError):
        search.page(EntryFilters(), 10, None)


def test_the_newest_records_of_a_state_are_read_by_the_index_alone(
    index: IndexAllocations, dynamodb: "DynamoDBClient"
) -> None:
    records = [version(reference(number), None, 1, later(number)) for number in range(5)]
    for record in records:
        dynamodb.put_item(TableName=TABLE, Item=record_item(record, by_order=True))
    bring(index, *records)
    found = items_listed(dynamodb, TABLE, INDEX, "Allocated", later(1), 2)
    assert {item["consignmentReference"]["S"] for item in found} == {reference(3), reference(4)}
