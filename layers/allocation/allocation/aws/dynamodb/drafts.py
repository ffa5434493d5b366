"""Orders and offered delivery options in DynamoDB, in the consignments' table: the same key, lifetime and encryption.

No index of the table finds them: they have none of the attributes that the indexes are on. They are compressed: the
options of a large consignment for 60 days would not fit into an item of 400 KB.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.dynamodb.bulk_calls import not_written, read_items
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.record_writes import NOT_THERE_YET
from allocation.consignments.drafts import Draft
from allocation.exact_json import parsed, written
from allocation.records.items import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDBDrafts:
    """A `DraftStore` over the table of the consignments."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """`client` must have timeouts of its own. `table` is the table's name."""
        self._client = client
        self._table = table

    def find(self, key: str) -> Draft | None:
        """Return a draft, read consistently, or None."""
        return self.find_all([key]).get(key)

    def find_all(self, keys: Sequence[str]) -> Mapping[str, Draft]:
        """Return those drafts that there are by their keys, read consistently."""
        asked: Any = {"Keys": [{KEY: {"S": key}} for key in keys], "ConsistentRead": True}
        items = read_items(self._client, {self._table: asked})[self._table] if keys else ()
        return {draft.key: draft for draft in map(_draft, items)}

    def add(self, draft: Draft) -> bool:
        """Keep a new draft. Return False if its key is taken."""
        return self._put(draft, ConditionExpression=NOT_THERE_YET)

    def replace(self, draft: Draft, seen: Draft) -> bool:
        """Replace a draft. Return False if it changed since it was `seen`."""
        version = {":seen": {"N": str(seen.version)}}
        return self._put(draft, ConditionExpression="version = :seen", ExpressionAttributeValues=version)

    def _put(self, draft: Draft, **condition: Any) -> bool:
        attributes = {
            KEY: draft.key,
            "document": zlib.compress(written(draft.content).encode()),
            "version": draft.version,
            "expiresAt": int(draft.expires_at.timestamp()),
        }
        try:
            self._client.put_item(TableName=self._table, Item=to_item(attributes), **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error
        return True


def _draft(item: Mapping[str, Any]) -> Draft:
    expires_at = datetime.fromtimestamp(int(item["expiresAt"]["N"]), UTC)
    return Draft(item[KEY]["S"], _read(item["document"]), expires_at, int(item["version"]["N"]))


def _read(document: Any) -> Any:
    """Return a draft's content. Those of earlier versions are text."""
    return parsed(document["S"] if "S" in document else zlib.decompress(document["B"]).decode())
