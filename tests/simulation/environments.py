"""Execution environments of the function that allocates: each keeps its key and what it knows of circuits."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from allocation import batches as shared_batches
from allocation.aws.dynamodb.bulk_calls import Action
from allocation.aws.dynamodb.canaries import DynamoDBCanaries
from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.ordered_consignments import DynamoDBOrderedConsignments
from allocation.aws.dynamodb.record_reading import RecordReader
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.aws.sqs import SqsRedelivery, SqsRefusedMessages
from allocation.consignments.changes import Changes, Elsewhere
from allocation.consignments.market import Choices
from allocation.consignments.store import ConsignmentStore
from allocation.domain.limit import AllocationLimit, LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import ENGINE, AllocatedBy
from allocation.domain.routing import RoutingTable
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled, write_compiled
from allocation.engine.engine import Engine
from allocation.exact_json import parsed
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.canaries import Canaries
from allocation.orders.cancelling import Cancelling
from allocation.orders.order_created import ReadingRules
from allocation.orders.updating import Updating
from allocation.ports import Allocator, Deadline
from allocation.pro import calls
from allocation.pro import client as pro_client
from allocation.pro.calls import Pauses
from allocation.pro.circuit import dynamodb_circuit
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.creating import Creating
from allocation.pro.links import DynamoDBLinks
from allocation.pro.releasing import Releasing, SettledAtPro
from allocation.pro.sender_allocator import SenderAllocator
from allocation.pro.settled_first import InUse, OpenClaims, SettledFirst
from allocation.settings import PATIENCE_SECONDS as USUAL_PATIENCE_SECONDS
from tests.simulation.aws import SimulatedDynamoDB, SimulatedSQS
from tests.simulation.catalogues import SimulatedCatalogues
from tests.simulation.circuits import SimulatedCircuits
from tests.simulation.claims import SimulatedClaims
from tests.simulation.contents import CONSIGNMENTS, SimulatedContents
from tests.simulation.pro import SimulatedClient, SimulatedPro
from tests.simulation.replacing import replaced
from tests.simulation.world import World
from tests.support.ports import doing_first
from tests.support.pro_clients import allocator_over

MAX_CLOCK_SECONDS = 300.0
"""How far the clocks of environments are off at most in an unkind history."""
CLOCK_IS_SET = 0.1
"""The chance, at each look at the system's clock in an unkind history, that it was set since."""
PATIENCE_SECONDS = USUAL_PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Finished:
    """The future of a call that is over already."""

    outcome: Any

    def cancel(self) -> bool:
        """It is too late for that."""
        return False

    def done(self) -> bool:
        """It is."""
        return True

    def result(self) -> Any:
        """What the call gave."""
        return self.outcome


class InlineExecutor:
    """Runs what it is given at once: threads would leave the simulated world."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes a thread pool's arguments, and needs none."""

    def __enter__(self) -> "InlineExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to wait for."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Finished:
        """The future of the call."""
        return Finished(function(*arguments))

    def map(self, function: Callable[..., Any], entries: Iterable[Any]) -> list[Any]:
        """What the function returns for each entry."""
        return [function(entry) for entry in entries]

    def shutdown(self, **_: bool) -> None:
        """Nothing is left to end."""


@contextmanager
def without_threads() -> Iterator[None]:
    """All that code under test does in threads is done at once, and no connection is made ready."""
    with replaced(
        (calls, "ThreadPoolExecutor", InlineExecutor),
        (calls, "_IDLE", []),
        (shared_batches, "ThreadPoolExecutor", InlineExecutor),
        (calls, "wait", lambda _futures, **_: None),
        # Few consignments as a batch has here, they shall stand in lists of several.
        (calls, "MAX_CONNECTIONS", 1),
        (pro_client, "_pool", lambda _: None),
    ):
        yield


def nowhere(_metric: str, _value: int) -> None:
    """Where the metrics of a circuit go."""


