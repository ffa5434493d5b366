"""The catalogues that decided, in DynamoDB: each is kept once, so that the explanations of its decisions stay readable.

An item has at most 400 KB, so a catalogue is packed and split. Its first item, which counts the others, is written
last: where it stands, all of it stands. What is there is never changed and has no time to live, as records may be kept
for ever: `docs/decisions` says what that costs.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Bytes of a digest's beginning that are the key: as many as no two catalogues share.
_DIGEST_CHARACTERS: Final = 32
# Bytes of a part: an item's 400 KB, without its other attributes.
MAX_PART: Final = 390_000
# How long a table that does not take a catalogue is left alone: decisions go on without it.
PAUSE_SECONDS: Final = 60.0
# A catalogue has at most 16 MB, ten times less when it is packed.
_MAX_UNPACKED: Final = 64 * 1024**2
_NEW: Final = "attribute_not_exists(digest)"


class DynamoDBCatalogueArchive:
    """A `CatalogueArchive` over a table with the keys `digest` and `part`."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float]) -> None:
        """`client` must give up in a moment; `clock` returns seconds and continues while the function is frozen."""
        self._client = client
        self._table = table
        self._clock = clock
        self._kept: set[str] = set()
        self._failed_at = float("-inf")

    def keep(self, digest: str, compiled: str) -> bool:
        """Write the catalogue unless it is there. Return whether it is; ask no more for a while after a failure."""
        if digest in self._kept:
            return True
        if 0 <= self._clock() - self._failed_at < PAUSE_SECONDS:
            return False
        key = digest[:_DIGEST_CHARACTERS]
        try:
            if not self._is_whole(key):
                self._write(key, compiled)
        except (ClientError, BotoCoreError) as error:
            self._failed_at = self._clock()
            logger.error("catalogue not kept", extra={"catalogue": key, "cause": cause_of(error)})
            return False
        self._kept.add(digest)
        return True

    def compiled(self, digest: str) -> str | None:
        """Return the catalogue whose digest begins so, or None if it is not there. Raises `RetryableError`."""
        try:
            parts = list(self._parts(digest[:_DIGEST_CHARACTERS]))
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(
                f"the catalogue {digest} can't be read from {self._table}: {cause_of(error)}"
            ) from error
        if not parts or "parts" not in parts[0] or len(parts) != int(parts[0]["parts"]["N"]) + 1:
            return None
        packed = b"".join(part["data"]["B"] for part in parts[1:])
        return zlib.decompressobj().decompress(packed, _MAX_UNPACKED).decode()

    def _is_whole(self, key: str) -> bool:
        first = {"digest": {"S": key}, "part": {"N": "0"}}
        answer = self._client.get_item(TableName=self._table, Key=first, ConsistentRead=True)
        return "Item" in answer

    def _write(self, key: str, compiled: str) -> None:
        packed = zlib.compress(compiled.encode(), 6)
        parts = [packed[begin : begin + MAX_PART] for begin in range(0, len(packed), MAX_PART)]
        for number, part in enumerate(parts, start=1):
            self._put(key, number, {"data": {"B": part}})
        self._put(key, 0, {"parts": {"N": str(len(parts))}})

    def _put(self, key: str, number: int, attributes: dict[str, Any]) -> None:
        """Write an item unless another environment has: it has the same."""
        item = {"digest": {"S": key}, "part": {"N": str(number)}, **attributes}
        try:
            self._client.put_item(TableName=self._table, Item=item, ConditionExpression=_NEW)
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _parts(self, key: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a catalogue in the order of their numbers, page by page."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "digest = :digest",
            "ExpressionAttributeValues": {":digest": {"S": key}},
            "ConsistentRead": True,
        }
        while True:
            answer = self._client.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
