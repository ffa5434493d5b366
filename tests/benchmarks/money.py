"""The rows about money: what a million orders cost, from counted requests, units and bytes, and from billed time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from statistics import median
from time import monotonic
from typing import Final

from allocation.pro.settled_first import MAX_LAG
from cli.cost.metering import INDEXED, item_bytes
from cli.cost.prices import PRICES, Used
from tests.benchmarks.bench_run import Size, all_started, counted_over, in_turns
from tests.benchmarks.events import Event, Orders, changes
from tests.benchmarks.figures import Findings, Row, exactly
from tests.benchmarks.functions import Setting, product, recipe
from tests.benchmarks.lambda_process import LambdaProcess
from tests.benchmarks.stub import PRO_SECONDS, PRO_SECONDS_EACH
from tests.benchmarks.stubbed import Counted, StubProcess

_BATCH: Final = 10
_MILLION: Final = 1_000_000
# A batch is received and deleted. Who sends the orders pays for that.
_QUEUE_REQUESTS: Final = 2
# START, END and REPORT of an invocation.
_PLATFORM_LOG_BYTES: Final = 450
# Where SortedPRO allocates, the first seconds of a function's use cost more (decision 0143).
_IN_USE_SECONDS: Final = MAX_LAG.total_seconds() + 1
# What is paid for orders, by the words of the plot.
_KINDS: Final = {
    "writes": (Used.WRITE_UNITS,),
    "reads": (Used.READ_UNITS,),
    "Lambda": (Used.INVOCATIONS, Used.GIGABYTE_SECONDS),
    "queue and topic": (Used.QUEUE_REQUESTS, Used.TOPIC_REQUESTS),
    "logs": (Used.LOG_GIGABYTES,),
}
PAID: Final = tuple(kind for kinds in _KINDS.values() for kind in kinds)
_RECORDS: Final = "AllocationsTable"
# A stack without the API has only the index by order (`template.yaml`).
_INDEXED_FOR_THE_API: Final = tuple(name for name in INDEXED[_RECORDS] if name != "orderReference")


@dataclass(frozen=True, slots=True)
class Bill:
    """What an order costs: what is paid for it, in the units of the prices."""

    used: Mapping[Used, Decimal]
    write_units: Decimal
    """Of a record."""
    record_bytes: float
    milliseconds: float
    """Billed, of all functions together."""
    writes_for_the_api: Decimal = Decimal(0)
    """Of the write units, those of indexes that only a stack with the API has."""
    pro_calls: float = 0.0
    """Calls of SortedPRO."""

    @property
    def dollars_a_million(self) -> float:
        """What a million orders cost."""
        return float(sum((PRICES[used].of(amount * _MILLION) for used, amount in self.used.items()), Decimal(0)))

    def part(self, *kinds: Used) -> float:
        """Return what of that is for such uses."""
        return float(sum((PRICES[kind].of(self.used.get(kind, Decimal(0)) * _MILLION) for kind in kinds), Decimal(0)))


def _without_indexes_of_the_api(bill: Bill) -> Bill:
    """Return the bill of a stack without the API, whose table of records has only the index by order."""
    writes = bill.used[Used.WRITE_UNITS] - bill.writes_for_the_api
    return replace(bill, used={**bill.used, Used.WRITE_UNITS: writes}, write_units=writes)


def measure_costs(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure what orders cost with the engine and with SortedPRO, beside the recipe."""
    rounds = max(2, size.warm_rounds // 4)
    for mode, words, goal in (("", "engine", 0.65), ("default_rules", "PRO", 0.6)):
        setting = Setting(stub.port, pro_mode=mode)
        whole, theirs = _our_bill(stub, setting, rounds), _recipes_bill(stub, setting, rounds)
        bare = _without_indexes_of_the_api(whole)
        # By default a stack has the API with the engine, and none with SortedPRO.
        ours, other, api = (bare, whole, "with") if setting.pro_mode else (whole, bare, "without")
        told = f"{_told('Ours', ours)} {_told('The recipe', theirs)}"
        share = ours.dollars_a_million / theirs.dollars_a_million
        what = f"cost of a million orders, {words}, to the recipe's"
        findings.rows += [
            Row(what, exactly(share), "x", goal, note=told, floor=_floor(ours, theirs)),
            Row(f"cost of a million orders, {words}", exactly(ours.dollars_a_million), "$"),
            Row(
                f"the same, {words}, {api} the API, to the recipe's",
                exactly(other.dollars_a_million / theirs.dollars_a_million),
                "x",
                note=f"The recipe has no API. {_told('Ours', other)}",
            ),
        ]
        findings.facts |= {
            f"{words} cost": ours.dollars_a_million,
            f"{words} recipe cost": theirs.dollars_a_million,
            f"{words} record bytes": ours.record_bytes,
            f"{words} write units": float(ours.write_units),
            f"{words} log bytes": float(ours.used[Used.LOG_GIGABYTES]) * 1e9,
            f"{words} read units": float(ours.used.get(Used.READ_UNITS, Decimal(0))),
        }
        if ours.pro_calls:
            seconds = PRO_SECONDS + PRO_SECONDS_EACH / ours.pro_calls
            findings.facts |= {"PRO calls": ours.pro_calls, "PRO call seconds": seconds}
        for name, bill in (("ours", ours), ("recipe", theirs)):
            findings.add_bar("cost", f"{words}, {name}", _parts(bill))
    kept = _our_bill(stub, Setting(stub.port, keeps_consignments=True), rounds)
    told = f"The template's default, for labels of what comes by the queue. {_told('Ours', kept)}"
    what = "the same, engine, whole consignments kept, to the recipe's"
    findings.rows.append(
        Row(what, exactly(kept.dollars_a_million / findings.facts["engine recipe cost"]), "x", note=told)
    )
    large = _our_bill(stub, Setting(stub.port, 1000), rounds)
    told = f"A record has {large.record_bytes:,.0f} bytes. A million orders cost ${large.dollars_a_million:.2f}."
    findings.rows.append(
        Row("write units a record, 1,000 services", exactly(float(large.write_units)), "", 4, note=told)
    )


def _parts(bill: Bill) -> dict[str, float]:
    return {name: bill.part(*kinds) for name, kinds in _KINDS.items()}


def _told(who: str, bill: Bill) -> str:
    parts = ", ".join(f"{name} {dollars:.2f}" for name, dollars in _parts(bill).items())
    return f"{who} ${bill.dollars_a_million:.2f}: {parts}."


def _floor(ours: Bill, theirs: Bill) -> str:
    """Return what it would cost if a record took one unit and its index by order one, with nothing read or claimed."""
    least = float(PRICES[Used.WRITE_UNITS].of(Decimal(2 * _MILLION))) + sum(
        dollars for kind, dollars in _parts(ours).items() if kind not in ("writes", "reads")
    )
    return (
        f"A record takes {float(ours.write_units):.1f} write units in all. With one for itself and one for its index "
        f"by order, and no reads, it would be {least / theirs.dollars_a_million:.2f} x."
    )


def _our_bill(stub: StubProcess, setting: Setting, rounds: int) -> Bill:
    """Return the bill of the function of the queue, and of the publisher of what it wrote."""
    functions = {name: product(name, setting) for name in ("orders", "publisher")}
    with all_started(functions) as processes:
        warm_seconds = _IN_USE_SECONDS if setting.pro_mode else 0.0
        first, written = _orders_bill(stub, processes["orders"], rounds, warm_seconds)
        records = [item for table, item in written.items if table == _RECORDS][:_BATCH]
        in_turns({"publisher": processes["publisher"]}, 0, lambda: changes(records))
        published, _ = _counted(stub, processes["publisher"], rounds, lambda: changes(records), 0)
    used = {kind: first.used.get(kind, Decimal(0)) + published.used.get(kind, Decimal(0)) for kind in Used}
    return replace(first, used=used, milliseconds=first.milliseconds + published.milliseconds)


def _recipes_bill(stub: StubProcess, setting: Setting, rounds: int) -> Bill:
    with all_started({"recipe": recipe("orders", setting)}) as processes:
        return _orders_bill(stub, processes["recipe"], rounds)[0]


def _orders_bill(
    stub: StubProcess, process: LambdaProcess, rounds: int, warm_seconds: float = 0.0
) -> tuple[Bill, Counted]:
    """Return what an order costs that comes in a batch of 10, of one consignment each, and what was counted.

    The function has been in use for `warm_seconds` then.
    """
    orders = Orders()
    # What only the first batch does, as keeping the catalogue that decides, is done before.
    in_turns({"orders": process}, 0, lambda: orders.batch(_BATCH))
    began = monotonic()
    while monotonic() - began < warm_seconds:
        process.invoke(orders.batch(_BATCH))
    return _counted(stub, process, rounds, lambda: orders.batch(_BATCH), _QUEUE_REQUESTS)


def _counted(
    stub: StubProcess, process: LambdaProcess, rounds: int, event: Callable[[], Event], queue_requests: int
) -> tuple[Bill, Counted]:
    logged = process.logged_bytes()

    def work() -> list[float]:
        return [process.invoke(event()).seconds for _ in range(rounds)]

    seconds, counted = counted_over(stub, work)
    logged = process.logged_bytes() - logged
    return _bill_of(counted, median(seconds), logged, rounds, process.megabytes, queue_requests), counted


def _bill_of(counted: Counted, seconds: float, logged: int, rounds: int, megabytes: int, queue_requests: int) -> Bill:
    orders = Decimal(rounds * _BATCH)
    milliseconds = ceil(seconds * 1000)
    used = {kind: amount / orders for kind, amount in counted.used.items()}
    used[Used.INVOCATIONS] = Decimal(1) / _BATCH
    used[Used.GIGABYTE_SECONDS] = Decimal(milliseconds) / 1000 / _BATCH * megabytes / 1024
    used[Used.LOG_GIGABYTES] = (Decimal(logged) / orders + Decimal(_PLATFORM_LOG_BYTES) / _BATCH) / 1_000_000_000
    used[Used.QUEUE_REQUESTS] = Decimal(queue_requests) / _BATCH
    sizes = [item_bytes(item) for table, item in counted.items if table in (_RECORDS, "Records")]
    calls = counted.requests.get("PRO.PUT", 0) / float(orders)
    units, size = used.get(Used.WRITE_UNITS, Decimal(0)), sum(sizes) / max(1, len(sizes))
    of_the_api = sum(
        name in item for table, item in counted.items if table == _RECORDS for name in _INDEXED_FOR_THE_API
    )
    return Bill(used, units, size, milliseconds / _BATCH, Decimal(of_the_api) / orders, calls)
