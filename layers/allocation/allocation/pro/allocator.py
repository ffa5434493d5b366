"""Allocates over SortedPRO's API: in parallel, by rounds, and never twice what may be allocated already."""

import random
import time
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Deadline
from allocation.pro.claims import Claimed, Claims
from allocation.pro.client import ProClient
from allocation.pro.health import (
    Circuit,
    CircuitOpenError,
    CircuitStateError,
    CredentialsError,
    NothingTriedError,
    OutageError,
)
from allocation.pro.parallel import ParallelCalls
from allocation.pro.rounds import Progress, Rounds

SAY_NOTHING: Final = frozenset({"out_of_time", "state_forbidden", "allocator_crashed"})
"""Causes of no outcome that say nothing of how well PRO is."""
FIRST_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class ProAllocator:
    """The `Allocator` over PRO's API. What fails is a `Deferred` or an outcome, never an exception."""

    client: ProClient
    claims: Claims
    patience_seconds: float
    """For so long PRO, or what stands before it, may carry out a call whose caller has gone: nobody asks before."""
    bulk_size: int = 5
    """Consignments a bulk call: PRO takes them one by one, so its time grows with them."""
    reserve_seconds: float = 5.0
    """Kept free at the end for whoever writes the outcomes down."""
    circuit: Circuit | None = None
    count: Callable[[str, int], None] = lambda _metric, _value: None
    """Told `AllocationsAdopted`, as `allocation.orders.reporting.count` would be."""
    measure: Callable[[str, int], None] = lambda _metric, _value: None
    """Told `ProAllocationMilliseconds` of each allocation call that was answered."""
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    """From 0 up to 1."""

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answers for every consignment; asks PRO in rounds, each in parallel, while there is time.

        The state of those that somebody has claimed before is read first: PRO is not asked again for what it has
        allocated. Those that somebody may be asking for now are left to the queue. Raises `RetryableError` where the
        claims can't be told.
        """
        references = list(dict.fromkeys(consignment.reference for consignment in consignments))
        held: dict[ConsignmentReference, Deferred] = {}
        progress = Progress()

        def work() -> None:
            claimed = self._claim(references, deadline)
            held.update({key: Deferred("outcome_unknown", seconds) for key, seconds in claimed.held.items()})
            free = [reference for reference in references if reference not in held]
            try:
                self._allocate(free, claimed.asked_before, mode, deadline, progress)
            finally:
                self._give_back(free, claimed.until, progress)
            raise_trouble(progress.answers)

        try:
            self.circuit.run(work) if self.circuit else work()
        except CircuitOpenError as error:
            return dict.fromkeys(references, Deferred(error.cause, error.retry_after_seconds))
        except (OutageError, CredentialsError, NothingTriedError, CircuitStateError) as error:
            logger.warning("PRO is not well", extra={"error": type(error).__name__, "cause": str(error)})
        return {reference: Deferred("outage") for reference in references} | held | progress.answers

    def _claim(self, references: Sequence[ConsignmentReference], deadline: Deadline) -> Claimed:
        """Claims for as long as this environment can be at work, and PRO at its last call."""
        return self.claims.take(references, max(deadline.remaining_seconds(), 0) + self.patience_seconds)

    def _give_back(self, references: Sequence[ConsignmentReference], until: int, progress: Progress) -> None:
        """Ends the claims of what has no outcome: at once, or when PRO can no longer be at it."""
        without = [each for each in references if isinstance(progress.answers.get(each), Deferred | None)]
        in_hand = {each for each in without if progress.is_in_hand(each)}
        for is_in_hand, seconds in ((False, 0.0), (True, self.patience_seconds)):
            if ended := [each for each in without if (each in in_hand) is is_in_hand]:
                self.claims.give_back(ended, until, seconds)

    def _allocate(
        self,
        references: Sequence[ConsignmentReference],
        asked_before: Set[ConsignmentReference],
        mode: AllocationMode,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        executor = ThreadPoolExecutor(self.client.connections, thread_name_prefix="pro")
        calls = ParallelCalls(
            self.client, executor, deadline, self.reserve_seconds, lambda: self.pause(self.backoff(0))
        )
        try:
            rounds = Rounds(self, mode, calls, progress)
            rounds.run(rounds.unallocated(references, asked_before), asked_before)
        finally:
            # A thread that hangs, in name resolution for one, must not hold the answer back.
            executor.shutdown(wait=False, cancel_futures=True)

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try: at random, so that environments do not fall in step, and longer each time."""
        return self.jitter() * FIRST_PAUSE_SECONDS * (1 << attempt)


def raise_trouble(answers: Mapping[ConsignmentReference, Outcome | Deferred]) -> None:
    """Tells the circuit how well PRO is: one outcome in a batch shows that it works, whatever else failed."""
    causes = {answer.cause for answer in answers.values() if isinstance(answer, Deferred)}
    if any(not isinstance(answer, Deferred) for answer in answers.values()):
        return
    if "credentials" in causes:
        raise CredentialsError("PRO rejected the subscription key, or there is none")
    if causes <= SAY_NOTHING:
        raise NothingTriedError(
            f"nothing is known of PRO: {', '.join(sorted(causes)) or 'nothing was to be asked for'}"
        )
    raise OutageError(f"PRO answered for none of {len(answers)} consignments: {', '.join(sorted(causes))}")
