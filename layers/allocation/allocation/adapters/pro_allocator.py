"""Allocates over SortedPRO's API: in parallel, by rounds, and never twice what may be allocated already."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, TypeVar

from allocation.adapters.pro_calls import AllocationCall, allocation_call, allocation_calls, consignment_path
from allocation.adapters.pro_client import KeyUnavailableError, NoReplyError, NotSentError, ProClient, Reply
from allocation.adapters.pro_verdicts import (
    CallError,
    Doubtful,
    OutOfTimeError,
    TryAgain,
    Untouched,
    judge,
    judge_state,
)
from allocation.domain.consignments import Consignment
from allocation.domain.modes import AllocationMode
from allocation.domain.outcomes import Allocated, Deferred, Outcome
from allocation.domain.references import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Deadline

Answers = dict[ConsignmentReference, Outcome | Deferred]
Key = TypeVar("Key")

MAXIMUM_ROUNDS: Final = 3
"""How often one consignment is asked for, at the most, before its message goes back to the queue."""
ALLOCATION_SECONDS: Final = 15.0
STATE_SECONDS: Final = 4.0
MINIMUM_SECONDS: Final = 0.5
"""A call with less time than this could hardly finish, and is not started."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 2.0
"""A longer wait is left to the queue: a function that sleeps is paid for."""


@dataclass(frozen=True, slots=True)
class ProAllocator:
    """The `Allocator` over PRO's API. What fails is a `Deferred` or an outcome, never an exception."""

    client: ProClient
    bulk_size: int = 5
    """Consignments a bulk call: PRO takes them one by one, so its time grows with them."""
    reserve_seconds: float = 5.0
    """Kept free at the end for whoever writes the outcomes down."""
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    """From 0 up to 1."""

    def allocate(
        self, consignments: Sequence[Consignment], mode: AllocationMode, deadline: Deadline
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answers for every consignment; asks PRO in rounds, each in parallel, while there is time."""
        references = list(dict.fromkeys(consignment.reference for consignment in consignments))
        executor = ThreadPoolExecutor(self.client.connections, thread_name_prefix="pro")
        try:
            return _Batch(self, mode, deadline, executor).run(references)
        finally:
            # A thread that hangs, in name resolution for one, must not hold the answer back.
            executor.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Batch:
    """One call of `ProAllocator.allocate`."""

    allocator: ProAllocator
    mode: AllocationMode
    deadline: Deadline
    executor: ThreadPoolExecutor
    answers: Answers = field(default_factory=dict)

    def run(self, references: Sequence[ConsignmentReference]) -> Answers:
        calls = allocation_calls(self.mode, references, self.allocator.bulk_size)
        for attempt in range(MAXIMUM_ROUNDS):
            again = self._round(calls)
            calls = self._worth_trying(again, attempt)
            if not calls:
                break
        return self.answers

    def _round(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, TryAgain]:
        """Sends the calls, and reads back what they leave in doubt. Returns the calls that may be sent next."""
        again: dict[AllocationCall, TryAgain] = {}
        doubts: dict[ConsignmentReference, Doubtful] = {}
        for call, reply in self._allocate(calls).items():
            for reference, verdict in judge(call, self.mode, reply).items():
                match verdict:
                    case Allocated():
                        self.answers[reference] = verdict
                    case Doubtful():
                        doubts[reference] = verdict
                    case Untouched(cause, wish, final=True):
                        self.answers[reference] = Deferred(cause, wish)
                    case Untouched(cause, wish):
                        again[call] = TryAgain(cause, wish)
        return again | self._settle(doubts)

    def _settle(self, doubts: Mapping[ConsignmentReference, Doubtful]) -> dict[AllocationCall, TryAgain]:
        """Settles by PRO's own state what calls left in doubt; returns what is not allocated and may be tried again.

        Each is tried by itself, so that one bad reference of a bulk call does not hold back the others.
        """
        again: dict[AllocationCall, TryAgain] = {}
        for reference, reply in self._states(tuple(doubts)).items():
            settled = judge_state(reference, doubts[reference], reply, self.allocator.client.base_url)
            if isinstance(settled, TryAgain):
                again[allocation_call(self.mode, (reference,))] = settled
                continue
            self.answers[reference] = settled
            if isinstance(settled, Allocated):
                logger.warning("allocation adopted from PRO", extra={"consignment": reference})
        return again

    def _worth_trying(self, again: Mapping[AllocationCall, TryAgain], attempt: int) -> list[AllocationCall]:
        """Pauses, and returns the calls to send then; the others are answered for as deferred."""
        soon = {
            call: reason for call, reason in again.items() if (reason.retry_after_seconds or 0) <= LONGEST_PAUSE_SECONDS
        }
        wishes = [float(reason.retry_after_seconds or 0) for reason in soon.values()]
        seconds = max([*wishes, self.allocator.jitter() * FIRST_PAUSE_SECONDS * 2**attempt])
        left = self.deadline.remaining_seconds() - self._allocation_reserve - MINIMUM_SECONDS
        if attempt + 1 == MAXIMUM_ROUNDS or seconds > left:
            soon = {}
        for call, reason in again.items():
            if call not in soon:
                self.answers.update(dict.fromkeys(call.references, Deferred(reason.cause, reason.retry_after_seconds)))
        if soon:
            self.allocator.pause(seconds)
        return list(soon)

    @property
    def _allocation_reserve(self) -> float:
        """Seconds that an allocation call leaves over: enough to read the state back, and to write the outcome."""
        return self.allocator.reserve_seconds + STATE_SECONDS

    def _allocate(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, Reply | CallError]:
        def send(call: AllocationCall) -> Reply | CallError:
            return self._send("PUT", call.path, call.body, ALLOCATION_SECONDS, self._allocation_reserve)

        return self._in_parallel(send, calls, self._allocation_reserve)

    def _states(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, Reply | CallError]:
        def send(reference: ConsignmentReference) -> Reply | CallError:
            return self._send("GET", consignment_path(reference), b"", STATE_SECONDS, self.allocator.reserve_seconds)

        return self._in_parallel(send, references, self.allocator.reserve_seconds)

    def _send(self, method: str, path: str, body: bytes, most_seconds: float, reserve: float) -> Reply | CallError:
        """One request within the time that is left; the errors of the transport are answers here."""
        seconds = min(most_seconds, self.deadline.remaining_seconds() - reserve)
        if seconds < MINIMUM_SECONDS:
            return OutOfTimeError(f"{seconds:.1f} s are left for {method} {path}")
        try:
            return self.allocator.client.call(method, path, body, seconds)
        except (NotSentError, NoReplyError, KeyUnavailableError) as error:
            logger.warning("call to PRO failed", extra={"error": str(error)})
            return error

    def _in_parallel(
        self, send: Callable[[Key], Reply | CallError], keys: Sequence[Key], reserve: float
    ) -> dict[Key, Reply | CallError]:
        futures = {key: self.executor.submit(send, key) for key in keys}
        wait(futures.values(), timeout=max(self.deadline.remaining_seconds() - reserve, 0))
        return {key: _result(future) for key, future in futures.items()}


def _result(future: Future[Reply | CallError]) -> Reply | CallError:
    """What a call came to. One that still hangs counts as a time-out, whatever it comes to later."""
    if future.cancel():
        return OutOfTimeError("no connection was free in time")
    return future.result() if future.done() else NoReplyError("the call hangs", timed_out=True)
