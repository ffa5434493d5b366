"""Simulated time, processes and faults: one seed is one history, to the last call.

Every call that leaves the process goes through `World.call`. There time passes, other processes run, and a fault may
strike: the call fails before its work is done, or after; or the process is killed before, or after.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

Result = TypeVar("Result")

MAX_HISTORY_SECONDS = 14 * 24 * 3600.0
"""A history that lasts longer waits for something that never comes."""

LATEST_SECONDS = 230.0
"""How long after its caller gave up a slow call may be under way, as `docs/pro-client.md` says of PRO."""

WRITES = ("BatchExecuteStatement", "PutItem", "TransactWriteItems", "UpdateItem")
BOTO3_SECONDS = 17.5
"""How long `adapters.aws.CLIENT_CONFIG` waits in all for a service that does not answer."""

QUICK_SECONDS = 0.2
"""How long a call takes at most that is answered, unless the plan says otherwise."""


class Fault(StrEnum):
    """What can strike at a call boundary."""

    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    KILL_BEFORE = "kill before"
    KILL_AFTER = "kill after"
    SLOW = "slow"


class KilledError(BaseException):
    """The process ends here. No `except Exception` of the code under test may stop it."""


class Process(greenlet):
    """An invocation of a function."""

    number = 0
    is_gone = False
    """Whether it was killed, and does nothing more."""


class Unheard(greenlet):
    """Work that another service does after its caller has gone."""

    latest = 0.0
    """When it is over at the latest."""


class NeverQuietError(AssertionError):
    """The history goes on for ever."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes a history: `seed` draws everything; `spared` names call numbers at which no fault strikes."""

    seed: int
    fault_chance: float = 0.08
    faults_until: float = 3600.0
    """Seconds after which nothing fails any more, so that a history can come to rest."""
    spared: frozenset[int] = frozenset()
    dropped_orders: frozenset[int] = frozenset()
    outage_seconds: float = 0.0
    """How long PRO is out of order, from the beginning."""
    outage_kind: str = "refused"
    """How it is then: no connection comes about (`refused`), or what `tests.support.pro_faults` has by this name."""
    unwinds: bool = True
    """Whether what is killed still does what it does at its end (`finally`), as where an error ends it; or nothing."""
    killed_at: tuple[int, Fault] | None = None
    """A call number and the one fault of this history, which strikes there."""
    sns_outage_seconds: float = 0.0
    """How long SNS takes nothing, from the beginning."""
    hung_writes_seconds: float = 0.0
    """How long DynamoDB answers no write, from the beginning."""
    archive_outage_seconds: float = 0.0
    """How long the table of the catalogues answers nobody, from the beginning."""
    prompt: bool = False
    """No call is so slow that its work is done when its caller is gone: PRO need never be asked again for what it has
    allocated."""
    faults: tuple[Fault, ...] = tuple(Fault)
    """What may strike."""
    strikes_at: tuple[str, ...] = ("",)
    """What the names of the calls begin with that may be struck."""
    misleading: bool = False
    """Whether PRO's answers that go wrong are all of those that tell something else."""
    slowest_call: float = QUICK_SECONDS
    """How many seconds a call takes at most that is answered."""
    slow_at: tuple[str, ...] = ("",)
    """What the names of the calls begin with that may take so long; the others are quick."""
    miscounted: float = 0.0
    """How likely a message that comes for the second time is said to come for the first: SQS calls the count
    approximate."""
    read_lag: float = 9.0
    """How many seconds a read that need not be consistent is behind at most. AWS names no bound, and says that it is
    usually within one."""
    index_lag: float | None = None
    """How many seconds the index by order is behind; None where that is drawn for each look."""
    cancelled: float | None = None
    """How likely each order is to be cancelled, and updated; None where that is drawn."""
    updated: float | None = None
    updated_at: float | None = None
    """When all updates are sent; None where that is drawn for each."""
    large_orders: bool = True
    """Whether an order may have hundreds of consignments."""
    killers: float = 0.0
    """How likely each order is to end the function whenever it is read, as one that takes all its memory does."""
    together: bool = False
    """Whether all orders are sent at one time, and batches stay together as long as they can."""
    delivered_again: float = 0.03
    """How likely SQS is to deliver a message again that is being worked on, by itself."""
    with_engine: bool | None = None
    """Whether the engine allocates, and not PRO; None where that is drawn."""
    followed: bool | None = None
    """Whether people work in PRO, and records follow them; None where that is drawn."""
    creates: bool | None = None
    """Whether PRO creates some of the consignments; None where that is drawn."""
    earlier: bool = False
    """Whether version 0.2.0 has left records and claims, and allocations that it lost. Only where PRO allocates."""
    with_canaries: bool | None = None
    """Whether canaries come beside the orders; None where that is drawn."""
    requests: bool = False
    """Whether the API is asked to deallocate and cancel, and to allocate where the engine does."""
    switches: bool = False
    """Whether the stack is switched from PRO to the engine and back while orders wait, half of the stacks from the
    engine to PRO before. No function runs at that moment, and no write of the engine's is under way."""
    switched_at: tuple[float, float, float] | None = None
    """When such a stack is switched from the engine to PRO, to the engine and to PRO again; None where that is
    drawn."""
    lacks_rows: bool = False
    """Whether there is a routing table that lacks rows for some delivery options, and fails what asks for these."""
    unkind: bool = False
    """Whether PRO does not refuse a second allocation, answers before it has worked, shows late that it is allocating,
    and may take longer than any patience then; clocks of environments differ by minutes."""
    schedule: int = 0
    """Another one is another order of events, with the same messages."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The end of an invocation in simulated time."""

    world: "World"
    moment: float

    def remaining_seconds(self) -> float:
        """Seconds until the process is killed."""
        return self.moment - self.world.now


