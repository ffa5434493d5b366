"""One history of the order pipeline, and what must be true when it has come to rest."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

from allocation.adapters import pro_allocator
from allocation.adapters.dynamodb_records import DynamoDBRecords
from allocation.adapters.pro_allocator import ProAllocator
from allocation.adapters.sns_publisher import SnsPublisher
from allocation.adapters.sqs_redelivery import SqsRedelivery
from allocation.adapters.sqs_refused_messages import SqsRefusedMessages
from allocation.domain.modes import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.lambda_events import changes
from allocation.ports import QueueMessage
from allocation.publishing import PublishAllocations, PublishReport
from allocation.workflow import AllocateOrders, BatchReport
from tests.simulation.aws import Message, SimulatedDynamoDB, SimulatedSNS, SimulatedSQS
from tests.simulation.pro import SimulatedPro
from tests.simulation.world import Plan, World

FUNCTION_SECONDS = 60.0
PUBLISHER_SECONDS = 30.0
VISIBILITY_SECONDS = 361.0
MOST_RECEIVES = 60
BEGINNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
MODES: tuple[AllocationMode, ...] = (DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS"))


class InlineExecutor(Executor):
    """Runs what it is given at once: threads would leave the simulated world."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Takes a thread pool's arguments, and needs none."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> "Future[Any]":
        """The future of a call that is over already."""
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **keywords))
        return future


@dataclass(frozen=True, slots=True)
class Order:
    """A message to send: its consignments, or a body that can't be read."""

    name: str
    consignments: tuple[str, ...]
    body: str
    sent_at: float


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of an invocation in simulated time."""

    world: World
    ends: float

    def remaining_seconds(self) -> float:
        """Seconds until the process is killed."""
        return self.ends - self.world.now


@dataclass(slots=True)
class History:
    """The stack, running in a world of its own."""

    plan: Plan
    world: World = field(init=False)
    orders: list[Order] = field(init=False)
    order_numbers: list[int] = field(init=False)
    mode: AllocationMode = field(init=False)
    running: int = 0
    publishing: bool = False
    streamed: int = 0
    given_up: list[str] = field(default_factory=list)
    """Sequence numbers that the stream gave up on: they are in the stream's failure queue."""
    stream_attempts: int = 0

    def __post_init__(self) -> None:
        self.world = World(self.plan)
        draw = Random(f"{self.plan.seed}/orders")
        self.mode = draw.choice(MODES)
        drawn = draw_orders(draw)
        self.order_numbers = [at for at in range(len(drawn)) if at not in self.plan.dropped_orders]
        self.orders = [drawn[at] for at in self.order_numbers]
        self.table = SimulatedDynamoDB(self.world)
        self.queue = SimulatedSQS(self.world, visibility_seconds=VISIBILITY_SECONDS, most_receives=MOST_RECEIVES)
        self.topic = SimulatedSNS(self.world)
        self.pro = SimulatedPro(self.world)

    table: SimulatedDynamoDB = field(init=False)
    queue: SimulatedSQS = field(init=False)
    topic: SimulatedSNS = field(init=False)
    pro: SimulatedPro = field(init=False)

    def run(self) -> None:
        """Runs to rest. Raises `NeverQuietError` where there is none."""
        for order in self.orders:
            self.world.at(order.sent_at, partial(self._send, order))
        with patch.object(pro_allocator, "ThreadPoolExecutor", InlineExecutor):
            self.world.run()

    def _send(self, order: Order) -> None:
        self.queue.send(order.name, order.body)
        self.world.at(0, self._poll)

    def _now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.world.now)

    # Lambda's polling of the queue

    def _poll(self) -> None:
        messages = self.queue.receive(self.world.random.randint(1, 10))
        if messages:
            self._invoke(messages)
        self._poll_when_visible()

    def _poll_when_visible(self) -> None:
        due = self.queue.next_visible_at()
        if due is not None:
            self.world.at(max(due - self.world.now, 0.01), self._poll)

    def _invoke(self, messages: Sequence[Message]) -> None:
        deadline = Deadline(self.world, self.world.now + FUNCTION_SECONDS)

        def work() -> BatchReport:
            return self._use_case().process([delivered(message) for message in messages], deadline)

        self.world.start(work, FUNCTION_SECONDS, lambda report: self._answered(messages, report))

    def _use_case(self) -> AllocateOrders:
        return AllocateOrders(
            allocator=ProAllocator(self.pro, pause=self.world.sleep, jitter=self.world.random.random),  # type: ignore[arg-type]
            mode=self.mode,
            records=DynamoDBRecords(self.table, "allocations"),  # type: ignore[arg-type]
            refused_messages=SqsRefusedMessages(self.queue, "order-dlq"),  # type: ignore[arg-type]
            redelivery=SqsRedelivery(self.queue, "orders"),  # type: ignore[arg-type]
            now=self._now,
            jitter=self.world.random.random,
        )

    def _answered(self, messages: Sequence[Message], report: BatchReport | None) -> None:
        if report is not None:
            for message in messages:
                if message.message_id not in report.returned:
                    self.queue.delete(message.message_id)
        self.world.at(0, self._poll_when_visible)
        self._follow_stream()

    # Lambda's polling of the stream: in order, one batch at a time, from the lowest sequence number that failed

    def _follow_stream(self) -> None:
        if not self.publishing and self.streamed < len(self.table.stream):
            self.publishing = True
            self.world.at(0.2, self._publish)

    def _publish(self) -> None:
        most = 1 if self.stream_attempts else 100  # bisecting, taken to its end
        batch = self.table.stream[self.streamed : self.streamed + most]
        publisher = PublishAllocations(SnsPublisher(self.topic, "topic"))  # type: ignore[arg-type]
        event = {"Records": batch}
        self.world.start(
            lambda: publisher.process(changes(event)), PUBLISHER_SECONDS, lambda report: self._published(batch, report)
        )

    def _published(self, batch: Sequence[dict[str, Any]], report: PublishReport | None) -> None:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        failed = [at for at, number in enumerate(numbers) if report is None or number in report.failed]
        done = failed[0] if failed else len(batch)
        self.streamed += done
        self.stream_attempts = 0 if done else self.stream_attempts + 1
        if self.stream_attempts > 30:
            self.given_up.append(numbers[0])
            self.streamed, self.stream_attempts = self.streamed + 1, 0
        self.publishing = False
        if failed:
            self.publishing = True
            self.world.at(1.0, self._publish)
        self._follow_stream()


