"""The table of the claims on consignments and of PRO's own references, by the conditions that `DynamoDBClaims` has."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.simulation.aws import (
    DONE_ALL_THE_SAME,
    KEY,
    NOT_THERE_YET,
    STATEMENT_FAULT_CHANCE,
    STATEMENT_FAULTS,
    SimulatedDynamoDB,
    TransactionCanceledError,
    call,
    raise_conflict,
)
from tests.simulation.once import http_date
from tests.simulation.world import World
from tests.support.partiql import insertion

AS_SEEN = "heldUntil = :seen"

Item = dict[str, Any]


class SimulatedClaims:
    """The part of DynamoDB that claims use."""

    exceptions = SimulatedDynamoDB.exceptions

    def __init__(self, world: World, now: Callable[[], datetime]) -> None:
        """`now` is AWS's own clock."""
        self._world = world
        self._now = now
        self.items: dict[str, Item] = {}

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Reads claims."""
        [(table, request)] = RequestItems.items()
        assert request["ConsistentRead"], "what an old claim says of SortedPRO may be over, or be taken back now"

        def work() -> dict[str, Any]:
            names = [key[KEY]["S"] for key in request["Keys"]]
            found = {table: [self.items[name] for name in names if name in self.items]}
            return {"Responses": found, **self._dated()}

        return self._call("BatchGetItem", work)

    def scan(self, TableName: str, Limit: int, *, ConsistentRead: bool) -> dict[str, Any]:
        """Reads the first items, as they are now."""
        assert ConsistentRead, "another version may have written the first claim a moment ago"
        return self._call("Scan", lambda: {"Items": list(self.items.values())[:Limit]})

    def batch_execute_statement(self, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Inserts claims, each by itself: now and then one is refused, or is done and reported as a fault."""

        def work() -> dict[str, Any]:
            responses = [self._inserted(insertion(statement)[1]) for statement in Statements]
            return {"Responses": responses, **self._dated()}

        return self._call("BatchExecuteStatement", work)

    def _inserted(self, item: Item) -> dict[str, Any]:
        there = item[KEY]["S"] in self.items
        fault = (
            self._world.random.choice(STATEMENT_FAULTS) if self._world.random.random() < STATEMENT_FAULT_CHANCE else ""
        )
        if not there and fault in {"", DONE_ALL_THE_SAME}:
            self.items[item[KEY]["S"]] = item
        code = fault or ("DuplicateItem" if there else "")
        return {"Error": {"Code": code, "Message": code}} if code else {"TableName": "claims"}

    def _dated(self) -> dict[str, Any]:
        return {"ResponseMetadata": {"HTTPHeaders": {"date": http_date(self._now())}}}

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Writes all claims or none."""
        puts = [item["Put"] for item in TransactItems]

        def work() -> dict[str, Any]:
            held = [self._holds(**put) for put in puts]
            if not all(held):
                raise TransactionCanceledError(held)
            raise_conflict(self._world, len(held))
            self.items |= {put["Item"][KEY]["S"]: put["Item"] for put in puts}
            return {}

        return self._call("TransactWriteItems", work)

    def _holds(
        self,
        TableName: str,
        Item: Item,
        ConditionExpression: str | None = None,
        ExpressionAttributeValues: Mapping[str, Any] | None = None,
    ) -> bool:
        assert ConditionExpression in {NOT_THERE_YET, AS_SEEN, None}, f"unknown condition {ConditionExpression}"
        if ConditionExpression is None:
            return True
        found = self.items.get(Item[KEY]["S"])
        if ConditionExpression == NOT_THERE_YET or ExpressionAttributeValues is None:
            return found is None
        return found is not None and found["heldUntil"] == ExpressionAttributeValues[":seen"]

    def _call(self, operation: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return call(self._world, operation, work, of=" claims")
