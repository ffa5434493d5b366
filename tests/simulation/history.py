"""One history of the order pipeline, and what must be true when it has come to rest."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from random import Random
from typing import Any
from uuid import UUID

from allocation.aws.dynamodb import catalogue_archive, limit_usage
from allocation.aws.dynamodb.limit_usage import MIN_PLACES
from allocation.domain.errors import InvalidMessageError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.routing import RoutingTable
from allocation.orders import allocate_orders as workflow
from allocation.orders import order_requests
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.batch_report import BatchReport
from allocation.orders.order_created import ReadingRules
from allocation.orders.redelivery import MAX_RECEIVES
from allocation.ports import QueueMessage
from allocation.pro import settled_first
from allocation.records.canary import CANARY_TYPE
from allocation.records.record_document import moment_text
from cli.operations import reconcile
from tests.simulation.aws import Message, SimulatedDynamoDB, SimulatedSetAside, SimulatedSNS, SimulatedSQS
from tests.simulation.catalogues import PART, SimulatedCatalogues
from tests.simulation.circuits import SimulatedCircuits, simulated_clock
from tests.simulation.claims import SimulatedClaims
from tests.simulation.contents import SimulatedContents
from tests.simulation.earlier import leave
from tests.simulation.environments import Environments, without_threads
from tests.simulation.following import PeopleAtPro
from tests.simulation.once import Decoded, in_history
from tests.simulation.orders import (
    OPTIONS,
    Cancellation,
    Order,
    Update,
    draw_cancellations,
    draw_orders,
    draw_updates,
    under_own_references,
)
from tests.simulation.pro import BEGINNING, LATER_PREFIX, MAX_ARRIVAL_SECONDS, SimulatedPro
from tests.simulation.replacing import replaced
from tests.simulation.shipping import Shipment, Shipping, draw_requests, draw_shipments
from tests.simulation.stream import StreamPolling, draw_other_records
from tests.simulation.taking_back import TakingBack, draw_taking_back
from tests.simulation.world import Ends, KilledError, Plan, World
from tests.support.samples import queue_message

FUNCTION_SECONDS = 60.0
VISIBILITY_SECONDS = 361.0
CANARIES, CANARY_PERIOD_SECONDS = 3, 1500.0
"""Canaries beside the orders: the last one comes when faults have nearly ended."""
WITH_CANARIES = 0.3
"""In how many histories."""
FOLLOWED = 0.15
"""In how many of kind PRO's histories people work there."""
CREATES = 0.3
"""In how many of PRO's histories it is to create consignments."""
MODES: tuple[AllocationMode, ...] = (DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS"))


def draw_routing(draw: Random, *, lacks_rows: bool) -> RoutingTable | None:
    """No routing table, or one that has some of the options that orders ask for."""
    if lacks_rows:
        return RoutingTable(draw.choice(MODES), {draw.choice(OPTIONS): draw.choice(MODES)}, fails_unknown=True)
    if draw.random() < 0.5:
        return None
    options = {option: draw.choice(MODES) for option in OPTIONS if draw.random() < 0.7}
    return RoutingTable(draw.choice(MODES), options, fails_unknown=draw.random() < 0.5)


@dataclass(slots=True, eq=False)
class History:
    """The stack, running in a world of its own."""

    plan: Plan
    world: World = field(init=False)
    orders: list[Order] = field(init=False)
    cancellations: list[Cancellation] = field(init=False)
    updates: list[Update] = field(init=False)
    shipments: list[Shipment] = field(init=False)
    shipping: Shipping = field(init=False)
    taking_back: TakingBack = field(init=False)
    order_numbers: list[int] = field(init=False)
    killers: set[str] = field(init=False)
    """The names of the orders that end the function whenever they are read."""
    with_engine: bool = field(init=False)
    followed: bool = field(init=False)
    """Whether people change what PRO has, and records follow that."""
    people: PeopleAtPro = field(init=False)
    creates: bool = field(init=False)
    """Whether PRO is to create the consignments that are not its own."""
    daily_limit: int | None = field(init=False)
    two_versions: bool = field(init=False)
    places_a_part: int = field(init=False)
    """For how many places a limit has a part: with few, small limits have parts, too."""
    mode: AllocationMode = field(init=False)
    routing: RoutingTable | None = field(init=False)
    table: SimulatedDynamoDB = field(init=False)
    contents: SimulatedContents | None = field(init=False)
    queue: SimulatedSQS = field(init=False)
    topic: SimulatedSNS = field(init=False)
    pro: SimulatedPro = field(init=False)
    circuits: SimulatedCircuits = field(init=False)
    catalogues: SimulatedCatalogues = field(init=False)
    stream: StreamPolling = field(init=False)
    decoded: Decoded = field(default_factory=Decoded)
    canaries: list[str] = field(default_factory=list)
    """When canaries were sent."""
    _read_once: dict[tuple[str, bool], Any] = field(default_factory=dict)
    """By message, and whether PRO creates its consignments: what was read of it, or why it can't be."""
    _killing: set[str] = field(init=False)
    _environments: Environments = field(init=False)
    _idle: dict[bool, list[AllocateOrders]] = field(default_factory=lambda: {False: [], True: []})
    """Environments that wait for work, with PRO and with the engine. A switch back meets those from before."""
    _next_poll: float = inf
    _running: int = 0
    """Invocations under way."""
    _switching: bool = False
    """Whether a deployment waits for them to end."""

    def __post_init__(self) -> None:
        self.world = World(self.plan)
        draw = Random(f"{self.plan.seed}/orders")
        self.mode = draw.choice(MODES)
        drawn = draw_orders(draw, large=self.plan.large_orders, unkind=self.plan.unkind)
        self.with_engine = draw.random() < 0.15 and not self.plan.outage_seconds
        if self.plan.with_engine is not None:
            self.with_engine = self.plan.with_engine
        creates = (
            Random(f"{self.plan.seed}/creates").random() < CREATES if self.plan.creates is None else self.plan.creates
        )
        self.creates = creates and not self.with_engine
        drawn = [under_own_references(order) for order in drawn] if self.creates else drawn
        self.order_numbers = [at for at in range(len(drawn)) if at not in self.plan.dropped_orders]
        self.orders = [drawn[at] for at in self.order_numbers]
        seed, plan = self.plan.seed, self.plan
        if self.plan.together:
            self.orders = [replace(order, sent_at=0.0) for order in self.orders]
        kills = Random(f"{self.plan.seed}/killers")
        killing = {order.body for order in self.orders if kills.random() < self.plan.killers}
        self.killers = {order.name for order in self.orders if order.body in killing}
        self.cancellations = draw_cancellations(Random(f"{seed}/cancellations"), self.orders, plan.cancelled)
        self.updates = draw_updates(Random(f"{seed}/updates"), self.orders, plan.updated)
        if plan.updated_at is not None:
            self.updates = [replace(update, sent_at=plan.updated_at) for update in self.updates]
        self.routing = draw_routing(Random(f"{self.plan.seed}/routing"), lacks_rows=self.plan.lacks_rows)
        limits = Random(f"{self.plan.seed}/limits")
        self.daily_limit = limits.choice((None, 1, 2, 5, 12))
        self.places_a_part = limits.choice((MIN_PLACES, 2, 2))
        self.two_versions = limits.random() < 0.3
        self._make_services(with_circuits=draw.random() < 0.5)
        # Where PRO allocates, the API leaves manifesting to it.
        shipped = self.orders if self.with_engine else []
        self.shipments = draw_shipments(Random(f"{self.plan.seed}/shipments"), shipped)
        if plan.requests:
            draw_asked = Random(f"{seed}/requests")
            self.shipments += (
                draw_requests(draw_asked, self.orders)
                if self.with_engine
                else draw_taking_back(draw_asked, [*self.orders, *self.updates], allocates=plan.switches)
            )
        choices = self._environments.choices()
        self.shipping = Shipping(self.world, self.table, self._now, choices, self.mode)
        self.taking_back = TakingBack(
            self.world, lambda: None if self._switching else self._environments, self.pro, self.stream.follow
        )
        self.pro.state.spoils_lists |= {
            reference for order in drawn for reference in order.consignments if reference.startswith("EC-SPO")
        }
        sent: list[Order | Update] = [*drawn, *self.updates]
        for order in sorted(sent, key=lambda order: order.sent_at, reverse=True):
            late = Random(f"{self.plan.seed}/{order.name}/arrivals")
            sent_at = 0.0 if self.plan.together and isinstance(order, Order) else order.sent_at
            arrives_at = sent_at + late.uniform(0, MAX_ARRIVAL_SECONDS)
            self.pro.arrivals |= {each: arrives_at for each in order.consignments if each.startswith(LATER_PREFIX)}
        drawn_so = Random(f"{self.plan.seed}/followed").random() < FOLLOWED
        is_kind = not (
            self.with_engine or plan.switches or plan.unkind or plan.outage_seconds or plan.hung_writes_seconds
        )
        self.followed = is_kind and (drawn_so if plan.followed is None else plan.followed)
        self.people = PeopleAtPro(
            self.world,
            self._now,
            self.table,
            self.circuits,
            self.pro,
            plan.seed,
            self._environments.claims,
            self.stream.follow,
        )
        if plan.earlier and not self.with_engine:
            # Whatever was lost has an order that comes again.
            again = [order for order in self.orders if order.name not in self.killers]
            leave(again, plan.seed, self.table, self._environments.claims, self.pro)
        for record in draw_other_records(draw, Random(f"{self.plan.seed}/later")):
            self.table.add_to_stream(record)
        if draw.random() < 0.2:
            self.world.at(draw.uniform(0, 60), self.pro.rotate_key)

    def _make_services(self, *, with_circuits: bool) -> None:
        self.table = SimulatedDynamoDB(self.world)
        keeps = Random(f"{self.plan.seed}/contents").random() < 0.5
        self.contents = SimulatedContents(self.world, self.table) if keeps else None
        self.queue = SimulatedSQS(self.world, visibility_seconds=VISIBILITY_SECONDS, most_receives=MAX_RECEIVES + 5)
        self.topic = SimulatedSNS(self.world)
        self.pro = SimulatedPro(self.world)
        self.circuits = SimulatedCircuits(self.world)
        self.catalogues = SimulatedCatalogues(self.world)
        self.stream = StreamPolling(self.world, self.table, self.topic, SimulatedSetAside(self.world), self.decoded)
        self._environments = Environments(
            world=self.world,
            now=self._now,
            mode=self.mode,
            routing=self.routing,
            table=self.table,
            contents=self.contents,
            queue=self.queue,
            pro=self.pro,
            circuits=self.circuits,
            claims=SimulatedClaims(self.world, self._now),
            catalogues=self.catalogues,
            with_engine=self.with_engine,
            daily_limit=self.daily_limit,
            with_circuits=with_circuits,
            two_versions=self.two_versions,
            creates=self.creates,
            switches=self.plan.switches,
        )

    def run(self) -> None:
        """Runs to rest. Raises `NeverQuietError` where there is none."""
        self._killing = {order.body for order in self.orders if order.name in self.killers}
        messages: list[Order | Cancellation | Update] = [*self.orders, *self.cancellations, *self.updates]
        for message in messages:
            self.world.at(message.sent_at, partial(self._send, message))
        for shipment in self.shipments:
            self.world.at(shipment.sent_at, partial(self._ship, shipment))
        if self.followed:
            self.people.begin()
        drawn = Random(f"{self.plan.seed}/canaries").random() < WITH_CANARIES
        if drawn if self.plan.with_canaries is None else self.plan.with_canaries:
            for at in range(CANARIES):
                self.world.at(at * CANARY_PERIOD_SECONDS, partial(self._send_canary, at))
        if self.plan.switches:
            self._plan_switches(Random(f"{self.plan.seed}/switches"))
        self.stream.follow()
        others = (
            (catalogue_archive, "MAX_PART", PART),
            (limit_usage, "MIN_PLACES", self.places_a_part),
            (settled_first, "MAX_LAG", timedelta(seconds=self.plan.read_lag + 1)),
            (workflow, "read_request", self._read),
            # A history is the same whenever it is run.
            (reconcile, "uuid4", partial(UUID, int=self.plan.seed)),
        )
        with without_threads(), simulated_clock(self._now), in_history(self.world, self.decoded), replaced(*others):
            self.world.run()
            # What goes on after its caller is gone may write when nobody is polling here. AWS polls all the time.
            self.stream.follow()
            self.world.run()

    def _read(self, body: str, rules: ReadingRules) -> Any:
        if body in self._killing:
            raise KilledError("the message")
        key = (body, rules.creates_in_pro)
        if key not in self._read_once:
            try:
                self._read_once[key] = order_requests.read_request(body, rules)
            except InvalidMessageError as error:
                self._read_once[key] = error
        if isinstance(self._read_once[key], InvalidMessageError):
            raise self._read_once[key].with_traceback(None)
        return self._read_once[key]

    def _plan_switches(self, draw: Random) -> None:
        """Has the stack allocate with PRO, then the engine, then PRO; half of the stacks with the engine before."""
        from_pro, to_pro = draw.uniform(1, 300), draw.uniform(600, 5_000)
        first = draw.uniform(0, from_pro) if draw.random() < 0.5 else None
        if self.plan.switched_at:
            first, from_pro, to_pro = self.plan.switched_at
        self.world.at(from_pro, partial(self._switch, to_engine=True))
        self.world.at(to_pro, partial(self._switch, to_engine=False))
        if first is not None:
            self._environments = replace(self._environments, with_engine=True)
            self.world.at(first, partial(self._switch, to_engine=False))

    def _switch(self, *, to_engine: bool) -> None:
        """Deploys the stack with the other allocator, once no function runs.

        A switch to SortedPRO is made as docs/with-sortedpro.md says: queue and API have rested for longer than a write
        takes.
        """
        self._switching = True
        if self._running or self.taking_back.running or (not to_engine and self.world.now < self.world.written_at):
            self.world.at(1.0, partial(self._switch, to_engine=to_engine))
            return
        self._switching = False
        self._environments = replace(self._environments, with_engine=to_engine)
        self._poll_after(0)

    def _send(self, message: Order | Cancellation | Update) -> None:
        self.queue.send(message.name, message.body)
        self._poll_after(0)

    def _send_canary(self, number: int) -> None:
        sent_at = moment_text(self._now())
        self.canaries.append(sent_at)
        self.queue.send(f"canary-{number}", json.dumps({"eventType": CANARY_TYPE, "occurredAt": sent_at}))
        self._poll_after(0)

    def _ship(self, shipment: Shipment) -> None:
        if self.with_engine:
            work = partial(self.shipping.carry_out, shipment)
            self.world.start(work, FUNCTION_SECONDS, lambda _: self.stream.follow())
        else:
            self.taking_back.ask(shipment)

    def _now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.world.now)

    # Lambda's polling of the queue

    def _poll_after(self, seconds: float) -> None:
        """Poll then, unless that is done sooner: one poll is pending at a time, and a later one is no longer wanted."""
        moment = self.world.now + seconds
        if moment < self._next_poll:
            self._next_poll = moment
            self.world.at(seconds, partial(self._poll, moment))

    def _poll(self, moment: float) -> None:
        if moment != self._next_poll:
            return
        self._next_poll = inf
        if self._switching:
            return
        messages = self.queue.receive(10 if self.plan.together else self.world.random.randint(1, 10))
        if messages:
            self._invoke(messages)
        self._poll_when_visible()

    def _poll_when_visible(self) -> None:
        due = self.queue.next_visible_at()
        if due is not None:
            self._poll_after(max(due - self.world.now, 0.01))

    def _invoke(self, messages: Sequence[Message]) -> None:
        deadline = Ends(self.world, self.world.now + FUNCTION_SECONDS)
        idle = self._idle[self._environments.with_engine]
        use_case = idle.pop() if idle else self._environments.new()
        self._running += 1

        def work() -> BatchReport:
            return use_case.process([self._delivered(message) for message in messages], deadline)

        self.world.start(work, FUNCTION_SECONDS, partial(self._answered, use_case, messages))

    def _delivered(self, message: Message) -> QueueMessage:
        """A message as the queue hands it over."""
        draw = Random(f"{self.plan.seed}/{message.message_id}/receives")  # moves no other seed
        is_miscounted = message.receives == 2 and draw.random() < self.plan.miscounted
        return delivered(message, receives=1) if is_miscounted else delivered(message)

    def _answered(self, use_case: AllocateOrders, messages: Sequence[Message], report: BatchReport | None) -> None:
        self._running -= 1
        if report is not None:
            self._idle[self._environments.with_engine].append(use_case)  # what was killed is not used again
            for message in messages:
                if message.message_id not in report.returned:
                    self.queue.delete(message.message_id)
        self._poll_when_visible()
        self.stream.follow()


def delivered(message: Message, receives: int | None = None) -> QueueMessage:
    """A message as the queue hands it over, received so many times; its id serves as its receipt."""
    return queue_message(message.message_id, message.body, message.message_id, receives or message.receives)
