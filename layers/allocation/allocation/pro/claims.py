"""Claims on consignments, in DynamoDB: written before SortedPRO is asked, so that the next caller knows.

PRO has no idempotency key. A second message with the same consignment, a redriven message or another execution
environment finds the claim. While PRO may be working, the consignment waits. Afterwards PRO's state is read before PRO
is asked again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.dynamodb.bulk_calls import CONDITION_FAILED, MAX_KEYS, Action, CancelledError, read_items, write_all
from allocation.aws.dynamodb.record_reading import KEY
from allocation.aws.dynamodb.records import NOT_THERE_YET
from allocation.batches import batches
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.pro.ports import Claimed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# At least as long as records are kept. After that, a record or PRO's own state must tell.
_KEPT: Final = timedelta(days=90)
_MAX_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class DynamoDBClaims:
    """`Claims` in a table with the partition key `consignmentReference` and the TTL attribute `expiresAt`.

    `heldUntil` is in milliseconds since 1970 UTC.
    """

    client: "DynamoDBClient"
    table: str
    now: Callable[[], datetime]

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        """Claim the consignments, each by a write that is conditional on what was read."""
        until = _milliseconds(self.now()) + ceil(seconds * 1000)
        asked_before: set[ConsignmentReference] = set()
        held: dict[ConsignmentReference, int] = {}
        for batch in batches(references, MAX_KEYS):
            claimed = self._take(batch, until)
            asked_before |= claimed.asked_before
            held |= claimed.held
        return Claimed(frozenset(asked_before), held, until)

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that have a claim, ended or not."""
        return frozenset(key for batch in batches(references, MAX_KEYS) for key in self._found(batch))

    def _take(self, references: Sequence[ConsignmentReference], until: int) -> Claimed:
        for attempt in range(_MAX_ATTEMPTS):
            found = self._found(references)
            now = _milliseconds(self.now())
            held = {key: ceil((ends - now) / 1000) for key, ends in found.items() if ends > now}
            free = [reference for reference in references if reference not in held]
            try:
                if free:
                    write_all(self.client, [self._put(each, found.get(each), until) for each in free])
                return Claimed(frozenset(found.keys() - held.keys()), held)
            except CancelledError as error:
                # Others claimed some of them in between. The next look finds them held.
                if CONDITION_FAILED not in error.reasons or attempt + 1 == _MAX_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _found(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, int]:
        """Return until when each consignment that was ever claimed is or was held."""
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
            "expiresAt": {"N": str(int((self.now() + _KEPT).timestamp()))},
        }

    def give_back(self, references: Sequence[ConsignmentReference], until: int, seconds: float) -> None:
        """End the claims in so many seconds; the items stay, because they tell that PRO was asked."""
        # Conditional on what `take` wrote: a request that is executed late must not end another caller's claim.
        ends = _milliseconds(self.now()) + ceil(seconds * 1000)
        for batch in batches(references, MAX_KEYS):
            try:
                write_all(self.client, [self._put(reference, until, ends) for reference in batch])
            except RetryableError as error:
                logger.warning("claims not given back", extra={"cause": str(error), "consignments": batch})


def _milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970 UTC."""
    return int(moment.timestamp() * 1000)
