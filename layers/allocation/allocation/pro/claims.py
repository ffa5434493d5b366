"""Who has asked SortedPRO to allocate a consignment: kept before it is asked, so that whoever comes next knows.

PRO has no idempotency key. A second message with the same consignment, a redriven one or another execution environment
finds the claim: while PRO may be at work the consignment waits, and afterwards PRO's state is read before PRO is
asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Final, Protocol

from allocation.aws.dynamodb.reads import MAX_KEYS, read_items
from allocation.aws.dynamodb.records import KEY, NOT_THERE_YET
from allocation.aws.dynamodb.transactions import CONDITION_FAILED, Action, CancelledError, Transactions
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT: Final = timedelta(days=90)
"""As long as records at the least; after that a record, or PRO's own state, has to tell."""
MAX_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of claims to make; a reference in none of the sets may be asked for, and was never before."""

    asked_before: frozenset[ConsignmentReference] = frozenset()
    """Claimed now; somebody asked for it earlier, and has ended."""
    held: Mapping[ConsignmentReference, int] = field(default_factory=dict)
    """Not claimed: somebody else may be asking for it, for so many seconds yet."""
    until: int = 0
    """When the claims end that were made now, in milliseconds since 1970 UTC."""


class Claims(Protocol):
    """Remembers which consignments PRO was asked for."""

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        """Claims the consignments for so many seconds. Raises `RetryableError`."""

    def give_back(self, references: Sequence[ConsignmentReference], until: int, seconds: float) -> None:
        """Lets others ask in so many seconds, where the claims are those that end at `until`.

        Never raises: a claim that is not given back ends by itself.
        """


@dataclass(frozen=True, slots=True)
class DynamoDBClaims:
    """The claims of one table, whose partition key is `consignmentReference`; `expiresAt` is its TTL.

    `heldUntil` is in milliseconds since 1970 UTC.
    """

    client: "DynamoDBClient"
    table: str
    now: Callable[[], datetime]

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        """Claims the consignments, each by a conditional write upon what was read."""
        until = milliseconds(self.now()) + ceil(seconds * 1000)
        asked_before: set[ConsignmentReference] = set()
        held: dict[ConsignmentReference, int] = {}
        for batch in batches(references, MAX_KEYS):
            claimed = self._take(batch, until)
            asked_before |= claimed.asked_before
            held |= claimed.held
        return Claimed(frozenset(asked_before), held, until)

    def _take(self, references: Sequence[ConsignmentReference], until: int) -> Claimed:
        for attempt in range(MAX_ATTEMPTS):
            found = self._found(references)
            now = milliseconds(self.now())
            held = {key: ceil((ends - now) / 1000) for key, ends in found.items() if ends > now}
            free = [reference for reference in references if reference not in held]
            try:
                if free:
                    Transactions(self.client).write([self._put(each, found.get(each), until) for each in free])
                return Claimed(frozenset(found.keys() - held.keys()), held)
            except CancelledError as error:
                # Others claimed some of them in between: they are found held when looked at again.
                if CONDITION_FAILED not in error.reasons or attempt + 1 == MAX_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _found(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, int]:
        """Until when the consignments are or were held that somebody has asked for."""
        keys = [{KEY: {"S": reference}} for reference in references]
        items = read_items(self.client, {self.table: {"Keys": keys, "ConsistentRead": True}})[self.table]
        return {ConsignmentReference(item[KEY]["S"]): int(item["heldUntil"]["N"]) for item in items}

    def _put(self, reference: ConsignmentReference, seen: int | None, until: int) -> Action:
        put: Action = {"TableName": self.table, "Item": self._item(reference, until)}
        if seen is None:
            return {"Put": {**put, "ConditionExpression": NOT_THERE_YET}}
        return {
            "Put": {
                **put,
                "ConditionExpression": "heldUntil = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(seen)}},
            }
        }

    def _item(self, reference: ConsignmentReference, until: int) -> dict[str, Any]:
        return {
            KEY: {"S": reference},
            "heldUntil": {"N": str(until)},
            "expiresAt": {"N": str(int((self.now() + KEPT).timestamp()))},
        }

    def give_back(self, references: Sequence[ConsignmentReference], until: int, seconds: float) -> None:
        """Ends the claims in so many seconds, and keeps that they were made.

        Upon what `take` wrote: a request that is carried out late must not end what somebody else has claimed since.
        """
        ends = milliseconds(self.now()) + ceil(seconds * 1000)
        for batch in batches(references, MAX_KEYS):
            try:
                Transactions(self.client).write([self._put(reference, until, ends) for reference in batch])
            except RetryableError as error:
                logger.warning("claims not given back", extra={"cause": str(error), "consignments": batch})


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return int(moment.timestamp() * 1000)
