"""Allocates over SortedPRO's API: in parallel, by rounds, and never twice what may be allocated already."""

import random
import time
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from traceback import extract_tb
from typing import Final, TypeVar

from allocation.adapters.pro_calls import AllocationCall, allocation_call, allocation_calls
from allocation.adapters.pro_claims import Claimed, Claims
from allocation.adapters.pro_client import ProClient, Reply
from allocation.adapters.pro_health import (
    Circuit,
    CircuitOpenError,
    CircuitStateError,
    CredentialsError,
    NothingTriedError,
    OutageError,
)
from allocation.adapters.pro_parallel import MINIMUM_SECONDS, ParallelCalls
from allocation.adapters.pro_verdicts import ASKED_BEFORE, Doubtful, TryAgain, Untouched, Verdict, judge, judge_state
from allocation.domain.consignments import Consignment
from allocation.domain.modes import AllocationMode
from allocation.domain.outcomes import Allocated, Deferred, Outcome
from allocation.domain.references import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Deadline

Answers = dict[ConsignmentReference, Outcome | Deferred]
Judged = TypeVar("Judged")

CRASHED: Final[Verdict] = Doubtful("outcome_unknown", again=False, open=True)
NOT_UNDERSTOOD: Final[Outcome | Deferred | TryAgain] = Deferred("outcome_unknown")
MAXIMUM_ROUNDS: Final = 3
"""How often one consignment is asked for, at the most, before its message goes back to the queue."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 2.0
"""A longer wait is left to the queue: a function that sleeps is paid for."""


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
    """Told `AllocationsAdopted`, as `allocation.reporting.count` would be."""
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
        held: Answers = {}
        answers: Answers = {}
        open_calls: set[ConsignmentReference] = set()

        def work() -> None:
            claimed = self._claim(references, deadline)
            held.update({key: Deferred("outcome_unknown", seconds) for key, seconds in claimed.held.items()})
            free = [reference for reference in references if reference not in held]
            try:
                self._allocate(free, claimed.asked_before, mode, deadline, answers, open_calls)
            except Exception:
                # Nobody knows which calls were under way.
                open_calls.update(free)
                raise
            finally:
                self._give_back(free, claimed.until, answers, open_calls)
            raise_trouble(answers)

        try:
            self.circuit.run(work) if self.circuit else work()
        except CircuitOpenError as error:
            return dict.fromkeys(references, Deferred(error.cause, error.retry_after_seconds))
        except (OutageError, CredentialsError, NothingTriedError, CircuitStateError) as error:
            logger.warning("PRO is not well", extra={"error": type(error).__name__, "cause": str(error)})
        return {reference: Deferred("outage") for reference in references} | held | answers

    def _claim(self, references: Sequence[ConsignmentReference], deadline: Deadline) -> Claimed:
        """Claims for as long as this environment can be at work, and PRO at its last call."""
        return self.claims.take(references, max(deadline.remaining_seconds(), 0) + self.patience_seconds)

    def _give_back(
        self,
        references: Sequence[ConsignmentReference],
        until: int,
        answers: Answers,
        open_calls: Set[ConsignmentReference],
    ) -> None:
        """Ends the claims of what has no outcome: at once, or when PRO can no longer be at it."""
        without = [each for each in references if isinstance(answers.get(each), Deferred | None)]
        in_hand = {each for each in without if each in open_calls or is_unknown(answers.get(each))}
        for is_in_hand, seconds in ((False, 0.0), (True, self.patience_seconds)):
            if ended := [each for each in without if (each in in_hand) is is_in_hand]:
                self.claims.give_back(ended, until, seconds)

    def _allocate(
        self,
        references: Sequence[ConsignmentReference],
        asked_before: Set[ConsignmentReference],
        mode: AllocationMode,
        deadline: Deadline,
        answers: Answers,
        open_calls: set[ConsignmentReference],
    ) -> None:
        executor = ThreadPoolExecutor(self.client.connections, thread_name_prefix="pro")
        calls = ParallelCalls(
            self.client, executor, deadline, self.reserve_seconds, lambda: self.pause(self.backoff(0))
        )
        try:
            batch = _Batch(self, mode, calls, answers, open_calls)
            batch.run(batch.unallocated(references, asked_before), asked_before)
        finally:
            # A thread that hangs, in name resolution for one, must not hold the answer back.
            executor.shutdown(wait=False, cancel_futures=True)

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try: at random, so that environments do not fall in step, and longer each time."""
        return self.jitter() * FIRST_PAUSE_SECONDS * (1 << attempt)


def safely(judge_reply: Callable[[], Judged], otherwise: Judged) -> Judged:
    """What a reply means; `otherwise` where that crashes, for the other replies of the batch must be looked at too."""
    try:
        return judge_reply()
    except Exception as error:  # noqa: BLE001 - whatever it is
        place = extract_tb(error.__traceback__)[-1]
        extra = {"error": type(error).__name__, "place": f"{place.name}:{place.lineno}"}
        logger.error("judging a reply of PRO's crashed", extra=extra)
        return otherwise


