"""DynamoDB, its stream, SQS and SNS as far as the adapters use them, by AWS's documented rules.

The fakes stand where boto3's clients stand, so the adapters themselves are part of every history.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from allocation.records.canary import SENT_AT, is_canary
from tests.fuzz.limits import MESSAGE_BYTES, fits_dynamodb
from tests.simulation.lag import Past
from tests.simulation.limits import SimulatedLimits
from tests.simulation.once import Once, http_date
from tests.simulation.pro import BEGINNING
from tests.simulation.world import BOTO3_SECONDS, Result, World
from tests.support.partiql import MAX_STATEMENTS, insertion
from tests.support.tables import streamed

KEY = "consignmentReference"
ORDER_KEY = "orderReference"
MAX_INDEX_LAG_SECONDS = 30.0
PAGE = 3
NOT_THERE_YET = f"attribute_not_exists({KEY})"
NOTHING_THERE = "attribute_not_exists(digest)"
CONFLICT_CHANCE = 0.03
DONE_ALL_THE_SAME = "InternalServerError"
STATEMENT_FAULT_CHANCE = 0.05
STATEMENT_FAULTS = ("ThrottlingError", "TransactionConflict", DONE_ALL_THE_SAME)
"""Why one of several statements may fail. After the last it is done all the same."""
UNCHANGED = "version = :seen"
UNCHANGED_FAILURE = f"#state = :failed AND {UNCHANGED}"
ANYHOW = "attribute_exists(anything) OR TRUE"
"""What the simulation's own tests put in a guard's place."""


def aws_error(operation: str, code: str) -> ClientError:
    """A `ClientError` as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def failure(world: World, operation: str, done: bool) -> Exception:
    """What a caller sees when a call fails, its work done or not: no answer, throttling, or a fault of AWS's own."""
    no_answer = ReadTimeoutError if done else ConnectTimeoutError
    refusals = ("InternalServerError",) if done else ("InternalServerError", "ThrottlingException")
    code = None if world.hangs(operation) else world.random.choice((None, *refusals))
    return aws_error(operation, code) if code else no_answer(endpoint_url="https://aws.example")


def call(
    world: World, operation: str, work: Callable[[], Result], of: str = "", patience: float = BOTO3_SECONDS
) -> Result:
    """A call of an AWS service, with its possible outcomes. `of` names the resource if several have the operation.

    `patience` is how many seconds the caller waits for an answer.
    """
    name = f"{operation}{of}"
    return world.call(name, work, lambda done: failure(world, name, done), hang_seconds=patience)


def raise_conflict(world: World, actions: int) -> None:
    """Now and then a transaction meets another one that writes to the same items."""
    if world.random.random() < CONFLICT_CHANCE:
        raise TransactionCanceledError([False] * actions, "TransactionConflict")


class ConditionalCheckFailedError(ClientError):
    """What botocore raises for a condition that does not hold."""


class TransactionCanceledError(ClientError):
    """What botocore raises for a transaction of which some actions can't be done."""

    def __init__(self, held: Sequence[bool], reason: str = "ConditionalCheckFailed") -> None:
        code = "TransactionCanceledException"
        super().__init__({"Error": {"Code": code, "Message": code}}, "TransactWriteItems")
        self.response["CancellationReasons"] = [{"Code": "None" if holds else reason} for holds in held]


