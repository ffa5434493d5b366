"""The consignments of orders in the API's table, for labels and customs documents.

Those of an order that was created are kept before they are allocated, those of an update when it has been taken.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    MAX_KEYS,
    Action,
    CancelledError,
    NoAnswerError,
    not_written,
    write_all,
)
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.tracked_events import TRACKING_KEY
from allocation.batches import batches
from allocation.consignments.intake import kept_from_order
from allocation.consignments.store import ConsignmentJson
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.tracking_reference import tracking_key
from allocation.exact_json import written
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A transaction takes 4 MB, an item 400 KB.
_MAX_BYTES: Final = 3_000_000
_MAX_ITEM_BYTES: Final = 390_000
# The API's own consignments have no `keptFrom`, and one that it has changed is its own.
_NOT_THE_APIS: Final = f"attribute_not_exists({KEY}) OR keptFrom = :queue"
# The content of an update that was taken. Order-created events may have older content.
_NOT_UPDATED: Final = "attribute_not_exists(updatedBy)"


@frozen
class DynamoDBOrderedConsignments:
    """`OrderedConsignments` in the table of the API's consignments. `retention` is how long they are kept."""

    client: "DynamoDBClient"
    table: str
    records_table: str
    now: Callable[[], datetime]
    retention: timedelta

    def keep(self, consignments: Mapping[ConsignmentReference, ConsignmentJson]) -> frozenset[ConsignmentReference]:
        """Write all at once or, if that fails, one by one. One that is too large or can't be read is not kept."""
        contents = _keepable(consignments)
        updates = {
            reference: [{"Update": self._update(content, f"({_NOT_THE_APIS}) AND {_NOT_UPDATED}")}]
            for reference, content in contents.items()
        }
        return self._write(updates, contents)

    def replace(
        self, updates: Mapping[ConsignmentReference, tuple[str, ConsignmentJson]]
    ) -> frozenset[ConsignmentReference]:
        """Write, each only while its record names the update. Otherwise another update has its own content to keep."""
        contents = _keepable({reference: content for reference, (_, content) in updates.items()})
        actions = {
            reference: [
                {"Update": self._update(content, _NOT_THE_APIS, updated_by=updates[reference][0])},
                self._is_taken(reference, updates[reference][0]),
            ]
            for reference, content in contents.items()
        }
        return self._write(actions, contents)

    def _write(
        self,
        actions: Mapping[ConsignmentReference, Sequence[Action]],
        contents: Mapping[ConsignmentReference, "_Content"],
    ) -> frozenset[ConsignmentReference]:
        """Write content, each with its actions. Return the consignments whose content could not be written now."""
        failed: set[ConsignmentReference] = set()
        most = MAX_KEYS // max(map(len, actions.values()), default=1)
        for batch in batches(actions, most, _MAX_BYTES, lambda reference: len(contents[reference].text)):
            failed |= self._write_batch({reference: actions[reference] for reference in batch})
        return frozenset(failed)

    def _write_batch(self, batch: Mapping[ConsignmentReference, Sequence[Action]]) -> set[ConsignmentReference]:
        try:
            if len(batch) > 1:
                write_all(self.client, [action for actions in batch.values() for action in actions])
                return set()
        except NoAnswerError as error:
            logger.error("consignments not kept", extra={"cause": str(error)})
            return set(batch)
        except RetryableError as error:
            logger.warning("consignments are kept one by one", extra={"cause": str(error)})
        return {reference for reference, actions in batch.items() if not self._write_one(actions)}

    def _write_one(self, actions: Sequence[Action]) -> bool:
        """Write one. Return whether nothing is left to do: it is kept, or somebody else's content stands."""
        try:
            if len(actions) == 1:
                self.client.update_item(**actions[0]["Update"])
            else:
                write_all(self.client, actions)
        except self.client.exceptions.ConditionalCheckFailedException:
            return True
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                return True
            logger.error("consignment not kept", extra={"cause": str(error)})
            return False
        except (ClientError, BotoCoreError, RetryableError) as error:
            cause = error if isinstance(error, RetryableError) else not_written(error)
            logger.error("consignment not kept", extra={"cause": str(cause)})
            return False
        return True

    def _is_taken(self, reference: ConsignmentReference, event_id: str) -> Action:
        return {
            "ConditionCheck": {
                "TableName": self.records_table,
                "Key": {KEY: {"S": reference}},
                "ConditionExpression": "updatedBy = :event",
                "ExpressionAttributeValues": {":event": {"S": event_id}},
            }
        }

    def _update(self, content: "_Content", condition: str, updated_by: str | None = None) -> Action:
        now = self.now()
        values: dict[str, Any] = {
            ":document": {"S": content.text},
            ":now": {"S": now.isoformat()},
            ":expires": {"N": str(int((now + self.retention).timestamp()))},
            ":queue": {"S": "queue"},
            ":one": {"N": "1"},
            ":tracking": {"S": tracking_key(content.reference)},
        }
        fields = f"document = :document, expiresAt = :expires, keptFrom = :queue, {TRACKING_KEY} = :tracking"
        fields += ", createdAt = if_not_exists(createdAt, :now)"
        if content.customer_reference:
            values[":customer"] = {"S": content.customer_reference}
            fields += ", customerReference = :customer"
        if updated_by:
            values[":update"] = {"S": updated_by}
            fields += ", updatedBy = :update"
        return {
            "TableName": self.table,
            "Key": {KEY: {"S": content.reference}},
            "UpdateExpression": f"SET {fields} ADD version :one",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }


@frozen
class _Content:
    """A consignment's content as JSON text."""

    reference: ConsignmentReference
    text: str
    customer_reference: str | None


def _keepable(
    consignments: Mapping[ConsignmentReference, ConsignmentJson],
) -> dict[ConsignmentReference, _Content]:
    """Return the content of the consignments that can be kept. Log the others."""
    contents: dict[ConsignmentReference, _Content] = {}
    for reference, sent in consignments.items():
        content = kept_from_order(sent, reference)
        text = written(content) if content is not None else ""
        if content is not None and len(text) <= _MAX_ITEM_BYTES:
            customer_reference = content.get("ConsignmentReferenceProvidedByCustomer") or None
            contents[reference] = _Content(reference, text, customer_reference)
    if left_out := [*(consignments.keys() - contents.keys())]:
        logger.warning("consignments not kept", extra={"consignments": left_out})
    return contents
