"""The search index of the console over a history's stream: polling with faults and kills, and a backfill beside.

It has a world of its own: whatever happens to the index, nothing else waits for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from allocation.aws.dynamodb.search_index import VERSIONS, DynamoDBIndexWriter, version_in
from allocation.console import indexing
from allocation.console.entries import past_version
from allocation.console.indexing import IndexAllocations, IndexReport, NothingIndexedError, latest
from allocation.domain.errors import RetryableError
from tests.simulation.aws import ANYHOW, ConditionalCheckFailedError, TransactionCanceledError, call, raise_conflict
from tests.simulation.history import History
from tests.simulation.once import Decoded, in_history
from tests.simulation.replacing import replaced
from tests.simulation.stream import MAX_BATCH, sequence_number
from tests.simulation.world import World
from tests.support.search_index import contents, recount

INDEX_SECONDS = 60.0
NOT_THERE = "attribute_not_exists(pk)"
UNCHANGED = "version = :seen"
REPEATED = 5
"""How many changes of before come again with a batch, at most."""
Key = tuple[str, str]


class SimulatedIndex:
    """The table of the index by DynamoDB's rules."""

    class exceptions:  # noqa: N801 - botocore's name
        """botocore's modelled errors."""

        ConditionalCheckFailedException = ConditionalCheckFailedError
        TransactionCanceledException = TransactionCanceledError

    def __init__(self, world: World) -> None:
        self._world = world
        self.items: dict[Key, dict[str, Any]] = {}

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """Reads; now and then a key is left unprocessed."""
        ((table, request),) = RequestItems.items()

        def work() -> dict[str, Any]:
            keys = request["Keys"]
            left = keys[-1:] if self._world.random.random() < 0.05 else []
            found = [self.items[key_of(key)] for key in keys[: len(keys) - len(left)] if key_of(key) in self.items]
            return {
                "Responses": {table: found},
                "UnprocessedKeys": {table: {**request, "Keys": left}} if left else {},
            }

        return call(self._world, "BatchGetItem", work)

    def batch_write_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        """Writes; now and then an item is left unprocessed."""
        ((table, requests),) = RequestItems.items()

        def work() -> dict[str, Any]:
            left = requests[-1:] if self._world.random.random() < 0.05 else []
            for request in requests[: len(requests) - len(left)]:
                item = request["PutRequest"]["Item"]
                self.items[key_of(item)] = item
            return {"UnprocessedItems": {table: left} if left else {}}

        return call(self._world, "BatchWriteItem", work)

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Writes all or nothing."""
        assert len(TransactItems) <= 100, "more actions than a transaction takes"

        def work() -> dict[str, Any]:
            keys = [key_of(each["Put"]["Item"] if "Put" in each else each["Update"]["Key"]) for each in TransactItems]
            assert len(set(keys)) == len(keys), "a transaction touches an item once"
            held = [self._holds(**each["Put"]) if "Put" in each else True for each in TransactItems]
            if not all(held):
                raise TransactionCanceledError(held)
            raise_conflict(self._world, len(held))
            for key, each in zip(keys, TransactItems, strict=True):
                if "Put" in each:
                    self.items[key] = each["Put"]["Item"]
                else:
                    self._update(key, **each["Update"])
            return {}

        return call(self._world, "TransactWriteItems", work)

    def _holds(self, Item: Mapping[str, Any], ConditionExpression: str, **rest: Any) -> bool:  # noqa: N803
        found = self.items.get(key_of(Item))
        if ConditionExpression == ANYHOW:
            return True
        if ConditionExpression == NOT_THERE:
            return found is None
        assert ConditionExpression == UNCHANGED, f"unknown condition {ConditionExpression}"
        return found is not None and found["version"] == rest["ExpressionAttributeValues"][":seen"]

    def _update(self, key: Key, UpdateExpression: str, **rest: Any) -> None:  # noqa: N803 - boto3's name
        """Carries out `SET #0 = :0, ... ADD #5 :5, ...`."""
        names, values = rest["ExpressionAttributeNames"], rest["ExpressionAttributeValues"]
        item = self.items.setdefault(key, {**rest["Key"]})
        settings, additions = UpdateExpression.removeprefix("SET ").split(" ADD ")
        for name, value in (each.split(" = ") for each in settings.split(", ")):
            item[names[name]] = values[value]
        for name, value in (each.split(" ") for each in additions.split(", ")):
            sum_ = Decimal(item.get(names[name], {"N": "0"})["N"]) + Decimal(values[value]["N"])
            item[names[name]] = {"N": f"{sum_:f}"}


def key_of(item: Mapping[str, Any]) -> Key:
    """What an item is known by."""
    return item["pk"]["S"], item["sk"]["S"]


@dataclass(slots=True)
class IndexPolling:
    """Indexes what a stream has, and what its table has, in a world of its own."""

    world: World
    stream: Sequence[dict[str, Any]]
    records: Sequence[Mapping[str, Any]]
    decoded: Decoded
    table: SimulatedIndex = field(init=False)
    _position: int = 0
    _attempts: int = 0
    _most: int = MAX_BATCH

    def __post_init__(self) -> None:
        self.table = SimulatedIndex(self.world)

    def run(self) -> None:
        """Runs until the stream is at its end and the backfill done."""
        self.world.at(0.2, self._poll)
        self.world.at(self.world.random.uniform(0, 20), self._backfill)
        with in_history(self.world, self.decoded), replaced((indexing, "_entry", self.decoded.entry_of_document)):
            self.world.run()

    def _indexing(self) -> IndexAllocations:
        return IndexAllocations(DynamoDBIndexWriter(self.table, "index"))  # type: ignore[arg-type]

    def _poll(self) -> None:
        batch = self.stream[self._position : self._position + self._most]
        if not batch:
            return
        delivered = list(batch)
        if self.world.random.random() < 0.2:
            self.world.random.shuffle(delivered)
        if self.world.random.random() < 0.2:
            delivered += self.stream[max(self._position - REPEATED, 0) : self._position]

        def work() -> IndexReport | None:
            try:
                return self._indexing().process(self.decoded.changes(delivered))
            except (NothingIndexedError, RetryableError):
                return None

        self.world.start(work, INDEX_SECONDS, lambda report: self._polled(batch, report))

    def _polled(self, batch: Sequence[dict[str, Any]], report: IndexReport | None) -> None:
        numbers = [sequence_number(record) for record in batch]
        failed = [at for at, number in enumerate(numbers) if report is None or number in report.failed]
        done = failed[0] if failed else len(batch)
        self._attempts = 0 if done else self._attempts + 1
        self._most = max(1, len(batch) // 2) if report is None else MAX_BATCH  # BisectBatchOnFunctionError
        self._position += done
        self.world.at(min(2.0**self._attempts, 60.0) if failed else 0.2, self._poll)

    def _backfill(self) -> None:
        """The program's way: from the records as they are, again until it comes through."""

        def work() -> bool:
            entries = [entry for entry in map(self.decoded.entry, self.records) if entry]
            try:
                return not self._indexing().bring_up(latest(entries))[1]
            except RetryableError:
                return False

        self.world.start(work, 3600.0, lambda done: None if done else self.world.at(5.0, self._backfill))


