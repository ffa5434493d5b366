"""The rows about time: batches of orders, cold starts, first invocations, and the processor's time of an order."""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any, Final

from tests.benchmarks.bench_run import Size, all_started, counted_over, in_turns, milliseconds
from tests.benchmarks.events import Orders, changes
from tests.benchmarks.figures import Findings, Row, ratios, spread
from tests.benchmarks.functions import Setting, limit, megabytes_of, product, recipe
from tests.benchmarks.lambda_process import Invocation
from tests.benchmarks.processor_share import share_of
from tests.benchmarks.stub import AWS_SECONDS, PRO_SECONDS, PRO_SECONDS_EACH
from tests.benchmarks.stubbed import StubProcess

_BATCH: Final = 10
_LARGE_BATCH: Final = 100
# A read of the records, SortedPRO for every consignment at once, a write.
_PRO_LIMIT_SECONDS: Final = AWS_SECONDS + PRO_SECONDS + PRO_SECONDS_EACH + AWS_SECONDS


_CLAIM: Final = f"{1 + AWS_SECONDS / _PRO_LIMIT_SECONDS:.2f} x"
_CLAIM_FLOOR: Final = f"A claim must stand before SortedPRO is asked. That one more wait is {_CLAIM}."


def measure_engine_batches(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure batches that the engine allocates, and the processor's time of an order."""
    setting = Setting(stub.port)
    functions = {"ours": product("orders", setting), "limit": limit(setting), "recipe": recipe("orders", setting)}
    orders = Orders()
    with all_started(functions) as processes:
        small = in_turns(processes, size.warm_rounds, lambda: orders.batch(_BATCH))
        stub.taken()
        quick = {name: process for name, process in processes.items() if name != "recipe"}
        large = in_turns(quick, size.large_rounds, lambda: orders.batch(_LARGE_BATCH, 3))
        stub.taken()
        _, asked = counted_over(stub, lambda: processes["ours"].invoke(orders.batch(_BATCH)))
    ours, theirs = milliseconds(small["ours"]), milliseconds(small["recipe"])
    bare = median(milliseconds(small["limit"]))
    findings.facts["engine batch ms"] = median(ours)
    for name, invocations in small.items():
        findings.add_bar("batches", f"engine, {name}", {"": median(milliseconds(invocations))})
    findings.rows += [
        Row(
            "100 messages x 3 consignments, engine",
            spread(milliseconds(large["ours"])),
            "ms",
            250,
            note=f"The limit takes {median(milliseconds(large['limit'])):.0f} ms.",
            floor=_waited(large["ours"]),
        ),
        Row(
            "10 messages, engine",
            spread(ours),
            "ms",
            20,
            note=f"The limit takes {bare:.0f} ms, the recipe {median(theirs):.0f} ms.",
            floor=f"It makes {sum(asked.requests.values())} requests to AWS. {_waited(small['ours'])}",
        ),
    ]
    _processor_row(findings, 66, [each.processor_seconds for each in small["ours"]], 1.0)


def _waited(found: Sequence[Invocation]) -> str:
    """Return how much of an invocation is not the processor's time at the function's share."""
    used = median(each.processor_seconds for each in found) * 1e3 / share_of(megabytes_of("orders"))
    waited = max(0.0, median(milliseconds(found)) - used)
    return f"{used:.0f} ms are the processor's time at the share, and {waited:.0f} ms waits."


def measure_large_catalogue(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure batches at 1,000 services: the processor's time of an order, and the memory of large ones."""
    orders = Orders()
    with all_started({"ours": product("orders", Setting(stub.port, 1000))}) as processes:
        small = in_turns(processes, size.warm_rounds, lambda: orders.batch(_BATCH))
        in_turns(processes, 3, lambda: orders.batch(_LARGE_BATCH))
        peak = processes["ours"].peak_megabytes()
    stub.taken()
    _processor_row(findings, 1000, [each.processor_seconds for each in small["ours"]], 2.5)
    findings.rows.append(Row("peak memory, batch of 100, 1,000 services", spread([peak]), "MB", 110))


def _processor_row(findings: Findings, services: int, seconds: Sequence[float], goal: float) -> None:
    each = [used * 1e3 / _BATCH for used in seconds]
    what = f"CPU an order, engine, {services:,} services"
    findings.rows.append(Row(what, spread(each), "ms", goal, note="In batches of 10, all of the process counted."))


def measure_pro_batches(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure batches that SortedPRO allocates, in both modes."""
    for mode, words in (("default_rules", "PRO default rules"), ("service_group", "PRO service group")):
        setting = Setting(stub.port, pro_mode=mode)
        functions = {"ours": product("orders", setting), "limit": limit(setting), "recipe": recipe("orders", setting)}
        orders = Orders()
        with all_started(functions) as processes:
            found = in_turns(processes, max(2, size.warm_rounds // 2), partial(orders.batch, _BATCH))
        stub.taken()
        ours, theirs = milliseconds(found["ours"]), milliseconds(found["recipe"])
        bare = median(milliseconds(found["limit"]))
        least = _PRO_LIMIT_SECONDS * 1e3
        findings.facts[f"{mode} batch ms"] = median(ours)
        for name, invocations in found.items():
            findings.add_bar("batches", f"{words}, {name}", {"": median(milliseconds(invocations))})
        findings.rows += [
            Row(
                f"10 messages, {words}, to the limit",
                spread([each / least for each in ours]),
                "x",
                1.15,
                note=f"{median(ours):.0f} ms to the limit of {least:.0f} ms. A bare function takes {bare:.0f} ms.",
                floor=f"{_CLAIM_FLOOR} {_waited(found['ours'])}",
            ),
            Row(
                f"10 messages, {words}, faster than recipe",
                ratios(theirs, ours),
                "x",
                10,
                better="more",
                note=f"The recipe takes {median(theirs):,.0f} ms.",
            ),
        ]


def measure_publisher(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure how long the publisher takes for changes of the table."""
    records = written_records(stub, _LARGE_BATCH)
    with all_started({"ours": product("publisher", Setting(stub.port))}) as processes:
        for count in (_BATCH, _LARGE_BATCH):
            took = milliseconds(
                in_turns(processes, max(3, size.warm_rounds // 2), partial(changes, records[:count]))["ours"]
            )
            findings.facts[f"publisher ms, {count} changes"] = median(took)
    stub.taken()
    findings.rows.append(Row("100 changes, publisher", spread(took), "ms", note="Ten requests of ten events each."))


def written_records(stub: StubProcess, count: int) -> list[Mapping[str, Any]]:
    """Return records that our function writes, as the table has them."""
    with all_started({"ours": product("orders", Setting(stub.port))}) as processes:
        stub.taken()
        processes["ours"].invoke(Orders().batch(count))
    return [item for table, item in stub.taken().items if table == "AllocationsTable"]
