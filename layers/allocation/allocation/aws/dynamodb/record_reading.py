"""Allocation records in DynamoDB: batch reads, and those of an order."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, read_items
from allocation.batches import batches, in_parallel
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.ports import CancelledOrder, Recorded
from allocation.records.items import SEEN_FIELDS, DynamoItem, record_seen

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = "consignmentReference"
ORDER_KEY: Final = "orderReference"
BY_ORDER: Final = "consignments-by-order"
# Some of the fields have names that DynamoDB reserves.
_SEEN: Final[Mapping[str, Any]] = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in SEEN_FIELDS),
    "ExpressionAttributeNames": {f"#{name}": name for name in SEEN_FIELDS},
}
# The consignments that are cancelled for an order: a reference, a space, and the id of the event that did it.
CANCELLED_CONSIGNMENTS: Final = "consignments"
# A table, its key's name, and a key.
_TableKey = tuple[str, str, str]


class RecordReader:
    """Reads the records, and what of orders is cancelled."""

    def __init__(self, client: "DynamoDBClient", table: str, cancelled_orders: str) -> None:
        """`client` must have timeouts of its own; `table` and `cancelled_orders` are the tables' names."""
        self._client = client
        self._table = table
        self._cancelled_orders = cancelled_orders

    def recorded(
        self,
        references: Sequence[ConsignmentReference],
        orders: Sequence[OrderReference] = (),
        *,
        may_lag: bool = False,
    ) -> Recorded:
        """Read records and cancelled orders in the same calls. Raises `RetryableError` if DynamoDB does not tell.

        Where it `may_lag`, nothing found costs half. What is found may be of an earlier state, so all is read again.
        """
        keys: list[_TableKey] = [(self._table, KEY, each) for each in references]
        keys += [(self._cancelled_orders, ORDER_KEY, each) for each in orders]
        found = self._found(keys, consistently=not may_lag)
        if may_lag and any(found.values()):
            found = self._found(keys, consistently=True)
        return Recorded(
            {ConsignmentReference(item[KEY]["S"]): record_seen(item) for item in found[self._table]},
            {OrderReference(item[ORDER_KEY]["S"]): cancelled_order(item) for item in found[self._cancelled_orders]},
        )

    def _found(self, keys: Sequence[_TableKey], *, consistently: bool) -> dict[str, list[DynamoItem]]:
        """Return the items that exist, by table."""
        found: dict[str, list[DynamoItem]] = {self._table: [], self._cancelled_orders: []}
        for read in in_parallel(partial(self._read, consistently=consistently), list(batches(keys, MAX_KEYS))):
            for table, items in read.items():
                found[table] += items
        return found

    def _read(self, keys: Sequence[_TableKey], *, consistently: bool) -> dict[str, list[DynamoItem]]:
        """Read at most `MAX_KEYS` items. Raises `RetryableError`."""
        request: dict[str, Any] = {}
        for table, name, value in keys:
            fields = _SEEN if table == self._table else {}
            asked = request.setdefault(table, {"Keys": [], "ConsistentRead": consistently, **fields})
            asked["Keys"].append({name: {"S": value}})
        return read_items(self._client, request)

    def of_order(self, order: OrderReference) -> Sequence[ConsignmentReference]:
        """Return what the index by order has. Raises `RetryableError`."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": BY_ORDER,
            "KeyConditionExpression": f"{ORDER_KEY} = :order",
            "ExpressionAttributeValues": {":order": {"S": order}},
        }
        found: list[ConsignmentReference] = []
        while True:
            try:
                answer = self._client.query(**request)
            except (ClientError, BotoCoreError) as error:
                raise RetryableError(f"the index {BY_ORDER} could not be read ({cause_of(error)})") from error
            found += [ConsignmentReference(item[KEY]["S"]) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def cancelled_order(item: DynamoItem) -> CancelledOrder:
    """Return what an item of the cancelled orders says."""
    pairs = [each.partition(" ") for each in item.get(CANCELLED_CONSIGNMENTS, {"SS": ()})["SS"]]
    consignments = {ConsignmentReference(reference): event_id for reference, _, event_id in pairs}
    return CancelledOrder(item["eventId"]["S"] if "eventId" in item else None, consignments)
