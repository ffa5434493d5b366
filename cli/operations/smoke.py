"""The smoke test of a stack: orders by each way in, and what must come of them, seen from outside."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from allocation.domain.outcome import Allocated, Cancelled
from cli.errors import CommandError
from cli.operations.records import KEY
from cli.operations.smoke_api import Api, api_of
from cli.operations.smoke_checks import Check, Result, SkippedError, awaited, tried
from cli.operations.smoke_setup import alarm_is_heard, is_protected
from cli.operations.smoke_ways import Way, ways_in
from cli.operations.target import Target
from cli.stack.observer import read_record, subscribed, take_all

# What says of an order that it is no customer's.
PREFIX: Final = "SMOKE"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try."""

    order: Mapping[str, Any]
    """An order-created message. Each order that is sent is a copy under references of its own."""
    consignment: Mapping[str, Any]
    """A consignment for the API."""
    at_pro: Sequence[str] = ()
    """References of consignments in SortedPRO, one for each order, where that allocates."""
    is_heard: bool = False
    """Whether others may notice: who listens to the shop's topics, and who is called by an alarm."""
    patience_seconds: float = 60.0


@dataclass
class Smoke:
    """A smoke test under way."""

    target: Target
    plan: Plan
    _orders: list[dict[str, Any]] = field(default_factory=list)
    """Those that were sent."""
    _created: str = ""
    """The consignment that the API made."""
    _subjects: set[str] = field(default_factory=set)
    """The consignments whose events have arrived."""

    def checks(self) -> Iterator[Check]:
        """Try one thing after the other, and yield each when it is done. What was sent is cancelled in the end."""
        with subscribed(
            self.target, self.target.allocations_topic, f"{PREFIX.lower()}-events-{uuid.uuid4()}"
        ) as events:
            for way in ways_in(self.target, is_heard=self.plan.is_heard):
                yield from self._order_and_event(way, events)
            yield from self._calls()
            yield tried("cancellation", self._cancelled)
        yield tried("alarm", lambda: alarm_is_heard(self.target, self.plan.patience_seconds, may=self.plan.is_heard))
        yield tried("protection", lambda: is_protected(self.target))

    def _order_and_event(self, way: Way, events: str) -> Iterator[Check]:
        """Send an order by a way, and look for its record and its event."""
        record = tried(way.name, lambda: self._order_by(way))
        yield record
        if record.result is Result.PASSED:
            yield tried(f"event of {way.name}", lambda: self._event(events, _references(self._orders[-1])[0]))

    def _calls(self) -> Iterator[Check]:
        """Call the API."""
        api = api_of(self.target)
        if api is None:
            yield Check("API", Result.SKIPPED, "this stack has no API")
            return
        yield tried("API health", lambda: f"{api.url} answers {api.call('GET', '/health')['Status']}")
        if self._allocates_at_pro:
            yield Check("API allocation", Result.SKIPPED, "SortedPRO allocates, and has consignments of its own")
        elif not api.key:
            yield Check("API allocation", Result.SKIPPED, "no key: set API_KEY to one that the API knows (docs/api.md)")
        else:
            yield tried("API allocation", lambda: self._allocated_by(api))
            yield tried("label", lambda: f"a PDF of {api.label_bytes(self._created)} bytes")

    @property
    def _allocates_at_pro(self) -> bool:
        return self.target.parameters.get("Allocator") == "pro"

    def _order_by(self, way: Way) -> str:
        """Send an order. Return how it was allocated."""
        if way.why_not:
            raise SkippedError(way.why_not)
        order = self._next_order()
        way.send(json.dumps(order))
        self._orders.append(order)
        reference, name = _references(order)[0], order["orderReference"]
        record = awaited(
            lambda: self._record(reference),
            self.plan.patience_seconds,
            f"{name} was sent and has no record: run `carrier orders trace {name}{self.target.option}`",
        )
        if record["state"] != Allocated.state:
            told = (record.get("failure") or {}).get("message", "")
            raise CommandError(f"{reference} is {record['state']}. {told} Name an order that fits with --order.")
        return f"{reference} is allocated to {record.get('carrierServiceReference')}"

    def _next_order(self) -> dict[str, Any]:
        """Return an order under references of its own, or one of a consignment that SortedPRO has."""
        name = f"{PREFIX}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}"
        consignments = self.plan.order["consignments"]
        references = [f"{name}-{place}" for place in range(1, len(consignments) + 1)]
        if self._allocates_at_pro:
            if len(self._orders) == len(self.plan.at_pro):
                raise SkippedError("SortedPRO allocates: name a consignment that it has with --consignment")
            references = [self.plan.at_pro[len(self._orders)]]
        named = zip(references, consignments, strict=False)
        own = [{**consignment, "Reference": reference} for reference, consignment in named]
        return {**self.plan.order, **_now(), "orderReference": name, "consignments": own}

    def _record(self, reference: str) -> Mapping[str, Any] | None:
        """Return a consignment's record, or None."""
        answer = self.target.dynamodb.get_item(
            TableName=self.target.allocations_table, Key={KEY: {"S": reference}}, ConsistentRead=True
        )
        return read_record(answer["Item"]) if "Item" in answer else None

    def _event(self, queue: str, reference: str) -> str:
        """Wait for a consignment's event at a queue that is subscribed to the topic."""

        def arrived() -> bool | None:
            self._subjects |= {json.loads(message["Body"])["subject"] for message in take_all(self.target.sqs, queue)}
            return reference in self._subjects or None

        awaited(
            arrived,
            self.plan.patience_seconds,
            f"the topic delivered no event of {reference}: see the log {self.target.publisher_log}",
        )
        return f"the topic delivered the event of {reference}"

    def _allocated_by(self, api: Api) -> str:
        """Create a consignment by the API, and allocate it."""
        self._created = api.created(dict(self.plan.consignment))
        return f"{self._created} is allocated to {api.allocated(self._created)}"

    def _cancelled(self) -> str:
        """Cancel what was sent and created, so that no daily limit counts it."""
        for order in self._orders:
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            event = {
                "eventType": "order-cancelled",
                "eventVersion": 1,
                "eventId": str(uuid.uuid4()),
                "occurredAt": moment,
            }
            body = json.dumps({**event, "orderReference": order["orderReference"], "consignments": _references(order)})
            self.target.sqs.send_message(QueueUrl=self.target.order_queue_url, MessageBody=body)
        if self._created and (api := api_of(self.target)):
            api.call("PUT", f"/consignments/{self._created}/cancel")
        mine = [reference for order in self._orders for reference in _references(order)]
        if not mine and not self._created:
            raise SkippedError("nothing was sent")
        awaited(
            lambda: all((self._record(each) or {}).get("state") == Cancelled.state for each in mine) or None,
            self.plan.patience_seconds,
            f"not cancelled: {', '.join(mine)}",
        )
        return f"{', '.join([*mine, *([self._created] if self._created else [])])} cancelled"


def _now() -> dict[str, str]:
    """Return what a message that is made now says of itself."""
    return {"eventId": str(uuid.uuid4()), "occurredAt": datetime.now(UTC).isoformat(timespec="seconds")}


def _references(order: Mapping[str, Any]) -> list[str]:
    return [consignment["Reference"] for consignment in order["consignments"]]


def smoke(target: Target, plan: Plan) -> Iterator[Check]:
    """Yield the checks of a stack, each when it is done. Raises `CommandError` if nothing can be watched."""
    return Smoke(target, plan).checks()
