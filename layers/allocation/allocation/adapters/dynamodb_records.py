"""Allocation records in DynamoDB: consistent batch reads, conditional writes in transactions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.adapters.aws import cause_of
from allocation.adapters.dynamodb_documents import to_item
from allocation.batches import batches
from allocation.contracts.allocation_record import record_document
from allocation.domain.errors import RetryableError
from allocation.domain.records import AllocationRecord
from allocation.domain.references import ConsignmentReference
from allocation.observability import logger
from allocation.ports import AddReceipt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY: Final = "consignmentReference"
MOST_KEYS_A_READ: Final = 100
"""`BatchGetItem`'s limit."""
MOST_RECORDS_A_TRANSACTION: Final = 25
"""`TransactWriteItems` takes 100 and 4 MB; records with long explanations stay below the latter with 25."""
MOST_READS: Final = 5
"""Attempts at the keys that DynamoDB left unprocessed, on top of botocore's own retries."""
NOT_THERE_YET: Final = f"attribute_not_exists({KEY})"

Item = Mapping[str, Any]


class DynamoDBRecords:
    """A `RecordStore` over one table whose partition key is `consignmentReference`."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`client` must have timeouts of its own; `table` is the table's name."""
        self._client = client
        self._table = table

    def recorded(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Which of the references have a record. Raises `RetryableError` where DynamoDB does not tell."""
        found: set[ConsignmentReference] = set()
        for batch in batches(references, MOST_KEYS_A_READ):
            found |= self._recorded_of(batch)
        return frozenset(found)

    def _recorded_of(self, references: Sequence[ConsignmentReference]) -> set[ConsignmentReference]:
        keys = [{KEY: {"S": reference}} for reference in references]
        found: set[ConsignmentReference] = set()
        for _ in range(MOST_READS):
            items, keys = self._read(keys)
            found |= {ConsignmentReference(item[KEY]["S"]) for item in items}
            if not keys:
                return found
        raise RetryableError(f"DynamoDB left {len(keys)} of {len(references)} keys unread {MOST_READS} times")

    def _read(self, keys: list[dict[str, Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
        """The items that are there, and the keys that DynamoDB did not get to."""
        request = {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": KEY}
        try:
            answer = self._client.batch_get_item(RequestItems={self._table: request})  # type: ignore[dict-item]
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the allocation records could not be read ({cause_of(error)})") from error
        left: Any = answer["UnprocessedKeys"].get(self._table, {})
        return answer["Responses"].get(self._table, []), left.get("Keys", [])

    def add(self, records: Sequence[AllocationRecord]) -> AddReceipt:
        """Adds the records that are not there yet, each by a conditional write; never overwrites one.

        A record that could not be written is in neither set of the receipt, and the cause is logged.
        """
        added: set[ConsignmentReference] = set()
        present: set[ConsignmentReference] = set()
        for batch in batches(records, MOST_RECORDS_A_TRANSACTION):
            items = {record.consignment_reference: to_item(record_document(record)) for record in batch}
            if len(items) > 1 and self._put_all(list(items.values())):
                added |= items.keys()
                continue
            for reference, item in items.items():
                self._put(reference, item, added, present)
        return AddReceipt(frozenset(added), frozenset(present))

    def _put_all(self, items: Sequence[Item]) -> bool:
        """Writes all items or none; False where one was there already or something failed."""
        puts: list[Any] = [
            {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": NOT_THERE_YET}} for item in items
        ]
        try:
            self._client.transact_write_items(TransactItems=puts)
        except (ClientError, BotoCoreError) as error:
            logger.warning("records are written one by one", extra={"cause": cause_of(error), "records": len(items)})
            return False
        return True

    def _put(
        self,
        reference: ConsignmentReference,
        item: Item,
        added: set[ConsignmentReference],
        present: set[ConsignmentReference],
    ) -> None:
        """Writes one item; where a repeated call finds its own earlier write, the record is there all the same."""
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression=NOT_THERE_YET)
            added.add(reference)
        except self._client.exceptions.ConditionalCheckFailedException:
            present.add(reference)
        except (ClientError, BotoCoreError) as error:
            logger.error("record not written", extra={"consignment": reference, "cause": cause_of(error)})
