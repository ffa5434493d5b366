"""DynamoDB's calls of many items at once: batch reads and transactions. Insertions are in `insertions.py`."""

import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.records.items import DynamoItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# `BatchGetItem`'s limit, all tables together.
MAX_KEYS: Final = 100
# Attempts at the keys that DynamoDB left unprocessed, on top of botocore's own retries.
_MAX_READS: Final = 5
# Attempts at a transaction while other writers work on the same items.
MAX_ATTEMPTS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.02

CONDITION_FAILED: Final = "ConditionalCheckFailed"
CONFLICT: Final = "TransactionConflict"
NOT_AT_FAULT: Final = "None"

Action = dict[str, Any]


class CancelledError(RetryableError):
    """Nothing was written. `reasons` has DynamoDB's code for each action, in their order."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"DynamoDB did not write: {', '.join(sorted(set(reasons) - {NOT_AT_FAULT}))}")
        self.reasons = tuple(reasons)

    @property
    def is_conflict(self) -> bool:
        """Whether the only reason is that other writers are at the same items."""
        return set(self.reasons) - {NOT_AT_FAULT} == {CONFLICT}


class NoAnswerError(RetryableError):
    """DynamoDB can't be reached, or did not answer in time at several attempts."""


def read_items(client: "DynamoDBClient", request: Mapping[str, Any]) -> dict[str, list[DynamoItem]]:
    """Return the items that exist, by table. `request` is `RequestItems` of at most `MAX_KEYS` keys.

    `BatchGetItem` answers 200 with keys that it did not get to. Raises `RetryableError` unless all were read.
    """
    return read_items_at(client, request)[0]


def read_items_at(
    client: "DynamoDBClient", request: Mapping[str, Any]
) -> tuple[dict[str, list[DynamoItem]], datetime | None]:
    """Return the items, as `read_items` does, and the time on AWS's own clock: aware UTC, whole seconds.

    The time is None where the answer has no readable `Date`.
    """
    found: dict[str, list[DynamoItem]] = {table: [] for table in request}
    left = request
    for _ in range(_MAX_READS):
        try:
            answer = client.batch_get_item(RequestItems=left)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{', '.join(request)} could not be read ({cause_of(error)})") from error
        for table, items in answer["Responses"].items():
            found[table] += items
        left = answer.get("UnprocessedKeys", {})
        if not left:
            return found, date_of(answer)
    raise RetryableError(f"DynamoDB left {_key_count(left)} of {_key_count(request)} keys unread {_MAX_READS} times")


def date_of(answer: Mapping[str, Any]) -> datetime | None:
    """Return the `Date` of an answer (RFC 9110, 6.6.1), or None."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError):
        return None


def _key_count(request: Mapping[str, Any]) -> int:
    return sum(len(table["Keys"]) for table in request.values())


def write_all(client: "DynamoDBClient", actions: Sequence[Action]) -> None:
    """Carry out all actions in one transaction, or none. `client` must have timeouts of its own.

    boto3 sends a token with each call, by which DynamoDB recognises a repeated one. Raises `CancelledError`,
    `NoAnswerError`, or another `RetryableError` if DynamoDB does not say what happened.
    """
    for attempt in range(MAX_ATTEMPTS):
        try:
            return write_once(client, actions)
        except CancelledError as error:
            if not error.is_conflict or attempt + 1 == MAX_ATTEMPTS:
                raise
        pause(attempt)
    return None


def pause(attempt: int) -> None:
    """Wait a moment after a conflict with another writer, the first after attempt 0, and each longer."""
    time.sleep(random.random() * _FIRST_PAUSE_SECONDS * (1 << attempt))  # noqa: S311 - not a secret


def write_once(client: "DynamoDBClient", actions: Sequence[Action]) -> None:
    """Carry out all actions in one transaction as `write_all` does, by one attempt."""
    try:
        client.transact_write_items(TransactItems=list(actions))  # type: ignore[arg-type]
    except client.exceptions.TransactionCanceledException as error:
        reasons = error.response.get("CancellationReasons", [])
        raise CancelledError([str(reason.get("Code", NOT_AT_FAULT)) for reason in reasons]) from error
    except (ClientError, BotoCoreError) as error:
        raise not_written(error) from error


def not_written(error: ClientError | BotoCoreError) -> RetryableError:
    """Return the error that stands for a write that failed with a boto3 error."""
    kind = NoAnswerError if isinstance(error, HTTPClientError | NoConnectionError) else RetryableError
    return kind(f"DynamoDB did not write: {cause_of(error)}")
