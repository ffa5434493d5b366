"""Allocation records in DynamoDB: consistent batch reads, and those of an order."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, read_items
from allocation.batches import batches, in_parallel
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.ports import Recorded
from allocation.records.items import SEEN_FIELDS, DynamoItem, record_seen

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = "consignmentReference"
ORDER_KEY: Final = "orderReference"
BY_ORDER: Final = "consignments-by-order"
# Some of the fields have names that DynamoDB reserves.
_SEEN: Final[Mapping[str, Any]] = {
    "ConsistentRead": True,
    "ProjectionExpression": ", ".join(f"#{name}" for name in SEEN_FIELDS),
    "ExpressionAttributeNames": {f"#{name}": name for name in SEEN_FIELDS},
}


class RecordReader:
    """Reads the records, and which orders are cancelled."""

    def __init__(self, client: "DynamoDBClient", table: str, cancelled_orders: str) -> None:
        """`client` must have timeouts of its own; `table` and `cancelled_orders` are the tables' names."""
        self._client = client
        self._table = table
        self._cancelled_orders = cancelled_orders

    def recorded(self, references: Sequence[ConsignmentReference], orders: Sequence[OrderReference] = ()) -> Recorded:
        """Read records and cancelled orders in the same calls. Raises `RetryableError` if DynamoDB does not tell."""
        found: dict[str, list[DynamoItem]] = {self._table: [], self._cancelled_orders: []}
        keys: list[tuple[str, str, str]] = [(self._table, KEY, each) for each in references]
        keys += [(self._cancelled_orders, ORDER_KEY, each) for each in orders]
        for read in in_parallel(self._read, list(batches(keys, MAX_KEYS))):
            for table, items in read.items():
                found[table] += items
        return Recorded(
            {ConsignmentReference(item[KEY]["S"]): record_seen(item) for item in found[self._table]},
            {OrderReference(item[ORDER_KEY]["S"]): item["eventId"]["S"] for item in found[self._cancelled_orders]},
        )

    def _read(self, keys: Sequence[tuple[str, str, str]]) -> dict[str, list[DynamoItem]]:
        """Read items by table, key's name and key, at most `MAX_KEYS`. Raises `RetryableError`."""
        request: dict[str, Any] = {}
        for table, name, value in keys:
            fields = _SEEN if table == self._table else {"ConsistentRead": True}
            request.setdefault(table, {"Keys": [], **fields})["Keys"].append({name: {"S": value}})
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
