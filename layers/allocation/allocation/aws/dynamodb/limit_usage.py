"""How many allocations a service has on a day: a counter, changed in the transaction that writes the record."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS, Action, read_items
from allocation.batches import batches
from allocation.domain.limit import AllocationLimit, LimitedDay

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_AFTER_THE_DAY: Final = timedelta(days=30)
_HAD_ROOM: Final = "used <= :room"
# A day without a count has room for as many as its service takes, not for more.
_HAS_ROOM: Final = f"attribute_not_exists(used) OR {_HAD_ROOM}"


@dataclass(frozen=True, slots=True)
class DynamoDBLimitUsage:
    """The counters of one table, whose partition key is `serviceDay`; `used` is the count, `expiresAt` its TTL."""

    client: "DynamoDBClient"
    table: str

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """Return the counts of the days that have one, read consistently. Raises `RetryableError`."""
        by_key = {_key(day): day for day in days}
        found: dict[LimitedDay, int] = {}
        for batch in batches(by_key, MAX_KEYS):
            keys = {"Keys": [{"serviceDay": {"S": key}} for key in batch], "ConsistentRead": True}
            for item in read_items(self.client, {self.table: keys})[self.table]:
                found[by_key[item["serviceDay"]["S"]]] = int(item["used"]["N"])
        return found

    def take(self, limits: Iterable[AllocationLimit]) -> list[Action]:
        """Return the actions that count allocations, one a day; each fails if its day has no room for all of them."""
        return [
            self._update(
                limit.on,
                count,
                room=limit.most - count,
                ConditionExpression=_HAS_ROOM if count <= limit.most else _HAD_ROOM,
            )
            for limit, count in Counter(limits).items()
        ]

    def give_back(self, day: LimitedDay) -> Action:
        """Return the action that takes one allocation off a day."""
        return self._update(day, -1)

    def _update(self, day: LimitedDay, change: int, room: int | None = None, **condition: str) -> Action:
        values = {":change": change, ":expires": _expires_at(day)} | ({} if room is None else {":room": room})
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"serviceDay": {"S": _key(day)}},
                "UpdateExpression": "SET expiresAt = :expires ADD used :change",
                "ExpressionAttributeValues": {name: {"N": str(value)} for name, value in values.items()},
                **condition,
            }
        }


def _key(day: LimitedDay) -> str:
    """Return a day's key in the table.

    >>> from datetime import date
    >>> _key(LimitedDay("CX_NDS", date(2026, 11, 26)))
    'CX_NDS#2026-11-26'
    """
    return f"{day.service}#{day.day.isoformat()}"


def _expires_at(day: LimitedDay) -> int:
    """Return when a day's count is no longer needed, in seconds since 1970 UTC, as DynamoDB's TTL wants it."""
    return int((datetime.combine(day.day, time(), UTC) + _KEPT_AFTER_THE_DAY).timestamp())
