"""What the deployed code uses for an order: it runs over clients that count, with the sample orders."""

import io
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal

from allocation.composition.background import events_use_case
from allocation.composition.orders import orders_use_case
from allocation.events.publish_allocations import Change, report_published
from allocation.observability import logger, metrics
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.batch_report import report_batch
from allocation.ports import QueueMessage
from allocation.pro.allocator import ProAllocator
from allocation.pro.client import ProReply
from allocation.pro.sender_allocator import SenderAllocator
from allocation.records.items import event_fields, from_item
from allocation.settings import AllocateOrdersSettings, PublishAllocationsSettings
from cli.cost.metering import Meter, item_bytes
from cli.cost.prices import Used
from cli.paths import SAMPLE_ORDERS
from cli.stack.orders import load_orders

AllocatorName = Literal["engine", "pro"]

# The tables are named as in `template.yaml`.
_RECORDS: Final = "AllocationsTable"
_FUNCTION_SECONDS: Final = 60.0
# A Monday morning on which all services of the sample collect: what is counted must not depend on the day.
_NOW: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)


class _Deadline:
    """The time of an invocation, which does not pass here."""

    def remaining_seconds(self) -> float:
        """Seconds that are left."""
        return _FUNCTION_SECONDS


@dataclass(frozen=True, slots=True)
class OrderUsage:
    """What some orders use, one in an invocation."""

    orders: int
    consignments: int
    used: Mapping[Used, Decimal]
    calls: int
    """Calls of AWS, which the functions wait for."""
    log_bytes: int
    metric_names: frozenset[str]
    stored_bytes: int
    code_seconds: float
    """Time of this machine's processor."""


class _AnsweringPro:
    """SortedPRO's client, answered with what the engine decided."""

    base_url = "https://api.electioapp.com"

    def __init__(self, summaries: dict[str, Any]) -> None:
        self._summaries = summaries

    def call(self, _method: str, _path: str, body: bytes, _seconds: float) -> ProReply:
        """Answer an allocation."""
        wanted = json.loads(body)["ConsignmentReferences"]
        return ProReply(200, json.dumps([self._summaries[each] for each in wanted], default=float).encode())


@cache
def usage_of(allocator: AllocatorName) -> OrderUsage:
    """Return what the sample orders use with an allocator."""
    bodies = [message.body for message in load_orders(SAMPLE_ORDERS)]
    meter, log = Meter(), io.StringIO()
    use_case = _use_case("engine", Meter())
    if allocator == "pro":
        summaries, bodies = _allocated(use_case, bodies)
        use_case = _use_case("pro", meter, summaries)
    else:
        use_case = _use_case("engine", meter)
    with _logged_to(log):
        started = time.process_time()
        for body in bodies:
            before = len(meter.items)
            report_batch(use_case.process([_message(body)], _Deadline()))
            metrics.flush_metrics()
            _publish(meter, meter.items[before:])
            metrics.flush_metrics()
        seconds = time.process_time() - started
    written = [item for table, item in meter.items if table == _RECORDS]
    stored = sum(item_bytes(item) for table, item in meter.items)
    return OrderUsage(
        len(bodies), len(written), meter.used, meter.calls, len(log.getvalue()), _names(log), stored, seconds
    )


def _use_case(allocator: AllocatorName, meter: Meter, summaries: dict[str, Any] | None = None) -> AllocateOrders:
    """Return the use case of the order queue as it is deployed, over clients that count."""
    is_pro = allocator == "pro"
    settings = AllocateOrdersSettings(
        allocations_table=_RECORDS,
        limits_table="LimitsTable",
        cancelled_orders_table="CancelledOrdersTable",
        catalogues_table="CataloguesTable",
        consignments_table=None if is_pro else "ConsignmentsTable",
        api_base_url="https://api.example.com/live",
        order_queue_url="queue",
        order_dlq_url="dlq",
        order_queue_visibility_seconds=361,
        order_queue_max_receives=105,
        allocator=allocator,
        pro_secret_name="secret" if is_pro else None,
        pro_claims_table="ProClaimsTable" if is_pro else None,
        pro_circuits_table="ProCircuitsTable" if is_pro else None,
    )
    made = orders_use_case(settings, meter.client, Meter().client, lambda: _NOW)
    over = made.waves.allocator
    if not isinstance(over, SenderAllocator) or not isinstance(over.allocator, ProAllocator):
        return made
    client: Any = _AnsweringPro(summaries or {})
    answered = replace(over, allocator=replace(over.allocator, client=client))
    return replace(made, waves=replace(made.waves, allocator=answered))


def _allocated(use_case: AllocateOrders, bodies: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the summaries of what the engine allocates, by reference, and the orders of which it allocates all."""
    summaries: dict[str, Any] = {}
    whole = []
    for body in bodies:
        outcomes = use_case.process([_message(body)], _Deadline()).outcomes
        found = {key: outcome.summary for key, outcome in outcomes.items() if hasattr(outcome, "summary")}
        if len(found) == len(outcomes):
            summaries |= {key: summary.to_json() for key, summary in found.items()}
            whole.append(body)
    return summaries, whole


def _publish(meter: Meter, written: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Publish the events of what was written, as the table's stream brings it."""
    use_case = events_use_case(
        PublishAllocationsSettings(allocations_topic_arn="topic", stream_failure_queue_url="failures"), meter.client
    )
    records = [item for table, item in written if table == _RECORDS]
    changes = [Change(str(at), from_item(event_fields(item))) for at, item in enumerate(records)]
    report_published(use_case.process(changes), datetime.now(UTC))


def _message(body: str) -> QueueMessage:
    return QueueMessage("m", body, "r", 1, _NOW, {}, "")


@contextmanager
def _logged_to(log: io.StringIO) -> Iterator[None]:
    """Take what the functions log and measure."""
    handlers = [each for each in logging.getLogger(logger.name).handlers if isinstance(each, logging.StreamHandler)]
    streams = [handler.setStream(log) for handler in handlers]
    names = metrics.provider.namespace, metrics.provider.service
    metrics.provider.namespace, metrics.provider.service = "CarrierAllocation", "allocate-orders"
    try:
        with redirect_stdout(log):
            yield
    finally:
        metrics.provider.namespace, metrics.provider.service = names
        for handler, stream in zip(handlers, streams, strict=True):
            handler.setStream(stream)


def _names(log: io.StringIO) -> frozenset[str]:
    """Return the names of the metrics that were emitted."""
    lines = (json.loads(line) for line in log.getvalue().splitlines())
    directives = [each for line in lines if "_aws" in line for each in line["_aws"]["CloudWatchMetrics"]]
    return frozenset(metric["Name"] for each in directives for metric in each["Metrics"])
