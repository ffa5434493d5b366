"""Carriers that post at once, again after every failure, while a user cancels: no event is lost, none counts twice.

Adapters and use cases are those of the API. Every call may fail before or after its work, or end the process.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb import tracked_events
from allocation.aws.dynamodb.consignments import DynamoDBConsignments
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.record_steps import step_update
from allocation.aws.dynamodb.tracked_events import DynamoDBTracking
from allocation.consignments.carrier_events import CarrierEvents
from allocation.consignments.changes import Changes
from allocation.consignments.register import Register
from allocation.consignments.tracking import Tracking
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.tracking import TrackingEvent, in_order, journey_of
from allocation.records.items import from_item, record_item
from allocation.records.stored_record import StoredRecord
from tests.simulation.aws import ANYHOW, KEY, NOT_THERE_YET, UNCHANGED, TransactionCanceledError, call, raise_conflict
from tests.simulation.callers import call_until_done
from tests.simulation.world import Plan, World
from tests.support.document_samples import summary
from tests.support.size import sized

CONSIGNMENTS, RECORDS = "consignments", "records"
REFERENCE = ConsignmentReference("EC-AAA-AAA-AAA")
BEGINNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
CODES = ("Collected", "InTransit", "OutForDelivery", "DeliveryFailed", "Delivered", "Sample")
RECORD = AllocationRecord(
    REFERENCE, OrderReference("ORDER"), DefaultRules(), Allocated(summary(("T-1", "T-2"))), "event", BEGINNING
)


class Tables:
    """Both tables, as far as tracking and a cancellation use them, with the versions that a record has had."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.items: dict[tuple[str, str], dict[str, Any]] = {(RECORDS, REFERENCE): record_item(RECORD, by_order=True)}
        self.versions = [self.record]
        self.exceptions = type("exceptions", (), {"TransactionCanceledException": TransactionCanceledError})

    @property
    def record(self) -> StoredRecord:
        """The record as it stands."""
        return StoredRecord.model_validate(from_item(self.items[RECORDS, REFERENCE]))

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        def work() -> dict[str, Any]:
            keys = {table: [key[KEY]["S"] for key in asked["Keys"]] for table, asked in RequestItems.items()}
            found = {
                table: [self.items[table, key] for key in of if (table, key) in self.items]
                for table, of in keys.items()
            }
            return {"Responses": found}

        return call(self._world, "BatchGetItem", work)

    def transact_write_items(self, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        def work() -> dict[str, Any]:
            actions = [(kind, action) for item in TransactItems for kind, action in item.items()]
            held = [self._holds(action) for _, action in actions]
            if not all(held):
                raise TransactionCanceledError(held)
            raise_conflict(self._world, len(held))
            for kind, action in actions:
                if kind != "ConditionCheck":
                    self._write(action)
            return {}

        return call(self._world, "TransactWriteItems", work)

    def _holds(self, action: Mapping[str, Any]) -> bool:
        found, condition = self.items.get(place_of(action)), action["ConditionExpression"]
        assert condition in {NOT_THERE_YET, UNCHANGED, ANYHOW}, condition
        if condition == UNCHANGED:
            return found is not None and found["version"] == action["ExpressionAttributeValues"][":seen"]
        return condition == ANYHOW or found is None

    def _write(self, action: Mapping[str, Any]) -> None:
        place = place_of(action)
        item = action.get("Item")
        if item is None:
            setting, _, removed = action["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
            gone = {action["ExpressionAttributeNames"].get(name, name) for name in removed.split(", ")}
            kept = {name: value for name, value in self.items[place].items() if name not in gone}
            pairs = (each.split(" = ") for each in setting.split(", "))
            item = kept | {name: action["ExpressionAttributeValues"][value] for name, value in pairs}
        self.items[place] = dict(item)
        if place == (RECORDS, REFERENCE):
            self.versions.append(self.record)


def place_of(action: Mapping[str, Any]) -> tuple[str, str]:
    return action["TableName"], (action.get("Item") or action["Key"])[KEY]["S"]


class History:
    """Carriers and perhaps a user, at work until each has been answered that all is done."""

    def __init__(self, seed: int) -> None:
        self.world, draw = World(Plan(seed, fault_chance=0.15)), Random(f"{seed}/tracking")
        self.tables = Tables(self.world)
        client: Any = self.tables
        store = DynamoDBConsignments(
            client,
            consignments=CONSIGNMENTS,
            records=RECORDS,
            limit_usage=DynamoDBLimitUsage(client, "limits"),
        )
        changes = Changes(store, self._now, None)
        self._tracking = Tracking(
            changes, DynamoDBTracking(client, consignments=CONSIGNMENTS, records=RECORDS), timedelta(days=90)
        )
        self._register = Register(changes, lambda count: "0" * count, timedelta(days=90))
        self.events = {
            TrackingEvent(f"2026-11-2{draw.randint(0, 2)}T{draw.randint(0, 23):02}:00:00Z", draw.choice(CODES), package)
            for package in draw.choices((0, 1, None), k=draw.randint(1, 10))
        }
        self.is_cancelled = draw.random() < 0.4
        for copy, event in enumerate(sorted([*self.events] * 2, key=lambda _: draw.random())):
            call_until_done(self.world, draw.uniform(0, 3), partial(self._post, event, f"request-{copy}"))
        if self.is_cancelled:
            call_until_done(self.world, draw.uniform(0, 3), partial(self._register.cancel, REFERENCE, "cancellation"))
        self.world.run()

    def _now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.world.now)

    def _post(self, event: TrackingEvent, request: str) -> None:
        of = {None: REFERENCE, 0: "T-1", 1: "T-2"}[event.package]
        told = {"TimeStamp": event.time_stamp, "Code": event.code}
        packages = [{"PackageReference": None if of == REFERENCE else of, "TrackingEvents": [told]}]
        consignments = [{"ConsignmentTrackingReference": REFERENCE, "PackageTrackingEvents": packages}]
        self._tracking.take(CarrierEvents.model_validate({"ConsignmentTrackingEvents": consignments}), request)


def broken(seed: int) -> list[str]:
    """What is not as it should be when all is done."""
    history = History(seed)
    versions = history.tables.versions
    found = []
    if [each.version for each in versions] != list(range(1, len(versions) + 1)):
        found.append(f"versions {[each.version for each in versions]}")
    if any(one.state == other.state and one.delivery == other.delivery for one, other in pairwise(versions)):
        found.append("a version that says nothing new")
    if any(each.state == "Cancelled" for each in versions[:-1]):
        found.append("a cancellation was overwritten")
    if versions[-1].state == "Cancelled":
        return found
    item = history.tables.items.get((CONSIGNMENTS, f"tracking#{REFERENCE}"))
    events = tracked_events._kept(REFERENCE, item).events if item else []
    if list(events) != in_order(history.events):
        found.append("an event was lost")
    if not versions[-1].says(journey_of(in_order(history.events), 2)):
        found.append(f"{versions[-1].state} does not follow from the events")
    return found


def without_the_version_of_the_events() -> AbstractContextManager[Any]:
    """Events are written over whatever is kept meanwhile."""
    return patch.multiple(tracked_events, NOT_THERE_YET=ANYHOW, UNCHANGED=ANYHOW)


def without_the_version_of_the_record() -> AbstractContextManager[Any]:
    """A state is written over whatever the record says meanwhile."""

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**step_update(*arguments), "ConditionExpression": ANYHOW}

    return patch.object(tracked_events, "step_update", careless)


def test_every_event_counts_once_whatever_fails_and_whoever_is_faster() -> None:
    histories = range(sized(60, 3000))
    assert {seed: found for seed in histories if (found := broken(seed))} == {}


@pytest.mark.parametrize(
    ("guard", "symptom"),
    [
        (without_the_version_of_the_events, "an event was lost"),
        (without_the_version_of_the_record, "a cancellation was overwritten"),
    ],
)
def test_a_guard_that_is_missing_is_missed(guard: Callable[[], AbstractContextManager[Any]], symptom: str) -> None:
    with guard():
        assert any(symptom in broken(seed) for seed in range(200))
