"""How many allocations a service has on a day: a counter, changed in the transaction that writes the record.

Transactions at one counter cancel each other, so a large limit has its counter in parts. Places go from the counter
into a part many at a time, and from there to records; at the end from part to part. Each way is a transaction, so that
no place is lost or used twice however a function ends. `used` of the counter includes the places that parts have left.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from allocation.aws.dynamodb.bulk_calls import (
    CONDITION_FAILED,
    MAX_KEYS,
    Action,
    CancelledError,
    read_items,
    write_all,
)
from allocation.batches import batches
from allocation.domain.frozen import frozen
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.engine.memo import Memo
from allocation.records.items import DynamoItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# As many writers as parts disturb each other little. Each part is a key of a read.
MAX_PARTS: Final = 32
# A limit has a part for so many places: where there are fewer, the last ones would be hard to find.
MIN_PLACES: Final = 100
# A part gets this fraction of what its counter has left: large limits are moved rarely, and the last places go around.
_SHARE: Final = 8
# Counters whose parts are remembered.
_MAX_KNOWN: Final = 200
_KEPT_AFTER_THE_DAY: Final = timedelta(days=30)
_HAD_ROOM: Final = "used <= :room"
# A day without a count has room for as many as its service takes, not for more.
_HAS_ROOM: Final = f"attribute_not_exists(used) OR {_HAD_ROOM}"
_HAS_LEFT: Final = "places >= :wanted"
_PARTS: Final = "parts"


@frozen
class DynamoDBLimitUsage:
    """The counters of one table, whose partition key is `serviceDay`.

    A counter has `used` and the keys of its `parts`, a part has `places`. `expiresAt` is the TTL of both.
    """

    client: "DynamoDBClient"
    table: str
    _parts: Memo[str, Sequence[str]] = field(default_factory=lambda: Memo(_MAX_KNOWN), init=False)

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """Return the counts of the days that have one, read consistently. Raises `RetryableError`."""
        counters = [_key(day) for day in days]
        # Parts that are known are read with their counter, in one call.
        found = self._read([*counters, *(part for key in counters for part in self._parts.get(key) or ())])
        parts = {key: self._parts.keep(key, _parts_of(found[key])) for key in counters if key in found}
        found |= self._read(part for each in parts.values() for part in each if part not in found)
        return {day: _allocated(found[_key(day)], found) for day in days if _key(day) in found}

    def take(self, limit: AllocationLimit, count: int = 1) -> Action:
        """Return the action that counts allocations. It fails if the day has no room for all of them."""
        condition = _HAS_ROOM if count <= limit.most else _HAD_ROOM
        return self._update(_key(limit.on), limit.on, used=count, room=limit.most - count, condition=condition)

    def take_from_part(self, limit: AllocationLimit, count: int, part: int) -> Action:
        """Return the action that takes places from a part, or from the counter if the limit has no parts."""
        if not (number := _part_count(limit)):
            return self.take(limit, count)
        return self._update(_part_key(limit, part % number), limit.on, places=-count, wanted=count, condition=_HAS_LEFT)

    def find_places(self, limit: AllocationLimit, count: int = 1, part: int | None = None) -> bool:
        """Move places to a part, or to the counter, from where there are most. Return whether to try again.

        That is False if there are not `count` of them in one place. Raises `RetryableError`.
        """
        counter = self._counter(limit.on)
        left = limit.most - _used(counter)
        number = _part_count(limit)
        # After a limit was lowered, the counter may have too many. What parts have left goes back first.
        to = None if part is None or not number or left < 0 else _part_key(limit, part % number)
        if left >= count:
            return to is None or self._moved(self._from_counter(limit, max(count, left // _SHARE), to, counter))
        parts = {key: _places(item) for key, item in self._read(_parts_of(counter)).items() if key != to}
        richest = max(parts, key=parts.__getitem__, default=None)
        if richest is None or parts[richest] < (count if to else 1):
            return False
        return self._moved(self._from_part(limit, richest, parts[richest], count, to, counter))

    def give_back(self, day: LimitedDay) -> Action:
        """Return the action that takes one allocation off a day."""
        return self._update(_key(day), day, used=-1)

    def _from_counter(self, limit: AllocationLimit, places: int, to: str, counter: DynamoItem) -> list[Action]:
        new = None if to in _parts_of(counter) else to
        room = limit.most - places
        taken = self._update(_key(limit.on), limit.on, used=places, room=room, part=new, condition=_HAS_ROOM)
        return [taken, self._update(to, limit.on, places=places)]

    def _from_part(
        self, limit: AllocationLimit, part: str, places: int, count: int, to: str | None, counter: DynamoItem
    ) -> list[Action]:
        """Return the actions that move half of a part's places, or all of them to the counter."""
        moved = max(count, places // 2) if to else places
        taken = self._update(part, limit.on, places=-moved, wanted=moved, condition=_HAS_LEFT)
        if to is None:
            return [taken, self._update(_key(limit.on), limit.on, used=-moved)]
        named = [] if to in _parts_of(counter) else [self._update(_key(limit.on), limit.on, part=to)]
        return [taken, self._update(to, limit.on, places=moved), *named]

    def _moved(self, actions: Sequence[Action]) -> bool:
        """Move places. Somebody else may be faster: then it is worth another look. Raises `RetryableError`."""
        try:
            write_all(self.client, actions)
        except CancelledError as error:
            if not (error.is_conflict or CONDITION_FAILED in error.reasons):
                raise
        return True

    def _counter(self, day: LimitedDay) -> DynamoItem:
        """Return the counter of a day, empty if there is none. Raises `RetryableError`."""
        return self._read([_key(day)]).get(_key(day), {})

    def _read(self, keys: Iterable[str]) -> dict[str, DynamoItem]:
        found: dict[str, DynamoItem] = {}
        for batch in batches(dict.fromkeys(keys), MAX_KEYS):
            request = {"Keys": [{"serviceDay": {"S": key}} for key in batch], "ConsistentRead": True}
            found |= {
                item["serviceDay"]["S"]: item for item in read_items(self.client, {self.table: request})[self.table]
            }
        return found

    def _update(
        self, key: str, day: LimitedDay, condition: str | None = None, part: str | None = None, **numbers: int
    ) -> Action:
        """Return the action that adds to `used` or to `places`, and names a part. Other numbers are the condition's."""
        added = [name for name in ("used", "places") if name in numbers]
        values: dict[str, Any] = {f":{name}": {"N": str(value)} for name, value in numbers.items()}
        values |= {":expires": {"N": str(_expires_at(day))}} | ({":part": {"SS": [part]}} if part else {})
        additions = [f"{name} :{name}" for name in added] + ([f"{_PARTS} :part"] if part else [])
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"serviceDay": {"S": key}},
                "UpdateExpression": f"SET expiresAt = :expires ADD {', '.join(additions)}",
                "ExpressionAttributeValues": values,
                **({"ConditionExpression": condition} if condition else {}),
            }
        }


