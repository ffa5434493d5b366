"""The rows about starts: cold starts beside the recipe's, and first invocations beside warm ones."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from tests.benchmarks.bench_run import ColdStart, Size, cold_starts
from tests.benchmarks.events import Event, Orders, api_request, authorizer_request, changes
from tests.benchmarks.figures import Findings, Row, ratios, spread
from tests.benchmarks.functions import Setting, limit, product, recipe
from tests.benchmarks.stubbed import StubProcess
from tests.benchmarks.waits import written_records

_GOALS: Final = {"orders": 0.6, "publisher": 0.75, "api": 0.9, "authorizer": 0.5}
_FIRST_GOAL: Final = 1.5


def measure_cold_starts(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure cold starts beside the recipe's, and first invocations beside warm ones."""
    setting, events = Setting(stub.port), _events(stub)
    for name, event in events.items():
        functions = {"ours": product(name, setting), "recipe": recipe(name, setting)}
        if name == "orders":
            functions["limit"] = limit(setting)
        found = cold_starts(functions, dict.fromkeys(functions, event), size.cold_rounds)
        stub.taken()
        if name == "orders":
            bare = median(each.seconds for each in found["limit"]) * 1e3
            findings.facts["bare cold ms"] = bare
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
    orders, records = Orders(), written_records(stub, 1)
    return {
        "orders": lambda: orders.batch(1),
        "publisher": lambda: changes(records),
        "api": api_request,
        "authorizer": authorizer_request,
    }


def _cold_row(findings: Findings, name: str, ours: Sequence[ColdStart], theirs: Sequence[ColdStart]) -> None:
    one, other = (median(each.seconds for each in some) * 1e3 for some in (ours, theirs))
    used, their_used = (median(each.processor_seconds for each in some) * 1e3 for some in (ours, theirs))
    bare = findings.facts["bare cold ms"]
    for who, some in (("ours", ours), ("recipe", theirs)):
        init = median(each.init_seconds for each in some) * 1e3
        first = median(each.first.seconds for each in some) * 1e3
        findings.add_bar("cold", f"{name}, {who}", {"init": init, "first answer": first})
    findings.rows.append(
        Row(
            f"cold start, {name}, to the recipe's",
            ratios([each.seconds for each in ours], [each.seconds for each in theirs]),
            "x",
            _GOALS[name],
            note=f"{one:,.0f} ms to {other:,.0f} ms; of a processor {used:.0f} to {their_used:.0f} ms.",
            floor=f"A function of the standard library alone needs {bare:.0f} ms: {bare / other:.2f} x.",
        )
    )


def _first_row(findings: Findings, name: str, found: Sequence[ColdStart]) -> None:
    first = [each.first.seconds for each in found]
    warm = [median(later.seconds for later in each.warm) for each in found]
    words = f"{median(first) * 1e3:.1f} ms to {median(warm) * 1e3:.1f} ms."
    findings.rows.append(
        Row(f"first invocation, {name}, to a warm one", ratios(first, warm), "x", _FIRST_GOAL, note=words)
    )
