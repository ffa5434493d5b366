"""A merchant that makes consignments ready, manifests and dispatches them over the API, while orders come and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from allocation.aws.dynamodb.bulk_calls import read_items
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.consignments.changes import Changes
from allocation.consignments.manifests import Manifest, Manifests
from allocation.consignments.steps import Steps
from allocation.consignments.store import Known, StoredConsignment
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CarriedState, Step, UserAction
from allocation.records.items import stored_record
from tests.simulation.aws import KEY, SimulatedDynamoDB, call
from tests.simulation.orders import Order
from tests.simulation.world import World

RECORDS = "allocations"
_ORIGIN = {"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}
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
    """Requests about whatever orders have: before it is allocated, after, twice, and several at a time."""
    known = sorted({reference for order in orders for reference in order.consignments})
    actions = [UserAction.MANIFEST, UserAction.MANIFEST, *_MOVES]
    return [
        Shipment(
            f"shipment-{at}",
            draw.choice(actions),
            tuple(draw.choices(known, k=draw.randint(1, 6))),
            draw.choice(orders).sent_at + draw.choice((draw.uniform(0, 20), draw.uniform(0, 20), draw.uniform(0, 900))),
        )
        for at in range(draw.randint(0, _MAX_REQUESTS) if known else 0)
    ]


class _Store(DynamoDBConsignments):
    """The API's store of consignments that all have a description. Histories have no threads."""

    def find(self, references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        keys: Any = {"Keys": [{KEY: {"S": each}} for each in dict.fromkeys(references)], "ConsistentRead": True}
        found = read_items(self._client, {RECORDS: keys})[RECORDS] if keys["Keys"] else []
        records = {ConsignmentReference(item[KEY]["S"]): stored_record(item) for item in found}
        described = {each: StoredConsignment(each, {"Addresses": [_ORIGIN]}, datetime.now(UTC)) for each in records}
        return {
            each: Known(each, described[each], record, has_later_record=record is None)
            for each, record in records.items()
        }

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
    """Carries out requests over the tables of a history."""

    def __init__(self, world: World, table: SimulatedDynamoDB, now: Any) -> None:
        client: Any = table
        limits: Any = None
        store = _Store(client, consignments="consignments", records=RECORDS, limit_usage=limits)
        self._changes = Changes(store, now, None)
        self.manifests = SimulatedManifests(world)
        # Deterministic, and never the same twice.
        self._draw = Random(world.plan.seed)

    def carry_out(self, shipment: Shipment) -> None:
        """Work on a request, as the API does; what it raises is an answer, too."""
        try:
            if shipment.action is UserAction.MANIFEST:
                manifests = Manifests(self._changes, self.manifests, self._characters)
                manifests.manifest(shipment.references, shipment.name)
            else:
                self._move(shipment, _MOVES[shipment.action])
        except RetryableError:
            return

    def _move(self, shipment: Shipment, state: CarriedState) -> None:
        def plan(able: Sequence[Known]) -> dict[ConsignmentReference, Step]:
            return {known.reference: Step(state, shipment.name, self._changes.now()) for known in able}

        Steps(self._changes).take(shipment.references, shipment.action, plan)

    def _characters(self, count: int) -> str:
        return "".join(self._draw.choices("0123456789", k=count))
