"""The table of the catalogues that decided: content under its digest, in parts, and gone for a while now and then."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.aws import NOTHING_THERE, ConditionalCheckFailedError, aws_error, call
from tests.simulation.world import Result, World

Item = Mapping[str, Any]
MAX_ITEM = 400 * 1024
PART = 4_000
"""Bytes of a part in the simulation: the sample catalogue has several."""
PAGE = 2
HASTY_SECONDS = 3.0
"""How long `hasty_client` waits for a service that does not answer."""


class CatalogueItems:
    """What the table holds, and what it answers by DynamoDB's rules."""

    class exceptions:  # noqa: N801 - botocore's name
        """botocore's modelled errors."""

        ConditionalCheckFailedException = ConditionalCheckFailedError

    def __init__(self) -> None:
        self.items: dict[tuple[str, int], Item] = {}

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Reads one item."""
        found = self.items.get(key_of(Key))
        return {"Item": found} if found else {}

    def put_item(self, TableName: str, Item: Item, ConditionExpression: str) -> dict[str, Any]:
        """Writes one item if it is not there."""
        if sum(len(value.get("B", b"")) for value in Item.values()) > MAX_ITEM:
            raise aws_error("PutItem", "ValidationException")
        if ConditionExpression == NOTHING_THERE and key_of(Item) in self.items:
            code = "ConditionalCheckFailedException"
            raise ConditionalCheckFailedError({"Error": {"Code": code, "Message": code}}, "PutItem")
        self.items[key_of(Item)] = Item
        return {}

    def query(self, ExpressionAttributeValues: Item, **request: Any) -> dict[str, Any]:
        """The items of a digest in the order of their parts, a page at a time."""
        first = request.get("ExclusiveStartKey")
        keys = [key for key in sorted(self.items) if key[0] == ExpressionAttributeValues[":digest"]["S"]]
        left = [key for key in keys if first is None or key > key_of(first)]
        page = [self.items[key] for key in left[:PAGE]]
        return {"Items": page, **({"LastEvaluatedKey": page[-1]} if len(left) > PAGE else {})}


class SimulatedCatalogues:
    """The table behind calls that may fail, be slow or not come back."""

    exceptions = CatalogueItems.exceptions

    def __init__(self, world: World) -> None:
        self._world = world
        self.at_rest = CatalogueItems()
        """The table as it answers when nothing fails."""

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Reads one item."""
        return self._call("GetItem", lambda: self.at_rest.get_item(**request))

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Writes one item if it is not there."""
        return self._call("PutItem", lambda: self.at_rest.put_item(**request))

    def _call(self, operation: str, work: Callable[[], Result]) -> Result:
        return call(self._world, operation, work, of=" catalogue", patience=HASTY_SECONDS)


def key_of(item: Item) -> tuple[str, int]:
    """The key of an item."""
    return item["digest"]["S"], int(item["part"]["N"])
