"""Reads the search index: lists by queries of its indexes, look-ups and counts by queries of its table."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.record_reading import BY_ORDER, KEY, ORDER_KEY
from allocation.aws.dynamodb.search_index import (
    VERSIONS,
    consignment_key,
    counted_in,
    entry_in,
    listed_by_carrier,
    listed_by_cause,
    listed_by_code,
    listed_by_service,
    read_entries,
    version_in,
)
from allocation.consignments.errors import RequestError
from allocation.console.entries import Entry, PastVersion
from allocation.console.searching import MAX_LOOKED_UP, MAX_PAST_VERSIONS, EntryList
from allocation.console.tallies import Counted, Tallied
from allocation.domain.errors import RetryableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The indexes of the table, by the attribute that is their partition key. Their sort key is `at`.
LISTS: Final = {
    "listState": "entries-by-state",
    "listService": "entries-by-service-or-cause",
    "listCarrier": "entries-by-carrier-or-code",
}
# Entries that one query of a list reads.
_PAGE: Final = 50
# Counts that one call reads. 92 days with 50 services each are 4,600.
_MAX_COUNTED: Final = 10_000


class DynamoDBIndexReader:
    """An `IndexReader` over the table of the index and, for orders, an index of the records' table."""

    def __init__(self, client: "DynamoDBClient", *, table: str, records: str) -> None:
        """`client` must have timeouts of its own; `table` and `records` are the tables' names."""
        self._client = client
        self._table = table
        self._records = records

    def listed(self, entries: EntryList, after: str, until: str) -> Iterator[Entry]:
        """Yield the entries of a list between two positions, newest first, read a page at a time."""
        attribute, value = _list_key(entries)
        request = {
            "TableName": self._table,
            "IndexName": LISTS[attribute],
            "KeyConditionExpression": "#list = :list AND #at BETWEEN :after AND :until",
            "ExpressionAttributeNames": {"#list": attribute, "#at": "at"},
            # A position that was read already is itself excluded below: BETWEEN includes both ends.
            "ExpressionAttributeValues": {":list": {"S": value}, ":after": {"S": after or " "}, ":until": {"S": until}},
            "ScanIndexForward": False,
            "Limit": _PAGE,
        }
        for item in self._query(request):
            if item["at"]["S"] < until:
                yield entry_in(item)

    def found(
        self, *, order: str | None = None, reference: str | None = None, tracking: str | None = None
    ) -> list[Entry]:
        """Return the entries of an order, or with a reference."""
        consignments = []
        if order:
            consignments = self._references(self._records, BY_ORDER, ORDER_KEY, order, KEY)
        if reference:
            consignments = [reference, *self._references(self._table, None, "pk", f"k#{reference}", "sk")]
        if tracking:
            consignments = self._references(self._table, None, "pk", f"t#{tracking}", "sk")
        return list(read_entries(self._client, self._table, consignments, consistently=False).values())

    def past_versions(self, consignment: str) -> Sequence[PastVersion]:
        """Return the last past versions of a consignment, the oldest first."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :consignment AND begins_with(sk, :versions)",
            "ExpressionAttributeValues": {
                ":consignment": {"S": consignment_key(consignment)},
                ":versions": {"S": VERSIONS},
            },
            "ScanIndexForward": False,
            "Limit": MAX_PAST_VERSIONS,
        }
        return [version_in(item) for item in reversed(self._answer(request)["Items"])]

    def counted(self, of: Tallied, first: date, last: date) -> Sequence[Counted]:
        """Return the counts of days that are not 0. Raises `RequestError` for too many of them."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :of AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":of": {"S": str(of)},
                ":first": {"S": first.isoformat()},
                ":last": {"S": f"{last.isoformat()}$"},  # "$" comes after "#"
            },
        }
        found: list[Counted] = []
        for item in self._query(request):
            if len(found) == _MAX_COUNTED:
                text = f"These days have more than {_MAX_COUNTED} counts. Ask for fewer days at a time."
                raise RequestError("ValidationException", text)
            found.append(counted_in(item))
        return [each for each in found if each.count > 0]

    def _references(self, table: str, index: str | None, attribute: str, value: str, wanted: str) -> list[str]:
        request: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": "#key = :key",
            "ExpressionAttributeNames": {"#key": attribute},
            "ExpressionAttributeValues": {":key": {"S": value}},
            "Limit": MAX_LOOKED_UP,
            **({"IndexName": index} if index else {}),
        }
        return [item[wanted]["S"] for item in self._answer(request)["Items"]]

    def _query(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the items that a query finds, page by page."""
        while True:
            answer = self._answer(request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _answer(self, request: dict[str, Any]) -> Any:
        try:
            return self._client.query(**request)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the search index could not be read ({cause_of(error)})") from error


def _list_key(entries: EntryList) -> tuple[str, str]:
    """Return the attribute by which a list is kept, and its value."""
    if entries.state:
        return "listState", entries.state
    if entries.carrier:
        return "listCarrier", listed_by_carrier(entries.carrier) or ""
    if entries.code:
        return "listCarrier", listed_by_code(entries.code)
    if entries.service:
        return "listService", listed_by_service(entries.service) or ""
    return "listService", listed_by_cause(entries.cause_digest or "")
