"""How far SortedPRO was followed, as an item of the circuits' table. Losing it costs a look at the last hour again."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.pro.following import Position

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final[dict[str, Any]] = {"id": {"S": "following"}}


@frozen
class DynamoDBCursor:
    """A `Cursor` in a table with the partition key `id`."""

    client: "DynamoDBClient"
    table: str

    def read(self) -> Position | None:
        """Read the item, if it is there."""
        try:
            item = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True).get("Item")
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the position could not be read ({cause_of(error)})") from error
        if item is None:
            return None
        since = {
            ConsignmentReference(key): datetime.fromisoformat(each["S"]) for key, each in item["open"]["M"].items()
        }
        return Position(datetime.fromisoformat(item["followedTo"]["S"]), since)

    def write(self, position: Position) -> None:
        """Write the item. Of two runs at once the later wins: what it skips, the other has looked at."""
        since = {str(key): {"S": each.isoformat()} for key, each in position.open.items()}
        item: dict[str, Any] = {**_KEY, "followedTo": {"S": position.followed_to.isoformat()}, "open": {"M": since}}
        try:
            self.client.put_item(TableName=self.table, Item=item)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"the position could not be written ({cause_of(error)})") from error