def is_unknown(answer: Outcome | Deferred | None) -> bool:
    """Whether PRO may carry out yet what it was asked for."""
    return isinstance(answer, Deferred) and answer.cause == "outcome_unknown"


def raise_trouble(answers: Mapping[ConsignmentReference, Outcome | Deferred]) -> None:
    """Tells the circuit how well PRO is: one outcome in a batch shows that it works, whatever else failed."""
    causes = {answer.cause for answer in answers.values() if isinstance(answer, Deferred)}
    if any(not isinstance(answer, Deferred) for answer in answers.values()):
        return
    if "credentials" in causes:
        raise CredentialsError("PRO rejected the subscription key, or there is none")
    if causes <= {"out_of_time"}:
        raise NothingTriedError("no time was left to ask PRO, or nothing was to be asked for")
    raise OutageError(f"PRO answered for none of {len(answers)} consignments: {', '.join(sorted(causes))}")


@dataclass(frozen=True, slots=True)
class _Batch:
    """One call of `ProAllocator.allocate`."""

    allocator: ProAllocator
    mode: AllocationMode
    parallel: ParallelCalls
    answers: Answers
    open: set[ConsignmentReference]
    """What PRO was asked for by calls that it has not answered itself."""

    def unallocated(
        self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]
    ) -> list[ConsignmentReference]:
        """Answers for what was allocated by an earlier try; returns the references that PRO is to be asked for."""
        self._settle({reference: ASKED_BEFORE for reference in references if reference in asked_before})
        return [reference for reference in references if reference not in self.answers]

    def run(self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]) -> None:
        """Asks in rounds. What was tried before is asked for alone: in a list, one bad consignment held it back."""
        fresh = [reference for reference in references if reference not in asked_before]
        calls = allocation_calls(self.mode, fresh, self.allocator.bulk_size)
        calls += [allocation_call(self.mode, (each,)) for each in references if each in asked_before]
        for attempt in range(MAXIMUM_ROUNDS):
            again = self._round(calls)
            calls = self._worth_trying(again, attempt)
            if not calls:
                return

    def _round(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, TryAgain]:
        """Sends the calls, and reads back what they leave in doubt. Returns the calls that may be sent next."""
        again: dict[AllocationCall, TryAgain] = {}
        doubts: dict[ConsignmentReference, Doubtful] = {}
        for call, reply in self.parallel.allocate(calls).items():
            if isinstance(reply, Reply):
                self.allocator.measure("ProAllocationMilliseconds", reply.milliseconds)
            crashed = dict.fromkeys(call.references, CRASHED)
            for reference, verdict in safely(partial(judge, call, self.mode, reply), crashed).items():
                match verdict:
                    case Allocated():
                        self.answers[reference] = verdict
                    case Doubtful():
                        doubts[reference] = self._kept_open(reference, verdict)
                    case Untouched(cause, wish, final=True):
                        self.answers[reference] = Deferred(cause, wish)
                    case Untouched(cause, wish):
                        again[call] = TryAgain(cause, wish)
        return again | self._settle(doubts)

    def _kept_open(self, reference: ConsignmentReference, doubt: Doubtful) -> Doubtful:
        """The doubt, open where this or an earlier call of the batch may be carried out yet."""
        if doubt.open:
            self.open.add(reference)
        return replace(doubt, open=reference in self.open)

    def _settle(self, doubts: Mapping[ConsignmentReference, Doubtful]) -> dict[AllocationCall, TryAgain]:
        """Settles by PRO's own state what calls left in doubt; returns what is not allocated and may be tried again.

        Each is tried by itself, so that one bad reference of a bulk call does not hold back the others.
        """
        again: dict[AllocationCall, TryAgain] = {}
        for reference, reply in self.parallel.states(tuple(doubts)).items():
            base_url = self.allocator.client.base_url
            settled = safely(partial(judge_state, reference, doubts[reference], reply, base_url), NOT_UNDERSTOOD)
            if isinstance(settled, TryAgain):
                again[allocation_call(self.mode, (reference,))] = settled
                continue
            self.answers[reference] = settled
            if isinstance(settled, Allocated):
                self.allocator.count("AllocationsAdopted", 1)
                logger.warning("allocation adopted from PRO", extra={"consignment": reference})
        return again

    def _worth_trying(self, again: Mapping[AllocationCall, TryAgain], attempt: int) -> list[AllocationCall]:
        """Pauses, and returns the calls to send then; the others are answered for as deferred."""
        soon = {
            call: reason for call, reason in again.items() if (reason.retry_after_seconds or 0) <= LONGEST_PAUSE_SECONDS
        }
        wishes = [float(reason.retry_after_seconds or 0) for reason in soon.values()]
        seconds = max([*wishes, self.allocator.backoff(attempt)])
        if attempt + 1 == MAXIMUM_ROUNDS or seconds > self.parallel.seconds_left - MINIMUM_SECONDS:
            soon = {}
        for call, reason in again.items():
            if call not in soon:
                self.answers.update(dict.fromkeys(call.references, Deferred(reason.cause, reason.retry_after_seconds)))
        if soon:
            self.allocator.pause(seconds)
        return list(soon)
