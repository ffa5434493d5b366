"""Customers who take the spaces of a pickup location at once, again after every failure: none is given to two of them.

Some cancel what they selected, more than once: their spaces are free again, and nobody else's is. Others have it
cancelled elsewhere: their spaces go to whoever comes next.

The adapter and the use case are those of the API. Every call may fail before or after its work, or end the process.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb import drafts
from allocation.aws.dynamodb.drafts import DynamoDBDrafts
from allocation.consignments.pickup_spaces import PickupSpaces, Space
from allocation.engine.calendars import TimeZone
from allocation.engine.pickup_locations import Coordinates, PickupLocation
from tests.simulation.aws import KEY, NOT_THERE_YET, ConditionalCheckFailedError, call
from tests.simulation.callers import call_until_done
from tests.simulation.world import Plan, World
from tests.support.size import sized

BEGINNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = date(2026, 11, 25)


class Table:
    """The table of drafts, with the options that had a space after each write."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.items: dict[str, dict[str, Any]] = {}
        self.history: list[set[str]] = []
        self.exceptions = type("exceptions", (), {"ConditionalCheckFailedException": ConditionalCheckFailedError})

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        def work() -> dict[str, Any]:
            return {
                "Responses": {
                    table: [self.items[key[KEY]["S"]] for key in asked["Keys"] if key[KEY]["S"] in self.items]
                    for table, asked in RequestItems.items()
                }
            }

        return call(self._world, "BatchGetItem", work)

    def put_item(self, *, TableName: str, Item: dict[str, Any], **condition: Any) -> dict[str, Any]:  # noqa: ARG002, N803
        def work() -> dict[str, Any]:
            found = self.items.get(Item[KEY]["S"])
            if condition.get("ConditionExpression") == NOT_THERE_YET:
                holds = found is None
            else:
                seen = condition.get("ExpressionAttributeValues", {}).get(":seen")
                holds = seen is None or (found is not None and found["version"] == seen)
            if not holds:
                raise ConditionalCheckFailedError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")
            self.items[Item[KEY]["S"]] = Item
            self.history.append(set(self.taken()))
            return {}

        return call(self._world, "PutItem", work)

    def taken(self) -> dict[str, str]:
        """The options that have a space, each with its end."""
        found: dict[str, str] = {}
        for item in self.items.values():
            found |= drafts._draft(item).content.get("taken", {}).get(DAY.isoformat(), {})
        return found


class History:
    """Customers at work until each was answered."""

    def __init__(self, seed: int) -> None:
        self.world, draw = World(Plan(seed, fault_chance=0.15)), Random(f"{seed}/spaces")
        self.table = Table(self.world)
        client: Any = self.table
        self.shop = shop(draw.randint(1, 4))
        self._spaces = PickupSpaces(DynamoDBDrafts(client, "consignments"), self._now, self._cancelled_of)
        self.given: set[str] = set()
        self.returned: set[str] = set()
        self.cancelled: set[str] = set()
        self.cancelled_elsewhere: set[str] = set()
        for customer in range(draw.randint(2, 8)):
            option = f"EDO-{customer}"
            what = draw.random()
            if what < 0.2:
                self.returned.add(option)
            call_until_done(self.world, draw.uniform(0, 2), partial(self._take, option))
            if what < 0.2:
                call_until_done(self.world, draw.uniform(2, 9), partial(self._give_back, option))
            elif what < 0.5:
                for _ in range(2):
                    call_until_done(self.world, draw.uniform(2, 9), partial(self._cancel, option))
            elif what < 0.6:
                self.cancelled_elsewhere.add(f"EC-{option}")
        self.world.run()

    def _cancelled_of(self, references: Sequence[str]) -> set[str]:
        return self.cancelled_elsewhere & set(references)

    def _now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.world.now)

    def _take(self, option: str) -> None:
        space = Space(self.shop, DAY, option)
        self._spaces.take_while_creating(space)
        if option not in self.returned:
            self._spaces.hold(f"EC-{option}", space)
        self.given.add(option)

    def _give_back(self, option: str) -> None:
        self._spaces.give_back(Space(self.shop, DAY, option))

    def _cancel(self, option: str) -> None:
        """Cancels a consignment, if it was created: its space is kept for it before."""
        if option in self.given:
            self.cancelled.add(option)
            self._spaces.give_back_all(f"EC-{option}")


def shop(spaces: int) -> PickupLocation:
    """A location with so many spaces."""
    here = Coordinates(Decimal(0), Decimal(0))
    return PickupLocation("SHOP", "Shop", frozenset(), "GB", None, here, TimeZone([0], [0]), (), spaces)


def broken(seed: int) -> list[str]:
    """What is not as it should be when all is done."""
    history = History(seed)
    found = []
    if any(len(each) > (history.shop.spaces or 0) for each in history.table.history):
        found.append("more was taken than there are spaces")
    elsewhere = {each.removeprefix("EC-") for each in history.cancelled_elsewhere}
    if lost := history.given - history.returned - history.cancelled - elsewhere - history.table.taken().keys():
        found.append(f"{len(lost)} spaces were lost")
    if kept := history.cancelled & history.table.taken().keys():
        found.append(f"{len(kept)} spaces were not given back")
    return found


def without_the_version() -> AbstractContextManager[Any]:
    """Spaces are written over whatever is kept meanwhile."""

    def careless(self: DynamoDBDrafts, draft: Any, seen: Any) -> bool:  # noqa: ARG001 - as the adapter has it
        return self._put(draft)

    return patch.object(DynamoDBDrafts, "replace", careless)


def without_looking() -> AbstractContextManager[Any]:
    """A location takes whatever comes."""
    real = PickupSpaces.take

    def careless(self: PickupSpaces, space: Space, *others: Any, **named: Any) -> bool:
        return real(self, replace(space, location=shop(1000)), *others, **named)

    return patch.object(PickupSpaces, "take", careless)


def without_what_is_kept() -> AbstractContextManager[Any]:
    """Nobody knows which spaces a consignment has."""
    return patch.object(PickupSpaces, "give_back_all", lambda *_: None)


def test_no_space_is_given_twice_and_none_is_lost_whatever_fails_and_whoever_is_faster() -> None:
    histories = range(sized(60, 3000))
    assert {seed: found for seed in histories if (found := broken(seed))} == {}


@pytest.mark.parametrize(
    ("guard", "symptom"),
    [
        (without_the_version, "spaces were lost"),
        (without_looking, "more was taken than there are spaces"),
        (without_what_is_kept, "spaces were not given back"),
    ],
)
def test_a_guard_that_is_missing_is_missed(guard: Callable[[], AbstractContextManager[Any]], symptom: str) -> None:
    with guard():
        assert any(symptom in found for seed in range(60) for found in broken(seed))
