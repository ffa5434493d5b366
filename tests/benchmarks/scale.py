"""What 1,000 and 10,000 orders a second need, worked out from what a run measured, and what ends growth first.

Quotas of AWS's are its defaults as they were remembered, each with the page to check it on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from random import Random
from typing import Final

from tests.benchmarks.queueing import FIRST_CONCURRENCY, MORE_A_SECOND, Waited, Way, simulate

SIMULATED_SECONDS: Final = 120
# How much more than it needs a stack gets, so that orders don't wait for a function.
ROOM: Final = 1.5
_UNIT_BYTES: Final = 1024
# Write units a second of a partition (DynamoDB Developer Guide, "Designing partition keys").
PARTITION_UNITS: Final = 1_000
# How much a new table on demand takes at once (DynamoDB Developer Guide, "Warm throughput").
NEW_TABLE_UNITS: Final = 4_000
# In how many parts the index by listing has each state (`records/items.py`).
LISTINGS: Final = 4
ACCOUNT_CONCURRENCY: Final = 1_000
# Messages a second on all topics of a region (AWS General Reference, "Amazon SNS endpoints and quotas").
SNS_MESSAGES: Final = {
    "us-east-1": 30_000,
    "us-west-2 and eu-west-1": 9_000,
    "us-east-2, us-west-1, eu-central-1 and most of Asia": 1_500,
    "other regions, as eu-west-2": 300,
}
MOST_LANES_A_SHARD: Final = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured of one allocator: an order's share of everything."""

    name: str
    batch_seconds: float
    record_units: int
    """Write units of the record itself, without its indexes."""
    write_units: float
    read_units: float
    dollars_a_million: float
    publish_seconds: float
    publish_seconds_each: float
    calls_an_order: float
    """Of SortedPRO."""
    pro_seconds: float
    """Of one such call."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a stack needs for so many orders a second."""

    measured: Measured
    orders_a_second: int
    batch: int

    @property
    def concurrency(self) -> int:
        """Functions that take orders at once, with room to spare."""
        busy = self.orders_a_second / self.batch * self.measured.batch_seconds
        return max(2, ceil(busy * ROOM))

    @property
    def awake_seconds(self) -> float:
        """How long Lambda takes until so many run."""
        return max(0.0, (self.concurrency - FIRST_CONCURRENCY) / MORE_A_SECOND)

    @property
    def partitions(self) -> int:
        """Partitions of the records' table: those that its writes need, and at least those of a new table."""
        own = self.orders_a_second * self.measured.record_units
        return max(NEW_TABLE_UNITS // PARTITION_UNITS, ceil(own / PARTITION_UNITS))

    @property
    def lanes_a_shard(self) -> int:
        """The `ParallelizationFactor` with which the publisher keeps up."""
        way = self.way(1)
        return min(MOST_LANES_A_SHARD, ceil(self.orders_a_second * ROOM / way.published_a_second))

    @property
    def pro_calls(self) -> float:
        """Calls of SortedPRO a second."""
        return self.orders_a_second * self.measured.calls_an_order

    @property
    def pro_at_once(self) -> int:
        """Calls of SortedPRO that are open at once."""
        return ceil(self.pro_calls * self.measured.pro_seconds)

    @property
    def dollars_an_hour(self) -> float:
        """What is paid for orders in an hour."""
        return self.orders_a_second * 3600 / 1_000_000 * self.measured.dollars_a_million

    def simulated(self) -> Waited:
        """Return how long orders wait in a simulation of this."""
        return simulate(self.orders_a_second, SIMULATED_SECONDS, self.way(self.lanes_a_shard))

    def way(self, lanes_a_shard: int) -> Way:
        """Return what the simulation runs."""
        one = self.measured
        return Way(
            self.concurrency,
            self.batch,
            1.0,
            partial(_around, one.batch_seconds),
            self.partitions,
            lanes_a_shard,
            publish_seconds=one.publish_seconds,
            publish_seconds_each=one.publish_seconds_each,
        )


def _around(seconds: float, chance: Random) -> float:
    """Return a time that is the measured one at best, and at times much longer."""
    return seconds * (0.9 + chance.expovariate(10))


def measured_of(facts: Mapping[str, float]) -> list[Measured]:
    """Return what a run measured of the engine and of SortedPRO."""
    small, large = facts["publisher ms, 10 changes"] / 1e3, facts["publisher ms, 100 changes"] / 1e3
    each = max(0.0, (large - small) / 90)
    publishing = max(0.0, small - 10 * each), each
    return [
        Measured(
            "engine",
            facts["engine batch ms"] / 1e3,
            ceil(facts["engine record bytes"] / _UNIT_BYTES),
            facts["engine write units"],
            facts["engine read units"],
            facts["engine cost"],
            *publishing,
            0,
            0,
        ),
        Measured(
            "SortedPRO",
            facts["default_rules batch ms"] / 1e3,
            ceil(facts["PRO record bytes"] / _UNIT_BYTES),
            facts["PRO write units"],
            facts["PRO read units"],
            facts["PRO cost"],
            *publishing,
            facts["PRO calls"],
            facts["PRO call seconds"],
        ),
    ]


def walls(measured: Measured, batch: int, concurrency: int) -> list[tuple[float, str, str]]:
    """Return what ends the growth, lowest first: orders a second, what it is, and what moves it."""
    a_function = batch / measured.batch_seconds
    lane = Way(1, batch, 1, lambda _: 0, 1, 1, 100, measured.publish_seconds, measured.publish_seconds_each)
    shards = NEW_TABLE_UNITS // PARTITION_UNITS
    found = [
        (concurrency * a_function, f"`OrderConcurrency` {concurrency}", "the parameter itself, up to 1,000"),
        (
            shards * lane.published_a_second,
            f"publisher, {shards} shards, one at a time each",
            "`ParallelizationFactor` up to 10; more partitions bring more shards",
        ),
        (
            LISTINGS * PARTITION_UNITS,
            "index `consignments-by-listing`: a state is in 4 parts",
            "`DeployApi=false`, or more parts (`_LISTINGS` in `records/items.py`)",
        ),
        (NEW_TABLE_UNITS, "new tables on demand take 4,000 write units", "`WarmThroughput`, or a day of rising load"),
        (
            ACCOUNT_CONCURRENCY * a_function,
            f"the account's {ACCOUNT_CONCURRENCY:,} functions at once",
            "a higher quota; a larger `BatchSize`; provisioned pollers",
        ),
        *((limit, f"SNS in {region}", "a higher quota; another region") for region, limit in SNS_MESSAGES.items()),
    ]
    return sorted(found)