def delivered(message: Message) -> QueueMessage:
    """A message as the queue hands it over; its id serves as its receipt."""
    return QueueMessage(message.message_id, message.body, message.message_id, message.receives)


def draw_orders(draw: Random) -> list[Order]:
    """A handful of orders: some sent twice, some sharing a consignment, some that can't be read."""
    orders: list[Order] = []
    references = [reference(draw) for _ in range(draw.randint(1, 16))]
    for number in range(draw.randint(1, 8)):
        consignments = tuple(draw.sample(references, draw.randint(1, min(6, len(references)))))
        body = order_body(number, consignments) if draw.random() > 0.1 else '{"not": "an order"'
        for copy in range(2 if draw.random() < 0.2 else 1):
            name = f"message-{number}-{copy}"
            known = consignments if body.endswith("}") else ()
            orders.append(Order(name, known, body, draw.choice((0.0, draw.uniform(0, 600)))))
    return orders


def reference(draw: Random) -> str:
    """A consignment reference; some fit no service and some are unknown to PRO."""
    letters = "".join(draw.choices("ABCDEFGH0123", k=6))
    first = draw.choices(("AAA", "NOF", "404"), weights=(8, 1, 1))[0]
    return f"EC-{first}-{letters[:3]}-{letters[3:]}"


def order_body(number: int, consignments: Sequence[str]) -> str:
    """An order-created message of these consignments."""
    return json.dumps(
        {
            "eventType": "order-created",
            "eventVersion": 1,
            "eventId": f"event-{number}",
            "occurredAt": "2026-11-23T09:00:00Z",
            "orderReference": f"ORDER-{number}",
            "consignments": [{"Reference": reference} for reference in consignments],
        }
    )
