"""Claims on consignments, in DynamoDB: written before SortedPRO is asked, so that the next caller knows.

PRO has no idempotency key. A second message with the same consignment, a redriven message or another execution
environment finds the claim. While PRO may be working, the consignment waits. Afterwards PRO's state is read before PRO
is asked again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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


class _Claim(NamedTuple):
    """A claim as it was read: when it ends, in milliseconds since 1970 UTC, and whether PRO has accepted it."""

    ends: int
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class DynamoDBClaims:
    """`Claims` in a table with the partition key `consignmentReference` and the TTL attribute `expiresAt`.

    `heldUntil` is in milliseconds since 1970 UTC. `accepted` is there where PRO has accepted an allocation.
    """

    client: "DynamoDBClient"
    table: str
    now: Callable[[], datetime]

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        """Claim the consignments, each by a write that is conditional on what was read."""
        until = _milliseconds(self.now()) + ceil(seconds * 1000)
        asked_before: set[ConsignmentReference] = set()
        held: dict[ConsignmentReference, int] = {}
        accepted: set[ConsignmentReference] = set()
        for batch in batches(references, MAX_KEYS):
            claimed = self._take(batch, until)
            asked_before |= claimed.asked_before
            held |= claimed.held
            accepted |= claimed.accepted
        return Claimed(frozenset(asked_before), held, until, frozenset(accepted))

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that have a claim, ended or not."""
        return frozenset(key for batch in batches(references, MAX_KEYS) for key in self._found(batch))

    def _take(self, references: Sequence[ConsignmentReference], until: int) -> Claimed:
        for attempt in range(_MAX_ATTEMPTS):
            found = self._found(references)
            now = _milliseconds(self.now())
            held = {key: ceil((claim.ends - now) / 1000) for key, claim in found.items() if claim.ends > now}
            free = [reference for reference in references if reference not in held]
            try:
                if free:
                    seen = {each: found[each].ends if each in found else None for each in free}
                    write_all(self.client, [self._put(each, seen[each], until) for each in free])
                accepted = frozenset(key for key in held if found[key].is_accepted)
                return Claimed(frozenset(found.keys() - held.keys()), held, accepted=accepted)
            except CancelledError as error:
                # Others claimed some of them in between. The next look finds them held.
                if CONDITION_FAILED not in error.reasons or attempt + 1 == _MAX_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _found(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, _Claim]:
        """Return the claim on each consignment that was ever claimed."""
        keys = [{KEY: {"S": reference}} for reference in references]
        items = read_items(self.client, {self.table: {"Keys": keys, "ConsistentRead": True}})[self.table]
        return {
            ConsignmentReference(item[KEY]["S"]): _Claim(int(item["heldUntil"]["N"]), "accepted" in item)
            for item in items
        }

    def _put(self, reference: ConsignmentReference, seen: int | None, until: int, *, accepted: bool = False) -> Action:
        put: Action = {"TableName": self.table, "Item": self._item(reference, until, accepted=accepted)}
        if seen is None:
            return {"Put": {**put, "ConditionExpression": NOT_THERE_YET}}
        return {
            "Put": {
                **put,
                "ConditionExpression": "heldUntil = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(seen)}},
            }
        }

    def _item(self, reference: ConsignmentReference, until: int, *, accepted: bool) -> dict[str, Any]:
        return {
            KEY: {"S": reference},
            "heldUntil": {"N": str(until)},
            "expiresAt": {"N": str(int((self.now() + _KEPT).timestamp()))},
            **({"accepted": {"BOOL": True}} if accepted else {}),
        }

    def give_back(
        self, references: Sequence[ConsignmentReference], until: int, seconds: float, *, accepted: bool = False
    ) -> None:
        """End the claims in so many seconds; the items stay, because they tell that PRO was asked."""
        # Conditional on what `take` wrote: a request that is executed late must not end another caller's claim.
        ends = _milliseconds(self.now()) + ceil(seconds * 1000)
        for batch in batches(references, MAX_KEYS):
            try:
                write_all(self.client, [self._put(each, until, ends, accepted=accepted) for each in batch])
            except RetryableError as error:
                logger.warning("claims not given back", extra={"cause": str(error), "consignments": batch})


def _milliseconds(moment: datetime) -> int:
    """Return milliseconds since 1970 UTC."""
    return int(moment.timestamp() * 1000)
