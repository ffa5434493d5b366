"""People who work in SortedPRO itself, and what brings records in line with it: on a schedule, and by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.domain.reference import ConsignmentReference
from allocation.pro.aligning import Aligning
from allocation.pro.calls import Pauses
from allocation.pro.cursor import DynamoDBCursor
from allocation.pro.following import Following
from allocation.pro.kept_claims import milliseconds
from allocation.records.items import from_item
from cli.imitation.consignments import CHEAPEST, ProError
from cli.operations.reconcile import reconciled
from tests.simulation.aws import SimulatedDynamoDB
from tests.simulation.circuits import SimulatedCircuits
from tests.simulation.claims import SimulatedClaims
from tests.simulation.environments import PATIENCE_SECONDS
from tests.simulation.pro import SimulatedClient, SimulatedPro
from tests.simulation.world import Ends, World

RUN_SECONDS: Final = 120.0
_EVERY_SECONDS: Final = 300.0
_LAST_RUN_SECONDS: Final = 9_000.0
"""Long after the last fault and the last change in PRO."""
_ALLOCATES: Final = 0.4
_LAST_CHANGE_SECONDS: Final = 3_000.0


@dataclass(frozen=True, slots=True)
class PeopleAtPro:
    """What people change in PRO, and the runs that follow them."""

    world: World
    now: Callable[[], datetime]
    table: SimulatedDynamoDB
    circuits: SimulatedCircuits
    pro: SimulatedPro
    seed: int
    claims: SimulatedClaims
    written: Callable[[], None]
    """What is done when a run may have written records."""
    allocated: set[str] = field(default_factory=set)
    """What was allocated in PRO, by its references there."""

    def begin(self) -> None:
        """Puts changes and runs on the agenda."""
        draw = Random(f"{self.seed}/people")
        for at in range(draw.randint(1, 6)):
            self.world.at(draw.uniform(1, _LAST_CHANGE_SECONDS), lambda at=at: self._change(at))  # type: ignore[misc]
        seconds = draw.uniform(0, _EVERY_SECONDS)
        while seconds < _LAST_RUN_SECONDS:
            self.world.at(seconds, self._follow)
            seconds += _EVERY_SECONDS
        if draw.random() < 0.5:
            self.world.at(draw.uniform(1, _LAST_CHANGE_SECONDS), self._reconcile)

    def _change(self, number: int) -> None:
        """Somebody changes something that the records have as allocated."""
        draw, state = Random(f"{self.seed}/people/{number}"), self.pro.state
        if self.world.plan.requests and Random(f"{self.seed}/people/{number}/allocate").random() < _ALLOCATES:
            self._allocate(draw)
            return
        if known := self._recorded_as("Allocated"):
            change = draw.choice((state.deallocate, state.deallocate, state.cancel, state.manifest))
            try:
                change(draw.choice(known))
            except ProError:
                return

    def _allocate(self, draw: Random) -> None:
        """Somebody allocates in PRO what was deallocated over the API, and is not being cancelled at this moment.

        That would be left to a person, and counted (`docs/pro-client.md`).
        """
        if known := [each for each in self._recorded_as("Unallocated") if not self._is_taken_back(each)]:
            there = draw.choice(known)
            self.allocated.add(there)
            self.pro.state.allocate(there, CHEAPEST)

    def _is_taken_back(self, there: str) -> bool:
        """Whether somebody has made sure that PRO has nothing of a consignment, and is to record what follows."""
        claim = self.claims.items.get(there)
        return claim is not None and "watch" in claim and int(claim["heldUntil"]["N"]) > milliseconds(self.now())

    def _recorded_as(self, state: str) -> list[str]:
        """PRO's references of what the records have in a state."""
        kept = {name: from_item(item) for name, item in sorted(self.table.items.items())}
        return [record.get("proReference", name) for name, record in kept.items() if record["state"] == state]

    def _aligning(self) -> Aligning:
        table: Any = self.table
        records = DynamoDBRecords(table, "allocations", DynamoDBLimitUsage(table, "limits"), "cancelled-orders")
        pauses = Pauses(self.world.sleep, self.world.random.random)
        return Aligning(
            records, SimulatedClient(self.pro, self.world, self.now), self.now, None, PATIENCE_SECONDS, pauses
        )

    def _follow(self) -> None:
        circuits: Any = self.circuits
        deadline = Ends(self.world, self.world.now + RUN_SECONDS)
        following = Following(self._aligning(), DynamoDBCursor(circuits, "circuits"), self.now)
        self._start(lambda: following.run(deadline))

    def _reconcile(self) -> None:
        references = [ConsignmentReference(each) for each in sorted(self.table.items)]
        self._start(lambda: list(reconciled(self._aligning(), references, is_applied=True)))

    def _start(self, work: Callable[[], object]) -> None:
        def until_it_fails() -> None:
            try:
                work()
            except Exception:  # noqa: BLE001 - the next run goes on
                return

        self.world.start(until_it_fails, RUN_SECONDS, lambda _: self.written())