def follow(history: History) -> IndexPolling:
    """The index of a history that has come to rest, after its own faults."""
    plan = replace(history.plan, hung_writes_seconds=0.0, spared=frozenset())
    records = list(history.table.items.values())
    Random(f"{plan.seed}/index").shuffle(records)
    polling = IndexPolling(World(plan), history.table.stream, records, history.decoded)
    polling.run()
    return polling


def indexed(history: History) -> Iterator[str]:
    """The index has every record as it is and every version before that, and its counts are those of a recount.

    A history with one fault in it tells nothing of the index, which has faults of its own.
    """
    if history.plan.killed_at:
        return
    items = follow(history).table.items
    entries, tallies = contents(items.values())
    documents = [change.document for change in history.decoded.changes(history.table.stream)]
    read = [entry for entry in map(history.decoded.entry_of_document, documents) if entry]
    wanted = {entry.consignment: entry for entry in latest(read)}
    for consignment, entry in wanted.items():
        if entries.get(consignment) != entry:
            found = entries.get(consignment)
            yield f"{consignment} has version {entry.version}, and its entry {found and found.version}"
    for consignment in entries.keys() - wanted.keys():
        yield f"{consignment} has an entry and no record"
    past = {version_in(item) for (_, sort_key), item in items.items() if sort_key.startswith(VERSIONS)}
    for version in {past_version(entry) for entry in read if entry.version < wanted[entry.consignment].version} ^ past:
        yield f"the history of {version.consignment} differs in version {version.version}"
    if tallies != recount(wanted.values()):
        yield f"the index counts {tallies}, and a recount {recount(wanted.values())}"