@dataclass(slots=True)
class World:
    """The clock, the processes and the faults of one history."""

    plan: Plan
    now: float = 0.0
    calls: int = 0
    struck: dict[int, str] = field(default_factory=dict)
    """By call number: what struck, and where."""
    counts: Counter[str] = field(default_factory=Counter)
    written_at: float = 0.0
    """When the last write that was given up so far has been carried out."""
    random: Random = field(init=False)
    _draw: Random = field(default_factory=Random)
    """Seeded anew for each call: making one for each takes longer."""
    _may_hang: bool = field(init=False)
    _agenda: list[tuple[float, int, Callable[[], Any]]] = field(default_factory=list)
    _entries: int = 0
    _processes: int = 0
    _main: greenlet = field(default_factory=getcurrent)

    def __post_init__(self) -> None:
        self.random = Random(f"{self.plan.seed}/{self.plan.schedule}")
        self._may_hang = bool(self.plan.archive_outage_seconds or self.plan.hung_writes_seconds)

    def at(self, seconds: float, action: Callable[[], Any]) -> None:
        """Puts `action` on the agenda, `seconds` from now."""
        self._entries += 1
        heapq.heappush(self._agenda, (self.now + seconds, self._entries, action))

    def run(self) -> None:
        """Runs until nothing is on the agenda. Raises `NeverQuietError` where that does not come about."""
        agenda = self._agenda
        while agenda:
            self.now, _, action = heapq.heappop(agenda)
            if self.now > MAX_HISTORY_SECONDS:
                raise NeverQuietError(f"seed {self.plan.seed}: not at rest after {self.now:.0f} s")
            action()

    def start(self, work: Callable[[], Any], seconds: float, done: Callable[[Any], Any]) -> None:
        """Starts a process that is killed after `seconds`; `done` gets its result, or None if it was killed."""

        def body() -> None:
            try:
                result = work()
            except KilledError:
                result = None
            done(result)

        self._processes += 1
        process = Process(body, self._main)
        process.number = self._processes
        self.at(0, process.switch)
        self.at(seconds, lambda: self._kill(process, "process timed out"))

    def _kill(self, process: Process, why: str) -> None:
        if not process.dead:
            self.counts[why] += 1
            process.is_gone = not self.plan.unwinds
            process.throw(KilledError)

    def _killed(self, name: str) -> KilledError:
        """What ends the process that is running."""
        process = getcurrent()
        if isinstance(process, Process):
            process.is_gone = not self.plan.unwinds
        return KilledError(name)

    def _require_alive(self, name: str) -> None:
        process = getcurrent()
        if isinstance(process, Process) and process.is_gone:
            raise KilledError(name)

    def call(
        self,
        name: str,
        work: Callable[[], Result],
        error: Callable[[bool], Exception],
        seconds: float = 8.0,
        hang_seconds: float = BOTO3_SECONDS,
        *,
        answers_early: bool = False,
    ) -> Result:
        """One call to the outside; `error(done)` makes what the caller sees when it fails, its work done or not.

        A slow call is given up after `seconds`; its work is done all the same, before that or long after. One that
        hangs is given up after `hang_seconds`. What `answers_early` may also answer a slow call with an error at once,
        or go on when its caller was killed.
        """
        self._require_alive(name)
        self.calls += 1
        if self._may_hang and self.hangs(name):
            self._pass_time(hang_seconds)
            raise error(True)
        fault = self._fault(self.calls, name)
        if fault is Fault.SLOW:
            waits = self.random.choice((seconds, 0.1, None)) if answers_early else seconds
            latest = self.now + (waits or 0.0) + LATEST_SECONDS
            done_after = self.random.uniform(0, 10 * seconds)
            self.at(done_after, lambda: self._go_on(work, latest))
            if name.startswith(WRITES):
                self.written_at = max(self.written_at, self.now + done_after)
            if waits is None:
                raise self._killed(name)
            self._pass_time(waits)
            raise error(True)
        random = self.random.random
        slowest = self.plan.slowest_call if name.startswith(self.plan.slow_at) else QUICK_SECONDS
        self._pass_time(0.001 + (slowest - 0.001) * random())
        if fault is Fault.KILL_BEFORE:
            raise self._killed(name)
        if fault is Fault.ERROR_BEFORE:
            raise error(False)
        result = work()
        self._pass_time(0.001 + (0.1 - 0.001) * random())
        if fault is Fault.KILL_AFTER:
            raise self._killed(name)
        if fault is Fault.ERROR_AFTER:
            raise error(True)
        return result

    def hangs(self, name: str) -> bool:
        """Whether a call of this name gets no answer at this time."""
        if self.now < self.plan.archive_outage_seconds and name.endswith(" catalogue"):
            return True
        return self.now < self.plan.hung_writes_seconds and name.startswith(WRITES)

    def _go_on(self, work: Callable[[], Any], latest: float) -> None:
        """Do work whose caller is gone: nobody learns its result."""

        def body() -> None:
            with suppress(Exception):
                work()

        unheard = Unheard(body, self._main)
        unheard.latest = latest
        unheard.switch()

    def linger(self, longest_seconds: float) -> None:
        """Lets time pass amid work whose caller is gone; other work is over in a moment."""
        unheard = getcurrent()
        if isinstance(unheard, Unheard):
            self._pass_time(self.random.uniform(0, max(0.0, min(longest_seconds, unheard.latest - self.now))))

    def linger_on(self, longest_seconds: float) -> None:
        """Lets more time pass amid such work, however late it is."""
        if isinstance(getcurrent(), Unheard):
            self._pass_time(self.random.uniform(0, longest_seconds))

    def _pass_time(self, seconds: float) -> None:
        process, moment, agenda = getcurrent(), self.now + seconds, self._agenda
        is_next = not agenda or moment < agenda[0][0]
        if is_next and moment <= MAX_HISTORY_SECONDS and process is not self._main:
            # Nothing happens meanwhile. Leaving the process to come back at once would only take time.
            self._entries += 1
            self.now = moment
            return
        self.at(seconds, lambda: None if process.dead else process.switch())
        self._main.switch()

    def sleep(self, seconds: float) -> None:
        """What `time.sleep` is to a process of this world."""
        self._require_alive("sleep")
        self._pass_time(seconds)

    def _fault(self, number: int, name: str) -> Fault | None:
        plan, draw = self.plan, self._draw
        if plan.killed_at:
            return self._strike(number, name, plan.killed_at[1]) if number == plan.killed_at[0] else None
        if not plan.fault_chance or self.now > plan.faults_until or number in plan.spared:
            return None
        if not name.startswith(plan.strikes_at):
            return None
        draw.seed(f"{plan.seed}/{number}")
        if draw.random() >= plan.fault_chance:
            return None
        fault = draw.choice([each for each in plan.faults if each is not Fault.SLOW or not plan.prompt])
        return self._strike(number, name, fault)

    def _strike(self, number: int, name: str, fault: Fault) -> Fault:
        self.struck[number] = f"{fault} {name}"
        self.counts[fault] += 1
        return fault
