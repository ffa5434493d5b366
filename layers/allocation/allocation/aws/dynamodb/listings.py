"""Lists of consignments by state, from indexes, a page at a time as they are asked for."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import read_items
from allocation.aws.dynamodb.record_reading import KEY
from allocation.batches import batches
from allocation.consignments.errors import MissingIndexError, TooBroadError
from allocation.consignments.searching import Listing
from allocation.consignments.store import UNALLOCATED
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.domain.tracking import DELIVERY_STATES
from allocation.observability import logger
from allocation.records.items import LISTING, list_name, listings_of
from allocation.records.record_document import moment_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Indexes of the consignments' table.
BY_CUSTOMER_REFERENCE: Final = "consignments-by-customer-reference"
NEVER_ALLOCATED: Final = "consignments-never-allocated"
# An index of the records' table. Its range is the moment of the allocation, or of its end.
BY_LISTING: Final = "consignments-by-listing"
# Consignments without a record that are put in order. Their index has no time, so each one's own is read: 20,000 take
# some seconds.
_MAX_NEVER_ALLOCATED: Final = 20_000
# `BatchGetItem` takes 100 keys, and each reference has one in either table. A client keeps ten connections.
_BATCH: Final = 50
_READERS: Final = 8
_PAGE: Final = 500
# With the name of the index in the message: what DynamoDB answers, and what imitations of it do.
_NO_SUCH_INDEX: Final = ("ValidationException", "ResourceNotFoundException")
# Before and after every moment, as texts.
_FIRST, _LAST = " ", "~"


class DynamoDBListings:
    """A `Listings` over the indexes of both tables."""

    def __init__(self, client: "DynamoDBClient", *, consignments: str, records: str) -> None:
        """`client` must have timeouts of its own. `consignments` and `records` are the tables' names."""
        self._client = client
        self._consignments = consignments
        self._records = records

    def listed(
        self, listing: Listing, *, newest_first: bool, go_on: Callable[[], None]
    ) -> Iterator[ConsignmentReference]:
        """Yield the consignments of the states, those that never were allocated before all others.

        Of more than `_MAX_NEVER_ALLOCATED` of these nobody knows the newest: `TooBroadError`. Oldest first, others
        are left out. One changed a moment ago may be missing or wrong.
        """
        streams = [
            self._items(self._records, self._request(key, states, listing, newest_first=newest_first), go_on)
            for name, states in _lists(listing).items()
            for key in listings_of(name)
        ]
        merged = merge(*streams, key=lambda item: item["allocatedAt"]["S"], reverse=newest_first)
        recorded = (ConsignmentReference(item[KEY]["S"]) for item in merged)
        if UNALLOCATED not in listing.states or listing.is_of_allocated:
            return recorded
        return chain(self._never_allocated(go_on, newest_first=newest_first), recorded)

    def counted(self, listing: Listing, *, most: int, go_on: Callable[[], None]) -> Mapping[str, int]:
        """Return how many consignments are in each of the states.

        Those that never were allocated are looked at one by one. A list that several states share is read once, to its
        end.
        """
        counts: Counter[str] = Counter()
        if UNALLOCATED in listing.states and not listing.is_of_allocated:
            counts[UNALLOCATED] += sum(1 for _ in islice(self._created(go_on), most))
        for name, states in _lists(listing).items():
            requests = [self._request(key, states, listing, newest_first=True) for key in listings_of(name)]
            if name in states:
                items = chain.from_iterable(self._items(self._records, each, go_on) for each in requests)
                counts[name] += sum(1 for _ in islice(items, most))
            else:
                whole = [{field: each[field] for field in each if field != "Limit"} for each in requests]
                items = chain.from_iterable(self._items(self._records, each, go_on) for each in whole)
                counts.update(item["queueState"]["S"] for item in items if "queueState" in item)
        return counts

    def _request(self, key: str, states: Sequence[str], listing: Listing, *, newest_first: bool) -> dict[str, Any]:
        """Return the query of one part of a list, for those of its states that are wanted."""
        names, values = {"#listing": LISTING}, {":key": {"S": key}}
        condition, filters = "#listing = :key", list[str]()
        if listing.changed_since or listing.changed_until:
            condition += " AND allocatedAt BETWEEN :since AND :until"
            since, until = listing.changed_since, listing.changed_until
            values[":since"] = {"S": moment_text(since) if since else _FIRST}
            values[":until"] = {"S": moment_text(until) if until else _LAST}
        if list_name(states[0]) != states[0] and len(states) < len(DELIVERY_STATES):
            wanted = {f":s{at}": {"S": each} for at, each in enumerate(states)}
            filters.append(f"queueState IN ({', '.join(wanted)})")
            values |= wanted
        if listing.moved_since is not None:
            filters.append("movedAt >= :moved")
            values[":moved"] = {"S": moment_text(listing.moved_since)}
        if listing.carriers is not None:
            named = {f":c{at}": {"S": each} for at, each in enumerate(sorted(listing.carriers))}
            filters.append(f"carrierReference IN ({', '.join(named)})")
            values |= named
        if listing.service is not None:
            filters.append("carrierServiceReference = :service")
            values[":service"] = {"S": listing.service}
        request: dict[str, Any] = {
            "IndexName": BY_LISTING,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
        }
        # A filter looks at a whole page of 1 MB, so that few matches don't cost many calls.
        return request | ({"FilterExpression": " AND ".join(filters)} if filters else {"Limit": _PAGE})

    def _never_allocated(self, go_on: Callable[[], None], *, newest_first: bool) -> Iterator[ConsignmentReference]:
        """Yield consignments without a record, in the order of their creation."""
        created = list(islice(self._created(go_on), _MAX_NEVER_ALLOCATED + newest_first))
        if len(created) > _MAX_NEVER_ALLOCATED:
            raise TooBroadError(f"More than {_MAX_NEVER_ALLOCATED} consignments were never allocated.")
        yield from (reference for _, reference in sorted(created, reverse=newest_first))

    def _created(self, go_on: Callable[[], None]) -> Iterator[tuple[str, ConsignmentReference]]:
        """Yield when each consignment without a record was created, in ISO 8601, and its reference."""
        found = self.with_value(NEVER_ALLOCATED, "neverAllocated", "true", go_on)
        with ThreadPoolExecutor(_READERS) as pool:
            for wave in batches(found, _READERS * _BATCH):
                go_on()
                for created in pool.map(self._created_of, batches(wave, _BATCH)):
                    yield from created

    def _created_of(self, references: Sequence[ConsignmentReference]) -> list[tuple[str, ConsignmentReference]]:
        """Return when those of the consignments that have no record were created: the order queue may have one."""
        keys = [{KEY: {"S": each}} for each in references]
        asked: Any = {
            self._consignments: {"Keys": keys, "ProjectionExpression": f"{KEY}, createdAt"},
            self._records: {"Keys": keys, "ProjectionExpression": KEY},
        }
        items = read_items(self._client, asked)
        recorded = {item[KEY]["S"] for item in items[self._records]}
        created = {item[KEY]["S"]: item["createdAt"]["S"] for item in items[self._consignments]}
        return [(created[each], each) for each in references if each in created and each not in recorded]

    def with_value(
        self, index: str, attribute: str, value: str, go_on: Callable[[], None] = lambda: None
    ) -> Iterator[ConsignmentReference]:
        """Yield the consignments that an index of the consignments' table has for a value, a page as it is needed."""
        request = {
            "IndexName": index,
            "KeyConditionExpression": "#attribute = :value",
            "ExpressionAttributeNames": {"#attribute": attribute},
            "ExpressionAttributeValues": {":value": {"S": value}},
        }
        return (ConsignmentReference(item[KEY]["S"]) for item in self._items(self._consignments, request, go_on))

    def _items(
        self, table: str, request: dict[str, Any], go_on: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, Any]]:
        """Yield the items that a query finds, page by page. Raises `RetryableError`, and what `go_on` raises."""
        while True:
            go_on()
            try:
                answer: Any = self._client.query(TableName=table, **request)
            except (ClientError, BotoCoreError) as error:
                raise unanswered(error, table, request["IndexName"]) from error
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}


def unanswered(error: ClientError | BotoCoreError, table: str, index: str) -> RetryableError | MissingIndexError:
    """Return what a query of an index that failed means. An adopted table may lack the index."""
    response = error.response["Error"] if isinstance(error, ClientError) else {}
    if response.get("Code") in _NO_SUCH_INDEX and index in response.get("Message", ""):
        logger.error("index missing", extra={"table": table, "index": index})
        return MissingIndexError(table, index)
    return RetryableError(f"DynamoDB did not answer query: {cause_of(error)}")


def _lists(listing: Listing) -> dict[str, list[str]]:
    """Return the lists of the index that have the states, and which of them each has."""
    lists: dict[str, list[str]] = {}
    for state in listing.states:
        lists.setdefault(list_name(state), []).append(state)
    return lists
