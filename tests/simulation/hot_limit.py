"""`python -m tests.simulation.hot_limit`: records a second of many writers whose services have a daily limit, or none.

A model of DynamoDB's transactions, in simulated time: one that meets another on an item is cancelled at once, whatever
it writes. What a call takes is assumed, the same for all that are compared.
"""

import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "layers/allocation"))

from allocation.aws.dynamodb import limit_usage
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.outcome import Allocated
from allocation.domain.record import AllocationRecord
from tests.simulation.aws import SimulatedDynamoDB, TransactionCanceledError
from tests.simulation.environments import InlineExecutor
from tests.simulation.once import Decoded, in_history
from tests.simulation.world import Plan, World
from tests.support.samples import record_of, reference, summary_of

DAY = LimitedDay("CX_NDS", date(2026, 11, 24))
READ_SECONDS = 0.005
STATEMENTS_SECONDS = 0.010
TRANSACTION_SECONDS = 0.015
DECIDE_SECONDS = 0.010
"""What else a batch takes, between its writes."""


class BusyTable(SimulatedDynamoDB):
    """The records and the counts, whose transactions conflict while they are under way."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._busy: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Reads."""
        return self._after(READ_SECONDS, lambda: super(BusyTable, self).batch_get_item(RequestItems))

    def batch_execute_statement(self, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Inserts items, each by itself."""
        return self._after(STATEMENTS_SECONDS, lambda: super(BusyTable, self).batch_execute_statement(Statements))

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Writes all items or none, and nothing where another transaction is at one of them."""
        keys = [_key(action) for action in TransactItems]
        self.seen["transactions"] += 1
        if any(self._busy[key] for key in keys):
            self.seen["conflicts"] += 1
            self._world.sleep(READ_SECONDS)
            raise TransactionCanceledError([not self._busy[key] for key in keys], "TransactionConflict")
        self._busy.update(keys)
        try:
            return self._after(TRANSACTION_SECONDS, lambda: super(BusyTable, self).transact_write_items(TransactItems))
        finally:
            self._busy.subtract(keys)

    def _after(self, seconds: float, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._world.sleep(seconds * self._world.random.uniform(0.7, 1.3))
        return work()


def _key(action: Mapping[str, Any]) -> str:
    [what] = action.values()
    return str(what["Key"] if "Key" in what else what["Item"]["consignmentReference"])


@dataclass
class Writers:
    """So many processes that write batches for a while, one after the other."""

    count: int
    seconds: float
    batch: int
    most: int | None
    world: World = field(default_factory=lambda: World(Plan(0, fault_chance=0.0)))
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))
    added: int = 0

    def run(self) -> BusyTable:
        """The table, after that."""
        table = BusyTable(self.world)
        for _ in range(self.count):
            self.world.start(lambda: self._write(table), 10 * self.seconds, lambda _: None)
        with _at_once(self.world):
            self.world.run()
        return table

    def _write(self, table: Any) -> None:
        limits = DynamoDBLimitUsage(table, "limits")
        records = DynamoDBRecords(table, "allocations", limits, "cancelled-orders")
        while self.world.now < self.seconds:
            self.world.sleep(DECIDE_SECONDS * self.world.random.uniform(0.5, 1.5))
            if self.most is not None:
                limits.used([DAY])
            receipt = records.add([self._record() for _ in range(self.batch)])
            self.added += len(receipt.added) if self.world.now < self.seconds else 0

    def _record(self) -> AllocationRecord:
        consignment = reference(next(self._numbers))
        limit = None if self.most is None else AllocationLimit(DAY, self.most)
        record = record_of(consignment, Allocated(summary_of(consignment), limit=limit))
        return replace(record, consignment_reference=consignment)


@contextmanager
def _at_once(world: World) -> Iterator[None]:
    """Calls of the simulated AWS take no time of their own, and no faults strike."""

    def call(_world: World, _operation: str, work: Callable[[], Any], **_: Any) -> Any:
        return work()

    with (
        in_history(world, Decoded()),
        patch("allocation.batches.ThreadPoolExecutor", InlineExecutor),
        patch("tests.simulation.aws.call", call),
        patch("tests.simulation.aws.raise_conflict", lambda *_: None),
    ):
        yield


def measured(writers: Writers) -> str:
    """What the writers achieved, in words."""
    table = writers.run()
    rate = writers.added / writers.seconds
    conflicts = f"{table.seen['conflicts']:,} of {table.seen['transactions']:,} transactions met another"
    return f"{rate:8,.0f} records a second; {conflicts}"


def main() -> int:
    """Print the rates beside each other."""
    parser = ArgumentParser(prog="python -m tests.simulation.hot_limit", description=__doc__)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=25)
    options = parser.parse_args()
    writers = (options.writers, options.seconds, options.batch)
    print(f"no limit          {measured(Writers(*writers, most=None))}")
    with patch.object(limit_usage, "MAX_PARTS", 1):
        print(f"one counter       {measured(Writers(*writers, most=10**6))}")
    print(f"counter in parts  {measured(Writers(*writers, most=10**6))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
