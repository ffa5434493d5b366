"""The consignments of orders in the API's table: kept before they are allocated, for labels and customs documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, Action, NoAnswerError, not_written, write_all
from allocation.aws.dynamodb.records import KEY
from allocation.batches import batches
from allocation.consignments.intake import kept_from_order
from allocation.consignments.store import ConsignmentJson
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.exact_json import written
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A transaction takes 4 MB, an item 400 KB.
_MAX_BYTES: Final = 3_000_000
_MAX_ITEM_BYTES: Final = 390_000
# The API's own consignments have no `keptFrom`, and one that it has changed is its own.
_NOT_THE_APIS: Final = f"attribute_not_exists({KEY}) OR keptFrom = :queue"


@dataclass(frozen=True, slots=True)
class DynamoDBOrderedConsignments:
    """`OrderedConsignments` in the table of the API's consignments. `retention` is how long they are kept."""

    client: "DynamoDBClient"
    table: str
    now: Callable[[], datetime]
    retention: timedelta

    def keep(self, consignments: Mapping[ConsignmentReference, ConsignmentJson]) -> frozenset[ConsignmentReference]:
        """Write all at once or, if that fails, one by one. One that is too large or can't be read is not kept."""
        readable = {reference: kept_from_order(sent, reference) for reference, sent in consignments.items()}
        texts = {reference: written(content) for reference, content in readable.items() if content is not None}
        large = {reference for reference, text in texts.items() if len(text) > _MAX_ITEM_BYTES}
        if left_out := [*large, *(reference for reference, content in readable.items() if content is None)]:
            logger.warning("consignments not kept", extra={"consignments": left_out})
        updates = [
            (reference, self._update(reference, readable[reference] or {}, text))
            for reference, text in texts.items()
            if reference not in large
        ]
        failed: set[ConsignmentReference] = set()
        for batch in batches(updates, MAX_KEYS, _MAX_BYTES, lambda entry: len(texts[entry[0]])):
            failed |= self._keep_batch(batch)
        return frozenset(failed)

    def _keep_batch(self, updates: Sequence[tuple[ConsignmentReference, Action]]) -> set[ConsignmentReference]:
        try:
            if len(updates) > 1:
                write_all(self.client, [{"Update": update} for _, update in updates])
                return set()
        except NoAnswerError as error:
            logger.error("consignments not kept", extra={"cause": str(error)})
            return {reference for reference, _ in updates}
        except RetryableError as error:
            logger.warning("consignments are kept one by one", extra={"cause": str(error)})
        return {reference for reference, update in updates if not self._keep_one(update)}

    def _keep_one(self, update: Action) -> bool:
        """Write one. Return whether it is kept, by us or by the API."""
        try:
            self.client.update_item(**update)
        except self.client.exceptions.ConditionalCheckFailedException:
            return True
        except (ClientError, BotoCoreError) as error:
            logger.error("consignment not kept", extra={"cause": str(not_written(error))})
            return False
        return True

    def _update(self, reference: ConsignmentReference, content: ConsignmentJson, text: str) -> Action:
        now = self.now()
        values: dict[str, Any] = {
            ":document": {"S": text},
            ":now": {"S": now.isoformat()},
            ":expires": {"N": str(int((now + self.retention).timestamp()))},
            ":queue": {"S": "queue"},
            ":one": {"N": "1"},
        }
        fields = "document = :document, expiresAt = :expires, keptFrom = :queue"
        fields += ", createdAt = if_not_exists(createdAt, :now)"
        if customer_reference := content.get("ConsignmentReferenceProvidedByCustomer"):
            values[":customer"] = {"S": customer_reference}
            fields += ", customerReference = :customer"
        return {
            "TableName": self.table,
            "Key": {KEY: {"S": reference}},
            "UpdateExpression": f"SET {fields} ADD version :one",
            "ConditionExpression": _NOT_THE_APIS,
            "ExpressionAttributeValues": values,
        }
