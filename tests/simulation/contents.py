"""The table of what is kept of consignments for labels, by the conditions that its adapter writes upon."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.aws import (
    KEY,
    ConditionalCheckFailedError,
    SimulatedDynamoDB,
    TransactionCanceledError,
    call,
    raise_conflict,
)
from tests.simulation.world import World

CONSIGNMENTS = "consignments"
NOT_THE_APIS = f"attribute_not_exists({KEY}) OR keptFrom = :queue"
NOT_UPDATED = f"({NOT_THE_APIS}) AND attribute_not_exists(updatedBy)"
IS_TAKEN = "updatedBy = :event"

Item = dict[str, Any]


class SimulatedContents:
    """The part of DynamoDB that keeping consignments uses. The API changes none of them."""

    exceptions = SimulatedDynamoDB.exceptions

    def __init__(self, world: World, records: SimulatedDynamoDB) -> None:
        self._world = world
        self._records = records
        self.items: dict[str, Item] = {}

    def event_of(self, reference: str) -> str | None:
        """The event whose content is kept of a consignment, or None."""
        item = self.items.get(reference)
        return json.loads(item["document"]["S"])["ConsignmentReferenceProvidedByCustomer"] if item else None

    def update_item(self, **update: Any) -> dict[str, Any]:
        """Writes one consignment if the condition holds."""

        def work() -> dict[str, Any]:
            if not self._holds(**update):
                code = "ConditionalCheckFailedException"
                raise ConditionalCheckFailedError({"Error": {"Code": code, "Message": code}}, "UpdateItem")
            self._set(**update)
            return {}

        return self._call("UpdateItem", work)

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Writes all consignments or none."""

        def work() -> dict[str, Any]:
            held = [
                self._holds(**item["Update"]) if "Update" in item else self._is_taken(**item["ConditionCheck"])
                for item in TransactItems
            ]
            if not all(held):
                raise TransactionCanceledError(held)
            raise_conflict(self._world, len(held))
            for item in TransactItems:
                if "Update" in item:
                    self._set(**item["Update"])
            return {}

        return self._call("TransactWriteItems", work)

    def _holds(self, Key: Item, ConditionExpression: str, **_: Any) -> bool:
        assert ConditionExpression in {NOT_THE_APIS, NOT_UPDATED}, f"unknown condition {ConditionExpression}"
        return ConditionExpression == NOT_THE_APIS or "updatedBy" not in self.items.get(Key[KEY]["S"], {})

    def _is_taken(self, Key: Item, ConditionExpression: str, ExpressionAttributeValues: Item, **_: Any) -> bool:
        assert ConditionExpression == IS_TAKEN, f"unknown condition {ConditionExpression}"
        record = self._records.items.get(Key[KEY]["S"], {})
        return bool(record.get("updatedBy") == ExpressionAttributeValues[":event"])

    def _set(self, Key: Item, ExpressionAttributeValues: Item, **_: Any) -> None:
        reference, values = Key[KEY]["S"], ExpressionAttributeValues
        new = {"document": values[":document"]} | ({"updatedBy": values[":update"]} if ":update" in values else {})
        self.items[reference] = self.items.get(reference, {}) | new

    def _call(self, operation: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return call(self._world, operation, work, of=" contents")
