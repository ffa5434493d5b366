"""The row about a whole stack: orders a second from the queue to the topic, beside what the emulator can take.

The queue, the tables, the stream and the topic are those of the local stack. Its own pollers are switched off: ours
give batches to functions that run under Lambda's runtime client. The ceiling is the same pollers with the same calls
to AWS, recorded and sent as they are by a client that decides nothing.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from rich.console import Console

from cli.output import Progress
from cli.paths import folder_of
from cli.stack.clients import HOST
from cli.stack.deploy import Deployment, deployed
from tests.benchmarks.bench_run import Size
from tests.benchmarks.figures import Findings, Row, ratios, spread
from tests.benchmarks.pollers import WORKERS, PolledStack, Took
from tests.benchmarks.stubbed import StubProcess


def measure_throughput(stub: StubProcess, size: Size, findings: Findings) -> None:
    """Measure orders a second through the stack, and through the stack without us, in turns."""
    found: dict[str, list[Took]] = {"ours": [], "ceiling": []}
    with _silent_stack() as deployment:
        stack = PolledStack(deployment)
        recorded = stack.recorded(stub)
        for number in range(size.throughput_rounds + 1):
            for name, some in found.items():
                orders = size.throughput_orders if number else size.throughput_orders // 5
                took = stack.took(name, recorded, orders)
                if number:
                    some.append(took)
    ours, ceiling = ([each.rate for each in some] for some in found.values())
    told = f"{median(ours):.0f} to {median(ceiling):.0f} a second, {WORKERS} functions at once. {_used(found['ours'])}"
    what = "orders a second, queue to topic, to the ceiling"
    findings.rows += [
        Row(what, ratios(ours, ceiling), "x", 0.8, "more", told, _floor(found["ours"])),
        Row("orders a second, queue to topic", spread(ours), ""),
    ]


def _used(found: Sequence[Took]) -> str:
    emulator, functions = _milliseconds(found)
    busy = median(each.emulator_seconds / each.seconds for each in found)
    return (
        f"An order takes {emulator:.1f} ms of a processor in the emulator, which is busy {busy:.0%} of the time, and "
        f"{functions:.1f} ms in our functions."
    )


def _floor(found: Sequence[Took]) -> str:
    emulator, functions = _milliseconds(found)
    most = (os.cpu_count() or 1) * emulator / (emulator + functions)
    return f"On {os.cpu_count()} processors, which the pollers need too, {min(1.0, most):.2f} x is the most."


def _milliseconds(found: Sequence[Took]) -> tuple[float, float]:
    """Return the processor's time of an order, in the emulator and in our functions."""
    return (
        median(each.emulator_seconds * 1e3 / each.orders for each in found),
        median(each.functions_seconds * 1e3 / each.orders for each in found),
    )


@contextmanager
def _silent_stack() -> Iterator[Deployment]:
    """Deploy a stack whose emulator polls nothing itself."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    progress = Progress(Console(stderr=True, quiet=True))
    with deployed(port, {}, folder_of(port), progress) as deployment:
        functions = deployment.clients.functions
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        yield deployment
