"""What a search reads is bounded, whatever the table holds: the clock moves with every read of a fake of DynamoDB."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from allocation.aws.dynamodb.listings import DynamoDBListings
from allocation.consignments.errors import RequestError
from allocation.consignments.searching import MAX_COUNTED, Listing, Searching, SearchTerms, reference_of
from allocation.consignments.store import Known
from allocation.domain.reference import ConsignmentReference
from tests.support.consignments import Clock, InMemoryConsignments

PAGE_BYTES, ITEM_BYTES = 1_000_000, 200


@dataclass
class BigTable:
    """An index of a million records, spread over the keys of a list. A page takes 50 ms, no filter finds any.

    The `unallocated` consignments were created in the reverse order of their references.
    """

    clock: Clock
    size: int = 1_000_000
    unallocated: int = 0
    queries: Counter[str] = field(default_factory=Counter)

    def query(self, **request: Any) -> dict[str, Any]:
        key = request["ExpressionAttributeValues"].get(":key", {"S": "never"})["S"]
        self.queries[key] += 1
        self.clock.now += timedelta(milliseconds=50)
        if key == "never":
            return self._never(request)
        begun = int(request.get("ExclusiveStartKey", {"at": {"N": "0"}})["at"]["N"])
        end = min(begun + request.get("Limit", PAGE_BYTES // ITEM_BYTES), self.size // 4)
        last = {} if end == self.size // 4 else {"LastEvaluatedKey": {"at": {"N": str(end)}}}
        items = [] if "FilterExpression" in request else [self._item(key, at) for at in range(begun, end)]
        return {"Items": items, **last}

    def _never(self, request: dict[str, Any]) -> dict[str, Any]:
        begun = int(request.get("ExclusiveStartKey", {"at": {"N": "0"}})["at"]["N"])
        end = min(begun + 10_000, self.unallocated)
        last = {} if end == self.unallocated else {"LastEvaluatedKey": {"at": {"N": str(end)}}}
        return {"Items": [{"consignmentReference": {"S": f"EC-{at:06d}"}} for at in range(begun, end)], **last}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        """Every hundredth consignment has a record of the order queue's."""
        named = [key["consignmentReference"] for key in RequestItems["records"]["Keys"]]
        created = [
            {"consignmentReference": each, "createdAt": {"S": f"{10**6 - int(each['S'][3:]):07d}"}} for each in named
        ]
        recorded = [{"consignmentReference": each} for each in named if each["S"].endswith("00")]
        return {"Responses": {"consignments": created, "records": recorded}}

    def _item(self, key: str, at: int) -> dict[str, Any]:
        state = "Delivered" if at % 2 else "InTransit"
        return {
            "consignmentReference": {"S": f"{key}-{at}"},
            "allocatedAt": {"S": f"{10**9 - at:010d}"},
            "queueState": {"S": state if key.startswith("Delivery") else key.partition("#")[0]},
        }


@pytest.fixture
def table() -> BigTable:
    return BigTable(Clock())


def searching(table: BigTable) -> Searching:
    store: Any = InMemoryConsignments()
    store.find = lambda references: {each: Known(ConsignmentReference(each)) for each in references}
    listings = DynamoDBListings(
        table,  # type: ignore[arg-type] # it has the one method that is called
        consignments="consignments",
        records="records",
    )
    return Searching(store, listings, table.clock)


def test_a_page_of_a_state_reads_no_more_than_what_is_counted(table: BigTable) -> None:
    page = searching(table).page(SearchTerms(Listing(("Allocated",))), 100, 0, reference_of)
    assert page.count == MAX_COUNTED
    assert table.queries.total() <= MAX_COUNTED / 500 + 4


def nothing(_: Known) -> bool:
    return False


@pytest.mark.parametrize(
    "search",
    [
        lambda found: found.page(SearchTerms(Listing(carriers=frozenset({"NOBODY"}))), 100, 0, reference_of),
        lambda found: found.page(SearchTerms(Listing(service="NOTHING"), others=(nothing,)), 100, 0, reference_of),
        lambda found: found.page(SearchTerms(Listing(("Lost",))), 0, 0, reference_of),
        lambda found: found.all(SearchTerms(Listing(("Allocated",)), others=(nothing,)), 10),
        lambda found: found.all(SearchTerms(Listing(("Allocated",), moved_since=found.now())), 10),
        lambda found: found.counts(Listing(changed_since=found.now())),
    ],
    ids=["carrier", "service", "state", "term", "moved", "summary"],
)
def test_a_search_that_finds_nothing_ends_in_time_and_says_so(
    table: BigTable, search: Callable[[Searching], object]
) -> None:
    table.size = 10_000_000
    begun = table.clock.now
    with pytest.raises(RequestError) as refused:
        search(searching(table))
    assert refused.value.code == "SearchTooBroadException"
    assert table.clock.now - begun < timedelta(seconds=11)


def test_a_list_that_ends_in_time_has_what_was_found_or_says_that_it_ended(table: BigTable) -> None:
    begun, found = table.clock.now, searching(table)
    with pytest.raises(RequestError):
        found.oldest(SearchTerms(Listing(service="NOTHING"), others=(nothing,)), 500, reference_of)
    first = SearchTerms(Listing(("Allocated", "Unallocated")), others=(lambda known: known.reference.endswith("-0"),))
    assert found.oldest(first, 500, reference_of)
    with pytest.raises(RequestError):
        found.oldest(first, 500, reference_of, partly=False)
    assert table.clock.now - begun < timedelta(seconds=33)


def test_of_many_consignments_that_never_were_allocated_the_oldest_come_first_and_the_newest_too() -> None:
    table = BigTable(Clock(), unallocated=12_345)
    never = SearchTerms(Listing(("Unallocated",)))
    by_age = [f"EC-{at:06d}" for at in reversed(range(12_345)) if at % 100]
    found = searching(table)
    assert found.oldest(never, 200, reference_of) == by_age[:200]
    newest = found.page(never, 100, 0, reference_of)
    assert newest.consignments == by_age[:-101:-1]
    assert newest.count == MAX_COUNTED
    assert found.counts(Listing(("Unallocated",)))["Unallocated"] == MAX_COUNTED


def test_what_is_meant_is_found_behind_hundreds_that_are_not() -> None:
    references = [ConsignmentReference(f"EC-{at:03d}") for at in range(1_000)]
    store: Any = InMemoryConsignments()
    store.find = lambda wanted: {each: Known(each) for each in wanted}
    terms = SearchTerms(direct=references, others=(lambda known: known.reference == references[-1],))
    assert Searching(store, store, Clock()).oldest(terms, 200, reference_of) == references[-1:]


def test_all_states_on_the_way_are_counted_in_one_pass(table: BigTable) -> None:
    table.size = 80_000
    counts = searching(table).counts(Listing())
    assert (counts["Delivered"], counts["Allocated"], counts["InTransit"]) == (MAX_COUNTED,) * 3
    assert sum(number for key, number in table.queries.items() if key.startswith("Delivery")) == table.size / 5_000