class EarlierUsage(DynamoDBLimitUsage):
    """The limits as version 0.2.0 has them: one counter, and no parts."""

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        """What the counters say."""
        by_key = {f"{day.service}#{day.day.isoformat()}": day for day in days}
        return {by_key[key]: int(item["used"]["N"]) for key, item in self._read(by_key).items()}

    def take_from_part(self, limit: AllocationLimit, count: int, part: int) -> Action:  # noqa: ARG002
        """Takes from the counter."""
        return self.take(limit, count)

    def find_places(self, limit: AllocationLimit, count: int = 1, part: int | None = None) -> bool:  # noqa: ARG002
        """Finds none elsewhere."""
        return False


@cache
def engine(daily_limit: int | None) -> Engine:
    """The engine over the sample catalogue, each of whose services takes so many consignments a day."""
    content = parsed(packaged_catalogue().compiled.partition("\n")[2])
    limit = {} if daily_limit is None else {"dailyLimit": daily_limit}
    services = [service | limit for service in content["services"]]
    return Engine(read_compiled(write_compiled(content | {"services": services})))


@dataclass(frozen=True, slots=True)
class Environments:
    """Makes use cases as `composition` does, over the simulated services."""

    world: World
    now: Callable[[], datetime]
    mode: AllocationMode
    routing: RoutingTable | None
    table: SimulatedDynamoDB
    contents: SimulatedContents | None
    queue: SimulatedSQS
    pro: SimulatedPro
    circuits: SimulatedCircuits
    claims: SimulatedClaims
    catalogues: SimulatedCatalogues
    with_engine: bool
    daily_limit: int | None
    with_circuits: bool
    creates: bool
    """Whether PRO creates consignments with references of their senders'."""
    two_versions: bool
    """Whether a deployment is under way: some environments count on limits as version 0.2.0 does."""
    limit_usage: type[DynamoDBLimitUsage] = DynamoDBLimitUsage
    switches: bool = False
    """Whether the stack is switched between PRO and the engine."""

    steady: Callable[[], datetime] | None = None
    """A clock of the environment that nobody sets, where there is another than `now`."""

    def new(self) -> AllocateOrders:
        """The use case of a new environment."""
        started = self._started()
        is_earlier = self.two_versions and self.world.random.random() < 0.5
        limit_usage = EarlierUsage if is_earlier else DynamoDBLimitUsage
        return replace(started, limit_usage=limit_usage)._new()

    def of_the_api(self, store: ConsignmentStore, deadline: Callable[[], Deadline]) -> Changes:
        """What changes consignments in a new environment of the API."""
        started = self._started()
        elsewhere = started._elsewhere(deadline)
        return Changes(store, started.now, None, elsewhere=elsewhere, here=self._here())

    def _elsewhere(self, deadline: Callable[[], Deadline]) -> Elsewhere:
        if not self.with_engine:
            return Releasing(self._allocator(), deadline)
        return SettledAtPro(self._open_claims()) if self.switches else Elsewhere()

    def _started(self) -> "Environments":
        """What a new environment is made of, with its clocks."""
        steady = self._clock() if self.world.plan.unkind else None
        now = self._set_again(steady) if steady else self.now
        return replace(self, now=now, steady=steady)

    def _here(self) -> AllocatedBy:
        return ENGINE if self.with_engine else AllocatedBy("pro", self.pro.base_url)

    def choices(self) -> Choices:
        """The ways in which the API chooses a carrier service, where the engine allocates."""
        return Choices(lambda: engine(self.daily_limit), self._limits, self._archive(), self.now, self.pro.base_url)

    def unset(self) -> Callable[[], datetime]:
        """The clock that claims and patience are measured by."""
        return self.steady or self.now

    def _clock(self) -> Callable[[], datetime]:
        """A clock of an environment, which is fast or slow."""
        off = timedelta(seconds=self.world.random.uniform(-MAX_CLOCK_SECONDS, MAX_CLOCK_SECONDS))
        return lambda: self.now() + off

    def _set_again(self, steady: Callable[[], datetime]) -> Callable[[], datetime]:
        """A clock that is set by minutes now and then, forward and back, also within a batch."""
        chance, off = Random(f"{self.world.plan.seed} {self.world.calls}"), timedelta(0)  # moves no other seed

        def now() -> datetime:
            nonlocal off
            if chance.random() < CLOCK_IS_SET:
                off = timedelta(seconds=chance.uniform(-MAX_CLOCK_SECONDS, MAX_CLOCK_SECONDS))
            return steady() + off

        return now

    def _new(self) -> AllocateOrders:
        allocator = self._allocator()
        table: Any = self.table
        contents = self._contents()
        records = DynamoDBRecords(table, "allocations", self._limits, "cancelled-orders")
        rules = self._reading(allocator)
        cancelled_orders = DynamoDBCancelledOrders(table, "cancelled-orders", self.now, retention=None)
        return AllocateOrders(
            waves=AllocationWaves(
                allocator=allocator,
                mode=self.mode,
                records=records,
                cancelling=Cancelling(allocator, records, cancelled_orders, self.now, None, self._here()),
                updating=Updating(records, contents, self.now),
                ordered_consignments=contents,
                now=self.now,
                retention=None,
                routing=lambda: self.routing,
                while_waiting=doing_first,
                may_lag=self._may_lag(),
            ),
            refused_messages=SqsRefusedMessages(self.queue, "order-dlq"),  # type: ignore[arg-type]
            redelivery=SqsRedelivery(self.queue, "orders"),  # type: ignore[arg-type]
            now=self.now,
            jitter=self.world.random.random,
            reading=lambda: rules,
            canaries=Canaries(DynamoDBCanaries(table, "allocations"), lambda: None, self.now),
        )

    def _may_lag(self) -> Callable[[], bool]:
        """As `composition` does in a stack that is switched; in any other, claims must do without that."""
        return InUse(self.now) if self.switches and not self.with_engine else lambda: True

    def _reading(self, allocator: Allocator) -> ReadingRules:
        by_pro = self.creates and not self.with_engine
        rules = ReadingRules(only_pro_references=by_pro, creates_in_pro=by_pro)
        return replace(rules, taken=allocator.creating.ever_asked) if isinstance(allocator, SenderAllocator) else rules

    def _contents(self) -> DynamoDBOrderedConsignments | None:
        client: Any = self.contents
        retention = timedelta(days=90)
        return client and DynamoDBOrderedConsignments(client, CONSIGNMENTS, "allocations", self.now, retention)

    @property
    def _limits(self) -> DynamoDBLimitUsage:
        return self.limit_usage(self.table, "limits")  # type: ignore[arg-type]

    def _archive(self) -> DynamoDBCatalogueArchive:
        client: Any = self.catalogues
        return DynamoDBCatalogueArchive(client, "catalogues", lambda: self.world.now)

    def _engine(self) -> Allocator:
        """The engine, as `composition` makes it where there is a table of claims: in a stack that was PRO's."""
        allocator = EngineAllocator(
            engine(self.daily_limit),
            now=self.now,
            api_base_url=self.pro.base_url,
            usage=self._limits,
            archive=self._archive(),
        )
        return SettledFirst(allocator, self._open_claims()) if self.switches else allocator

    def _open_claims(self) -> OpenClaims:
        claims: Any = self.claims
        table: Any = self.table
        return OpenClaims(claims, "claims", RecordReader(table, "allocations", "cancelled-orders"), self.now)

    def _allocator(self) -> Allocator:
        if self.with_engine:
            return self._engine()
        table: Any = self.claims
        client, base_url = SimulatedClient(self.pro, self.world, self.now), self.pro.base_url
        claims = DynamoDBClaims(table, "claims", self.unset(), base_url, lambda: f"call {self.world.calls}")
        pauses = Pauses(self.world.sleep, self.world.random.random)
        allocator = allocator_over(
            client,
            claims,
            patience_seconds=PATIENCE_SECONDS,
            now=self.unset(),
            circuit=dynamodb_circuit(self.circuits, "circuits", nowhere, self.now) if self.with_circuits else None,
            pauses=pauses,
        )
        links = DynamoDBLinks(table, "claims", self.now, base_url, None)
        creating = Creating(client, claims, links, allocator.circuit, PATIENCE_SECONDS, pauses)
        return SenderAllocator(allocator, creating)
