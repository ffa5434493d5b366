"""Clients of AWS that take every call and count what it is charged as: DynamoDB's units, requests of SQS and SNS.

They stand in for boto3's under the adapters as they are deployed. What is read is never there, what is written always
succeeds.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from math import ceil
from types import SimpleNamespace
from typing import Any, Final

from cli.cost.prices import Used

# A write unit is a KB of an item, a read unit 4 KB (DynamoDB Developer Guide, "Read and write capacity").
_WRITE_BYTES: Final = 1024
_CHUNK_BYTES: Final = 64 * 1024
# What an insertion sends: a table, and a name for each parameter.
_INSERTION: Final = re.compile(r"""INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<values>.*)\}""")
_NAME: Final = re.compile(r"'([^']+)': \?")
# Of what a read costs that may be a moment behind.
_HALF: Final = Decimal("0.5")
# In a transaction each unit counts twice.
_TRANSACTION: Final = 2
# By table, the attributes that the indexes of `template.yaml` have as their key: each takes a write of its own.
INDEXED: Final = {
    "AllocationsTable": ("orderReference", "state", "listing"),
    "ConsignmentsTable": ("customerReference", "neverAllocated", "trackingKey"),
}


class _ConditionalCheckFailedError(Exception):
    """What a client of DynamoDB has for a condition that fails. It is never raised."""


class Meter:
    """What was used, and the items that were written, by table."""

    def __init__(self) -> None:
        self.used: defaultdict[Used, Decimal] = defaultdict(Decimal)
        self.calls = 0
        self.items: list[tuple[str, dict[str, Any]]] = []

    def client(self, service: str) -> Any:
        """Return the client of a service, whose calls are counted here."""
        return {"dynamodb": _DynamoDB, "sns": _Topics, "sqs": _Queues, "s3": _Queues}[service](self)


class _Client:
    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.exceptions = SimpleNamespace(
            ConditionalCheckFailedException=_ConditionalCheckFailedError,
            TransactionCanceledException=_ConditionalCheckFailedError,
        )

    def _count(self, used: Used, units: int | Decimal) -> None:
        self._meter.calls += 1
        self._meter.used[used] += units


class _DynamoDB(_Client):
    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """Find nothing. What is not there costs a unit, or half of one where it need not be read consistently."""
        units = (len(table["Keys"]) * (1 if table.get("ConsistentRead") else _HALF) for table in RequestItems.values())
        self._count(Used.READ_UNITS, sum(units, Decimal(0)))
        return {"Responses": {}, "UnprocessedKeys": {}}

    def get_item(self, **_: Any) -> dict[str, Any]:
        """Find nothing."""
        self._count(Used.READ_UNITS, 1)
        return {}

    def scan(self, **request: Any) -> dict[str, Any]:
        """Find nothing. That costs half where it need not be read consistently."""
        self._count(Used.READ_UNITS, 1 if request.get("ConsistentRead") else _HALF)
        return {"Items": []}

    def query(self, **_: Any) -> dict[str, Any]:
        """Find nothing."""
        self._count(Used.READ_UNITS, 1)
        return {"Items": []}

    def put_item(self, TableName: str, Item: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        """Write an item."""
        self._count(Used.WRITE_UNITS, self._written(TableName, Item))
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Write an item of the values that an update sets."""
        self._count(Used.WRITE_UNITS, self._written(request["TableName"], _set_by(request)))
        return {"Attributes": {}}

    def transact_write_items(self, TransactItems: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        """Write all items."""
        units = 0
        for action in TransactItems:
            ((kind, request),) = action.items()
            item = request["Item"] if kind == "Put" else _set_by(request)
            units += _TRANSACTION * ceil(item_bytes(item) / _WRITE_BYTES)
            if kind != "ConditionCheck":
                units += self._kept(request["TableName"], item)
        self._count(Used.WRITE_UNITS, units)
        return {}

    def batch_execute_statement(self, Statements: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Insert an item by each statement, which is charged as a put of its own."""
        self._count(Used.WRITE_UNITS, sum(self._written(*_inserted(each)) for each in Statements))
        return {"Responses": [{} for _ in Statements]}

    def _written(self, table: str, item: dict[str, Any]) -> int:
        return ceil(item_bytes(item) / _WRITE_BYTES) + self._kept(table, item)

    def _kept(self, table: str, item: dict[str, Any]) -> int:
        """Note an item that is written, and return the writes of its indexes."""
        self._meter.items.append((table, item))
        return sum(name in item or f":{name}" in item for name in INDEXED.get(table, ()))


class _Topics(_Client):
    def publish_batch(
        self,
        PublishBatchRequestEntries: list[dict[str, Any]],  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        """Take all messages. Each 64 KB of them are a request."""
        size = sum(len(json.dumps(entry)) for entry in PublishBatchRequestEntries)
        self._count(Used.TOPIC_REQUESTS, ceil(size / _CHUNK_BYTES))
        return {"Successful": [{"Id": entry["Id"]} for entry in PublishBatchRequestEntries]}


class _Queues(_Client):
    """What a run without faults never calls."""


def _set_by(request: Mapping[str, Any]) -> dict[str, Any]:
    return {**request.get("Key", {}), **request.get("ExpressionAttributeValues", {})}


def _inserted(statement: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the table and the item of a PartiQL insertion. Raises `ValueError` for another statement."""
    text = statement["Statement"]
    if not (parts := _INSERTION.fullmatch(text)):
        raise ValueError(f"{text!r} is not an insertion, and what it is charged is unknown")
    return parts["table"], dict(zip(_NAME.findall(parts["values"]), statement["Parameters"], strict=True))


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return an item's size as DynamoDB counts it: names and values (Developer Guide, "Item sizes and formats")."""
    return sum(len(name.lstrip(":").encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return len(Decimal(content).as_tuple().digits) // 2 + 2
        case "M":
            return 3 + sum(len(name.encode()) + 1 + _value_bytes(each) for name, each in content.items())
        case "L":
            return 3 + sum(1 + _value_bytes(each) for each in content)
        case "SS":
            return sum(len(each.encode()) for each in content)
        case _:
            return 1
