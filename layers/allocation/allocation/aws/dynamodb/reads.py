"""DynamoDB's batch reads: `BatchGetItem` answers 200 with keys that it did not get to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.records.items import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_KEYS: Final = 100
"""`BatchGetItem`'s limit, all tables taken together."""
MAX_READS: Final = 5
"""Attempts at the keys that DynamoDB left unprocessed, on top of botocore's own retries."""


def read_items(client: "DynamoDBClient", request: Mapping[str, Any]) -> dict[str, list[Item]]:
    """The items that are there, by table. `request` is `RequestItems` of at most `MAX_KEYS` keys.

    Raises `RetryableError` where DynamoDB does not tell of all of them.
    """
    found: dict[str, list[Item]] = {table: [] for table in request}
    left = request
    for _ in range(MAX_READS):
        try:
            answer = client.batch_get_item(RequestItems=left)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{', '.join(request)} could not be read ({cause_of(error)})") from error
        for table, items in answer["Responses"].items():
            found[table] += items
        left = answer.get("UnprocessedKeys", {})
        if not left:
            return found
    raise RetryableError(f"DynamoDB left {key_count(left)} of {key_count(request)} keys unread {MAX_READS} times")


def key_count(request: Mapping[str, Any]) -> int:
    """How many keys a request has."""
    return sum(len(table["Keys"]) for table in request.values())
