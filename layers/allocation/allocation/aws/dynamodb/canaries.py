"""The canary in DynamoDB: one item in the table of the records, so that it comes over their stream."""

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import not_written
from allocation.domain.frozen import frozen
from allocation.records.canary import SENT_AT, canary_document
from allocation.records.items import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@frozen
class DynamoDBCanaries:
    """A `CanaryStore` in the table of the records."""

    client: "DynamoDBClient"
    table: str

    def keep(self, sent_at: datetime) -> None:
        """Write the item, unless it is as late or later: a message that comes again must not look late."""
        item = to_item(canary_document(sent_at))
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=f"attribute_not_exists({SENT_AT}) OR {SENT_AT} < :sent",
                ExpressionAttributeValues={":sent": item[SENT_AT]},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error
