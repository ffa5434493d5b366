"""The table of the circuits, and the clock that Powertools' circuit breaker looks at."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aws_lambda_powertools.utilities.circuit_breaker import base
from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as persistence
from aws_lambda_powertools.utilities.circuit_breaker.persistence import dynamodb
from greenlet import getcurrent

from tests.simulation.aws import aws_error, call
from tests.simulation.replacing import replaced
from tests.simulation.world import Process, World

Item = dict[str, Any]


class SimulatedCircuits:
    """The part of DynamoDB that Powertools' circuit breaker uses."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.items: dict[str, Item] = {}
        self.opened = 0

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:
        """Reads a circuit."""

        def work() -> dict[str, Any]:
            item = self.items.get(Key["id"]["S"])
            return {"Item": item} if item else {}

        return self._call("GetItem", work)

    def put_item(self, TableName: str, Item: Item, **condition: Any) -> dict[str, Any]:
        """Writes a circuit, if it may be probed now where that is the condition."""

        def work() -> dict[str, Any]:
            name = Item["id"]["S"]
            if condition and not may_probe(self.items.get(name, {}), condition["ExpressionAttributeValues"]):
                raise aws_error("PutItem", "ConditionalCheckFailedException")
            self.items[name] = Item
            self.opened += Item.get("state") == {"S": "OPEN"}
            return {}

        return self._call("PutItem", work)

    def update_item(self, TableName: str, Key: Item, UpdateExpression: str, **expression: Any) -> dict[str, Any]:
        """Sets and removes attributes of a circuit."""
        names, values = expression["ExpressionAttributeNames"], expression["ExpressionAttributeValues"]

        def work() -> dict[str, Any]:
            item = self.items.setdefault(Key["id"]["S"], {**Key})
            settings, _, removals = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
            for setting in settings.split(", "):
                name, value = setting.split(" = ")
                item[names[name]] = values[value]
            for name in removals.split(", "):
                item.pop(names[name], None)
            return {}

        return self._call("UpdateItem", work)

    def _call(self, operation: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return call(self._world, operation, work, of=" circuits")


def may_probe(item: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Powertools' condition for the one who probes: the circuit is open and nobody's, or its prober is overdue."""
    state = item.get("state")
    if state == values[":open"]:
        return "half_open_owner" not in item and item.get("opened_at") == values[":expected_opened_at"]
    overdue = int(item.get("probe_lease_expiry", {"N": "0"})["N"]) <= int(values[":now"]["N"])
    return state == values[":half_open"] and overdue


def prober() -> str:
    """Who probes a circuit: the process that runs."""
    process = getcurrent()
    assert isinstance(process, Process)
    return f"process {process.number}"


@contextmanager
def simulated_clock(now: Callable[[], datetime]) -> Iterator[None]:
    """Powertools' circuit breaker in simulated time, each process a worker of its own, its counts forgotten before."""
    clock = SimpleNamespace(datetime=SimpleNamespace(now=now))
    clocks = ((module, "dt", clock) for module in (base, persistence, dynamodb))
    names = ("_LOCAL_FAILURES", "_LOCAL_SUCCESSES", "_LAST_OBSERVED_STATE")
    with replaced(*clocks, *((base, name, dict[str, Any]()) for name in names), (base, "_probe_owner_id", prober)):
        yield
