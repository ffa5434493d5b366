"""The row about a long run: whether an order costs as much after 100,000 others as after 1,000."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from tests.benchmarks.bench_run import Size, all_started, require_done
from tests.benchmarks.events import Orders
from tests.benchmarks.figures import Findings, Row, spread
from tests.benchmarks.functions import Setting, product
from tests.benchmarks.stubbed import StubProcess

_BATCH: Final = 100
# How many orders are a point of the curve.
_WINDOW: Final = 1_000
# The first and the last part of the run, which are compared.
_PART: Final = 0.1


def measure_endurance(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure the processor's time and the time of an order, over many orders in one process."""
    orders = Orders()
    used: list[float] = []
    taken: list[float] = []
    memory: list[float] = []
    with all_started({"it": product("orders", Setting(stub.port))}) as processes:
        process = processes["it"]
        for _ in range(size.orders_in_a_row // _BATCH):
            found = process.invoke(orders.batch(_BATCH))
            require_done("ours", found)
            stub.taken()
            used.append(found.processor_seconds * 1e3 / _BATCH)
            taken.append(found.seconds * 1e3 / _BATCH)
            memory.append(process.peak_megabytes())
    last = f"{size.orders_in_a_row:,}"
    for name, figures in (("CPU", used), ("wall", taken)):
        early, late = _parts(figures)
        findings.rows.append(
            Row(
                f"{name} an order, after {last} to after 1,000",
                spread([each / median(early) for each in late]),
                "x",
                1.1,
                note=f"{median(late):.2f} ms to {median(early):.2f} ms. Memory: {memory[-1]:.0f} MB.",
            )
        )
        findings.series[f"{name} ms"] = _windows(figures)
    findings.series["memory MB"] = _windows(memory)


def _parts(figures: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """Return the figures after the first 1,000 orders, and the last ones."""
    warm = figures[_WINDOW // _BATCH :]
    part = max(5, round(len(warm) * _PART))
    return warm[:part], warm[-part:]


def _windows(figures: Sequence[float]) -> list[tuple[float, float]]:
    """Return the median of each 1,000 orders, by how many orders had gone before its end."""
    step = _WINDOW // _BATCH
    return [
        (float((at + step) * _BATCH), median(figures[at : at + step])) for at in range(0, len(figures) - step + 1, step)
    ]
