"""What a month of orders costs: what one order uses, times the orders, and what a stack costs without any."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import yaml

from cli.cost.prices import PRICES, Used
from cli.cost.usage import AllocatorName, OrderUsage, usage_of
from cli.paths import ROOT

_MONTH_SECONDS: Final = 30 * 24 * 3600
# Lambda polls the queue with five long polls of 20 s while nothing comes (Lambda Developer Guide, "SQS polling").
_POLLERS: Final = 5
_POLL_SECONDS: Final = 20
# A busy function asks for a new catalogue that often (`REFRESH_SECONDS`); the queue's is taken as always busy.
_LOOK_SECONDS: Final = 20
# A call of DynamoDB, SQS or SNS that is waited for, and of SortedPRO.
_CALL_MILLISECONDS: Final = 8
_PRO_CALL_MILLISECONDS: Final = 1000
# The code of both functions for an order. It took 8 ms of a processor of 2 GHz (usage_of("engine").code_seconds, 12
# orders, three times); a function of 1 GB has 0.57 of one.
_CODE_MILLISECONDS: Final = 14
_MEMORY_GIGABYTES: Final = 1
# START, END and REPORT, which Lambda logs of an invocation.
_PLATFORM_LOG_BYTES: Final = 450
# The order's message is sent, received and deleted.
_REQUESTS_OF_A_MESSAGE: Final = 3
_GIGABYTE: Final = 1_000_000_000
# Each of both functions counts its cold starts.
_COLD_START_METRICS: Final = 2
# Metrics of the alarms that no row describes: two of the ratio of failures, six to eight of throttled tables, and five.
_OTHER_ALARMS: Final = 15
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is used in a month with so many orders, and what that costs in dollars."""

    allocator: AllocatorName
    orders: int
    used: Mapping[Used, Decimal]

    @property
    def dollars(self) -> dict[Used, Decimal]:
        """What each use costs, in cents exactly."""
        return {used: PRICES[used].of(amount).quantize(_CENT) for used, amount in self.used.items()}

    @property
    def total(self) -> Decimal:
        """What the month costs."""
        return sum(self.dollars.values(), Decimal(0))


def estimates(orders: int) -> list[Estimate]:
    """Return the estimates of the engine and of SortedPRO."""
    allocators: tuple[AllocatorName, AllocatorName] = ("engine", "pro")
    return [_estimate(allocator, usage_of(allocator), orders) for allocator in allocators]


def assumptions() -> list[str]:
    """Return what the estimates rest on, as sentences."""
    engine = usage_of("engine")
    like = f"Orders are like the {engine.orders} sample orders, with {engine.consignments} consignments in all."
    times = f"A call of an AWS service takes {_CALL_MILLISECONDS} ms, one of SortedPRO {_PRO_CALL_MILLISECONDS} ms"
    return [
        f"{like} Each comes alone: in a batch with others it costs less.",
        f"{times}, our code {_CODE_MILLISECONDS} ms an order. Both functions count as having {_MEMORY_GIGABYTES} GB.",
        "Storage is that of one month's orders, kept for that month. It adds up while records are kept.",
        "The allocation API is deployed and not called. Free tiers, discounts and taxes are left out.",
    ]


def _estimate(allocator: AllocatorName, usage: OrderUsage, orders: int) -> Estimate:
    part = Decimal(orders) / usage.orders
    invocations = 2 * orders
    milliseconds = part * usage.calls * _CALL_MILLISECONDS + orders * _CODE_MILLISECONDS
    if allocator == "pro":
        milliseconds += orders * _PRO_CALL_MILLISECONDS
    logged = part * usage.log_bytes + invocations * _PLATFORM_LOG_BYTES
    used = {
        Used.WRITE_UNITS: part * usage.used[Used.WRITE_UNITS],
        Used.READ_UNITS: part * usage.used[Used.READ_UNITS],
        Used.STORED_GIGABYTES: part * usage.stored_bytes / _GIGABYTE,
        Used.INVOCATIONS: Decimal(invocations),
        Used.GIGABYTE_SECONDS: milliseconds * _MEMORY_GIGABYTES / 1000,
        Used.QUEUE_REQUESTS: Decimal(_REQUESTS_OF_A_MESSAGE * orders + _MONTH_SECONDS // _POLL_SECONDS * _POLLERS),
        Used.TOPIC_REQUESTS: part * usage.used[Used.TOPIC_REQUESTS],
        Used.LOG_GIGABYTES: logged / _GIGABYTE,
        Used.OBJECT_READS: Decimal(_MONTH_SECONDS // _LOOK_SECONDS),
        Used.METRICS: Decimal(len(usage.metric_names) + _COLD_START_METRICS),
        Used.ALARMS: Decimal(_alarms(allocator)),
        Used.DASHBOARDS: Decimal(1),
        Used.KEYS: Decimal(1),
        Used.SECRETS: Decimal(2 if allocator == "pro" else 1),
    }
    return Estimate(allocator, orders, used)


def _alarms(allocator: AllocatorName) -> int:
    """Return how many alarms a stack has: the rows whose condition it meets, and the others."""
    rows: Any = yaml.safe_load((ROOT / "monitoring" / "alarm_rows.yaml").read_text("utf-8"))
    met = {"Always", "HasApi"} | ({"UsesPro"} if allocator == "pro" else set())
    conditions = (row.get("Condition", "Always") for kind in rows.values() for row in kind.values())
    return _OTHER_ALARMS + sum(condition in met for condition in conditions)
