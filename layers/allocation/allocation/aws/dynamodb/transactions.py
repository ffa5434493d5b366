"""DynamoDB's transactions: all actions or none, tried again while somebody else writes to the same items."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONDITION_FAILED: Final = "ConditionalCheckFailed"
CONFLICT: Final = "TransactionConflict"
NOT_AT_FAULT: Final = "None"
MAX_ATTEMPTS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.02

Action = dict[str, Any]


class CancelledError(RetryableError):
    """Nothing was written. `reasons` has DynamoDB's code for each action, in their order."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"DynamoDB did not write: {', '.join(sorted(set(reasons) - {NOT_AT_FAULT}))}")
        self.reasons = tuple(reasons)


class NoAnswerError(RetryableError):
    """DynamoDB can't be reached, or does not answer in time, several attempts notwithstanding."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Carries out transactions. `client` must have timeouts of its own."""

    client: "DynamoDBClient"
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    """From 0 up to 1."""

    def write(self, actions: Sequence[Action]) -> None:
        """Carries out all actions or none.

        Raises `CancelledError`, `NoAnswerError`, or another `RetryableError` where DynamoDB does not tell.

        boto3 sends a token with each call, by which DynamoDB knows a call that it repeats.
        """
        for attempt in range(MAX_ATTEMPTS):
            try:
                return self._write(actions)
            except CancelledError as error:
                if set(error.reasons) - {NOT_AT_FAULT} != {CONFLICT} or attempt + 1 == MAX_ATTEMPTS:
                    raise
            self.pause(self.jitter() * FIRST_PAUSE_SECONDS * (1 << attempt))
        return None

    def _write(self, actions: Sequence[Action]) -> None:
        try:
            self.client.transact_write_items(TransactItems=list(actions))  # type: ignore[arg-type]
        except self.client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            raise CancelledError([str(reason.get("Code", NOT_AT_FAULT)) for reason in reasons]) from error
        except (ClientError, BotoCoreError) as error:
            raise not_written(error) from error


def not_written(error: ClientError | BotoCoreError) -> RetryableError:
    """What a write that failed with a boto3 error is told as."""
    kind = NoAnswerError if isinstance(error, HTTPClientError | NoConnectionError) else RetryableError
    return kind(f"DynamoDB did not write: {cause_of(error)}")