def any_part() -> int:
    """Return the number of a part to take from."""
    return random.randrange(MAX_PARTS)  # noqa: S311 - not a secret


def _part_count(limit: AllocationLimit) -> int:
    """Return how many parts a limit has, or 0."""
    parts = min(MAX_PARTS, limit.most // MIN_PLACES)
    return parts if parts > 1 else 0


def _parts_of(counter: DynamoItem) -> Sequence[str]:
    return counter[_PARTS]["SS"] if _PARTS in counter else ()


def _used(counter: DynamoItem) -> int:
    return int(counter.get("used", {"N": "0"})["N"])


def _places(part: DynamoItem) -> int:
    return int(part.get("places", {"N": "0"})["N"])


def _allocated(counter: DynamoItem, parts: Mapping[str, DynamoItem]) -> int:
    return _used(counter) - sum(_places(parts[key]) for key in _parts_of(counter) if key in parts)


def _key(day: LimitedDay) -> str:
    """Return a day's key in the table.

    >>> from datetime import date
    >>> _key(LimitedDay("CX_NDS", date(2026, 11, 26)))
    'CX_NDS#2026-11-26'
    """
    return f"{day.service}#{day.day.isoformat()}"


def _part_key(limit: AllocationLimit, part: int) -> str:
    """Return the key of a part. A catalogue with another limit has other parts, and gathers what these have left."""
    return f"{_key(limit.on)}#{limit.most}#{part}"


def _expires_at(day: LimitedDay) -> int:
    """Return when a day's count is no longer needed, in seconds since 1970 UTC, as DynamoDB's TTL wants it."""
    return int((datetime.combine(day.day, time(), UTC) + _KEPT_AFTER_THE_DAY).timestamp())
