"""Attempts at a call, as the mode `standard` of botocore makes them: which failures are tried again, and how soon.

Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
"""

import random
import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, NamedTuple
from zlib import crc32

from botocore.exceptions import BotoCoreError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError
from botocore.exceptions import ConnectionError as NoConnectionError

from allocation.aws.calls.connections import RawReply

_TRANSIENT_STATUSES: Final = frozenset({500, 502, 503, 504})
_RETRIED_CODES: Final = frozenset(
    {
        "RequestTimeout",
        "RequestTimeoutException",
        "PriorRequestNotComplete",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "EC2ThrottledException",
        # DynamoDB's, as its model says.
        "ReplicatedWriteConflictException",
    }
)
_MAX_PAUSE_SECONDS: Final = 20
# Tokens of a client: what it has, what an attempt costs, also after a time-out, and what a success gives back.
_BUDGET: Final = 500
_RETRY_COST: Final = 5
_TIMEOUT_COST: Final = 10
_REWARD: Final = 1


class Answer(NamedTuple):
    """A reply, read. `parsed` has an `Error` where AWS refused."""

    reply: RawReply
    parsed: dict[str, Any]

    @property
    def code(self) -> str | None:
        """The code of the error, or None."""
        error = self.parsed.get("Error") if self.reply.status >= 300 else None
        return error.get("Code") if isinstance(error, dict) else None


class Attempts:
    """The attempts of one client. All of its calls spend from one budget, so an outage does not multiply them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = _BUDGET
        self._lock = Lock()

    def made(self, call: Callable[[], Answer]) -> Answer:
        """Call until there is an answer that stands, at most so often. Raises the last error of botocore's.

        `parsed` of the answer says in `ResponseMetadata` how often it was tried again.
        """
        cost, attempt = 0, 1
        while True:
            answer, failure = _outcome(call)
            is_last = attempt >= self._most
            if is_last or not _may_pass(answer, failure) or not (paid := self._paid(failure)):
                break
            cost = paid
            time.sleep(random.random() * min(1 << (attempt - 1), _MAX_PAUSE_SECONDS))  # noqa: S311 - not a secret
            attempt += 1
        if failure or not answer:
            raise failure or AssertionError("an outcome is an answer or a failure")
        if answer.reply.status < 300:
            self._give_back(cost or _REWARD)
        metadata = answer.parsed["ResponseMetadata"]
        metadata["RetryAttempts"] = attempt - 1
        if is_last:
            metadata["MaxAttemptsReached"] = True
        return answer

    def _paid(self, failure: Exception | None) -> int:
        """Return what another attempt cost, or 0 where the budget does not allow one."""
        cost = _TIMEOUT_COST if isinstance(failure, ConnectTimeoutError | ReadTimeoutError) else _RETRY_COST
        with self._lock:
            if cost > self._left:
                return 0
            self._left -= cost
        return cost

    def _give_back(self, tokens: int) -> None:
        if self._left < _BUDGET:
            with self._lock:
                self._left = min(_BUDGET, self._left + tokens)


def _outcome(call: Callable[[], Answer]) -> tuple[Answer | None, BotoCoreError | None]:
    try:
        return call(), None
    except (HTTPClientError, NoConnectionError) as error:
        return None, error


def _may_pass(answer: Answer | None, failure: BotoCoreError | None) -> bool:
    """Tell whether another attempt may end better."""
    if failure or not answer:
        return True
    return answer.reply.status in _TRANSIENT_STATUSES or answer.code in _RETRIED_CODES or _is_garbled(answer.reply)


def _is_garbled(reply: RawReply) -> bool:
    """Tell whether the body is not the one whose checksum DynamoDB sent."""
    checksum = reply.headers.get("x-amz-crc32")
    return checksum is not None and crc32(reply.body) != int(checksum)