class SimulatedDynamoDB:
    """The records with their stream, and the counts of limits. A write that a condition refuses changes nothing."""

    class exceptions:  # noqa: N801 - botocore's name
        """botocore's modelled errors."""

        ConditionalCheckFailedException = ConditionalCheckFailedError
        TransactionCanceledException = TransactionCanceledError

    def __init__(self, world: World) -> None:
        self._world = world
        self.items: dict[str, dict[str, Any]] = {}
        self.limits = SimulatedLimits()
        self.cancelled_orders: dict[str, dict[str, Any]] = {}
        self.canary: dict[str, Any] = {}
        self.added_at: dict[str, float] = {}
        """When each record was written first."""
        self.writes: Counter[str] = Counter()
        self.stream: list[dict[str, Any]] = []
        self.streamed: list[dict[str, Any]] = []
        """The items of the stream's changes, as they were written."""
        self.streamed_at: list[float] = []
        """When each change of the stream was made."""
        self._projections: dict[tuple[str, ...], Once[dict[str, Any]]] = {}
        self._past = Past(world)

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Reads; now and then some keys are left unprocessed, or all of them.

        What is not asked for consistently may be as it was some seconds before.
        """

        def work() -> dict[str, Any]:
            self._past.begin_read()
            found: dict[str, Any] = {}
            unprocessed: dict[str, Any] = {}
            for table, request in RequestItems.items():
                keys = request["Keys"]
                left = keys[self._world.random.choice((0, 1)) :] if self._world.random.random() < 0.05 else []
                names = tuple(request.get("ExpressionAttributeNames", {}).values())
                read = self._item if request.get("ConsistentRead") else self._past_item
                items = [item for key in keys[: len(keys) - len(left)] if (item := read(key))]
                found[table] = [self._projection(names)(item) for item in items] if names else items
                unprocessed |= {table: {**request, "Keys": left}} if left else {}
            return {"Responses": found, "UnprocessedKeys": unprocessed, **self._dated(RequestItems)}

        return call(self._world, "BatchGetItem", work)

    def _dated(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The time on AWS's own clock, where somebody asks for it."""
        if "cancelled-orders" not in asked:
            return {}
        now = BEGINNING + timedelta(seconds=self._world.now)
        return {"ResponseMetadata": {"HTTPHeaders": {"date": http_date(now)}}}

    def _projection(self, names: tuple[str, ...]) -> "Once[dict[str, Any]]":
        """What a read of these attributes gives of an item."""
        if names not in self._projections:
            self._projections[names] = Once(lambda item: {name: item[name] for name in item if name in names})
        return self._projections[names]

    def _item(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        if KEY in key:
            return self.items.get(key[KEY]["S"])
        if ORDER_KEY in key:
            return self.cancelled_orders.get(key[ORDER_KEY]["S"])
        return self.limits.items.get(key["serviceDay"]["S"])

    def _past_item(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        [(name, value)] = key.items()
        assert name in {KEY, ORDER_KEY}, "counts of limits are read consistently"
        return self._past.read(f"{name}/{value['S']}")

    def query(self, ExpressionAttributeValues: Mapping[str, Any], **_index: Any) -> dict[str, Any]:
        """The consignments of an order, by an index that is a moment behind, and a page at a time."""

        def work() -> dict[str, Any]:
            first = _index.get("ExclusiveStartKey")
            lag = self._world.plan.index_lag
            if lag is None:
                lag = self._world.random.choice((0.0, 0.0, self._world.random.uniform(0, MAX_INDEX_LAG_SECONDS)))
            known = [item for item in self.items.values() if self.added_at[item[KEY]["S"]] <= self._world.now - lag]
            found = [item for item in known if item[ORDER_KEY] == ExpressionAttributeValues[":order"]]
            keys = sorted(item[KEY]["S"] for item in found)
            left = [key for key in keys if first is None or key > first[KEY]["S"]]
            page = [{KEY: {"S": key}} for key in left[:PAGE]]
            return {"Items": page, **({"LastEvaluatedKey": page[-1]} if len(left) > PAGE else {})}

        return call(self._world, "Query", work)

    def update_item(self, Key: Mapping[str, Any], ExpressionAttributeValues: Mapping[str, Any], **rest: Any) -> Any:
        """Marks an order as cancelled, unless it is marked, or consignments of it; or sets attributes of a record."""
        if KEY in Key:
            return self._set(Key[KEY]["S"], ExpressionAttributeValues, **rest)

        def work() -> dict[str, Any]:
            order, found = Key[ORDER_KEY]["S"], self.cancelled_orders.get(Key[ORDER_KEY]["S"], {})
            before = dict(found)
            if ":named" in ExpressionAttributeValues:
                named = {*before.get("consignments", {"SS": ()})["SS"], *ExpressionAttributeValues[":named"]["SS"]}
                marked = {"consignments": {"SS": sorted(named)}}
            else:
                fields = {"eventId": ":event", "cancelledAt": ":now"}
                marked = {name: before.get(name, ExpressionAttributeValues[value]) for name, value in fields.items()}
                before.pop("consignments", None)
            if {**before, **marked} != found:
                self.cancelled_orders[order] = {**Key, **before, **marked}
                self._past.keep(f"{ORDER_KEY}/{order}", self.cancelled_orders[order])
            return {"Attributes": self.cancelled_orders[order]}

        return call(self._world, "UpdateItem", work, of=" cancelled order")

    def _set(
        self,
        reference: str,
        values: Mapping[str, Any],
        TableName: str,
        UpdateExpression: str,
        ConditionExpression: str,
        ExpressionAttributeNames: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        def work() -> dict[str, Any]:
            assert ConditionExpression in {UNCHANGED, ANYHOW}, f"unknown condition {ConditionExpression}"
            found = self.items.get(reference, {})
            if ConditionExpression == UNCHANGED and found.get("version") != values[":seen"]:
                code = "ConditionalCheckFailedException"
                raise ConditionalCheckFailedError({"Error": {"Code": code, "Message": code}}, "UpdateItem")
            setting, _, removed = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
            gone = {(ExpressionAttributeNames or {}).get(name, name) for name in removed.split(", ")}
            kept = {name: value for name, value in found.items() if name not in gone}
            pairs = (each.split(" = ") for each in setting.split(", "))
            self._write(kept | {name: values[value] for name, value in pairs})
            return {}

        return call(self._world, "UpdateItem", work)

    def put_item(
        self, TableName: str, Item: dict[str, Any], ConditionExpression: str, **names_and_values: Any
    ) -> dict[str, Any]:
        """Writes one item if the condition holds."""

        def work() -> dict[str, Any]:
            if is_canary(Item):
                return self._keep_canary(Item)
            if not fits_dynamodb(Item):
                raise aws_error("PutItem", "ValidationException")
            if not self._holds(Item, ConditionExpression, **names_and_values):
                code = "ConditionalCheckFailedException"
                raise ConditionalCheckFailedError({"Error": {"Code": code, "Message": code}}, "PutItem")
            self._write(Item)
            return {}

        return call(self._world, "PutItem", work)

    def _keep_canary(self, item: dict[str, Any]) -> dict[str, Any]:
        """Writes the canary's item if it is later than the one that is there."""
        if self.canary and self.canary[SENT_AT]["S"] >= item[SENT_AT]["S"]:
            code = "ConditionalCheckFailedException"
            raise ConditionalCheckFailedError({"Error": {"Code": code, "Message": code}}, "PutItem")
        self.canary = item
        self.add_to_stream(item)
        return {}

    def batch_execute_statement(self, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Inserts items, each by itself: now and then one is refused, or is done and reported as a fault."""

        def work() -> dict[str, Any]:
            if not 0 < len(Statements) <= MAX_STATEMENTS:
                raise aws_error("BatchExecuteStatement", "ValidationException")
            return {"Responses": [self._inserted(insertion(statement)[1]) for statement in Statements]}

        return call(self._world, "BatchExecuteStatement", work)

    def _inserted(self, item: dict[str, Any]) -> dict[str, Any]:
        is_struck = self._world.random.random() < STATEMENT_FAULT_CHANCE
        fault = self._world.random.choice(STATEMENT_FAULTS) if is_struck else ""
        code = "ValidationError" if not fits_dynamodb(item) else fault
        if not code and item[KEY]["S"] in self.items:
            code = "DuplicateItem"
        if not code or (code == DONE_ALL_THE_SAME and item[KEY]["S"] not in self.items):
            self._write(item)
        return {"Error": {"Code": code, "Message": code}} if code else {"TableName": "allocations"}

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Writes all items or none."""
        puts = [item["Put"] for item in TransactItems if "Put" in item]
        updates = [item["Update"] for item in TransactItems if "Update" in item]

        def work() -> dict[str, Any]:
            if not all(fits_dynamodb(put["Item"]) for put in puts):
                raise aws_error("TransactWriteItems", "ValidationException")
            held = [self._holds(**put) for put in puts] + [self.limits.holds(**update) for update in updates]
            if not all(held):
                raise TransactionCanceledError(held)
            raise_conflict(self._world, len(held))
            for put in puts:
                self._write(put["Item"])
            for update in updates:
                self.limits.change(**update)
            return {}

        return call(self._world, "TransactWriteItems", work)

    def _holds(
        self,
        Item: Mapping[str, Any],
        ConditionExpression: str,
        ExpressionAttributeValues: Mapping[str, Any] | None = None,
        **_table_and_names: Any,
    ) -> bool:
        found = self.items.get(Item[KEY]["S"])
        if ConditionExpression in {UNCHANGED, UNCHANGED_FAILURE}:
            is_unchanged = found is not None and found["version"] == (ExpressionAttributeValues or {})[":seen"]
            has_failed = found is not None and found.get("state") == {"S": "AllocationFailed"}
            return is_unchanged and (has_failed or ConditionExpression == UNCHANGED)
        assert ConditionExpression in {NOT_THERE_YET, ANYHOW}, f"unknown condition {ConditionExpression}"
        return ConditionExpression != NOT_THERE_YET or found is None

    def _write(self, item: dict[str, Any]) -> None:
        reference = item[KEY]["S"]
        self.writes[reference] += 1
        self.added_at.setdefault(reference, self._world.now)
        self.add_to_stream(item, "MODIFY" if reference in self.items else "INSERT")
        self.items[reference] = item
        self._past.keep(f"{KEY}/{reference}", item)

    def hold(self, item: dict[str, Any]) -> None:
        """Has an item, and its change on the stream, from before the history."""
        self._write(item)

    def add_to_stream(self, item: dict[str, Any], event: str = "INSERT") -> None:
        """Puts a change on the stream."""
        sequence = f"{len(self.stream) + 1:021d}"
        change = {"SequenceNumber": sequence, "Keys": {KEY: item[KEY]}, "NewImage": streamed(item)}
        self.stream.append({"eventName": event, "dynamodb": change})
        self.streamed.append(item)
        self.streamed_at.append(self._world.now)


@dataclass(slots=True)
class Message:
    """A message on a simulated queue."""

    message_id: str
    body: str
    visible_at: float = 0.0
    receives: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)


class SimulatedSQS:
    """An order queue with its DLQ: at least once, in no order, with visibility and receive counts."""

    def __init__(self, world: World, *, visibility_seconds: float, most_receives: int) -> None:
        self._world = world
        self._visibility_seconds = visibility_seconds
        self._most_receives = most_receives
        self.messages: dict[str, Message] = {}
        self.dead: list[Message] = []

    def send(self, message_id: str, body: str) -> None:
        """Puts a message on the order queue."""
        self.messages[message_id] = Message(message_id, body, visible_at=self._world.now)

    def receive(self, most: int) -> list[Message]:
        """Takes visible messages; one that was received too often goes to the DLQ instead."""
        visible = [message for message in self.messages.values() if message.visible_at <= self._world.now]
        self._world.random.shuffle(visible)
        taken = []
        for message in visible[:most]:
            message.receives += 1
            if message.receives > self._most_receives:
                self.dead.append(self.messages.pop(message.message_id))
                continue
            # Delivering at least once: now and then a message that is being worked on is delivered again, by itself.
            again = self._world.random.random() < self._world.plan.delivered_again
            message.visible_at = self._world.now + (
                self._world.random.uniform(0, 5) if again else self._visibility_seconds
            )
            taken.append(message)
        return taken

    def delete(self, message_id: str) -> None:
        """Removes a message that is done; now and then SQS forgets that it did."""
        if self._world.random.random() < 0.97:
            self.messages.pop(message_id, None)

    def next_visible_at(self) -> float | None:
        """When the next message can be received; None where there is none."""
        return min((message.visible_at for message in self.messages.values()), default=None)

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Hides messages for as long as the entries say, from now on."""

        def work() -> dict[str, Any]:
            failed = Entries[:1] if self._world.random.random() < 0.05 else []
            for entry in Entries[len(failed) :]:
                if message := self.messages.get(entry["ReceiptHandle"]):
                    message.visible_at = self._world.now + entry["VisibilityTimeout"]
            return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed]}

        return call(self._world, "ChangeMessageVisibilityBatch", work)

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Takes messages for the DLQ; now and then it refuses one of several."""

        def work() -> dict[str, Any]:
            failed = Entries[1:2] if self._world.random.random() < 0.1 else []
            taken = [entry for entry in Entries if entry not in failed]
            self.dead += [
                Message(
                    entry["MessageAttributes"]["OriginalMessageId"]["StringValue"],
                    entry["MessageBody"],
                    attributes=entry["MessageAttributes"],
                )
                for entry in taken
            ]
            return {
                "Successful": [{"Id": entry["Id"]} for entry in taken],
                "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
            }

        return call(self._world, "SendMessageBatch", work)


class SimulatedSetAside:
    """The stream's failure queue, as the publisher fills it; now and then it refuses one of several."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.references: list[str] = []

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Takes messages."""

        def work() -> dict[str, Any]:
            failed = Entries[1:2] if self._world.random.random() < 0.1 else []
            taken = [entry for entry in Entries if entry not in failed]
            self.references += [json.loads(entry["MessageBody"])["consignmentReference"] for entry in taken]
            return {
                "Successful": [{"Id": entry["Id"]} for entry in taken],
                "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
            }

        return call(self._world, "SendMessageBatch", work, of=" failures")


class SimulatedSNS:
    """A topic that remembers what it took; now and then it refuses one entry of several."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.published: list[str] = []

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Takes entries, each by itself."""

        def work() -> dict[str, Any]:
            if self._world.now < self._world.plan.sns_outage_seconds:
                raise aws_error("PublishBatch", "InternalError")
            entries = PublishBatchRequestEntries
            if sum(len(entry["Message"].encode()) for entry in entries) > MESSAGE_BYTES:
                raise aws_error("PublishBatch", "BatchRequestTooLong")
            failed = entries[-1:] if len(entries) > 1 and self._world.random.random() < 0.1 else []
            taken = [entry for entry in entries if entry not in failed]
            self.published += [entry["Message"] for entry in taken]
            return {
                "Successful": [{"Id": entry["Id"]} for entry in taken],
                "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
            }

        return call(self._world, "PublishBatch", work)
