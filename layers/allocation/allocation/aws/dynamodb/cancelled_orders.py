"""Cancelled orders in DynamoDB: one item an order, written before anything of the order is cancelled.

Its attribute `eventId` says that the whole order is; `consignments` has those that are cancelled by name.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import not_written, read_items_at
from allocation.aws.dynamodb.record_reading import CANCELLED_CONSIGNMENTS, ORDER_KEY, cancelled_order
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.records.items import DynamoItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen
class DynamoDBCancelledOrders:
    """`CancelledOrders` in a table with the partition key `orderReference` and the TTL attribute `expiresAt`.

    `retention` is how long an order is remembered, None for ever: as long as a record, so that no message outlives it.
    """

    client: "DynamoDBClient"
    table: str
    now: Callable[[], datetime]
    retention: timedelta | None

    def mark(self, order: OrderReference, event_id: str) -> timedelta:
        """Write the item, unless there is one. Return how long ago it was written. Raises `RetryableError`.

        Both times are on AWS's clock, as a read tells it: the clocks of two execution environments may differ.
        """
        _, at_aws = self._look(order)
        now = at_aws or self.now()
        values = {":event": {"S": event_id}, ":now": {"S": now.isoformat()}}
        setting = ["eventId = if_not_exists(eventId, :event)", "cancelledAt = if_not_exists(cancelledAt, :now)"]
        # What is cancelled by name is cancelled with the order. So there is room, however many names there were.
        written = self._update(order, now, values, setting, f"REMOVE {CANCELLED_CONSIGNMENTS}")
        return now - datetime.fromisoformat(written["cancelledAt"]["S"])

    def mark_consignments(
        self, order: OrderReference, event_id: str, consignments: Sequence[ConsignmentReference]
    ) -> None:
        """Add to the item what it does not have, so that it does not grow with each event. Raises `RetryableError`."""
        item, _ = self._look(order)
        marked = cancelled_order(item)
        new = [f"{each} {event_id}" for each in consignments if not marked.cancelled_by(each)]
        if new:
            named = {":named": {"SS": new}}
            self._update(order, self.now(), named, also=f"ADD {CANCELLED_CONSIGNMENTS} :named")
        elif self.retention:
            self._update(order, self.now())

    def _look(self, order: OrderReference) -> tuple[DynamoItem, datetime | None]:
        """Return the item, empty where there is none, and the time on AWS's clock. Raises `RetryableError`."""
        found, at_aws = read_items_at(self.client, {self.table: {"Keys": [{ORDER_KEY: {"S": order}}]}})
        return next(iter(found[self.table]), {}), at_aws

    def _update(
        self,
        order: OrderReference,
        now: datetime,
        values: Mapping[str, Any] = _NOTHING,
        setting: Sequence[str] = (),
        also: str = "",
    ) -> DynamoItem:
        """Change the item, which is kept from `now` on. Return it. Raises `RetryableError`."""
        if self.retention:
            setting = [*setting, "expiresAt = :expires"]
            values = {**values, ":expires": {"N": str(int((now + self.retention).timestamp()))}}
        set_all = f"SET {', '.join(setting)}" if setting else ""
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key={ORDER_KEY: {"S": order}},
                UpdateExpression=f"{set_all} {also}".strip(),
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error
        return answer["Attributes"]
