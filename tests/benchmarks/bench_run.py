"""How functions are run side by side: started together, given the same work in turns, and counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.events import Event
from tests.benchmarks.functions import FOLDER
from tests.benchmarks.lambda_process import Function, Invocation, LambdaProcess, started
from tests.benchmarks.stubbed import Counted, StubProcess

_LOGS = FOLDER / "logs"


@dataclass(frozen=True, slots=True)
class Size:
    """How often things are measured: few times for `--quick`."""

    cold_rounds: int
    warm_rounds: int
    large_rounds: int
    orders_in_a_row: int
    throughput_orders: int
    throughput_rounds: int


FULL = Size(
    cold_rounds=11,
    warm_rounds=40,
    large_rounds=7,
    orders_in_a_row=100_000,
    throughput_orders=1_000,
    throughput_rounds=4,
)
QUICK = Size(
    cold_rounds=2, warm_rounds=6, large_rounds=2, orders_in_a_row=3_000, throughput_orders=200, throughput_rounds=1
)


@contextmanager
def all_started(functions: Mapping[str, Function]) -> Iterator[dict[str, LambdaProcess]]:
    """Start all functions, one after another. They end with the block."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(started(each, _LOGS)) for name, each in functions.items()}


def in_turns(
    processes: Mapping[str, LambdaProcess], rounds: int, event: Callable[[], Event]
) -> dict[str, list[Invocation]]:
    """Give each process an event, round by round, after one that is not counted."""
    found: dict[str, list[Invocation]] = {name: [] for name in processes}
    for number in range(rounds + 1):
        for name, process in processes.items():
            invocation = process.invoke(event())
            require_done(name, invocation)
            if number:
                found[name].append(invocation)
    return found


def require_done(name: str, invocation: Invocation) -> None:
    """Raise `ValueError` where a function returned messages: what failed must not be timed."""
    failed = invocation.answer.get("batchItemFailures") if isinstance(invocation.answer, dict) else None
    if failed:
        raise ValueError(f"{name} returned {len(failed)} of its messages: see {_LOGS}")


@dataclass(frozen=True, slots=True)
class ColdStart:
    """A process that was started for one event: its init, that event, and those after it."""

    init_seconds: float
    first: Invocation
    warm: tuple[Invocation, ...]
    processor_seconds: float
    """Of the init and the first event."""

    @property
    def seconds(self) -> float:
        """From the start of the process to its first answer."""
        return self.init_seconds + self.first.seconds


def cold_starts(
    functions: Mapping[str, Function], events: Mapping[str, Callable[[], Event]], rounds: int, warm: int = 3
) -> dict[str, list[ColdStart]]:
    """Start each function anew in every round, and give it an event, and then some more."""
    found: dict[str, list[ColdStart]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            with started(function, _LOGS) as process:
                first, *later = (process.invoke(events[name]()) for _ in range(1 + warm))
                require_done(name, first)
                processor = process.init_processor_seconds + first.processor_seconds
                cold = ColdStart(process.init_seconds, first, tuple(later), processor)
            if number:  # the first round reads the files from the disk
                found[name].append(cold)
    return found


def counted_over(stub: StubProcess, work: Callable[[], Any]) -> tuple[Any, Counted]:
    """Do the work. Return its result, and what it asked of the stub."""
    stub.taken()
    result = work()
    return result, stub.taken()


def milliseconds(invocations: Sequence[Invocation]) -> list[float]:
    """Return how long each invocation took."""
    return [each.seconds * 1e3 for each in invocations]
