"""A merchant that uses the API while orders come and go, where the engine allocates.

Consignments are made ready, manifested and dispatched; in some histories they are also allocated, deallocated and
cancelled.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from allocation.aws.dynamodb.bulk_calls import read_items
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.consignments.allocations import Allocations
from allocation.consignments.changes import Changes
from allocation.consignments.errors import RequestError
from allocation.consignments.manifests import Manifest, Manifests
from allocation.consignments.market import Choices
from allocation.consignments.register import Register
from allocation.consignments.steps import Steps
from allocation.consignments.store import Known, StoredConsignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CarriedState, Step, UserAction
from allocation.records.items import stored_record
from tests.simulation.aws import KEY, SimulatedDynamoDB, call
from tests.simulation.orders import Order, consignment
from tests.simulation.world import World

RECORDS = "allocations"
REQUEST = "request-"
"""What the ids of requests begin with that allocate, deallocate or cancel."""
_MAX_REQUESTS = 16
_MOVES: Mapping[UserAction, CarriedState] = {
    UserAction.SET_READY: "ReadyToShip",
    UserAction.SET_NOT_READY: "Allocated",
    UserAction.DISPATCH: "Dispatched",
}


@dataclass(frozen=True)
class Shipment:
    """A request about some consignments, which may name one twice."""

    name: str
    action: UserAction
    references: tuple[str, ...]
    sent_at: float


def draw_shipments(draw: Random, orders: Sequence[Order]) -> list[Shipment]:
    """Requests that move on whatever orders have."""
    return _drawn("shipment-", [UserAction.MANIFEST, UserAction.MANIFEST, *_MOVES], draw, orders)


def draw_requests(draw: Random, orders: Sequence[Order]) -> list[Shipment]:
    """Requests that allocate, deallocate and cancel whatever orders have."""
    return _drawn(REQUEST, [*(UserAction.ALLOCATE, UserAction.DEALLOCATE) * 2, UserAction.CANCEL], draw, orders)


def _drawn(name: str, actions: Sequence[UserAction], draw: Random, orders: Sequence[Order]) -> list[Shipment]:
    """Requests before there is a record, after, twice, and about several consignments at a time."""
    known = sorted({reference for order in orders for reference in order.consignments})
    return [
        Shipment(
            f"{name}{at}",
            draw.choice(actions),
            tuple(draw.choices(known, k=draw.randint(1, 6))),
            draw.choice(orders).sent_at + draw.choice((draw.uniform(0, 20), draw.uniform(0, 20), draw.uniform(0, 900))),
        )
        for at in range(draw.randint(0, _MAX_REQUESTS) if known else 0)
    ]


class Store(DynamoDBConsignments):
    """The API's store of consignments that all have a description. Histories have no threads."""

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        keys: Any = {"Keys": [{KEY: {"S": each}} for each in dict.fromkeys(references)], "ConsistentRead": True}
        found = read_items(self._client, {RECORDS: keys})[RECORDS] if keys["Keys"] else []
        records = {ConsignmentReference(item[KEY]["S"]): stored_record(item) for item in found}
        described = {each: StoredConsignment(each, consignment(each), datetime.now(UTC)) for each in records}
        return {
            each: Known(each, described[each], record, has_later_record=record is None)
            for each, record in records.items()
        }

    def record(self, record: AllocationRecord, seen: Known) -> bool:
        return super().record(record, replace(seen, stored=None))  # nobody changes the description

    def take_steps(self, steps: Sequence[tuple[Step, Known]]) -> Sequence[bool | RetryableError]:
        return [self._take_step(step, seen) for step, seen in steps]


class SimulatedManifests:
    """A `ManifestStore` that may fail."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.kept: dict[str, Manifest] = {}

    def keep(self, manifest: Manifest) -> None:
        def work() -> None:
            self.kept[manifest.reference] = manifest

        try:
            call(self._world, "PutItem", work, of=" manifest")
        except Exception as error:
            raise RetryableError("the manifest may not be kept") from error

    def recent(self, location: str | None, most: int) -> Sequence[Manifest]:
        raise NotImplementedError

    def find(self, reference: str) -> Manifest | None:
        raise NotImplementedError


class Shipping:
    """Carries out requests over the tables of a history, by the `choices` and the mode of its engine."""

    def __init__(
        self, world: World, table: SimulatedDynamoDB, now: Any, choices: Choices, mode: AllocationMode
    ) -> None:
        client: Any = table
        limits: Any = choices.limit_usage
        store = Store(client, consignments="consignments", records=RECORDS, limit_usage=limits)
        self._changes = Changes(store, now, None)
        self._choose = choices.by_mode(mode)
        self.manifests = SimulatedManifests(world)
        # Deterministic, and never the same twice.
        self._draw = Random(world.plan.seed)

    def carry_out(self, shipment: Shipment) -> None:
        """Work on a request, as the API does; what it raises is an answer, too."""
        if shipment.action in _MOVES:
            return self._move(shipment, _MOVES[shipment.action])
        if shipment.action is UserAction.MANIFEST:
            return self._manifest(shipment)
        for reference in shipment.references:
            with suppress(RequestError, RetryableError):
                self._act(shipment.action, reference, shipment.name)
        return None

    def _act(self, action: UserAction, reference: str, request_id: str) -> None:
        if action is UserAction.ALLOCATE:
            Allocations(self._changes).allocate(reference, self._choose, request_id)
        elif action is UserAction.DEALLOCATE:
            Allocations(self._changes).deallocate(reference, request_id)
        else:
            Register(self._changes, self._characters, timedelta(days=90)).cancel(reference, request_id)

    def _manifest(self, shipment: Shipment) -> None:
        manifests = Manifests(self._changes, self.manifests, self._characters)
        with suppress(RetryableError):
            manifests.manifest(shipment.references, shipment.name)

    def _move(self, shipment: Shipment, state: CarriedState) -> None:
        def plan(able: Sequence[Known]) -> dict[ConsignmentReference, Step]:
            return {known.reference: Step(state, shipment.name, self._changes.now()) for known in able}

        with suppress(RetryableError):
            Steps(self._changes).take(shipment.references, shipment.action, plan)

    def _characters(self, count: int) -> str:
        return "".join(self._draw.choices("0123456789", k=count))
