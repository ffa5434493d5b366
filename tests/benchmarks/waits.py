"""The rows about time: batches of orders, cold starts, first invocations, and the processor's time of an order."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any, Final

from tests.benchmarks.bench_run import ColdStart, Size, all_started, cold_starts, in_turns, milliseconds
from tests.benchmarks.events import Event, Orders, api_request, authorizer_request, changes
from tests.benchmarks.figures import Findings, Row, ratios, spread
from tests.benchmarks.functions import Setting, limit, product, recipe
from tests.benchmarks.stub import AWS_SECONDS, PRO_SECONDS, PRO_SECONDS_EACH
from tests.benchmarks.stubbed import StubProcess

_BATCH: Final = 10
_LARGE_BATCH: Final = 100
# A read of the records, SortedPRO for every consignment at once, a write.
_PRO_LIMIT_SECONDS: Final = AWS_SECONDS + PRO_SECONDS + PRO_SECONDS_EACH + AWS_SECONDS
_COLD_GOALS: Final = {"orders": 0.6, "publisher": 0.75, "api": 0.9, "authorizer": 0.5}
_FIRST_GOAL: Final = 1.5


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
    ours, theirs = milliseconds(small["ours"]), milliseconds(small["recipe"])
    bare = median(milliseconds(small["limit"]))
    many = milliseconds(large["ours"])
    findings.facts["engine batch ms"] = median(ours)
    for name, invocations in small.items():
        findings.add_bar("batches", f"engine, {name}", {"": median(milliseconds(invocations))})
    findings.rows += [
        Row(
            "100 messages x 3 consignments, engine",
            spread(many),
            "ms",
            250,
            note=f"The limit takes {median(milliseconds(large['limit'])):.0f} ms.",
        ),
        Row(
            "10 messages, engine",
            spread(ours),
            "ms",
            20,
            note=f"The limit takes {bare:.0f} ms, the recipe {median(theirs):.0f} ms.",
        ),
    ]
    _processor_row(findings, 66, [each.processor_seconds for each in small["ours"]], 1.0)
    findings.facts["engine cpu ms"] = median(each.processor_seconds for each in small["ours"]) * 1e3 / _BATCH


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
        findings.facts[f"{mode} cpu ms"] = median(each.processor_seconds for each in found["ours"]) * 1e3 / _BATCH
        findings.rows += [
            Row(
                f"10 messages, {words}, to the limit",
                spread([each / least for each in ours]),
                "x",
                1.15,
                note=f"{median(ours):.0f} ms to the limit of {least:.0f} ms. A bare function takes {bare:.0f} ms.",
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
    records = _records(stub, _LARGE_BATCH)
    with all_started({"ours": product("publisher", Setting(stub.port))}) as processes:
        for count in (_BATCH, _LARGE_BATCH):
            took = milliseconds(
                in_turns(processes, max(3, size.warm_rounds // 2), partial(changes, records[:count]))["ours"]
            )
            findings.facts[f"publisher ms, {count} changes"] = median(took)
    stub.taken()
    findings.rows.append(Row("100 changes, publisher", spread(took), "ms", note="Ten requests of ten events each."))


def _records(stub: StubProcess, count: int) -> list[Mapping[str, Any]]:
    """Return records that our function writes, as the table has them."""
    with all_started({"ours": product("orders", Setting(stub.port))}) as processes:
        stub.taken()
        processes["ours"].invoke(Orders().batch(count))
    return [item for table, item in stub.taken().items if table == "AllocationsTable"]


def measure_cold_starts(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure cold starts beside the recipe's, and first invocations beside warm ones."""
    setting, events = Setting(stub.port), _events(stub)
    for name, event in events.items():
        functions = {"ours": product(name, setting), "recipe": recipe(name, setting)}
        found = cold_starts(functions, dict.fromkeys(functions, event), size.cold_rounds)
        stub.taken()
        _cold_row(findings, name, found["ours"], found["recipe"])
        if name in ("orders", "publisher"):
            _first_row(findings, name, found["ours"])
    large = {"ours": product("orders", Setting(stub.port, 1000))}
    found = cold_starts(large, {"ours": events["orders"]}, max(2, size.cold_rounds // 2))
    stub.taken()
    first = spread([each.first.seconds * 1e3 for each in found["ours"]])
    whole = median(each.seconds for each in found["ours"]) * 1e3
    findings.rows.append(
        Row(
            "first invocation, orders, 1,000 services from S3",
            first,
            "ms",
            150,
            note=f"Init, in which the catalogue is read, and the first answer together take {whole:.0f} ms.",
        )
    )


def _events(stub: StubProcess) -> dict[str, Callable[[], Event]]:
    """Return what each function is given: an order, the record that comes of one, a request."""
    orders, records = Orders(), _records(stub, 1)
    return {
        "orders": lambda: orders.batch(1),
        "publisher": lambda: changes(records),
        "api": api_request,
        "authorizer": authorizer_request,
    }


def _cold_row(findings: Findings, name: str, ours: Sequence[ColdStart], theirs: Sequence[ColdStart]) -> None:
    one, other = (median(each.seconds for each in some) * 1e3 for some in (ours, theirs))
    used, their_used = (median(each.processor_seconds for each in some) * 1e3 for some in (ours, theirs))
    findings.facts[f"{name} cold ms"] = one
    for who, some in (("ours", ours), ("recipe", theirs)):
        init = median(each.init_seconds for each in some) * 1e3
        first = median(each.first.seconds for each in some) * 1e3
        findings.add_bar("cold", f"{name}, {who}", {"init": init, "first answer": first})
    findings.rows.append(
        Row(
            f"cold start, {name}, to the recipe's",
            ratios([each.seconds for each in ours], [each.seconds for each in theirs]),
            "x",
            _COLD_GOALS[name],
            note=f"{one:.0f} ms to {other:.0f} ms; of a processor {used:.0f} to {their_used:.0f} ms.",
        )
    )


def _first_row(findings: Findings, name: str, found: Sequence[ColdStart]) -> None:
    first = [each.first.seconds for each in found]
    warm = [median(later.seconds for later in each.warm) for each in found]
    words = f"{median(first) * 1e3:.1f} ms to {median(warm) * 1e3:.1f} ms."
    findings.rows.append(
        Row(f"first invocation, {name}, to a warm one", ratios(first, warm), "x", _FIRST_GOAL, note=words)
    )
