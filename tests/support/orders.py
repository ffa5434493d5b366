"""The order queue's use case among fakes, as the tests of orders drive it."""

from dataclasses import dataclass, field
from datetime import timedelta

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import ENGINE, Deferred, Outcome
from allocation.domain.routing import RoutingTable
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.batch_report import BatchReport
from allocation.orders.canaries import Canaries
from allocation.orders.cancelling import Cancelling
from allocation.orders.order_created import ReadingRules
from allocation.orders.updating import Updating
from allocation.ports import QueueMessage
from tests.support.ports import (
    FakeDeadline,
    InMemoryCanaries,
    InMemoryContents,
    InMemoryRecords,
    InMemoryRefusedMessages,
    RecordedRedelivery,
    ScriptedAllocator,
    doing_first,
)
from tests.support.samples import NOON, allocated


@dataclass
class Orders:
    """The use case among fakes. Each consignment is allocated unless `answers` tells otherwise."""

    mode: AllocationMode = field(default_factory=DefaultRules)
    answers: dict[str, Outcome | Deferred | None] = field(default_factory=dict)
    retention: timedelta | None = None
    routing: RoutingTable | None = None
    deadline: FakeDeadline = field(default_factory=FakeDeadline)
    records: InMemoryRecords = field(default_factory=InMemoryRecords)
    dlq: InMemoryRefusedMessages = field(default_factory=InMemoryRefusedMessages)
    redelivery: RecordedRedelivery = field(default_factory=RecordedRedelivery)
    contents: InMemoryContents = field(default_factory=InMemoryContents)
    canaries: InMemoryCanaries = field(default_factory=InMemoryCanaries)
    may_lag: bool = True

    def __post_init__(self) -> None:
        self.allocator = ScriptedAllocator(self.answer)
        self.use_case = AllocateOrders(
            AllocationWaves(
                self.allocator,
                self.mode,
                self.records,
                Cancelling(self.allocator, self.records, self.records, lambda: NOON, self.retention, ENGINE),
                Updating(self.records, self.contents, lambda: NOON),
                self.contents,
                lambda: NOON,
                self.retention,
                lambda: self.routing_now(),
                doing_first,
                lambda: self.may_lag,
            ),
            self.dlq,
            self.redelivery,
            now=lambda: NOON,
            jitter=lambda: 0.5,
            reading=ReadingRules,
            canaries=Canaries(self.canaries, lambda: self.routing_now(), lambda: NOON),
        )

    def routing_now(self) -> RoutingTable | None:
        return self.routing

    def answer(self, consignment: Consignment) -> Outcome | Deferred | None:
        return self.answers.get(consignment.reference, allocated(consignment))

    def process(self, *messages: QueueMessage) -> BatchReport:
        return self.use_case.process(messages, self.deadline)
